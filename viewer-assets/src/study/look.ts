/** How pictures look, beside where they lie: as a value, and as it is written in a URL. */
import { parseWindow, windowText, type ColourMapName, type FilterName, type VoiWindow } from "../address";
import { COLOUR_MAP_NAMES } from "../colourMaps";

/** What is done to values and grey on their way to the screen, beside the window. */
export interface Shading {
  readonly colourMap: ColourMapName;
  readonly filter: FilterName | null;
  /** Whether what the file wants drawn over the picture is. */
  readonly overlays: boolean;
  /** Whether what the file wants covered is. */
  readonly shutter: boolean;
  /** Whether enlarged pixels run into each other; else each is a square of one colour. */
  readonly smooth: boolean;
}

/** A colour for each of the 256 levels of grey. */
export interface ColourTable {
  readonly name: ColourMapName;
  readonly colours: Uint8Array;
}

export interface Look extends Shading {
  /** The reader's window; null means the file's own. */
  readonly window: VoiWindow | null;
  readonly invert: boolean;
}

export const OWN_SHADING: Shading = {
  colourMap: "grey",
  filter: null,
  overlays: true,
  shutter: true,
  smooth: true,
};

/** As the file has it. */
export const OWN_LOOK: Look = { window: null, invert: false, ...OWN_SHADING };

export const FILTER_NAMES: readonly FilterName[] = [
  "smooth",
  "smoother",
  "median",
  "sharpen",
  "sharper",
  "edges",
  "local_contrast",
];

/** What differs from the defaults, by name. */
export function lookSettings(look: Look): [string, string][] {
  const found: [string, string][] = [];
  if (look.window) found.push(["window", windowText(look.window)]);
  if (look.invert) found.push(["invert", "1"]);
  if (look.filter) found.push(["filter", look.filter]);
  if (look.colourMap !== "grey") found.push(["colourmap", look.colourMap]);
  for (const name of ["overlays", "shutter", "smooth"] as const) if (!look[name]) found.push([name, "0"]);
  return found;
}

/** Read what {@link lookSettings} wrote; what is not understood is as if it were not there. */
export function parseLook(value: (name: string) => string | null): Look {
  const filter = FILTER_NAMES.find((name) => name === value("filter"));
  return {
    window: parseWindow(value("window")),
    invert: value("invert") === "1",
    filter: filter ?? null,
    colourMap: COLOUR_MAP_NAMES.find((name) => name === value("colourmap")) ?? "grey",
    overlays: value("overlays") !== "0",
    shutter: value("shutter") !== "0",
    smooth: value("smooth") !== "0",
  };
}
