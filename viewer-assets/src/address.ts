/** The canonical URL of a view; `plugin/sightline/rendering/view.py` reads and writes the same ones. */

/** A VOI window in modality units (PS3.3 C.11.2). */
export interface VoiWindow {
  readonly center: number;
  readonly width: number;
  readonly voiFunction?: VoiFunction;
}

export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";
export type Plane = "axial" | "coronal" | "sagittal";
/** Encodings; `exact` has a frame's stored values, to which no other setting applies. */
export type PictureFormat = "jpeg" | "png" | "exact";

/** One stored frame; `frame` counts from 1. */
export interface FrameOf {
  readonly instance: string;
  readonly frame: number;
}

/** A presentation state, by its series and instance. */
export interface StateOf {
  readonly series: string;
  readonly instance: string;
}

/** A frame as a presentation state shows it: that says all of its appearance. */
export interface PresentedOf {
  readonly presented: FrameOf;
  readonly state: StateOf;
}

/**
 * One plane of the resampled volume; `index` counts from 0 at the lowest patient coordinate, and `stack` says of which
 * volume, where a series holds several. Of `slab` mm around the plane, `blend` makes one picture.
 */
export interface PlaneOf {
  readonly plane: Plane;
  readonly index: number;
  readonly stack?: number;
  readonly slab?: number;
  readonly blend?: Blend;
  readonly fusion?: FusedWith;
}

/** Another series laid over planes; of no window, its file's own. */
export interface FusedWith {
  readonly series: string;
  readonly colourMap: ColourMapName;
  readonly opacity: number;
  readonly window: VoiWindow | null;
}

export type Blend = "mean" | "max" | "min";

/** What is done to values before their window. */
export type FilterName =
  "smooth" | "smoother" | "median" | "sharpen" | "sharper" | "edges" | "local_contrast";

export type ColourMapName = keyof typeof import("./colourMaps.json");

/** Something else that the server makes pictures of, as its address has it: its place, and what differs from the defaults. */
export interface OtherOf {
  readonly at: string;
  readonly settings: readonly string[];
  /** Of these, what is to be told on the picture. */
  readonly slab?: number;
  readonly blend?: Blend;
  readonly fusion?: FusedWith;
}

/** Everything that decides what a picture shows. */
export interface View {
  readonly study: string;
  readonly series: string;
  readonly source: FrameOf | PlaneOf | PresentedOf | OtherOf;
  readonly window?: VoiWindow | undefined;
  readonly size?: number | undefined;
  readonly invert?: boolean;
  readonly filter?: FilterName | undefined;
  /** Of grey pictures; grey by default. */
  readonly colourMap?: ColourMapName | undefined;
  /** Of frames: `false` leaves out what the file wants drawn over the picture, or covered. */
  readonly overlays?: boolean;
  readonly shutter?: boolean;
  readonly format?: PictureFormat;
  readonly quality?: number | undefined;
}

/** The server's own JPEG quality; a view at this quality does not name it. */
export const DEFAULT_QUALITY = 85;

/** Path and query of `view`, from Orthanc's root, without a leading slash. */
export function viewPath(view: View): string {
  const { source } = view;
  const place = placeText("presented" in source ? source.presented : source);
  const settings = viewSettings(view).join("&");
  const path = `sightline/view/${view.study}/${view.series}/${place}`;
  return settings ? `${path}?${settings}` : path;
}

function placeText(source: FrameOf | PlaneOf | OtherOf): string {
  if ("at" in source) return source.at;
  return "instance" in source ? `${source.instance}/${source.frame}` : `${source.plane}/${source.index}`;
}

/** What differs from the defaults, in the canonical order. */
function viewSettings(view: View): string[] {
  if ("state" in view.source) return presentedSettings(view, view.source.state);
  const settings =
    "plane" in view.source
      ? planeSettings(view.source)
      : "at" in view.source
        ? [...view.source.settings]
        : [];
  if (view.window) settings.push(`window=${windowText(view.window)}`);
  if (view.size !== undefined) settings.push(`size=${view.size}`);
  if (view.invert) settings.push("invert=1");
  if (view.filter) settings.push(`filter=${view.filter}`);
  if (view.colourMap && view.colourMap !== "grey") settings.push(`colourmap=${view.colourMap}`);
  if (view.overlays === false) settings.push("overlays=0");
  if (view.shutter === false) settings.push("shutter=0");
  settings.push(...encoding(view));
  if ("fusion" in view.source && view.source.fusion) settings.push(...fusionSettings(view.source.fusion));
  return settings;
}

function fusionSettings({ series, colourMap, opacity, window }: FusedWith): string[] {
  const own = `fusion=${series},${colourMap},${numberText(opacity)}`;
  return window ? [own, `fusionwindow=${windowText(window)}`] : [own];
}

/** The presentation state says all but the size and how the picture is sent. */
function presentedSettings(view: View, { series, instance }: StateOf): string[] {
  const size = view.size === undefined ? [] : [`size=${view.size}`];
  return [...size, ...encoding(view), `presentation=${series},${instance}`];
}

function encoding({ format, quality }: View): string[] {
  if (format && format !== "jpeg") return [`format=${format}`];
  return quality !== undefined && quality !== DEFAULT_QUALITY ? [`quality=${quality}`] : [];
}

function planeSettings({ stack, ...slab }: PlaneOf): string[] {
  return [...(stack ? [`stack=${stack}`] : []), ...slabSettings(slab)];
}

/** How thick a plane or a cut is, where it is thick at all. */
export function slabSettings({ slab, blend }: Pick<PlaneOf, "slab" | "blend">): string[] {
  const settings: string[] = [];
  if (slab) settings.push(`slab=${numberText(slab)}`);
  if (blend && blend !== "mean") settings.push(`blend=${blend}`);
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
