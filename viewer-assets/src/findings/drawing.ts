/**
 * How a finding is drawn, point by point, as a machine without a screen: what the hand does goes in, points come out. A
 * press that is dragged and let go, and two clicks, are the same to it.
 */
import { corrected, distance, finished, isNear, straightened, thinned, type Metric } from "./drawingShapes";
import type { FindingTool, ImagePoint } from "./model";

/** What is drawn so far. */
export interface Drawing {
  readonly tool: FindingTool;
  /** The points that are set. */
  readonly points: readonly ImagePoint[];
  /** Where the next one would be set; null until the pointer is there. */
  readonly next: ImagePoint | null;
  readonly isPressed: boolean;
  /** Whether the press that lasts has set the last point by itself, so that only a drag sets another one. */
  readonly isFresh: boolean;
}

export interface Stroke {
  readonly at: ImagePoint;
  /** Shift: squares, circles and steps of 45°. */
  readonly isStraight?: boolean;
}

export type DrawingEvent =
  | ({ readonly kind: "press" | "move" | "release" } & Stroke)
  /** Take the last point back. */
  | { readonly kind: "back" }
  /** No further points. */
  | { readonly kind: "end" };

export interface Outcome {
  /** Null: nothing is being drawn any more. */
  readonly drawing: Drawing | null;
  /** The points of the finding, as `TOOLS` has them, once it is complete. */
  readonly done: readonly ImagePoint[] | null;
}

/** How many points the hand sets; the others come of themselves. Infinite: until it says that it is done. */
const SET: Readonly<Record<FindingTool, number>> = {
  length: 2,
  polyline: Infinity,
  bidirectional: 2,
  angle: 3,
  cobb: 4,
  rectangle: 2,
  ellipse: 2,
  circle: 2,
  polygon: Infinity,
  freehand: Infinity,
  point: 1,
  arrow: 2,
  text: 1,
  calibration: 2,
};

/** Fewest points of what is ended by the hand. */
const LEAST: Partial<Record<FindingTool, number>> = { polyline: 2, polygon: 3, freehand: 3 };

/** Nothing drawn yet. */
export function newDrawing(tool: FindingTool): Drawing {
  return { tool, points: [], next: null, isPressed: false, isFresh: false };
}

/** Go on from `drawing`. `metric` says how far apart points of the image are for the hand. */
export function draw(drawing: Drawing, event: DrawingEvent, metric: Metric): Outcome {
  if (event.kind === "back") return back(drawing);
  if (event.kind === "end") return end(drawing, metric);
  if (drawing.tool === "freehand") return drawFreely(drawing, event, metric);
  if (event.kind === "press") return press(drawing, event, metric);
  const next = aim(drawing, event, metric);
  if (event.kind === "move" || !drawing.isPressed) return still({ ...drawing, next });
  return release({ ...drawing, isPressed: false }, next, metric);
}

/** The points as they would be if the next one were set now; fewer than the tool's while it is not complete. */
export function preview({ tool, points, next }: Drawing, metric: Metric): readonly ImagePoint[] {
  const all = next ? [...points, next] : points;
  return all.length === SET[tool] ? finished(tool, all, metric) : all;
}

/** Whether preview has all that the tool needs. */
export function isComplete({ tool, points, next }: Drawing): boolean {
  const count = points.length + (next ? 1 : 0);
  return count >= (LEAST[tool] ?? SET[tool]);
}

function still(drawing: Drawing): Outcome {
  return { drawing, done: null };
}

function press(drawing: Drawing, event: Stroke, metric: Metric): Outcome {
  const { tool, points } = drawing;
  const next = aim(drawing, event, metric);
  if (isClosing(drawing, event.at, metric)) return end(drawing, metric);
  // The first end of each line is set by the press itself.
  const isFresh = SET[tool] > 1 && (points.length === 0 || (tool === "cobb" && points.length === 2));
  return still({ ...drawing, points: isFresh ? [...points, next] : points, next, isPressed: true, isFresh });
}

function release(drawing: Drawing, next: ImagePoint, metric: Metric): Outcome {
  const { tool, points, isFresh } = drawing;
  const last = points.at(-1);
  // A click sets one point, not two of the same.
  if (last && isNear(last, next, metric, isFresh ? 1 : 0.5))
    return still({ ...drawing, next, isFresh: false });
  const all = [...points, next];
  if (all.length < SET[tool]) return still({ ...drawing, points: all, next: null, isFresh: false });
  return { drawing: null, done: finished(tool, all, metric) };
}

/** A press at the last point, as a double click is, or at the first one says that it was the last. */
function isClosing({ tool, points }: Drawing, at: ImagePoint, metric: Metric): boolean {
  const [first] = points;
  const last = points.at(-1);
  if (SET[tool] !== Infinity || !first || !last || points.length < (LEAST[tool] ?? 2)) return false;
  return isNear(last, at, metric, 1) || (tool === "polygon" && isNear(first, at, metric, 2));
}

function end({ tool, points }: Drawing, metric: Metric): Outcome {
  if (SET[tool] !== Infinity || points.length < (LEAST[tool] ?? 2))
    return still({ tool, points, next: null, isPressed: false, isFresh: false });
  return { drawing: null, done: tool === "freehand" ? thinned(points, metric) : points };
}

function back(drawing: Drawing): Outcome {
  const points = drawing.points.slice(0, -1);
  return points.length === 0
    ? { drawing: null, done: null }
    : still({ ...drawing, points, isPressed: false, isFresh: false });
}

/** Where the next point lies, within the image and straight if it is to be. */
function aim({ tool, points }: Drawing, { at, isStraight }: Stroke, metric: Metric): ImagePoint {
  const last = points.at(-1);
  const inside = corrected(at, metric);
  return isStraight && last ? corrected(straightened(tool, last, inside, metric), metric) : inside;
}

function drawFreely(drawing: Drawing, event: DrawingEvent & Stroke, metric: Metric): Outcome {
  const at = corrected(event.at, metric);
  if (event.kind === "press") return still({ ...drawing, points: [at], next: null, isPressed: true });
  if (!drawing.isPressed) return still(drawing);
  const last = drawing.points.at(-1);
  const isFar = !last || distance(last, at, metric) * metric.scale >= 1;
  const points = isFar ? [...drawing.points, at] : drawing.points;
  if (event.kind === "move") return still({ ...drawing, points });
  const outline = thinned(points, metric);
  return { drawing: null, done: outline.length >= 3 ? outline : null };
}
