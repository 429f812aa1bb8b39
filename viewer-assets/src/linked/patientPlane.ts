/**
 * Where a frame lies in the patient, and what follows from it for another one. Pixels are counted from the centre of the
 * first one, so that whole numbers are pixel centres; patient space is LPS in mm. No DOM here.
 */
import type { ImageGeometry } from "../geometry";
import type { Cosines, PatientPoint } from "../study/data";
import { cross, dot, minus, plus, scaled, type Vector } from "../vectors";

/** A frame's pixels in the patient; the same as `ImagePlane` of the server's kernels. */
export interface PatientPlane {
  /** Points of another one cannot be compared with this frame's. */
  readonly frameOfReference: string;
  /** Centre of pixel (0, 0). */
  readonly origin: Vector;
  /** Unit vectors in which the column index, and the row index, increases. */
  readonly columnDirection: Vector;
  readonly rowDirection: Vector;
  /** mm between rows, mm between columns. */
  readonly spacing: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /** Slice Thickness in mm; 0 where it is not known. */
  readonly thickness: number;
}

/** A point of the patient. */
export interface Mark {
  readonly frameOfReference: string;
  readonly at: Vector;
}

/** Row and column, fractions allowed, and mm along the normal from the plane to the point. */
export interface PixelPoint {
  readonly row: number;
  readonly column: number;
  readonly distance: number;
}

/** Two points of a picture, in pixels. */
export interface Cut {
  readonly from: PixelPoint;
  readonly to: PixelPoint;
}

/** What the place of a frame is made of. */
interface PlacedFrame {
  readonly kind: ImageGeometry & {
    readonly orientation?: Cosines;
    readonly frameOfReference?: string;
    readonly thickness?: number;
  };
  readonly position: PatientPoint | null;
}

/** Nearer to parallel than this, planes have no line in common that would mean something. */
const LEAST_ANGLE = sine(5);
/** Slices whose normals differ by less are leafed through together. */
const SAME_ORIENTATION = Math.cos((10 * Math.PI) / 180);

/** The plane of a frame; null where its place, its pixel size or its frame of reference is not known. */
export function planeOf({ kind, position }: PlacedFrame): PatientPlane | null {
  const { orientation, frameOfReference, spacing, rows, columns, thickness = 0 } = kind;
  if (!orientation || !frameOfReference || !spacing || !position) return null;
  const [a, b, c, d, e, f] = orientation;
  return {
    frameOfReference,
    origin: position,
    columnDirection: [a, b, c],
    rowDirection: [d, e, f],
    spacing,
    rows,
    columns,
    thickness,
  };
}

/** Unit vector along which the picture is looked at, away from the reader. */
export function normalOf({ columnDirection, rowDirection }: PatientPlane): Vector {
  return cross(columnDirection, rowDirection);
}

/** Patient mm of a pixel. */
export function toPatient(plane: PatientPlane, row: number, column: number): Vector {
  const down = plus(plane.origin, plane.rowDirection, row * plane.spacing[0]);
  return plus(down, plane.columnDirection, column * plane.spacing[1]);
}

/** The pixel under a point of the patient, and how far the point is from the plane. */
export function toPixel(plane: PatientPlane, point: Vector): PixelPoint {
  const from = minus(point, plane.origin);
  return {
    row: dot(from, plane.rowDirection) / plane.spacing[0],
    column: dot(from, plane.columnDirection) / plane.spacing[1],
    distance: dot(from, normalOf(plane)),
  };
}

/** The middle of the picture. */
export function centreOf(plane: PatientPlane): Vector {
  return toPatient(plane, (plane.rows - 1) / 2, (plane.columns - 1) / 2);
}

/** Whether a pixel lies on the picture. */
export function isInside({ rows, columns }: PatientPlane, { row, column }: PixelPoint): boolean {
  return row >= -0.5 && row <= rows - 0.5 && column >= -0.5 && column <= columns - 0.5;
}

/** Whether two planes look the same way, or straight the other way. */
export function isAligned(a: PatientPlane, b: PatientPlane): boolean {
  return Math.abs(dot(normalOf(a), normalOf(b))) >= SAME_ORIENTATION;
}

/** Index of the plane that is nearest to a point, and how far it is; null where none is of that frame of reference. */
export function nearest(
  planes: readonly (PatientPlane | null)[],
  frameOfReference: string,
  point: Vector,
): { readonly index: number; readonly distance: number } | null {
  let best: { index: number; distance: number } | null = null;
  for (const [index, plane] of planes.entries()) {
    if (plane?.frameOfReference !== frameOfReference) continue;
    const distance = Math.abs(toPixel(plane, point).distance);
    if (!best || distance < best.distance - 1e-6) best = { index, distance };
  }
  return best;
}

/** Whether a slice holds a point: it lies on the picture, and no further off than half of the slice, or of the gap beside it. */
export function holds(
  planes: readonly (PatientPlane | null)[],
  index: number,
  { frameOfReference, at }: Mark,
): boolean {
  const plane = planes[index];
  if (plane?.frameOfReference !== frameOfReference) return false;
  const gaps = [planes[index - 1], planes[index + 1]]
    .filter((other) => other != null && isAligned(other, plane))
    .map((other) => (other ? Math.abs(toPixel(plane, centreOf(other)).distance) : 0));
  const pixel = toPixel(plane, at);
  return isInside(plane, pixel) && Math.abs(pixel.distance) <= Math.max(plane.thickness, ...gaps) / 2 + 1e-3;
}

/** The slice that holds a point, the nearest where there are several; null where none does. */
export function sliceHolding(planes: readonly (PatientPlane | null)[], mark: Mark): number | null {
  const held = planes.map((plane, index) => (holds(planes, index, mark) ? plane : null));
  return nearest(held, mark.frameOfReference, mark.at)?.index ?? null;
}

/**
 * Where the plane of `other` cuts the picture of `plane`, as far as both pictures reach. Null where they are of different
 * frames of reference, almost parallel, or do not meet.
 */
export function cutOf(plane: PatientPlane, other: PatientPlane): Cut | null {
  if (plane.frameOfReference !== other.frameOfReference) return null;
  const [own, its] = [normalOf(plane), normalOf(other)];
  const line = cross(own, its);
  const square = dot(line, line);
  if (square < LEAST_ANGLE ** 2) return null;
  const start = scaled(
    plus(scaled(cross(its, line), dot(own, plane.origin)), cross(line, own), dot(its, other.origin)),
    1 / square,
  );
  const direction = scaled(line, 1 / Math.sqrt(square));
  let [first, last] = [-Infinity, Infinity];
  for (const picture of [plane, other]) {
    const at = toPixel(picture, start);
    const further = toPixel(picture, plus(start, direction));
    for (const [value, step, size] of [
      [at.row, further.row - at.row, picture.rows],
      [at.column, further.column - at.column, picture.columns],
    ] as const) {
      const [low, high] = [-0.5 - value, size - 0.5 - value];
      if (Math.abs(step) < 1e-9) {
        if (low > 0 || high < 0) return null;
        continue;
      }
      first = Math.max(first, Math.min(low / step, high / step));
      last = Math.min(last, Math.max(low / step, high / step));
    }
  }
  if (first >= last) return null;
  return {
    from: toPixel(plane, plus(start, direction, first)),
    to: toPixel(plane, plus(start, direction, last)),
  };
}

function sine(degrees: number): number {
  return Math.sin((degrees * Math.PI) / 180);
}
