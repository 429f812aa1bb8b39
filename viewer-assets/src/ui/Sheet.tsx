import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { Icon } from "./Icon";

interface SheetProps {
  readonly title: string;
  readonly kind: "centre" | "side" | "bottom";
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal panel: the browser keeps the focus inside and Escape closes it; so does a click beside it. */
export function Sheet({ title, kind, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return undefined;
    if (!element.open) element.showModal();
    const onClick = (event: MouseEvent): void => {
      if (event.target === element) onClose();
    };
    element.addEventListener("click", onClick);
    return () => element.removeEventListener("click", onClick);
  }, [onClose]);
  return (
    <dialog ref={dialog} class={`sheet sheet-${kind}`} aria-label={title} onClose={onClose}>
      <div class="sheet-body">
        <header class="sheet-head">
          <h2>{title}</h2>
          <button type="button" class="plain" aria-label={t("action.close")} onClick={onClose}>
            <Icon name="icon:x" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
