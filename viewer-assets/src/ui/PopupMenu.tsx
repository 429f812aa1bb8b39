import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface PopupMenuProps {
  readonly onClose: () => void;
  /** What has opened it: gets the focus back. */
  readonly button: { readonly current: HTMLButtonElement | null };
  /** Elements with the role `menuitem`. */
  readonly children: ComponentChildren;
}

/** A menu at its button: arrows move, Escape and a click elsewhere close it. */
export function PopupMenu({ onClose, button, children }: PopupMenuProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus(), []);
  const onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: items.length - 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      items[(at + step) % items.length]?.focus();
    } else if (event.key === "Escape") {
      onClose();
      button.current?.focus();
    }
  };
  return (
    <div
      class="popup menu"
      role="menu"
      tabIndex={-1}
      ref={list}
      onKeyDown={onKey}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (!(next instanceof Node && event.currentTarget.contains(next)) && next !== button.current)
          onClose();
      }}
    >
      {children}
    </div>
  );
}
