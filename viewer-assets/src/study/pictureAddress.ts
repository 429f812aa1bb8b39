/** Where the server has the picture that a viewport wants. */
import { viewPath, type VoiWindow } from "../address";
import { imagePose, usefulSize, type Placement, type Size } from "../geometry";
import type { Shading } from "./look";
import type { PictureSource, Place } from "./source";

/** From quick to exact. */
export type Stage = "draft" | "full" | "exact";

/** How it is to look; `isLossless` where nothing may be lost, whatever it costs. */
export interface Wanted {
  readonly window: VoiWindow | null;
  readonly invert: boolean;
  readonly shading: Shading;
  readonly isLossless: boolean;
}

const DRAFT_SIZE = 320;
const DRAFT_QUALITY = 65;

/** Path and query of a picture as it is to look, with as many pixels as are of use in a viewport of that size. */
export function pictureAddress(
  { study, series }: Pick<PictureSource, "study" | "series">,
  place: Place,
  stage: Stage,
  wanted: Wanted,
  size: Size,
  placement: Placement,
): string {
  const pose = imagePose(place.geometry, size, placement);
  const useful = usefulSize(place.geometry, pose, globalThis.devicePixelRatio || 1);
  const longest = Math.max(place.geometry.columns, place.geometry.rows);
  const about = { study, series, ...addressed(wanted.shading, place) };
  if (place.asked) return viewPath({ ...about, ...place.asked(stage, useful ?? longest, wanted) });
  const draft = stage === "draft" && longest > DRAFT_SIZE;
  return viewPath({
    ...about,
    source: place.source,
    window: place.colour ? undefined : (wanted.window ?? undefined),
    invert: wanted.invert,
    ...(stage === "exact"
      ? { format: "png" as const }
      : { size: draft ? DRAFT_SIZE : useful, quality: stage === "draft" ? DRAFT_QUALITY : undefined }),
  });
}

/** What the server needs to know of it. Colour pictures have no values to filter, planes no overlays. */
function addressed({ filter, colourMap, overlays, shutter }: Shading, place: Place) {
  return {
    ...(!place.colour && { filter: filter ?? undefined, colourMap }),
    ...("instance" in place.source && { overlays, shutter }),
  };
}

/** Whether the server makes the same pictures of both. */
export function isSameShading(a: Shading, b: Shading): boolean {
  return (["filter", "colourMap", "overlays", "shutter"] as const).every((name) => a[name] === b[name]);
}
