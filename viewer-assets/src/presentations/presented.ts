/** A pile whose pictures are made by a presentation state, where it is for them. */
import { turnedEdges, type Turn } from "../geometry";
import type { PictureSource, Place } from "../study/source";
import { imageOf, type Presentation, type PresentedImage } from "./model";

/** Pictures that the presentation is not for stay as they are. */
export function presentedSource(whole: PictureSource, presentation: Presentation): PictureSource {
  const { wholeIndex } = whole;
  return {
    study: whole.study,
    series: whole.series,
    count: whole.count,
    at(index) {
      const place = whole.at(index);
      if (!place || !("instance" in place.source)) return place;
      const image = imageOf(presentation, place.source.instance, place.source.frame);
      return image ? presentedPlace(place, presentation, image) : place;
    },
    ...(wholeIndex && { wholeIndex: (index: number) => wholeIndex.call(whole, index) }),
  };
}

/**
 * The picture is the part of the image that is shown, turned, in square pixels and with all that is drawn over it: no
 * place of it is one of the stored image any more, so that nothing can be measured or probed there.
 */
function presentedPlace(place: Place, presentation: Presentation, image: PresentedImage): Place {
  const { series, instance } = presentation;
  if (!("instance" in place.source)) return place;
  return {
    source: { presented: place.source, state: { series, instance } },
    geometry: { rows: image.rows, columns: image.columns, spacing: null },
    spacingOrigin: "",
    letters: place.letters && turnedEdges(place.letters, turnOf(presentation)),
    colour: false,
    storedLossy: place.storedLossy,
    voiLut: image.window === null,
    unit: place.unit,
    location: place.location,
    plane: null,
    windows: [],
    exact: null,
    orientation: null,
    position: place.position,
    resampled: false,
    inverse: false,
    suv: null,
    cine: place.cine,
  };
}

/** Rotated and then flipped, as the page says it: mirrored, and then turned. */
export function turnOf({ rotation = 0, flip = false }: Pick<Presentation, "rotation" | "flip">): Turn {
  const quarters = rotation / 90;
  return { mirrored: flip, quarters: ((flip ? 4 - quarters : quarters) % 4) as Turn["quarters"] };
}
