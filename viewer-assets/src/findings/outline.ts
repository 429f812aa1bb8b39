/** What a finding looks like: lines through points of the image, which every way of drawing and every hit test shares. */
import type { Size } from "../geometry";
import { TOOLS, type FindingTool, type ImagePoint } from "./model";

/** A line through these points, closed to its first where it is. */
export interface OutlineLine {
  readonly points: readonly ImagePoint[];
  readonly isClosed: boolean;
  /** Whether it only shows what belongs together. */
  readonly isFaint: boolean;
}

/** Corners of an ellipse on its way around: no line between them is a thousandth of the radius off. */
const ELLIPSE_CORNERS = 72;

/** The lines of a finding; of one that is not complete, what there is of it. `shape` is that of a pixel. */
export function outlineOf(
  tool: FindingTool,
  points: readonly ImagePoint[],
  shape: Size,
): readonly OutlineLine[] {
  const [a, b, c, d] = points;
  const isComplete = points.length >= TOOLS[tool].points[0];
  if (!a || !b || !isComplete) return points.length > 1 ? [line(points)] : [];
  switch (tool) {
    case "bidirectional":
      return c && d ? [line([a, b]), line([c, d])] : [];
    case "cobb":
      return c && d
        ? [line([a, b]), line([c, d]), { ...line([middle(a, b), middle(c, d)]), isFaint: true }]
        : [];
    case "rectangle":
      return [closed(rectangleCorners(a, b))];
    case "ellipse":
      return c && d ? [closed(ellipse(middle(a, b), halfAxis(a, b), halfAxis(c, d)))] : [];
    case "circle": {
      const radius = Math.hypot((b[0] - a[0]) * shape.width, (b[1] - a[1]) * shape.height);
      return [closed(ellipse(a, [radius / shape.width, 0], [0, radius / shape.height]))];
    }
    case "polygon":
    case "freehand":
      return [closed(points)];
    default:
      return [line(points)];
  }
}

/** Corners on the way around, from one of two that lie opposite each other. */
export function rectangleCorners(a: ImagePoint, b: ImagePoint): readonly ImagePoint[] {
  return [a, [b[0], a[1]], b, [a[0], b[1]]];
}

/** Half way from one to the other. */
export function middle(a: ImagePoint, b: ImagePoint): ImagePoint {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function halfAxis(a: ImagePoint, b: ImagePoint): ImagePoint {
  return [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
}

function ellipse(centre: ImagePoint, first: ImagePoint, second: ImagePoint): readonly ImagePoint[] {
  return Array.from({ length: ELLIPSE_CORNERS }, (_, index) => {
    const angle = (index / ELLIPSE_CORNERS) * 2 * Math.PI;
    const [along, across] = [Math.cos(angle), Math.sin(angle)];
    return [
      centre[0] + along * first[0] + across * second[0],
      centre[1] + along * first[1] + across * second[1],
    ] as const;
  });
}

function line(points: readonly ImagePoint[]): OutlineLine {
  return { points, isClosed: false, isFaint: false };
}

function closed(points: readonly ImagePoint[]): OutlineLine {
  return { points, isClosed: true, isFaint: false };
}
