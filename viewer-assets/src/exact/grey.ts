/**
 * Stored values to 8-bit grey by a table: the same steps, in the same order and in the same 64-bit floats, as
 * `plugin/sightline/kernels/grayscale.py`, so that the pixels are those that the server would send (PS3.3 C.11).
 */
import type { VoiWindow } from "../address";
import type { ExactFrame, Samples } from "./exactFrame";

/** What decides the grey of a stored value. */
export interface GreySteps {
  readonly slope: number;
  readonly intercept: number;
  /** Inclusive range of stored values that are no image; they are black whatever the rest says. */
  readonly padding: readonly [number, number] | null;
  readonly inverse: boolean;
  readonly window: VoiWindow;
}

/** Whether the standard defines the window: the server refuses others. */
export function isWindow({ center, width, voiFunction = "LINEAR" }: VoiWindow): boolean {
  const isWide = voiFunction === "LINEAR" ? width >= 1 : width > 0;
  return isWide && Number.isFinite(center) && Number.isFinite(width);
}

/**
 * Grey of every value that samples of one kind can have. `table[sample & 0xffff]` (`0xff` for samples of one byte) is a
 * sample's grey, signed or not.
 */
export function greyTable(bytes: 1 | 2, signed: boolean, steps: GreySteps): Uint8Array {
  const count = 1 << (8 * bytes);
  const table = new Uint8Array(count);
  const greyOf = windowFunction(steps.window);
  const { slope, intercept, inverse } = steps;
  const [low, high] = steps.padding ?? [1, 0];
  for (let index = 0; index < count; index++) {
    const stored = signed && index >= count / 2 ? index - count : index;
    if (stored >= low && stored <= high) continue;
    const grey = greyOf(stored * slope + intercept);
    table[index] = Math.floor((inverse ? 255 - grey : grey) + 0.5);
  }
  return table;
}

/** From modality value to 0 … 255, not rounded (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2). */
function windowFunction(window: VoiWindow): (value: number) => number {
  const { center, width, voiFunction = "LINEAR" } = window;
  if (voiFunction === "SIGMOID") return (value) => 255 / (1 + Math.exp((-4 * (value - center)) / width));
  if (voiFunction === "LINEAR" && width === 1) return (value) => (value > center - 0.5 ? 255 : 0);
  const start = center - width / 2;
  const length = voiFunction === "LINEAR" ? width - 1 : width;
  return (value) => Math.max(Math.min(((value - start) * 255) / length, 255), 0);
}

/** The window from the least to the most value of a frame, which a file without a window is shown with. */
export function fullWindow({ samples, padding, rescale }: ExactFrame): VoiWindow {
  const [low, high] = padding ?? [1, 0];
  let [least, most] = [Infinity, -Infinity];
  for (const sample of samples) {
    if (sample >= low && sample <= high) continue;
    if (sample < least) least = sample;
    if (sample > most) most = sample;
  }
  const { slope, intercept } = rescale ?? { slope: 1, intercept: 0 };
  const ends = least <= most ? [least * slope + intercept, most * slope + intercept] : [0, 0];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  return { center: (first + last) / 2, width: last - first || 1, voiFunction: "LINEAR_EXACT" };
}

/** Samples as the patterns that a table of {@link greyTable} is looked up with. */
export function patterns({
  buffer,
  byteOffset,
  length,
  BYTES_PER_ELEMENT,
}: Samples): Uint8Array | Uint16Array {
  return BYTES_PER_ELEMENT === 1
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint16Array(buffer, byteOffset, length);
}
