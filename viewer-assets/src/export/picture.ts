/** Making the picture that somebody asked for. */
import { request } from "../api";
import { shownPlace } from "../keyImages/placeOf";
import { t } from "../messages";
import { onScreen } from "../study/onScreen";
import type { Reader } from "../study/reader";
import { pictureAddress } from "../study/pictureAddress";
import type { Viewport } from "../study/viewport";
import { captionsOf, type Texts } from "./captions";
import { composeScreen, composeWhole, type Part } from "./compose";
import { findingsPainter, type FindingsPainter } from "./findings";
import { encoded } from "./save";

export interface PictureWish {
  /** One image pixel by pixel, one viewport as it is on the screen, or all of them. */
  readonly what: "image" | "viewport" | "layout";
  readonly texts: Texts;
  readonly type: "image/png" | "image/jpeg";
}

/** A picture with what has to be known of it. */
export interface Made {
  readonly content: Blob;
  readonly name: string;
  /** Frames of the page's study that it shows, as `series/instance/frame`. */
  readonly sources: readonly string[];
  readonly isLossy: boolean;
  /** The lines that tell whose image it is; none where they were not wanted. */
  readonly lines: readonly string[];
  /** mm across in the patient; null where that is not known, or several images are in it. */
  readonly width: number | null;
}

/** Make it. Rejects with a sentence where it cannot be made. */
export async function makePicture(reader: Reader, wish: PictureWish): Promise<Made> {
  const all = onScreen().filter(([viewport]) => viewport.shown.value);
  const chosen = wish.what === "layout" ? all : all.filter(([viewport]) => viewport === reader.active.value);
  const [first] = chosen;
  if (!first) throw new Error(t("export.noImage"));
  const paint = await findingsPainter(reader, wish.texts);
  const canvas = await (wish.what === "image"
    ? whole(reader, first, wish.texts, paint)
    : screen(chosen, wish.texts, paint));
  const isExact =
    wish.what === "image" || chosen.every(([viewport]) => viewport.shown.value?.lossy === false);
  return {
    content: await encoded(canvas, wish.type),
    name: `${nameOf(reader)}.${wish.type === "image/png" ? "png" : "jpg"}`,
    sources: chosen.flatMap(([viewport]) => sourceOf(viewport)),
    isLossy: !isExact || wish.type === "image/jpeg",
    lines: captionsOf(first[1], wish.texts).corners["top-left"],
    width: wish.what === "image" ? widthOf(first[0]) : null,
  };
}

function screen(
  chosen: readonly (readonly [Viewport, HTMLElement])[],
  texts: Texts,
  paint: FindingsPainter,
): Promise<HTMLCanvasElement> {
  const boxes = chosen.map(([, picture]) => picture.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const size = {
    width: Math.max(...boxes.map((box) => box.right)) - left,
    height: Math.max(...boxes.map((box) => box.bottom)) - top,
  };
  const parts: Part[] = chosen.map(([viewport, picture], index) => ({
    viewport,
    picture,
    x: (boxes[index]?.left ?? 0) - left,
    y: (boxes[index]?.top ?? 0) - top,
  }));
  return composeScreen(parts, size, Math.max(1, globalThis.devicePixelRatio || 1), texts, paint);
}

/** All pixels of the image, exact from the server. */
async function whole(
  reader: Reader,
  [viewport, picture]: readonly [Viewport, HTMLElement],
  texts: Texts,
  paint: FindingsPainter,
): Promise<HTMLCanvasElement> {
  const shown = viewport.shown.value;
  const look = reader.current.value?.look;
  if (!shown || !look) throw new Error(t("export.noImage"));
  const { window, invert, ...shading } = look;
  const wanted = { window, invert, shading, isLossless: true };
  const [size, placement] = [viewport.size.value, viewport.placement.value];
  const path = pictureAddress(viewport.source, shown.place, "exact", wanted, size, placement);
  const bitmap = await createImageBitmap(await (await request(path)).blob());
  try {
    return composeWhole(viewport, shown, viewport.placement.value.turn, bitmap, picture, texts, paint);
  } finally {
    bitmap.close();
  }
}

function sourceOf(viewport: Viewport): string[] {
  const frame = shownPlace(viewport);
  return frame ? [`${frame.series}/${frame.instance}/${frame.frame}`] : [];
}

function widthOf(viewport: Viewport): number | null {
  const place = viewport.shown.value?.place;
  // At a detector things are larger than in the patient: there is no true size to print then.
  if (!place?.geometry.spacing || place.spacingOrigin !== "PixelSpacing") return null;
  const [high, wide] = [
    place.geometry.rows * place.geometry.spacing[0],
    place.geometry.columns * place.geometry.spacing[1],
  ];
  return viewport.placement.value.turn.quarters % 2 === 1 ? high : wide;
}

/** A name that says which image, not whose. */
export function nameOf(reader: Reader): string {
  const { study, series } = reader.current.value?.tile ?? {};
  const slice = (reader.active.value?.index.value ?? 0) + 1;
  return [study?.date, series?.modality, series?.number, slice].filter(Boolean).join("-");
}
