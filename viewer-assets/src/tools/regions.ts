/** What a rectangle is drawn for: a window of the values in it, or a closer look at it. */
import { viewPath } from "../address";
import { request } from "../api";
import { decodeExactFrame, type ExactFrame } from "../exact/exactFrame";
import { toImage, zoomToRectangle, type Point } from "../geometry";
import { t } from "../messages";
import type { Pointer, Reader } from "../study/reader";
import type { PictureSource } from "../study/source";
import type { Shown, Viewport } from "../study/viewport";
import { windowOfRegion } from "./pixelValues";

/** Smaller rectangles were a click. */
const LEAST_PIXELS = 4;
const NOTICE_MS = 8000;

export async function takeRegion(reader: Reader, pointer: Pointer): Promise<void> {
  const { tool, point, start } = pointer;
  if (!start || Math.abs(point.x - start.x) < LEAST_PIXELS || Math.abs(point.y - start.y) < LEAST_PIXELS)
    return;
  if (tool === "regionZoom") zoom(reader, pointer, start);
  else await takeWindow(reader, pointer, start);
}

function zoom(reader: Reader, { viewport, point }: Pointer, start: Point): void {
  reader.change("command.toolRegionZoom", () => {
    viewport.placement.value = zoomToRectangle(viewport.placement.value, start, point, viewport.size.value);
  });
}

/** Say why nothing happened, for as long as it takes to read. */
function notify(viewport: Viewport, text: string): void {
  viewport.notice.value = text;
  setTimeout(() => {
    if (viewport.notice.peek() === text) viewport.notice.value = null;
  }, NOTICE_MS);
}

/** The window becomes that of the values in the rectangle, exact ones whatever picture is shown. */
async function takeWindow(reader: Reader, { viewport, point }: Pointer, start: Point): Promise<void> {
  const shown = viewport.shown.value;
  const pose = viewport.pose();
  if (!shown || !pose) return;
  if (shown.place.colour || !("instance" in shown.place.source)) {
    notify(viewport, t("region.noValues"));
    return;
  }
  const corners = [start, point].map((corner) => toImage(corner, shown.place.geometry, pose));
  try {
    const frame = await valuesOf(viewport.source, shown);
    const window = windowOfRegion(frame, corners[0] as Point, corners[1] as Point);
    if (window) reader.change("command.toolRegionWindow", () => reader.setWindow(window));
    else notify(viewport, t(frame.rescale ? "region.flat" : "region.lookUpTable"));
  } catch (error) {
    notify(viewport, error instanceof Error ? error.message : String(error));
  }
}

/** Stored values of what is shown: those on the device, else fetched for this once. */
async function valuesOf({ study, series }: PictureSource, { frame, place }: Shown): Promise<ExactFrame> {
  if (frame) return frame;
  const response = await request(viewPath({ study, series, source: place.source, format: "exact" }));
  return decodeExactFrame(await response.arrayBuffer());
}
