import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { Icon } from "./Icon";

interface SheetProps {
  readonly title: string;
  readonly kind: "centre" | "side" | "bottom" | "top";
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A modal panel: the browser keeps the focus inside and Escape closes it; so does a click beside it. Afterwards the focus
 * is where it was, also when one panel led to another.
 */
export function Sheet({ title, kind, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const element = dialog.current;
    if (!element) return undefined;
    rememberFocus();
    element.showModal();
    const onClick = (event: MouseEvent): void => {
      if (event.target === element) close.current();
    };
    element.addEventListener("click", onClick);
    return () => {
      element.removeEventListener("click", onClick);
      giveFocusBack();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`sheet sheet-${kind}`}
      aria-label={title}
      // At once: the close event comes later than the next key may.
      onCancel={() => close.current()}
      onClose={() => close.current()}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2>{title}</h2>
          <button type="button" class="plain" aria-label={t("action.close")} onClick={() => close.current()}>
            <Icon name="icon:x" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** What had the focus before the first of the panels that are open. */
let origin: Element | null = null;

function rememberFocus(): void {
  const { activeElement } = document;
  if (activeElement && activeElement !== document.body && !activeElement.closest("dialog"))
    origin = activeElement;
}

/** Once it is known that no other panel follows, and that nobody else took the focus meanwhile. */
function giveFocusBack(): void {
  setTimeout(() => {
    if (document.querySelector("dialog[open]")) return;
    const isFree = document.activeElement === null || document.activeElement === document.body;
    if (isFree && origin instanceof HTMLElement && origin.isConnected) origin.focus({ preventScroll: true });
    origin = null;
  });
}
