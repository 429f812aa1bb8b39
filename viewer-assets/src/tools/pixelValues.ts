/** What stored values mean, at a pixel or in a rectangle. Rectangles and pixels are counted from (0, 0). */
import type { VoiWindow } from "../address";
import type { ExactFrame } from "../exact/exactFrame";
import { clamp, type Point } from "../geometry";
import type { Place } from "../study/source";

/** What the file says of one pixel. */
export interface PixelValue {
  readonly stored: number;
  /** Null for padding, which is no image, and where a look-up table takes the place of slope and intercept. */
  readonly modality: number | null;
  readonly isPadding: boolean;
}

/** The values of a pixel; null outside of the frame. */
export function valueAt(frame: ExactFrame, column: number, row: number): PixelValue | null {
  if (!(column >= 0 && column < frame.columns && row >= 0 && row < frame.rows)) return null;
  const stored = frame.samples[Math.floor(row) * frame.columns + Math.floor(column)] as number;
  const isPadding = isPadded(frame, stored);
  const { rescale } = frame;
  const modality = isPadding || !rescale ? null : stored * rescale.slope + rescale.intercept;
  return { stored, modality, isPadding };
}

function isPadded({ padding }: ExactFrame, stored: number): boolean {
  return padding !== null && stored >= padding[0] && stored <= padding[1];
}

/**
 * The window that shows the least value of a rectangle black and the greatest white, padding left out. Null where there
 * are no values to be told apart, or no rule that makes modality values of them.
 */
export function windowOfRegion(frame: ExactFrame, a: Point, b: Point): VoiWindow | null {
  const { rescale } = frame;
  if (!rescale) return null;
  const [left, right] = between(a.x, b.x, frame.columns);
  const [top, bottom] = between(a.y, b.y, frame.rows);
  let [least, greatest] = [Infinity, -Infinity];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const stored = frame.samples[row * frame.columns + column] as number;
      if (isPadded(frame, stored)) continue;
      if (stored < least) least = stored;
      if (stored > greatest) greatest = stored;
    }
  }
  if (least >= greatest) return null;
  const ends = [least, greatest].map((stored) => stored * rescale.slope + rescale.intercept);
  return windowBetween(Math.min(...ends), Math.max(...ends));
}

/** The window whose ends these are. Of whole numbers it is LINEAR, which counts its ends (PS3.3 C.11.2.1.2.1). */
export function windowBetween(low: number, high: number): VoiWindow {
  if (Number.isInteger(low) && Number.isInteger(high))
    return { center: (low + high + 1) / 2, width: high - low + 1 };
  return { center: short((low + high) / 2), width: short(high - low), voiFunction: "LINEAR_EXACT" };
}

function short(value: number): number {
  return Number(value.toPrecision(7));
}

/** First and last of the pixels that lie between two edges, of so many; at least one. */
function between(a: number, b: number, count: number): readonly [number, number] {
  const first = clamp(Math.floor(Math.min(a, b)), 0, count - 1);
  return [first, clamp(Math.ceil(Math.max(a, b)) - 1, first, count - 1)];
}

/**
 * Where a point of the picture lies in the patient: LPS, mm. `point` counts pixels from the outer corner of the first one,
 * Image Position (Patient) is its centre (PS3.3 C.7.6.2.1.1). Null where that is not known.
 */
export function patientPoint(
  { orientation, position, geometry: { spacing }, spacingOrigin }: Place,
  point: Point,
): readonly [number, number, number] | null {
  if (!orientation || !position || !spacing || spacingOrigin !== "PixelSpacing") return null;
  const [a, b, c, d, e, f] = orientation;
  const [across, down] = [(point.x - 0.5) * spacing[1], (point.y - 0.5) * spacing[0]];
  return [
    position[0] + a * across + d * down,
    position[1] + b * across + e * down,
    position[2] + c * across + f * down,
  ];
}
