/** Moving a finding, or one of its handles: points in, points out. */
import { clamp } from "../geometry";
import { corrected, distance, longestFirst, shifted, type Metric } from "./drawingShapes";
import type { Finding, ImagePoint } from "./model";
import { middle, rectangleCorners } from "./outline";

/** What is needed of a finding to move it. */
export type Movable = Pick<Finding, "tool" | "points">;

/** A freehand outline has a handle at every so many of its points, so that there are never more than these. */
const FREEHAND_HANDLES = 16;

/** Where its handles are. */
export function handlesOf({ tool, points }: Movable): readonly ImagePoint[] {
  const [a, b] = points;
  if (tool === "rectangle" && a && b) return rectangleCorners(a, b);
  if (tool === "freehand") return points.filter((_, index) => index % freehandStep(points) === 0);
  return points;
}

function freehandStep(points: readonly ImagePoint[]): number {
  return Math.ceil(points.length / FREEHAND_HANDLES);
}

/** Its points after all of it was moved by so many columns and rows; none leaves the image. */
export function movedBy({ points }: Movable, by: ImagePoint, metric: Metric): readonly ImagePoint[] {
  const [left, right] = room(points, 0, metric.columns);
  const [up, down] = room(points, 1, metric.rows);
  const [columns, rows] = [clamp(by[0], left, right), clamp(by[1], up, down)];
  return points.map(([column, row]) => [column + columns, row + rows]);
}

/** How far all of them can go back and on along an axis. */
function room(points: readonly ImagePoint[], axis: 0 | 1, end: number): readonly [number, number] {
  const values = points.map((point) => point[axis]);
  const least = values.reduce((a, b) => Math.min(a, b), end);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return [Math.min(0, -least), Math.max(0, end - most)];
}

/** Its points after the handle of that number was moved to a place. */
export function handleMoved(
  { tool, points }: Movable,
  handle: number,
  to: ImagePoint,
  metric: Metric,
): readonly ImagePoint[] {
  const at = corrected(to, metric);
  const [a, b] = points;
  if (!a || !b) return [at];
  switch (tool) {
    case "rectangle":
      return rectangleMoved(a, b, handle, at);
    case "circle":
      return handle === 0 ? movedBy({ tool, points }, [at[0] - a[0], at[1] - a[1]], metric) : [a, at];
    case "ellipse":
      return ellipseMoved(points, handle, at, metric);
    case "bidirectional":
      return handle < 2
        ? longAxisMoved(points, handle, at, metric)
        : shortAxisMoved(points, handle, at, metric);
    case "freehand":
      return outlineMoved(points, handle, at);
    default:
      return points.map((point, index) => (index === handle ? at : point));
  }
}

/** The same points in the order that the standard wants, once the hand is gone. */
export function settled({ tool, points }: Movable, metric: Metric): readonly ImagePoint[] {
  return tool === "ellipse" || tool === "bidirectional" ? longestFirst(points, metric) : points;
}

function rectangleMoved(a: ImagePoint, b: ImagePoint, handle: number, at: ImagePoint): readonly ImagePoint[] {
  const opposite = rectangleCorners(a, b)[(handle + 2) % 4] as ImagePoint;
  return [opposite, at];
}

/** The axis turns about its other end; the other axis keeps its length and goes along. */
function ellipseMoved(
  points: readonly ImagePoint[],
  handle: number,
  at: ImagePoint,
  metric: Metric,
): readonly ImagePoint[] {
  const isFirst = handle < 2;
  const [a, b, c, d] = points as readonly [ImagePoint, ImagePoint, ImagePoint, ImagePoint];
  const own = isFirst ? ([a, b] as const) : ([c, d] as const);
  const axis = handle % 2 === 0 ? ([at, own[1]] as const) : ([own[0], at] as const);
  const half = (isFirst ? distance(c, d, metric) : distance(a, b, metric)) / 2;
  const unit = unitOf(...axis, metric) ?? unitOf(...own, metric) ?? [1, 0];
  const centre = middle(...axis);
  // A quarter turn from the first axis to the second, so that both keep their direction around.
  const turn = isFirst ? -half : half;
  const other = [
    shifted(centre, -unit[1] * turn, unit[0] * turn, metric.shape),
    shifted(centre, unit[1] * turn, -unit[0] * turn, metric.shape),
  ];
  return isFirst ? [...axis, ...other] : [...other, ...axis];
}

