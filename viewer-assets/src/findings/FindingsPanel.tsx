import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../messages";
import { afterFrame } from "../study/afterFrame";
import type { Reader } from "../study/reader";
import { store, stored } from "../stored";
import { Icon } from "../ui/Icon";
import { hide } from "./actions";
import { ConflictCards } from "./ConflictCards";
import { ExportFindings } from "./ExportFindings";
import { FindingActions } from "./FindingActions";
import { FindingsList } from "./FindingsList";
import { keeper, type Keeper } from "./keep";
import { ReportsSection } from "./ReportsSection";
import { grouped, Homes, rowsOf, SORTS, type Row, type Sort } from "./rows";
import { Selection } from "./selection";
import type { SyncState } from "./sync";
import { timeText } from "./times";
import { TrackingSection } from "./TrackingSection";

const SORT_NAME = "findingsSort";
/** While a hand draws, the list follows so often: the image comes first. */
const FOLLOW_MS = 120;

/** All findings beside the images: what they are, where they lie, what may be done with them. */
export function FindingsPanel({ reader }: { reader: Reader }) {
  const findings = useFindings(reader);
  const sort = useSignal<Sort>(sortOf(stored(SORT_NAME)));
  const selection = useMemo(() => new Selection(reader), [reader]);
  const tiles = reader.tiles.value;
  const homes = useMemo(() => new Homes(tiles), [tiles]);
  const rows = useMemo(() => rowsOf(findings.values(), homes), [findings, homes]);
  const groups = grouped(rows, tiles, sort.value);
  const order = groups.flatMap((group) => group.rows.map(({ finding }) => finding.id));
  useEffect(() => selection.follow(order), [reader.selectedFinding.value, order.join()]);
  const chosen = rows.filter(({ finding }) => selection.ids.value.has(finding.id));
  const { value: kept } = keeper;
  const dock = useRef<HTMLElement>(null);
  useEffect(() => {
    if (reader.findingsShown.peek() === "asked")
      dock.current?.querySelector<HTMLElement>("[role=listbox], .sheet-head button")?.focus();
  }, []);
  return (
    <aside ref={dock} class="dock findings-dock" aria-label={t("findings.title")}>
      <Head reader={reader} keeper={kept} />
      {kept && <ConflictCards reader={reader} keeper={kept} />}
      {rows.length > 0 && (
        <ListHead
          reader={reader}
          rows={rows}
          sort={sort.value}
          onSort={(next) => {
            sort.value = next;
            store(SORT_NAME, next);
          }}
        />
      )}
      <div class="findings-body">
        {rows.length > 0 ? (
          <FindingsList reader={reader} groups={groups} homes={homes} selection={selection} />
        ) : (
          <Empty isLooking={kept?.state.value?.kind === "looking"} />
        )}
        <TrackingSection reader={reader} rows={rows} />
        <ReportsSection reader={reader} />
        {reader.session.verbs.includes("download") && rows.length > 0 && (
          <ExportFindings reader={reader} rows={rows} homes={homes} />
        )}
      </div>
      {chosen.length > 0 && (
        <FindingActions reader={reader} rows={chosen} homes={homes} selection={selection} />
      )}
    </aside>
  );
}

function sortOf(value: unknown): Sort {
  return SORTS.find((one) => one === value) ?? "slice";
}

function Head({ reader, keeper: kept }: { reader: Reader; keeper: Keeper | null }) {
  return (
    <header class="sheet-head">
      <h2>{t("findings.title")}</h2>
      {kept && <StateLine keeper={kept} />}
      <button
        type="button"
        class="plain"
        aria-label={t("action.close")}
        onClick={() => {
          reader.findingsShown.value = false;
        }}
      >
        <Icon name="icon:x" />
      </button>
    </header>
  );
}

interface ListHeadProps {
  readonly reader: Reader;
  readonly rows: readonly Row[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function ListHead({ reader, rows, sort, onSort }: ListHeadProps) {
  const areHidden = rows.every(({ finding }) => finding.hidden);
  return (
    <div class="findings-head">
      <label class="finding-field">
        <span>{t("findings.sort")}</span>
        <select value={sort} onChange={(event) => onSort(sortOf(event.currentTarget.value))}>
          {SORTS.map((one) => (
            <option key={one} value={one}>
              {t(`findings.sort.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => hide(reader, rows, !areHidden)}>
        {t(areHidden ? "findings.showAll" : "findings.hideAll")}
      </button>
    </div>
  );
}

/** Whether what is on the page is kept; said aloud only where it is not. */
function StateLine({ keeper: { state } }: { keeper: Keeper }) {
  const now = state.value;
  if (!now) return null;
  const isTrouble = now.kind === "lost" || now.kind === "problem" || now.kind === "looking";
  const text = stateText(now);
  return (
    <p class={`findings-state is-${now.kind}`}>
      {text}
      <span class="sr-only" role="status">
        {isTrouble ? text : ""}
      </span>
    </p>
  );
}

function stateText(state: SyncState): string {
  switch (state.kind) {
    case "kept":
      return state.problem
        ? t("findings.state.unsaved", { time: timeText(state.time), reason: state.problem })
        : t("findings.state.kept", { time: timeText(state.time) });
    case "stored": {
      const { version, time } = state.saved;
      return version === undefined
        ? t("findings.state.stored", { time: timeText(time) })
        : t("findings.state.storedAs", { version, time: timeText(time) });
    }
    case "problem":
      return t("findings.state.problem", { reason: state.reason });
    default:
      return t(`findings.state.${state.kind}`);
  }
}

function Empty({ isLooking }: { isLooking: boolean }) {
  return (
    <div class="empty findings-empty">
      <Icon name="icon:clipboard-list" />
      <h3>{t("findings.empty.title")}</h3>
      <p>{t(isLooking ? "findings.empty.looking" : "findings.empty.text")}</p>
    </div>
  );
}

/** The findings, once the image shows them; while one of them is being drawn, as they were a moment ago. */
function useFindings(reader: Reader) {
  const shown = useSignal(reader.findings.all.peek());
  useSignalEffect(() => {
    const next = reader.findings.all.value;
    if (next === shown.peek()) return undefined;
    let stop = (): void => {};
    const follow = (): void => {
      stop = afterFrame(() => {
        shown.value = next;
        return () => {};
      });
    };
    const timer = setTimeout(follow, reader.isChanging ? FOLLOW_MS : 0);
    return () => {
      clearTimeout(timer);
      stop();
    };
  });
  return shown.value;
}
