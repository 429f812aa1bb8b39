/** Which frame a picture is of. */
import type { FindingPlace } from "../findings/model";
import type { PictureSource, Place } from "../study/source";
import type { Viewport } from "../study/viewport";

/** The frame that a viewport shows, or is about to show; null for planes, which are no frames. */
export function shownPlace(viewport: Viewport | null): FindingPlace | null {
  if (!viewport) return null;
  const { source: pile } = viewport;
  return frameOf(pile, viewport.shown.value?.place ?? pile.at(viewport.index.value));
}

/** The frame at that index of a pile. */
export function placeAt(pile: PictureSource, index: number): FindingPlace | null {
  return frameOf(pile, pile.at(index));
}

function frameOf({ study, series }: PictureSource, place: Place | null): FindingPlace | null {
  const source = place && ("presented" in place.source ? place.source.presented : place.source);
  if (!source || !("instance" in source)) return null;
  const { instance, frame } = source;
  return { study, series, instance, frame };
}
