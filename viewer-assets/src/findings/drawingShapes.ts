/** Points that follow from others: squares, right angles, outlines with no more points than they need. */
import { clamp, pixelShape, type ImageGeometry, type Size } from "../geometry";
import { MOST_POINTS, type FindingTool, type ImagePoint } from "./model";

/** How the points of an image lie for the eye and the hand. */
export interface Metric {
  /** Width and height of one image pixel relative to each other. */
  readonly shape: Size;
  /** CSS pixels of the screen for each unit of `shape`. */
  readonly scale: number;
  /** How many CSS pixels apart two places are the same for the hand. */
  readonly reach: number;
  /** No point lies outside. */
  readonly columns: number;
  readonly rows: number;
}

/** The hand with a mouse, and with a finger. */
export const REACH = { mouse: 5, touch: 14 } as const;

export function metricOf(image: ImageGeometry, columnScale: number, isTouch: boolean): Metric {
  const shape = pixelShape(image);
  const reach = isTouch ? REACH.touch : REACH.mouse;
  return { shape, scale: columnScale / shape.width, reach, columns: image.columns, rows: image.rows };
}

/** Between two points, in units of the pixel's shape: where pixels are not square, what is as long looks as long. */
export function distance(a: ImagePoint, b: ImagePoint, { shape }: Pick<Metric, "shape">): number {
  return Math.hypot((b[0] - a[0]) * shape.width, (b[1] - a[1]) * shape.height);
}

/** Whether the hand means the same place; `factor` for a wider reach. */
export function isNear(a: ImagePoint, b: ImagePoint, metric: Metric, factor: number): boolean {
  return distance(a, b, metric) * metric.scale <= metric.reach * factor;
}

/** The nearest point of the image. */
export function corrected([column, row]: ImagePoint, { columns, rows }: Metric): ImagePoint {
  return [clamp(column, 0, columns), clamp(row, 0, rows)];
}

/** `at` so that what is drawn from `from` is a square, or a line in steps of 45°. */
export function straightened(
  tool: FindingTool,
  from: ImagePoint,
  at: ImagePoint,
  { shape }: Pick<Metric, "shape">,
): ImagePoint {
  const across = (at[0] - from[0]) * shape.width;
  const down = (at[1] - from[1]) * shape.height;
  if (tool === "rectangle" || tool === "ellipse") {
    const side = Math.max(Math.abs(across), Math.abs(down));
    return shifted(from, side * sign(across), side * sign(down), shape);
  }
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(down, across) / step) * step;
  const length = across * Math.cos(angle) + down * Math.sin(angle);
  return shifted(from, length * Math.cos(angle), length * Math.sin(angle), shape);
}

/** All points of the tool, from those that the hand has set. */
export function finished(
  tool: FindingTool,
  points: readonly ImagePoint[],
  metric: Pick<Metric, "shape">,
): readonly ImagePoint[] {
  const [first, second] = points;
  if (!first || !second) return points;
  if (tool === "bidirectional") return [first, second, ...shortAxis(first, second, metric)];
  if (tool === "ellipse") return ellipseIn(first, second, metric);
  return points;
}

/** The short axis that is proposed: half as long, at right angles to the middle of the long one. */
function shortAxis(a: ImagePoint, b: ImagePoint, { shape }: Pick<Metric, "shape">): readonly ImagePoint[] {
  const middle: ImagePoint = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const [across, down] = [(b[0] - a[0]) * shape.width, (b[1] - a[1]) * shape.height];
  return [shifted(middle, down / 4, -across / 4, shape), shifted(middle, -down / 4, across / 4, shape)];
}

/** Ends of the axes of the ellipse that fills the rectangle between two corners, the longer axis first. */
function ellipseIn(a: ImagePoint, b: ImagePoint, metric: Pick<Metric, "shape">): readonly ImagePoint[] {
  const [column, row] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return longestFirst(
    [
      [Math.min(a[0], b[0]), row],
      [Math.max(a[0], b[0]), row],
      [column, Math.min(a[1], b[1])],
      [column, Math.max(a[1], b[1])],
    ],
    metric,
  );
}

/** Two axes, the longer one first, as SCOORD (PS3.3 C.18.6.1.2) and readers of diameters expect. */
export function longestFirst(
  points: readonly ImagePoint[],
  metric: Pick<Metric, "shape">,
): readonly ImagePoint[] {
  const [a, b, c, d] = points;
  if (!a || !b || !c || !d) return points;
  return distance(c, d, metric) > distance(a, b, metric) ? [c, d, a, b] : points;
}

/** A point so far away, in units of the pixel's shape. */
export function shifted([column, row]: ImagePoint, across: number, down: number, shape: Size): ImagePoint {
  return [column + across / shape.width, row + down / shape.height];
}

function sign(value: number): number {
  return value < 0 ? -1 : 1;
}

/** Of the screen: an outline that is no further than this from the hand's is the same. */
const TOLERANCE = 0.4;

/**
 * The outline with fewer points: none of those left out lies further away than the tolerance (Douglas and Peucker). Of more
 * points than a finding may have, more than any hand draws, only every second or third is looked at: it takes their square.
 */
export function thinned(points: readonly ImagePoint[], metric: Metric): readonly ImagePoint[] {
  const step = Math.ceil(points.length / MOST_POINTS);
  const few = points.filter((_, index) => index % step === 0);
  return thinnedBy(few, TOLERANCE / metric.scale, metric);
}

function thinnedBy(points: readonly ImagePoint[], tolerance: number, metric: Metric): readonly ImagePoint[] {
  const kept = new Uint8Array(points.length);
  kept[0] = 1;
  kept[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [first, last] = span;
    const [a, b] = [points[first], points[last]];
    if (!a || !b) continue;
    let [furthest, at] = [tolerance, -1];
    for (let index = first + 1; index < last; index += 1) {
      const away = distanceToLine(points[index] as ImagePoint, a, b, metric);
      if (away > furthest) [furthest, at] = [away, index];
    }
    if (at < 0) continue;
    kept[at] = 1;
    open.push([first, at], [at, last]);
  }
  return points.filter((_, index) => kept[index] === 1);
}

/** From a point to the nearest one of the line between two others. */
export function distanceToLine(
  point: ImagePoint,
  a: ImagePoint,
  b: ImagePoint,
  metric: Pick<Metric, "shape">,
): number {
  const { width, height } = metric.shape;
  const [across, down] = [(b[0] - a[0]) * width, (b[1] - a[1]) * height];
  const squared = across * across + down * down;
  const along = (point[0] - a[0]) * width * across + (point[1] - a[1]) * height * down;
  const part = squared === 0 ? 0 : clamp(along / squared, 0, 1);
  return distance(point, [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])], metric);
}
