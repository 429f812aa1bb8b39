/** Findings as they lie on the screen, and which of them the hand means. */
import { toScreen, type ImageGeometry, type Point, type Pose, type Rectangle } from "../geometry";
import { pixelShape } from "../geometry";
import { handlesOf } from "./editing";
import type { Finding, ImagePoint } from "./model";
import { outlineOf } from "./outline";

/** A line on the screen, in CSS pixels of the viewport. */
export interface ScreenLine {
  readonly points: readonly Point[];
  readonly isClosed: boolean;
  readonly isFaint: boolean;
}

/** A finding on the screen. */
export interface Mark {
  readonly finding: Finding;
  readonly lines: readonly ScreenLine[];
  readonly handles: readonly Point[];
  /** Around all of it. */
  readonly box: Rectangle;
}

export type Drawn = Pick<Finding, "tool" | "points">;

/** Where a finding lies, as the image lies. */
export function markOf(finding: Finding, geometry: ImageGeometry, pose: Pose): Mark {
  const place = ([x, y]: ImagePoint): Point => toScreen({ x, y }, geometry, pose);
  const lines = screenLines(finding, geometry, pose);
  const handles = handlesOf(finding).map(place);
  return { finding, lines, handles, box: boxOf([...lines.flatMap(({ points }) => points), ...handles]) };
}

/** The lines of what is drawn, complete or not. */
export function screenLines(
  { tool, points }: Drawn,
  geometry: ImageGeometry,
  pose: Pose,
): readonly ScreenLine[] {
  return outlineOf(tool, points, pixelShape(geometry)).map((line) => ({
    ...line,
    points: line.points.map(([x, y]) => toScreen({ x, y }, geometry, pose)),
  }));
}

function boxOf(points: readonly Point[]): Rectangle {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** What of a finding is meant. */
export type Target =
  | { readonly id: string; readonly part: "handle"; readonly handle: number }
  | { readonly id: string; readonly part: "line" | "label" };

/** Within so many CSS pixels a mouse means it, and a finger: a handle is 44 wide for that. */
export const HANDLE_REACH = { mouse: 9, touch: 22 } as const;
export const LINE_REACH = { mouse: 6, touch: 16 } as const;

/** What is meant by a point: handles of the chosen finding first, then labels, then the nearest line. */
export function targetAt(
  marks: readonly Mark[],
  labels: ReadonlyMap<string, Rectangle>,
  point: Point,
  by: "mouse" | "touch",
  selected: string | null,
): Target | null {
  const chosen = marks.find(({ finding }) => finding.id === selected);
  const own = chosen && nearestHandle(chosen, point, HANDLE_REACH[by]);
  if (chosen && own !== null && own !== undefined)
    return { id: chosen.finding.id, part: "handle", handle: own };
  for (const [id, box] of labels) if (isInside(box, point, 0)) return { id, part: "label" };
  let [nearest, best]: [Mark | null, number] = [null, LINE_REACH[by]];
  for (const mark of marks) {
    if (!isInside(mark.box, point, best)) continue;
    const away = distanceToMark(mark, point);
    if (away <= best) [nearest, best] = [mark, away];
  }
  if (!nearest) return null;
  const { id } = nearest.finding;
  const handle = nearestHandle(nearest, point, HANDLE_REACH[by]);
  return handle === null ? { id, part: "line" } : { id, part: "handle", handle };
}

function nearestHandle({ handles }: Mark, point: Point, reach: number): number | null {
  let [found, best]: [number | null, number] = [null, reach];
  handles.forEach(({ x, y }, index) => {
    const away = Math.hypot(x - point.x, y - point.y);
    if (away <= best) [found, best] = [index, away];
  });
  return found;
}

/** How far a point lies from the nearest line of a finding; from its only point where it has no lines. */
export function distanceToMark({ lines, handles }: Mark, point: Point): number {
  let best = Infinity;
  for (const { points, isClosed } of lines) {
    const count = isClosed ? points.length : points.length - 1;
    for (let index = 0; index < count; index += 1) {
      const [a, b] = [points[index], points[(index + 1) % points.length]];
      if (a && b) best = Math.min(best, distanceToSegment(point, a, b));
    }
  }
  if (lines.length === 0)
    for (const { x, y } of handles) best = Math.min(best, Math.hypot(x - point.x, y - point.y));
  return best;
}

export function distanceToSegment(point: Point, a: Point, b: Point): number {
  const near = nearestOnSegment(point, a, b);
  return Math.hypot(point.x - near.x, point.y - near.y);
}

/** The point of a line that lies nearest. */
export function nearestOnSegment({ x, y }: Point, a: Point, b: Point): Point {
  const [across, down] = [b.x - a.x, b.y - a.y];
  const squared = across * across + down * down;
  const part = squared === 0 ? 0 : ((x - a.x) * across + (y - a.y) * down) / squared;
  const inside = Math.min(1, Math.max(0, part));
  return { x: a.x + inside * across, y: a.y + inside * down };
}

export function isInside(box: Rectangle, { x, y }: Point, margin: number): boolean {
  return (
    x >= box.x - margin &&
    y >= box.y - margin &&
    x <= box.x + box.width + margin &&
    y <= box.y + box.height + margin
  );
}
