/** What a viewport knows of pictures that are made on the device; `../exact` makes them, and comes later than the page. */
import type { ReadonlySignal } from "@preact/signals";
import type { VoiWindow } from "../address";
import type { ExactFrame } from "../exact/exactFrame";
import type { Place, PictureSource } from "./source";

/** How stored values are to look. */
export interface Appearance {
  /** Null means the file's own. */
  readonly window: VoiWindow | null;
  readonly invert: boolean;
  /** A colour for each of the 256 levels of grey: red, green, blue. */
  readonly colours?: Uint8Array | null;
}

/** A picture made here. The canvas is the one that was painted into; `window` the one that was applied. */
export interface Painted {
  readonly bitmap: OffscreenCanvas;
  readonly window: VoiWindow;
  readonly frame: ExactFrame;
}

/** A pile that somebody looks at, and where. */
export interface Watched {
  readonly source: PictureSource;
  readonly index: ReadonlySignal<number>;
  /** 1 or -1: where the reader last moved to. */
  readonly direction: number;
}

/** How many frames of a pile are on the device, of those that can be. */
export interface Coverage {
  readonly loaded: number;
  readonly total: number;
  /** First and last index of each run of frames that are here. */
  readonly runs: readonly (readonly [number, number])[];
}

export interface LocalPictures {
  /** Grows whenever frames came or went, or one proved not to be had. */
  readonly version: ReadonlySignal<number>;
  /** Whether the picture can be made now. */
  has(place: Place, appearance: Appearance): boolean;
  /** Whether it can be soon: then the server need not make an exact one. */
  expects(place: Place, appearance: Appearance): boolean;
  /** Make it in `canvas`, which the result then is. Null where it cannot be made. */
  paint(place: Place, appearance: Appearance, canvas: OffscreenCanvas): Painted | null;
  coverage(source: PictureSource): Coverage;
  /** Fetch the frames around what is looked at, until the returned function is called. */
  watch(watched: Watched): () => void;
}
