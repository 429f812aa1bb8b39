/** Components whose code comes when they are first wanted. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

/** What stands for the component until its code is there: nothing. A load that failed is tried again next time. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | null>(null);
  let loading = false;
  const begin = async (): Promise<void> => {
    if (loading || loaded.peek()) return;
    loading = true;
    try {
      loaded.value = await load();
    } finally {
      loading = false;
    }
  };
  return function Later(props: Props) {
    useEffect(() => {
      begin().catch(reportError);
    }, []);
    const Component = loaded.value;
    return Component && <Component {...props} />;
  };
}
