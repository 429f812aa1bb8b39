/** Another series that is laid over the three planes: part of the desk's state. */
import { numberText } from "../address";

export interface Fusion {
  /** UID of a series of the same study. */
  readonly series: string;
  readonly colourMap: FusionMap;
  /** Of its brightest colour, above 0 up to 1; its darkest hides nothing. */
  readonly opacity: number;
  /** The value that has the brightest colour, in SUV where there is that, else of its modality; null: as the file has it. */
  readonly top: number | null;
}

export const FUSION_MAPS = ["hot_iron", "pet", "rainbow", "even"] as const;
export type FusionMap = (typeof FUSION_MAPS)[number];

/** `series,map,opacity,top`; empty where there is none. */
export function fusionText(fusion: Fusion | null): string {
  if (!fusion) return "";
  const top = fusion.top === null ? "" : numberText(fusion.top);
  return [fusion.series, fusion.colourMap, numberText(fusion.opacity), top].join(",");
}

/** Read what {@link fusionText} wrote; anything else is none. */
export function parseFusion(text: string | null): Fusion | null {
  const [series = "", name, opacity, top] = (text ?? "").split(",");
  const colourMap = FUSION_MAPS.find((one) => one === name);
  const [part, high] = [Number(opacity), top ? Number(top) : null];
  const isKnown = /^[0-9.]{1,128}$/.test(series) && part > 0 && part <= 1 && (high === null || high > 0);
  return colourMap && isKnown ? { series, colourMap, opacity: part, top: high } : null;
}
