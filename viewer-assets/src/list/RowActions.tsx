import { useRef, useState } from "preact/hooks";
import { t } from "../messages";
import { Icon, type IconName } from "../ui/Icon";
import { PopupMenu } from "../ui/PopupMenu";
import type { StudyRow } from "./data";
import type { DialogKind, ListModel } from "./model";

interface Action {
  readonly kind: DialogKind;
  readonly icon: IconName;
  /** The verb that it takes. */
  readonly verb: string;
}

const ACTIONS: readonly Action[] = [
  { kind: "compare", icon: "icon:columns-2", verb: "view" },
  { kind: "labels", icon: "icon:tag", verb: "annotate" },
  { kind: "link", icon: "icon:link", verb: "share" },
  { kind: "download", icon: "icon:download", verb: "download" },
  { kind: "delete", icon: "icon:trash-2", verb: "delete" },
];

interface RowActionsProps {
  readonly model: ListModel;
  readonly study: StudyRow;
  readonly name: string;
}

/** Open beside another study, and a menu with the rest. */
export function RowActions({ model, study, name }: RowActionsProps) {
  const [isOpen, open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const offered = ACTIONS.filter(({ verb }) => model.may(verb));
  const start = (kind: DialogKind): void => {
    open(false);
    button.current?.focus();
    model.dialog.value = { kind, study };
  };
  return (
    <span class="row-actions">
      <button
        type="button"
        class="plain roomy"
        title={t("list.action.compare")}
        aria-label={t("list.action.compareOf", { name })}
        onClick={() => start("compare")}
      >
        <Icon name="icon:columns-2" />
      </button>
      <button
        ref={button}
        type="button"
        class="plain"
        aria-label={t("list.action.more", { name })}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => open(!isOpen)}
      >
        <Icon name="icon:ellipsis" />
      </button>
      {isOpen && (
        <PopupMenu onClose={() => open(false)} button={button}>
          {offered.map(({ kind, icon }) => (
            <button key={kind} type="button" role="menuitem" tabIndex={-1} onClick={() => start(kind)}>
              <span>{t(kind === "compare" ? "list.action.compareWith" : `list.action.${kind}`)}</span>
              <Icon name={icon} />
            </button>
          ))}
        </PopupMenu>
      )}
    </span>
  );
}
