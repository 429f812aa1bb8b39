/**
 * Exact stored values of a frame, as the server sends them for `format=exact`.
 * `plugin/sightline/rendering/exact_frames.py` says what every byte means.
 *
 * The browser itself inflates (`DecompressionStream`); no pixel goes through a canvas, whose values some browsers change
 * on purpose against fingerprinting.
 */

/** Stored values, row by row: `samples[row * columns + column]`. */
export type Samples = Int8Array | Uint8Array | Int16Array | Uint16Array;

/** A frame and what its values mean. */
export interface ExactFrame {
  readonly rows: number;
  readonly columns: number;
  readonly samples: Samples;
  /** Modality value = slope * stored + intercept (PS3.3 C.11.1.1.2); null where a Modality LUT takes its place. */
  readonly rescale: { readonly slope: number; readonly intercept: number } | null;
  /** Inclusive range of stored values that are no image (PS3.3 C.7.5.1.1.2). */
  readonly padding: readonly [number, number] | null;
  /** The least value is meant to be white. */
  readonly inverse: boolean;
}

const MAGIC = 0x31584c53; // "SLX1", little endian
const HEADER_BYTES = 40;
const LARGEST_FRAME = 2 ** 26;
const enum Flag {
  Signed = 1,
  Inverse = 2,
  Rescaled = 4,
  Padded = 8,
}

let line: Promise<unknown> = Promise.resolve();

/** Decode a frame; rejects with an error that says so if the bytes are none. One after the other: they share a buffer. */
export function decodeExactFrame(content: ArrayBuffer): Promise<ExactFrame> {
  const next = line.then(() => decoded(content));
  line = next.catch(() => undefined);
  return next;
}

async function decoded(content: ArrayBuffer): Promise<ExactFrame> {
  const view = new DataView(content);
  if (content.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new Error("no exact frame");
  const size = view.getUint8(4);
  const flags = view.getUint8(5);
  const rows = view.getUint32(8, true);
  const columns = view.getUint32(12, true);
  if ((size !== 1 && size !== 2) || rows * columns > LARGEST_FRAME)
    throw new Error("no frame of a known kind");
  const residuals = await inflated(new Uint8Array(content, HEADER_BYTES), rows * columns * size);
  const samples = unpredicted(residuals, rows, columns, size, (flags & Flag.Signed) !== 0);
  return {
    rows,
    columns,
    samples,
    rescale:
      flags & Flag.Rescaled
        ? { slope: view.getFloat64(16, true), intercept: view.getFloat64(24, true) }
        : null,
    padding: flags & Flag.Padded ? [view.getInt32(32, true), view.getInt32(36, true)] : null,
    inverse: (flags & Flag.Inverse) !== 0,
  };
}

/** What is inflated, one frame after the other: hundreds of such buffers would lie for a while before they are collected. */
let scratch = new Uint8Array(0);

/** Undo zlib. Its checksum is looked at, so a frame that was damaged on its way is never shown. */
async function inflated(content: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(content);
      controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  if (scratch.length < size) scratch = new Uint8Array(size);
  const whole = scratch.subarray(0, size);
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (filled + part.value.length > size) throw new Error("a frame of another size than it says");
    whole.set(part.value, filled);
    filled += part.value.length;
  }
  if (filled !== size) throw new Error("a frame of another size than it says");
  return whole;
}

function emptySamples(count: number, size: number, signed: boolean): Samples {
  if (size === 1) return signed ? new Int8Array(count) : new Uint8Array(count);
  return signed ? new Int16Array(count) : new Uint16Array(count);
}

/** Add to every residual what the neighbours left, above and left above foretell; outside of the frame they are 0. */
function unpredicted(
  residuals: Uint8Array,
  rows: number,
  columns: number,
  size: number,
  signed: boolean,
): Samples {
  const count = rows * columns;
  const samples = emptySamples(count, size, signed);
  const lowBytes = size === 2 ? count : 0;
  for (let row = 0, index = 0; row < rows; row++) {
    let left = 0;
    let corner = 0;
    for (let column = 0; column < columns; column++, index++) {
      const above = row > 0 ? (samples[index - columns] as number) : 0;
      const high = lowBytes > 0 ? (residuals[index] as number) << 8 : 0;
      const folded = high | (residuals[index + lowBytes] as number);
      const low = left < above ? left : above;
      const top = left < above ? above : left;
      const guess = corner >= top ? low : corner <= low ? top : left + above - corner;
      samples[index] = guess + ((folded >>> 1) ^ -(folded & 1)); // the array takes it modulo its own range
      left = samples[index] as number;
      corner = above;
    }
  }
  return samples;
}
