/** What somebody decided about each series of a de-identified download, and how it stands in a URL. Pure. */
import { plural } from "../messages";
import type { SeriesPreview } from "./data";

/** A rectangle in thousandths of a picture's width and height. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Left out; sent as it is; or sent with parts blacked out. Null while nobody has decided. */
export interface Decision {
  readonly what: "leave" | "keep" | "blank" | null;
  /** Whether somebody answers for it that nothing else names the patient. */
  readonly isLookedAt: boolean;
  readonly rectangles: readonly Rectangle[];
}

export type Decisions = ReadonlyMap<string, Decision>;

export const UNDECIDED: Decision = { what: null, isLookedAt: false, rectangles: [] };

/** Edges that a black band can lie along. */
export const EDGES = ["top", "bottom", "left", "right"] as const;
export type Edge = (typeof EDGES)[number];

const OPPOSITE = { top: "bottom", bottom: "top", left: "right", right: "left" } as const;
const WHOLE: Rectangle = { left: 0, top: 0, right: 1000, bottom: 1000 };

/** The band of that thickness along an edge, in thousandths. */
export function band(edge: Edge, thickness: number): Rectangle {
  const isFar = edge === "bottom" || edge === "right";
  return { ...WHOLE, [OPPOSITE[edge]]: isFar ? 1000 - thickness : thickness };
}

/** How thick the band along an edge is; 0 without one. */
export function thicknessOf(rectangles: readonly Rectangle[], edge: Edge): number {
  const found = rectangles.find((one) => isBand(one, edge));
  return found ? Math.abs(found[OPPOSITE[edge]] - WHOLE[edge]) : 0;
}

/** The rectangles with another band along an edge, or none. */
export function withBand(
  rectangles: readonly Rectangle[],
  edge: Edge,
  thickness: number,
): readonly Rectangle[] {
  const others = rectangles.filter((one) => !isBand(one, edge));
  return thickness > 0 ? [...others, band(edge, thickness)] : others;
}

function isBand(rectangle: Rectangle, edge: Edge): boolean {
  const open = OPPOSITE[edge];
  return (
    EDGES.every((side) => side === open || rectangle[side] === WHOLE[side]) && rectangle[open] !== WHOLE[open]
  );
}

/** Whether a series can be sent, or is left out on purpose. What cannot be de-identified is always left out. */
export function isDecided({ risk, refusal }: SeriesPreview, decision: Decision): boolean {
  if (refusal !== null || risk === "none" || decision.what === "leave") return true;
  if (decision.what === "blank") return decision.isLookedAt && decision.rectangles.length > 0;
  return decision.what === "keep" && decision.isLookedAt;
}

/** The query of a download, without question mark; UIDs and numbers only. */
export function downloadQuery(
  series: readonly SeriesPreview[],
  decisions: Decisions,
  keep: readonly string[],
): string {
  const of = (uid: string): Decision => decisions.get(uid) ?? UNDECIDED;
  const left = series.filter(({ uid, refusal }) => refusal !== null || of(uid).what === "leave");
  const sent = series.filter((one) => !left.includes(one));
  const looked = sent.filter(({ uid }) => of(uid).isLookedAt);
  const blanked = looked
    .filter(({ uid }) => of(uid).what === "blank")
    .flatMap(({ uid }) =>
      of(uid).rectangles.map(({ left: x, top, right, bottom }) => `${uid}:${x}_${top}_${right}_${bottom}`),
    );
  const parts = [
    ["keep", keep],
    ["leave", left.map(({ uid }) => uid)],
    ["looked", looked.map(({ uid }) => uid)],
    ["blank", blanked],
  ] as const;
  return parts
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}=${values.join(",")}`)
    .join("&");
}

const inside = (value: number): number => Math.round(1000 * Math.min(1, Math.max(0, value)));

/** A drawn rectangle from two corners, in thousandths and within the picture; null where it is too small to be meant. */
export function drawn(
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
): Rectangle | null {
  const [x, y] = [0, 1].map((axis) =>
    [inside(from[axis] ?? 0), inside(to[axis] ?? 0)].sort((a, b) => a - b),
  ) as [[number, number], [number, number]];
  const rectangle = { left: x[0], right: x[1], top: y[0], bottom: y[1] };
  return rectangle.right - rectangle.left < 5 || rectangle.bottom - rectangle.top < 5 ? null : rectangle;
}

/** How a series is called here. */
export function seriesName({ number, modality, description, instances }: SeriesPreview): string {
  return [
    number === null ? "" : `${number}`,
    modality,
    description,
    instances === null ? "" : plural("list.count", instances),
  ]
    .filter(Boolean)
    .join(" · ");
}
