import { batch, signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { getJson } from "../api";
import { plural, t } from "../messages";
import type { AttributesAnswer } from "../study/data";
import type { Reader } from "../study/reader";
import { copyText } from "../ui/clipboard";
import { Icon } from "../ui/Icon";
import { differing, matching, rowsOf, type TagRow } from "./tagRows";

/** A person who leafs through waits for no attributes of the slices between. */
const SETTLE_MS = 150;
/** More rows than a person reads; a search finds the others. */
const MOST_ROWS = 600;

/** Attributes of the slice on the screen, in a panel that stays while one goes on reading. */
export function TagBrowser({ reader }: { reader: Reader }) {
  const text = useSignal("");
  const onlyChanged = useSignal(false);
  const search = useRef<HTMLInputElement>(null);
  const list = useAttributes(reader);
  useEffect(() => search.current?.focus(), []);
  const rows = list.rows.value;
  const found = matching(rows, text.value).filter(
    ({ path }) => !onlyChanged.value || list.changed.value.has(path),
  );
  const close = (): void => {
    reader.tags.value = false;
  };
  return (
    <aside class="dock" aria-label={t("tags.title")}>
      <header class="sheet-head">
        <h2>{t("tags.title")}</h2>
        <button type="button" class="plain" aria-label={t("action.close")} onClick={close}>
          <Icon name="icon:x" />
        </button>
      </header>
      <input
        ref={search}
        type="search"
        class="tag-search"
        aria-label={t("tags.search")}
        placeholder={t("tags.searchHint")}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text.value === "") close();
        }}
      />
      <label class="switch">
        <input
          type="checkbox"
          checked={onlyChanged.value}
          onChange={(event) => {
            onlyChanged.value = event.currentTarget.checked;
          }}
        />
        {t("tags.onlyChanged")}
      </label>
      <p class="quiet" role="status">
        {list.problem.value ?? summary(list.slice.value, found.length)}
        {!list.complete.value && ` ${t("tags.incomplete")}`}
      </p>
      <Table rows={found.slice(0, MOST_ROWS)} changed={list.changed.value} />
      {found.length > MOST_ROWS && <p class="quiet">{t("tags.more", { count: found.length - MOST_ROWS })}</p>}
    </aside>
  );
}

function summary(slice: number | null, count: number): string {
  return slice === null ? t("tags.waiting") : plural("tags.count", count, { slice });
}

function Table({ rows, changed }: { rows: readonly TagRow[]; changed: ReadonlySet<string> }) {
  return (
    <div class="tag-rows">
      <table aria-label={t("tags.list")}>
        <colgroup>
          <col class="tag-col-name" />
          <col />
          <col class="tag-col-copy" />
        </colgroup>
        <thead class="sr-only">
          <tr>
            <th scope="col">{t("tags.tag")}</th>
            <th scope="col">{t("tags.value")}</th>
            <th scope="col">{t("tags.copy")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.path} row={row} isChanged={changed.has(row.path)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, isChanged }: { row: TagRow; isChanged: boolean }) {
  const { tag, vr, name, value, depth, isPrivate } = row;
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    isCopied.value = await copyText(value);
    setTimeout(() => {
      isCopied.value = false;
    }, 1500);
  };
  return (
    <tr class={`${isChanged ? "is-changed" : ""}${tag ? "" : " is-item"}`}>
      <th scope="row" style={{ paddingLeft: `${Math.min(depth, 8) * 10 + 8}px` }}>
        <span class={isPrivate ? "tag-name is-private" : "tag-name"}>{name}</span>
        <span class="tag-id">{[tag, vr].filter(Boolean).join(" ")}</span>
      </th>
      <td>
        {isChanged && <span class="tag-changed">{t("tags.changed")}</span>}
        {value}
      </td>
      <td>
        {value && (
          <button
            type="button"
            class="plain"
            aria-label={t(isCopied.value ? "tags.copied" : "tags.copyOf", { name })}
            onClick={() => void copy()}
          >
            <Icon name={isCopied.value ? "icon:badge-check" : "icon:copy"} />
          </button>
        )}
      </td>
    </tr>
  );
}

/** Attributes of what the active viewport shows, and which of them the slice before had otherwise. */
function useAttributes(reader: Reader) {
  const list = useMemo(
    () => ({
      rows: signal<readonly TagRow[]>([]),
      changed: signal<ReadonlySet<string>>(new Set()),
      slice: signal<number | null>(null),
      complete: signal(true),
      problem: signal<string | null>(null),
    }),
    [],
  );
  useSignalEffect(() => {
    const viewport = reader.current.value?.viewport;
    const index = viewport?.index.value ?? 0;
    const source = viewport?.source.at(index)?.source;
    if (!viewport || !source || !("instance" in source)) return undefined;
    const { study, series } = viewport.source;
    const path = `sightline/api/studies/${study}/series/${series}/instances/${source.instance}/tags`;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const answer = await getJson<AttributesAnswer>(`${path}?frame=${source.frame}`, abort.signal);
        const rows = rowsOf(answer.attributes);
        batch(() => {
          const before = list.rows.peek();
          list.changed.value = before.length > 0 ? differing(rows, before) : new Set();
          list.rows.value = rows;
          list.slice.value = index + 1;
          list.complete.value = answer.complete;
          list.problem.value = null;
        });
      } catch (error) {
        if (abort.signal.aborted) return;
        list.problem.value = error instanceof Error ? error.message : String(error);
      }
    };
    const timer = setTimeout(() => void ask(), list.slice.peek() === null ? 0 : SETTLE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  });
  return list;
}
