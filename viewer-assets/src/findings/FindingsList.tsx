import { useEffect, useRef } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { fullDate } from "../format";
import { t } from "../messages";
import { tileName } from "../study/Panes";
import type { Reader } from "../study/reader";
import { copyValues, goTo, remove, rename } from "./actions";
import { keeper } from "./keep";
import type { Finding } from "./model";
import { valueText, type Group, type Homes, type Row } from "./rows";
import { neighbour, type Selection } from "./selection";
import { timeText } from "./times";

interface ListProps {
  readonly reader: Reader;
  readonly groups: readonly Group[];
  readonly homes: Homes;
  readonly selection: Selection;
}

/** Findings by series, as a list box: one key press away from each. */
export function FindingsList({ reader, groups, homes, selection }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const { renaming } = selection;
  const rows = groups.flatMap((group) => group.rows);
  const order = rows.map(({ finding }) => finding.id);
  const cursor = selection.cursor;
  useSignalEffect(() => {
    const id = reader.selectedFinding.value;
    if (id) document.getElementById(optionId(id))?.scrollIntoView({ block: "nearest" });
  });
  const chosen = (): readonly Row[] => rows.filter(({ finding }) => selection.ids.peek().has(finding.id));
  const rowOf = (id: string | null): Row | undefined => rows.find(({ finding }) => finding.id === id);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const isControl = event.ctrlKey || event.metaKey;
    const row = rowOf(selection.cursor);
    if (step !== undefined) {
      const next = neighbour(order, selection.cursor, step);
      if (next === null) return;
      if (event.shiftKey) selection.to(next, order);
      else selection.only(next);
    } else if (event.key === "Enter" && row) goTo(reader, row.finding);
    else if (event.key === " " && row) selection.toggle(row.finding.id);
    else if (event.key === "F2" && row) renaming.value = row.finding.id;
    else if (event.key === "a" && isControl) selection.all(order);
    else if (event.key === "c" && isControl && chosen().length > 0) void copyValues(reader, chosen(), homes);
    else if ((event.key === "Delete" || event.key === "Backspace") && chosen().length > 0) {
      const gone = new Set(chosen().map(({ finding }) => finding.id));
      const stay = order.filter((id) => !gone.has(id));
      const after = order.slice(order.indexOf(selection.cursor ?? "") + 1).find((id) => !gone.has(id));
      remove(reader, chosen());
      selection.only(after ?? stay.at(-1) ?? null);
    } else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent, { finding }: Row): void => {
    list.current?.focus({ preventScroll: true });
    const isMark = event.target instanceof Element && event.target.closest(".finding-mark") !== null;
    if (event.shiftKey) selection.to(finding.id, order);
    else if (isMark || event.ctrlKey || event.metaKey) selection.toggle(finding.id);
    else {
      selection.only(finding.id);
      goTo(reader, finding);
    }
  };
  const renamed = rowOf(renaming.value)?.finding;
  return (
    <div class="finding-rows">
      <div
        ref={list}
        class="finding-list"
        role="listbox"
        tabIndex={0}
        aria-label={t("findings.list")}
        aria-multiselectable="true"
        aria-describedby="finding-keys"
        {...(cursor !== null && order.includes(cursor) && { "aria-activedescendant": optionId(cursor) })}
        onKeyDown={onKeyDown}
      >
        {groups.map((group) => (
          <div key={group.key} role="group" aria-label={groupName(reader, group)}>
            <div class="finding-group" aria-hidden="true">
              <span>{groupName(reader, group)}</span>
              <span>{group.rows.length}</span>
            </div>
            {group.rows.map((row) => (
              <Option
                key={row.finding.id}
                reader={reader}
                row={row}
                isSelected={selection.ids.value.has(row.finding.id)}
                isCursor={cursor === row.finding.id}
                onClick={(event) => onClick(event, row)}
                onRename={() => {
                  renaming.value = row.finding.id;
                }}
              />
            ))}
          </div>
        ))}
      </div>
      <p id="finding-keys" class="sr-only">
        {t("findings.hint")}
      </p>
      {renamed && (
        <RenameField
          key={renamed.id}
          finding={renamed}
          onDone={(label) => {
            renaming.value = null;
            if (label !== null) rename(reader, renamed, label);
            list.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

function optionId(id: string): string {
  return `finding-${id}`;
}

/** A series; of another study with its date. */
function groupName(reader: Reader, { tile }: Group): string {
  if (!tile) return t("findings.unknownSeries");
  const name = tileName(tile);
  const { study } = tile;
  return study.uid === reader.study.uid
    ? name
    : t("study.stackName", { name, label: fullDate(study.date) || study.description });
}

interface OptionProps {
  readonly reader: Reader;
  readonly row: Row;
  readonly isSelected: boolean;
  readonly isCursor: boolean;
  readonly onClick: (event: MouseEvent) => void;
  readonly onRename: () => void;
}

function Option({ reader, row, isSelected, isCursor, onClick, onRename }: OptionProps) {
  const { finding, name, home, measured } = row;
  const kept = keeper.value?.about(finding);
  const isOthers = kept !== undefined && kept.author !== reader.session.user;
  const about = [
    finding.hidden && t("findings.hidden"),
    isOthers && t("findings.by", { author: kept.author, time: timeText(kept.changed) }),
  ].filter(Boolean);
  return (
    // Keys are heard by the list, which has the focus.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={optionId(finding.id)}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      class={`finding-row${isCursor ? " is-cursor" : ""}${finding.hidden ? " is-hidden" : ""}`}
      onClick={onClick}
      onDblClick={onRename}
    >
      <span class={`finding-mark ${colourClass(finding.colour)}`} aria-hidden="true" />
      <span class="finding-name">{name}</span>
      <span class="finding-slice">{home && t("findings.slice", { number: home.slice + 1 })}</span>
      <span class="finding-value">{valueText(measured)}</span>
      <span class="finding-about">{about.join(" · ")}</span>
    </div>
  );
}

/** What a thing wears to have the colour that a finding is drawn in. */
export function colourClass(colour: number): string {
  return `finding-colour-${colour}`;
}

interface RenameProps {
  readonly finding: Finding;
  /** The new name; null where it stays. */
  readonly onDone: (label: string | null) => void;
}

/** A field in the place of the row. What stands on the image may have several lines. */
function RenameField({ finding, onDone }: RenameProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const option = document.getElementById(optionId(finding.id));
  const isOver = useRef(false);
  useEffect(() => field.current?.select(), []);
  const end = (label: string | null): void => {
    if (isOver.current) return;
    isOver.current = true;
    onDone(label);
  };
  return (
    <textarea
      ref={field}
      class="finding-rename"
      style={{ top: `${option?.offsetTop ?? 0}px`, height: `${option?.offsetHeight ?? 44}px` }}
      aria-label={t("findings.name")}
      maxLength={200}
      defaultValue={finding.label}
      onBlur={(event) => end(event.currentTarget.value.trim())}
      onKeyDown={(event) => {
        if (event.key === "Escape") end(null);
        else if (event.key === "Enter" && !event.shiftKey) end(event.currentTarget.value.trim());
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
