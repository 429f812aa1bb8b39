/** What is told of a finding's size and values: numbers with unit, uncertainty and origin, or why there are none. */
import type { MessageKey } from "../messages";

/** One number. */
export interface Quantity {
  readonly name: QuantityName;
  readonly value: number;
  /** As "mm", "mm²", "°", "s", "cm/s", "HU", "g/ml", "px"; empty where the file names none. */
  readonly unit: string;
  /** By how much it may be wrong because a pixel is no point (half a pixel at each end); null where that says nothing. */
  readonly uncertainty: number | null;
  /** The true value in the patient is at most this: distances at the detector plane, which projection enlarges. */
  readonly isBound?: true;
}

export type QuantityName =
  | "length"
  | "shortAxis"
  | "angle"
  | "area"
  | "perimeter"
  | "width"
  | "height"
  | "radius"
  | "duration"
  | "velocity"
  | "frequency"
  | "mean"
  | "standardDeviation"
  | "minimum"
  | "maximum"
  | "median"
  | "pixels"
  | "suvMean"
  | "suvMaximum"
  | "suvPeak";

/** All that is told of a finding. */
export interface Measured {
  readonly quantities: readonly Quantity[];
  /** Where distances come from, as "Pixel Spacing" or "US region"; null where nothing depends on it. */
  readonly origin: Words | null;
  /** Why something is not told, for a clinician; null where all is. */
  readonly reason: Words | null;
}

/** A text of the message file. */
export interface Words {
  readonly key: MessageKey;
  readonly values?: Readonly<Record<string, string | number>>;
}
