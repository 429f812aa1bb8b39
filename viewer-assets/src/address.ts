/** The canonical URL of a view; `plugin/sightline/rendering/view.py` reads and writes the same ones. */

/** A VOI window in modality units (PS3.3 C.11.2). */
export interface VoiWindow {
  readonly center: number;
  readonly width: number;
  readonly voiFunction?: VoiFunction;
}

export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
export type Plane = "axial" | "coronal" | "sagittal";
export type PictureFormat = "jpeg" | "png";

/** One stored frame; `frame` counts from 1. */
export interface FrameOf {
  readonly instance: string;
  readonly frame: number;
}

/** One plane of the resampled volume; `index` counts from 0 at the lowest patient coordinate. */
export interface PlaneOf {
  readonly plane: Plane;
  readonly index: number;
}

/** Everything that decides what a picture shows. */
export interface View {
  readonly study: string;
  readonly series: string;
  readonly source: FrameOf | PlaneOf;
  readonly window?: VoiWindow | undefined;
  readonly size?: number | undefined;
  readonly invert?: boolean;
  readonly format?: PictureFormat;
  readonly quality?: number | undefined;
}

/** The server's own JPEG quality; a view at this quality does not name it. */
export const DEFAULT_QUALITY = 85;

/** Path and query of `view`, from Orthanc's root, without a leading slash. */
export function viewPath(view: View): string {
  const { source } = view;
  const place =
    "instance" in source ? `${source.instance}/${source.frame}` : `${source.plane}/${source.index}`;
  const settings = viewSettings(view).join("&");
  const path = `sightline/view/${view.study}/${view.series}/${place}`;
  return settings ? `${path}?${settings}` : path;
}

/** What differs from the defaults, in the canonical order. */
function viewSettings(view: View): string[] {
  const settings: string[] = [];
  if (view.window) settings.push(`window=${windowText(view.window)}`);
  if (view.size !== undefined) settings.push(`size=${view.size}`);
  if (view.invert) settings.push("invert=1");
  if (view.format === "png") settings.push("format=png");
  else if (view.quality !== undefined && view.quality !== DEFAULT_QUALITY)
    settings.push(`quality=${view.quality}`);
  return settings;
}

/** `center,width`, with the function after it unless that is LINEAR. */
export function windowText({ center, width, voiFunction }: VoiWindow): string {
  const numbers = `${numberText(center)},${numberText(width)}`;
  return voiFunction && voiFunction !== "LINEAR" ? `${numbers},${voiFunction}` : numbers;
}

/** The inverse of {@link windowText}; null for anything else. */
export function parseWindow(text: string | null): VoiWindow | null {
  const [center, width, name = "LINEAR"] = (text ?? "").split(",");
  const window = { center: Number(center), width: Number(width), voiFunction: name as VoiFunction };
  const known = name === "LINEAR" || name === "LINEAR_EXACT" || name === "SIGMOID";
  return known && center && width && Number.isFinite(window.center) && window.width > 0 ? window : null;
}

/** Plain decimal notation, as short as a number can be told from its neighbours. Nothing above 1e21 is a window. */
export function numberText(value: number): string {
  const text = String(value === 0 ? 0 : value);
  const match = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = "", first = "", rest = "", power = ""] = match;
  return `${sign}0.${"0".repeat(Number(power) - 1)}${first}${rest}`;
}
