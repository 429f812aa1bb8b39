/** What a viewport shows, as the server wants it to store it as a presentation state. */
import type { VoiWindow } from "../address";
import type { Finding, ImagePoint } from "../findings/model";
import { regionStatistics } from "../findings/statistics";
import { linesOf } from "../findings/words";
import { columnScale, toImage, type ImageGeometry, type Pose, type Size, type Turn } from "../geometry";
import { shownPlace } from "../keyImages/placeOf";
import type { MessageKey } from "../messages";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { PictureSource, Place } from "../study/source";

/** A rectangle of the image, in pixels from its outer corner. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface PresentationWish {
  readonly shown: { readonly series: string; readonly instance: string; readonly frame: number };
  readonly whole: boolean;
  readonly name: string;
  readonly window: VoiWindow | null;
  readonly invert: boolean;
  readonly turn: Turn;
  readonly area: Area;
  readonly magnification: number | null;
  readonly overlays: boolean;
  readonly shutter: boolean;
  readonly graphics: readonly Graphic[];
}

interface Graphic {
  readonly instance: string;
  readonly frame: number;
  readonly tool: Finding["tool"];
  readonly points: readonly ImagePoint[];
  readonly text: string;
  readonly at: ImagePoint;
}

/** One pixel of the image takes one of the display, as far as anybody can tell. */
const SAME = 1e-3;

/** Why what is on the screen cannot be stored as a presentation; null where it can. */
export function obstacle(reader: Reader, reading: Reading): MessageKey | null {
  const { shown } = reading.viewport;
  if (reader.planes.value || !shown.value) return "presented.needs.frame";
  if ("state" in shown.value.place.source) return "presented.needs.own";
  if (shown.value.place.colour) return "presented.needs.grey";
  const { filter, colourMap } = reading.shading.value;
  if (filter !== null || colourMap !== "grey") return "presented.needs.plain";
  return null;
}

/** All of it; null where nothing is shown yet. */
export function wishOf(
  reader: Reader,
  reading: Reading,
  name: string,
  whole: boolean,
): PresentationWish | null {
  const { viewport } = reading;
  const shown = viewport.shown.peek();
  const place = shownPlace(viewport);
  const pose = viewport.pose(shown?.place);
  if (!shown || !place || !pose) return null;
  const { geometry } = shown.place;
  const { overlays, shutter } = shown.shading;
  const findings = [...reader.findings.all.peek().values()].filter(
    ({ hidden, series, instance, frame }) =>
      !hidden && series === place.series && (whole || (instance === place.instance && frame === place.frame)),
  );
  const { series, instance, frame } = place;
  return {
    shown: { series, instance, frame },
    whole,
    name,
    window: shown.window,
    invert: shown.inverted,
    turn: pose.turn,
    area: visibleArea(geometry, pose, viewport.size.peek()),
    magnification: magnificationOf(geometry, pose),
    overlays,
    shutter,
    graphics: findings.map((finding) => graphicOf(finding, reader, viewport.source)),
  };
}

/** What of the image is inside of the viewport. */
export function visibleArea(image: ImageGeometry, pose: Pose, { width, height }: Size): Area {
  const [a, b] = [toImage({ x: 0, y: 0 }, image, pose), toImage({ x: width, y: height }, image, pose)];
  return {
    left: between(Math.min(a.x, b.x), image.columns),
    top: between(Math.min(a.y, b.y), image.rows),
    right: between(Math.max(a.x, b.x), image.columns),
    bottom: between(Math.max(a.y, b.y), image.rows),
  };
}

/** From 0 to `most`, without the last digits, which are errors of rounding. */
function between(value: number, most: number): number {
  return Math.round(Math.min(Math.max(value, 0), most) * 1e6) / 1e6;
}

/** 1 where the reader sees each pixel as it is; else the area is to be scaled to whatever screen it is seen on. */
function magnificationOf(image: ImageGeometry, pose: Pose): number | null {
  const ratio = globalThis.devicePixelRatio || 1;
  return Math.abs(columnScale(image, pose) * ratio - 1) < SAME ? 1 : null;
}

function graphicOf(finding: Finding, reader: Reader, source: PictureSource): Graphic {
  const { instance, frame, tool, points } = finding;
  const place = placeOfFrame(source, instance, frame);
  const all = [...reader.findings.all.peek().values()];
  const calibrations = all.filter((one) => one.tool === "calibration" && one.instance === instance);
  const known = place && { place, calibrations, values: regionStatistics.known(finding, place) };
  const text = known ? linesOf(finding, known).join("\n") : finding.label;
  return { instance, frame, tool, points, text, at: textPlace(finding) };
}

function placeOfFrame(source: PictureSource, instance: string, frame: number): Place | null {
  for (let index = 0; index < source.count; index += 1) {
    const place = source.at(index);
    const at = place?.source;
    if (at && "instance" in at && at.instance === instance && at.frame === frame) return place;
  }
  return null;
}

/** Beside the point that lies furthest right; a text where it is. */
function textPlace({ points }: Finding): ImagePoint {
  return points.reduce((best, point) => (point[0] > best[0] ? point : best));
}
