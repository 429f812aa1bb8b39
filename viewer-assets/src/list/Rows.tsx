import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t, type MessageKey } from "../messages";
import { Icon } from "../ui/Icon";
import { nextSort, sortOf, type SortColumn } from "./filters";
import type { ListModel } from "./model";
import { StudyTableRow } from "./StudyTableRow";
import { drawnRows, rowForKey } from "./window";

const GUESSED_PITCH = 68;

/** Studies as a dense table; on a phone the same table is laid out as cards. Only rows near the screen exist. */
export function Rows({ model }: { model: ListModel }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, end, above, below, seen } = useDrawn(model, body);
  const { pages } = model;
  void pages.version.value;
  const loaded = pages.missing(first, end - 1).length === 0;
  useEffect(() => {
    if (!loaded) void model.need(first, end - 1);
  }, [model, first, end, loaded, model.state.value]);
  const now = new Date();
  useKeys(model, body, seen);
  return (
    <table
      class={`studies${model.state.value === "loading" ? " is-late" : ""}`}
      aria-rowcount={pages.total.value + 1}
      aria-busy={!loaded}
    >
      <ColumnHeads model={model} />
      <tbody ref={body}>
        <Spacer height={above} />
        {Array.from({ length: end - first }, (_, offset) => (
          <StudyTableRow
            key={first + offset}
            model={model}
            index={first + offset}
            study={pages.row(first + offset)}
            now={now}
          />
        ))}
        <Spacer height={below} />
      </tbody>
    </table>
  );
}

/** Arrows, Home, End and page keys go from row to row, through the whole list. */
function useKeys(model: ListModel, body: { current: HTMLTableSectionElement | null }, seen: number): void {
  useEffect(() => {
    const element = body.current;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLButtonElement) return;
      if (event.key === "Enter" && isLeft(model, event.target)) event.preventDefault();
      const next = rowForKey(event.key, model.active.value, model.pages.total.value, seen);
      if (next === null) return;
      event.preventDefault();
      goTo(model, element, next);
    };
    element?.addEventListener("keydown", onKey);
    return () => element?.removeEventListener("keydown", onKey);
  }, [model, body, seen]);
}

/** Whether keys have gone on from that row to one that is not drawn yet: what it opens would be another patient's. */
function isLeft(model: ListModel, target: EventTarget | null): boolean {
  const row = target instanceof Element ? target.closest("tr") : null;
  return row !== null && Number(row.ariaRowIndex) - 2 !== model.active.value;
}

/** Which rows are drawn now; follows scrolling, the screen's size and how high rows turn out to be. */
function useDrawn(model: ListModel, body: { current: HTMLTableSectionElement | null }) {
  const [place, setPlace] = useState({ top: 0, height: innerHeight, pitch: GUESSED_PITCH });
  const total = model.pages.total.value;
  useLayoutEffect(() => {
    let asked = 0;
    const measure = (): void => {
      asked = 0;
      const rows = body.current?.querySelectorAll<HTMLElement>("tr[aria-rowindex]");
      const [one, other] = [rows?.[0], rows?.[1]];
      const pitch =
        one && other ? other.getBoundingClientRect().top - one.getBoundingClientRect().top : GUESSED_PITCH;
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      setPlace((before) =>
        before.top === top && before.pitch === pitch && before.height === innerHeight
          ? before
          : { top, height: innerHeight, pitch },
      );
    };
    const ask = (): void => {
      asked ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener("scroll", ask, { passive: true });
    addEventListener("resize", ask);
    return () => {
      cancelAnimationFrame(asked);
      removeEventListener("scroll", ask);
      removeEventListener("resize", ask);
    };
  }, [body, total]);
  const seen = Math.max(1, Math.floor(place.height / place.pitch) - 2);
  return { ...drawnRows(place.top, place.height, place.pitch, total), seen };
}

/** Bring a row into sight and put the focus on it; it may have to be drawn first. */
function goTo(model: ListModel, body: HTMLElement | null, index: number): void {
  const rows = body?.querySelectorAll<HTMLElement>("tr[aria-rowindex]");
  const [one, other] = [rows?.[0], rows?.[1]];
  if (!body || !one) return;
  model.active.value = index;
  const box = one.getBoundingClientRect();
  const pitch = other ? other.getBoundingClientRect().top - box.top : box.height;
  const top = box.top + (index - (Number(one.ariaRowIndex) - 2)) * pitch;
  const head = document.querySelector(".head")?.getBoundingClientRect().bottom ?? 0;
  if (top < head + pitch / 2) scrollBy({ top: top - head - pitch / 2, behavior: "instant" });
  else if (top + pitch > innerHeight) scrollBy({ top: top + pitch - innerHeight + 8, behavior: "instant" });
  const focus = (tries: number): void => {
    const link = body.querySelector<HTMLElement>(`tr[aria-rowindex="${index + 2}"] .row-link`);
    if (link) link.focus({ preventScroll: true });
    else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
  };
  // At once where it is drawn: the next key may be Enter.
  focus(10);
}

function Spacer({ height }: { height: number }) {
  return height > 0 ? (
    <tr class="spacer" aria-hidden="true">
      <td style={{ height: `${height}px` }} />
    </tr>
  ) : null;
}

function ColumnHeads({ model }: { model: ListModel }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" class="cell-picture">
          <span class="sr-only">{t("list.column.picture")}</span>
        </th>
        <SortHead model={model} column="name" name="list.column.patient" />
        <SortHead model={model} column="date" name="list.column.date" />
        <SortHead model={model} column="modality" name="list.column.modality" />
        <SortHead model={model} column="description" name="list.column.description" />
        <th scope="col" class="cell-count">
          {t("list.column.count")}
        </th>
        <th scope="col" class="cell-state">
          {t("list.column.state")}
        </th>
        <th scope="col" class="cell-actions">
          <span class="sr-only">{t("list.column.actions")}</span>
        </th>
      </tr>
    </thead>
  );
}

interface SortHeadProps {
  readonly model: ListModel;
  readonly column: SortColumn;
  readonly name: MessageKey;
}

function SortHead({ model, column, name }: SortHeadProps) {
  const sort = sortOf(model.filters.value, column);
  return (
    <th scope="col" class={`cell-${column === "name" ? "patient" : column}`} aria-sort={sort}>
      <button
        type="button"
        class="sort"
        onClick={() => model.narrow({ sort: nextSort(model.filters.value, column) })}
      >
        {t(name)}
        {sort !== "none" && <Icon name={sort === "ascending" ? "icon:arrow-up" : "icon:arrow-down"} />}
      </button>
    </th>
  );
}
