/** What can be laid over the planes of a series, and how. */
import type { FusedWith, VoiWindow } from "../address";
import type { Fusion } from "../study/fusion";
import { stackSource, type Place } from "../study/source";
import type { Tile } from "../study/tiles";

const LEAST_SLICES = 3;
const USUAL_SUV = 10;
const USUAL_OPACITY = 0.6;

/** Another series that lies in the same frame of reference, with the scale of its values. */
export interface Candidate {
  readonly tile: Tile;
  /** Modality value to SUV; null where there is none. */
  readonly suvFactor: number | null;
}

/** Series of the same study whose volume can be laid over that of a tile. What has several stacks is none. */
export function candidatesFor(tile: Tile, tiles: readonly Tile[]): readonly Candidate[] {
  const reference = placeOf(tile)?.plane?.frameOfReference;
  if (!reference) return [];
  return tiles.flatMap((other) => {
    const place = placeOf(other);
    const isVolume = other.label === "" && (other.stack?.frames.length ?? 0) >= LEAST_SLICES;
    const isOther = other.study.uid === tile.study.uid && other.series.uid !== tile.series.uid;
    const isThere = place?.plane?.frameOfReference === reference && !place.colour;
    return isVolume && isOther && isThere ? [{ tile: other, suvFactor: place.suv?.factor ?? null }] : [];
  });
}

/** A slice in the middle; null while none is known. */
function placeOf({ study, series, stack }: Tile): Place | null {
  return stack && stackSource(study.uid, series.uid, stack).at(Math.floor(stack.frames.length / 2));
}

/** As it begins. */
export function fusionWith({ tile, suvFactor }: Candidate): Fusion {
  const top = suvFactor === null ? null : USUAL_SUV;
  return { series: tile.series.uid, colourMap: "hot_iron", opacity: USUAL_OPACITY, top };
}

/** What the server needs to know of it. */
export function fusedWith({ series, colourMap, opacity, top }: Fusion, { suvFactor }: Candidate): FusedWith {
  return { series, colourMap, opacity, window: top === null ? null : upTo(top / (suvFactor ?? 1)) };
}

/** From 0 up to a value. */
function upTo(high: number): VoiWindow {
  return { center: high / 2, width: high, voiFunction: "LINEAR_EXACT" };
}
