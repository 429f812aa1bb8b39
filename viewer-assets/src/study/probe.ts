/** What the file says of one pixel of the picture on the screen. */
import type { Shown } from "./viewport";

/** A pixel's values. */
export interface Probed {
  readonly stored: number;
  /** In `unit` (empty where the file names none); null for padding, which is no image. */
  readonly modality: number | null;
  readonly unit: string;
}

/**
 * Values of the pixel at `column` and `row` (from 0) of what is shown. Null where its stored values are not on the device
 * (the server knows them), or there is no such pixel.
 */
export function probe({ frame, place }: Shown, column: number, row: number): Probed | null {
  if (!frame?.rescale || !(column >= 0 && column < frame.columns && row >= 0 && row < frame.rows))
    return null;
  const stored = frame.samples[Math.floor(row) * frame.columns + Math.floor(column)] as number;
  const [low, high] = frame.padding ?? [1, 0];
  const isPadding = stored >= low && stored <= high;
  const { slope, intercept } = frame.rescale;
  return { stored, modality: isPadding ? null : stored * slope + intercept, unit: place.unit };
}
