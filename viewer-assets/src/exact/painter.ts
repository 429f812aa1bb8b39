/** Pictures of exact frames, made here: the pixels that the server's PNG of the same view would have. */
import type { Appearance, Painted } from "../study/localPictures";
import type { Place } from "../study/source";
import type { VoiWindow } from "../address";
import type { ExactFrame } from "./exactFrame";
import { fullWindow, greyTable, isWindow, patterns, type GreySteps } from "./grey";

export class FramePainter {
  /** Pixels on their way into a canvas, as one number each; shared, for the largest frame so far. */
  private scratch: ImageData | null = null;
  private table: {
    readonly of: string;
    readonly colours: Uint8Array | null;
    readonly pixels: Uint32Array;
  } | null = null;
  private readonly fullWindows = new WeakMap<ExactFrame, VoiWindow>();

  /**
   * Paint a whole frame into `canvas`, which takes the frame's size. Null for what is no window: the server says why.
   */
  paint(frame: ExactFrame, place: Place, appearance: Appearance, canvas: OffscreenCanvas): Painted | null {
    const window = this.windowOf(frame, place, appearance);
    if (!window || !frame.rescale) return null;
    const { padding, rescale } = frame;
    const steps = { ...rescale, padding, inverse: frame.inverse !== appearance.invert, window };
    const colours = appearance.colours ?? null;
    const image = this.pixels(frame, this.tableOf(frame, steps, colours));
    if (canvas.width !== frame.columns || canvas.height !== frame.rows) {
      canvas.width = frame.columns;
      canvas.height = frame.rows;
    }
    canvas.getContext("2d", { alpha: false })?.putImageData(image, 0, 0);
    return { bitmap: canvas, window, frame };
  }

  /** The reader's window, else the file's, else all values. */
  private windowOf(frame: ExactFrame, place: Place, appearance: Appearance): VoiWindow | null {
    const window = appearance.window ?? place.windows[0]?.window ?? this.fullWindowOf(frame);
    return isWindow(window) ? window : null;
  }

  private fullWindowOf(frame: ExactFrame): VoiWindow {
    const window = this.fullWindows.get(frame) ?? fullWindow(frame);
    this.fullWindows.set(frame, window);
    return window;
  }

  /** The table of a window, made once for all frames that share it. */
  private tableOf({ samples }: ExactFrame, steps: GreySteps, colours: Uint8Array | null): Uint32Array {
    const signed = samples instanceof Int16Array || samples instanceof Int8Array;
    const bytes = samples.BYTES_PER_ELEMENT === 1 ? 1 : 2;
    const of = JSON.stringify([bytes, signed, steps]);
    if (this.table?.of !== of || this.table.colours !== colours) {
      this.table = { of, colours, pixels: pixelTable(greyTable(bytes, signed, steps), colours) };
    }
    return this.table.pixels;
  }

  private pixels({ samples, rows, columns }: ExactFrame, table: Uint32Array): ImageData {
    if (this.scratch?.width !== columns || this.scratch.height !== rows)
      this.scratch = new ImageData(columns, rows);
    const target = new Uint32Array(this.scratch.data.buffer);
    const source = patterns(samples);
    for (let index = 0; index < target.length; index++) {
      target[index] = table[source[index] as number] as number;
    }
    return this.scratch;
  }
}

/** RGBA of every entry of a table of grey, each as one number in the machine's own order of bytes. */
export function pixelTable(grey: Uint8Array, colours: Uint8Array | null): Uint32Array {
  const bytes = new Uint8Array(4 * grey.length);
  for (let index = 0; index < grey.length; index++) {
    const level = grey[index] as number;
    for (let channel = 0; channel < 3; channel++) {
      bytes[4 * index + channel] = colours ? (colours[3 * level + channel] as number) : level;
    }
    bytes[4 * index + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}
