/** What commands do to findings as a whole: go to them, copy, hide and remove them. */
import { plural, t } from "../messages";
import type { Reader } from "../study/reader";
import { placeOfStored } from "../study/tiles";
import type { PictureSource } from "../study/source";
import { copyOf } from "./making";
import { isSamePlace, type Finding, type FindingPlace, type ImagePoint } from "./model";
import { movedBy } from "./editing";
import { metricOf } from "./drawingShapes";
import { pencilOf } from "./pencil";

/** The chosen one. */
export function selectedFinding({ findings, selectedFinding: selected }: Reader): Finding | null {
  return findings.all.value.get(selected.value ?? "") ?? null;
}

export function removeFinding(reader: Reader, id: string): void {
  const finding = reader.findings.all.peek().get(id);
  if (!finding) return;
  reader.change("draw.change.remove", () => reader.findings.remove(id), true);
  if (reader.selectedFinding.peek() === id) reader.selectedFinding.value = null;
  reader.said.value = t("draw.said.removed", { tool: t(`draw.tool.${finding.tool}`) });
}

/** Write what the chosen one is called, where it lies. */
export function writeSelected(reader: Reader): void {
  const finding = selectedFinding(reader);
  const viewport = reader.active.peek();
  if (!finding || !viewport || !reader.goToFinding(finding)) return;
  pencilOf(reader).write(reader.active.peek() ?? viewport, finding.id);
}

/** Hide all findings, or show them again if none is seen. */
export function toggleAll(reader: Reader): void {
  const all = [...reader.findings.all.peek().values()];
  const hidden = all.some((finding) => !finding.hidden);
  const changed = all
    .filter((finding) => finding.hidden !== hidden)
    .map((finding) => ({ ...finding, hidden }));
  if (changed.length === 0) return;
  reader.change("draw.change.hide", () => reader.findings.put(...changed), true);
  if (hidden) reader.selectedFinding.value = null;
  reader.said.value = plural(hidden ? "draw.said.hidden" : "draw.said.shown", changed.length);
}

/** Go to the finding after, or before, the chosen one in the order of series and slices; from the slice where none is chosen. */
export function stepFinding(reader: Reader, step: 1 | -1): void {
  const ordered = inOrder(reader);
  if (ordered.length === 0) {
    reader.notice.value = t("draw.none");
    return;
  }
  const selected = ordered.findIndex(({ finding }) => finding.id === reader.selectedFinding.peek());
  const at = selected >= 0 ? selected + step : firstFrom(reader, ordered, step);
  const next = ordered[(at + ordered.length) % ordered.length];
  if (!next) return;
  reader.goToFinding(next.finding);
  pencilOf(reader).select(next.finding.id);
}

interface Ordered {
  readonly finding: Finding;
  readonly order: readonly [tile: number, slice: number];
}

function inOrder(reader: Reader): readonly Ordered[] {
  const tiles = reader.tiles.peek();
  const found = [...reader.findings.all.peek().values()].flatMap((finding): Ordered[] => {
    const place = finding.hidden ? null : placeOfStored(tiles, finding);
    return place ? [{ finding, order: [tiles.findIndex(({ key }) => key === place.key), place.slice] }] : [];
  });
  return found.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]);
}

/** The first one at or after the slice on the screen, or the last one before it. */
function firstFrom(reader: Reader, ordered: readonly Ordered[], step: 1 | -1): number {
  const tile = reader.tiles.peek().findIndex(({ key }) => key === reader.current.peek()?.tile.key);
  const slice = reader.active.peek()?.index.peek() ?? 0;
  const isPast = ({ order }: Ordered): boolean => order[0] > tile || (order[0] === tile && order[1] >= slice);
  const first = ordered.findIndex(isPast);
  if (step === 1) return Math.max(0, first);
  return (first < 0 ? ordered.length : first) - 1;
}

/** The same marks a little beside, on the same slice. */
export function duplicate(reader: Reader): void {
  const finding = selectedFinding(reader);
  const geometry = reader.active.peek()?.shown.peek()?.place.geometry;
  if (!finding || !geometry) return;
  const away: ImagePoint = [Math.max(2, geometry.columns / 40), Math.max(2, geometry.rows / 40)];
  const metric = metricOf(geometry, 1, false);
  // At the lower right edge there is no room: then up and to the left.
  const forth = movedBy(finding, away, metric);
  const isStuck = forth.every((point, index) => String(point) === String(finding.points[index]));
  const points = isStuck ? movedBy(finding, [-away[0], -away[1]], metric) : forth;
  putCopies(reader, [copyOf(finding, finding, points)]);
}

/** Copy the chosen finding to the next or the previous slice, and go there. */
export function copyBeside(reader: Reader, step: 1 | -1): void {
  const finding = selectedFinding(reader);
  const from = finding && sliceOf(reader, finding);
  if (!finding || from === null) return;
  const copies = copiesTo(reader, finding, from + step, from + step);
  if (copies.length === 0) {
    reader.notice.value = t("draw.copy.noSlice");
    return;
  }
  putCopies(reader, copies);
  reader.active.peek()?.goTo(from + step);
}

/** Copy the chosen finding to all slices from one to another, counted from 0; how many there are now. */
export function copyThrough(reader: Reader, first: number, last: number): number {
  const finding = selectedFinding(reader);
  if (!finding) return 0;
  const copies = copiesTo(reader, finding, Math.min(first, last), Math.max(first, last));
  if (copies.length > 0) putCopies(reader, copies, false);
  return copies.length;
}

function putCopies(reader: Reader, copies: readonly Finding[], isChosen = true): void {
  reader.change("draw.change.copy", () => reader.findings.put(...copies), true);
  if (isChosen) reader.selectedFinding.value = copies.at(-1)?.id ?? null;
  reader.said.value = plural("draw.said.copied", copies.length);
}

/** The slice that a finding lies on in the active viewport; null where it does not. */
export function sliceOf({ active }: Reader, finding: FindingPlace): number | null {
  const source = active.peek()?.source;
  if (!source) return null;
  for (let index = 0; index < source.count; index += 1) {
    const place = storedPlace(source, index);
    if (place && isSamePlace(place, finding)) return index;
  }
  return null;
}

/** Copies for slices whose pixels are as many and as large; others would get marks of another size. */
function copiesTo(reader: Reader, finding: Finding, first: number, last: number): readonly Finding[] {
  const source = reader.active.peek()?.source;
  const own = sliceOf(reader, finding);
  const found: Finding[] = [];
  if (!source || own === null) return found;
  const model = source.at(own)?.geometry;
  for (let index = Math.max(0, first); index <= Math.min(last, source.count - 1); index += 1) {
    const where = storedPlace(source, index);
    const geometry = source.at(index)?.geometry;
    const isAlike =
      geometry?.columns === model?.columns &&
      geometry?.rows === model?.rows &&
      String(geometry?.spacing) === String(model?.spacing);
    if (where && isAlike && !isSamePlace(where, finding)) found.push(copyOf(finding, where));
  }
  return found;
}

function storedPlace(source: PictureSource, index: number): FindingPlace | null {
  const found = source.at(index)?.source;
  if (!found || !("instance" in found)) return null;
  return { study: source.study, series: source.series, instance: found.instance, frame: found.frame };
}