/** The short axis stays at its part of the long one, at right angles, and keeps the length of both its sides. */
function longAxisMoved(
  points: readonly ImagePoint[],
  handle: number,
  at: ImagePoint,
  metric: Metric,
): readonly ImagePoint[] {
  const [a, b, c, d] = points as readonly [ImagePoint, ImagePoint, ImagePoint, ImagePoint];
  const { part, sides } = placeOnAxis(a, b, c, d, metric);
  const [from, to] = handle === 0 ? [at, b] : [a, at];
  return acrossAxis(from, to, part, sides, metric) ?? points;
}

/** The short axis slides along the long one, and its side becomes as long as the hand wants. */
function shortAxisMoved(
  points: readonly ImagePoint[],
  handle: number,
  at: ImagePoint,
  metric: Metric,
): readonly ImagePoint[] {
  const [a, b, c, d] = points as readonly [ImagePoint, ImagePoint, ImagePoint, ImagePoint];
  const { sides } = placeOnAxis(a, b, c, d, metric);
  const moved = placeOnAxis(a, b, at, at, metric);
  const next = handle === 2 ? [moved.sides[0], sides[1]] : [sides[0], moved.sides[0]];
  return acrossAxis(a, b, clamp(moved.part, 0, 1), next as [number, number], metric) ?? points;
}

/** Where the short axis crosses the long one, as a part of it, and how far its ends lie to its left (negative: right). */
function placeOnAxis(a: ImagePoint, b: ImagePoint, c: ImagePoint, d: ImagePoint, metric: Metric) {
  const length = distance(a, b, metric) || 1;
  const [across, down] = unitOf(a, b, metric) ?? [1, 0];
  const { width, height } = metric.shape;
  const along = ([column, row]: ImagePoint): number =>
    (column - a[0]) * width * across + (row - a[1]) * height * down;
  const away = ([column, row]: ImagePoint): number =>
    (column - a[0]) * width * down - (row - a[1]) * height * across;
  return { part: along(c) / length, sides: [away(c), away(d)] as const };
}

function acrossAxis(
  a: ImagePoint,
  b: ImagePoint,
  part: number,
  [first, second]: readonly [number, number],
  metric: Metric,
): readonly ImagePoint[] | null {
  const unit = unitOf(a, b, metric);
  if (!unit) return null;
  const foot: ImagePoint = [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
  const [across, down] = unit;
  return [
    a,
    b,
    shifted(foot, first * down, -first * across, metric.shape),
    shifted(foot, second * down, -second * across, metric.shape),
  ];
}

/** The direction from one to the other, in units of the pixel's shape; null where they are one point. */
function unitOf(a: ImagePoint, b: ImagePoint, metric: Metric): readonly [number, number] | null {
  const length = distance(a, b, metric);
  if (length === 0) return null;
  return [((b[0] - a[0]) * metric.shape.width) / length, ((b[1] - a[1]) * metric.shape.height) / length];
}

/** What lies near the handle goes along, the less the nearer it is to the next ones. */
function outlineMoved(points: readonly ImagePoint[], handle: number, at: ImagePoint): readonly ImagePoint[] {
  const step = freehandStep(points);
  const middleIndex = handle * step;
  const from = points[middleIndex];
  if (!from) return points;
  const [columns, rows] = [at[0] - from[0], at[1] - from[1]];
  return points.map((point, index) => {
    const apart = Math.abs(index - middleIndex);
    const near = Math.min(apart, points.length - apart);
    if (near >= step && near > 0) return point;
    const share = (1 + Math.cos((Math.PI * near) / step)) / 2;
    return [point[0] + columns * share, point[1] + rows * share];
  });
}
