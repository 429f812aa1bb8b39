import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

const loaded = new Map<unknown, ComponentType<never>>();

interface LazyProps<Props> {
  /** The same function each time: it names what is loaded, once. */
  readonly load: () => Promise<ComponentType<Props>>;
  readonly props: Props;
}

/** A component whose code arrives when it is first wanted; nothing is shown until then. */
export function Lazy<Props extends object>({ load, props }: LazyProps<Props>) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const fetchOnce = async (): Promise<void> => {
      loaded.set(load, (await load()) as ComponentType<never>);
      redraw((count) => count + 1);
    };
    if (!loaded.has(load)) void fetchOnce();
  }, [load]);
  const Component = loaded.get(load) as ComponentType<Props> | undefined;
  return Component ? <Component {...props} /> : null;
}
