/**
 * What is where on the desk and how it looks, as a value. It is what the URL holds, what undo goes back to, and what
 * another window is given. No patient data: series are named by UID, as in the path of the page.
 */
import { numberText } from "../address";
import { FITTED, type Placement, type Turn } from "../geometry";
import { fusionText, parseFusion, type Fusion } from "./fusion";
import { layoutNamed, type LayoutName } from "./layouts";
import { linksText, parseLinks, type Links } from "./links";
import { lookSettings, parseLook, type Look } from "./look";
import { parseRendering, renderingText, type Rendering } from "./rendering";
import { parseRotation, rotationText, type Rotation } from "./rotation";
import { parseSlab, slabText, type Slab } from "./slab";

/** What one pane shows. `slice` counts from 0. */
export interface PaneState {
  readonly tile: string;
  readonly slice: number;
  readonly look: Look;
  readonly placement: Placement;
  /** Which key images alone are leafed through; see `KeyFilter`. */
  readonly only?: string | null;
  /** The presentation state that pictures are shown with, by its instance. */
  readonly presentation?: string | null;
}

export interface DeskState {
  readonly layout: LayoutName;
  /** Whether the active pane's series is seen as three planes instead. */
  readonly planes: boolean;
  /** How thick these are. */
  readonly slab: Slab;
  /** How they are turned. */
  readonly turned: Rotation;
  /** The body beside them; null where there is none. */
  readonly rendering: Rendering | null;
  /** What is laid over them; null where nothing is. */
  readonly fusion: Fusion | null;
  /** Which pane keys and tools act on. */
  readonly active: number;
  readonly panes: readonly (PaneState | null)[];
  /** Other studies that are open beside this one. */
  readonly beside: readonly string[];
  /** What viewports do together. */
  readonly links: Links;
}

const SETTINGS_SEPARATOR = "!";
/** A series, and which of its stacks. UIDs are at most as long as the server takes them, which is longer than they should be. */
const TILE = /^[0-9.]{1,128}(~[0-9]{1,3})?$/;

/** The query of the page for a state: the first pane's parts as parameters of their own, others as one each. */
export function deskQuery(state: DeskState): string {
  const [first = null, ...others] = state.panes;
  const query = first
    ? [`series=${first.tile}`, ...settings(first).map(([name, value]) => `${name}=${value}`)]
    : [];
  if (state.planes) query.push("layout=planes");
  else if (state.layout !== "1x1") query.push(`layout=${state.layout}`);
  if (state.active > 0) query.push(`active=${state.active + 1}`);
  for (const pane of others) query.push(`pane=${pane ? paneText(pane) : ""}`);
  for (const study of state.beside) query.push(`beside=${study}`);
  const links = linksText(state.links);
  if (links) query.push(`link=${links}`);
  const ofPlanes = {
    slab: slabText(state.slab),
    turned: rotationText(state.turned),
    rendering: renderingText(state.rendering),
    fusion: fusionText(state.fusion),
  };
  for (const [name, text] of Object.entries(ofPlanes)) if (text) query.push(`${name}=${text}`);
  return query.length > 0 ? `?${query.join("&")}` : "";
}

/** Read what {@link deskQuery} wrote; anything that is not understood is as if it were not there. */
export function parseDesk(search: string): DeskState {
  const query = new URLSearchParams(search);
  const layout = query.get("layout");
  const first = paneOf(query.get("series") ?? "", (name) => query.get(name));
  const others = query.getAll("pane").map(parsePane);
  const count = layoutNamed(layout).areas.length;
  const active = Number(query.get("active") ?? 1) - 1;
  return {
    layout: layoutNamed(layout).name,
    planes: layout === "planes",
    slab: parseSlab(query.get("slab")),
    turned: parseRotation(query.get("turned")),
    rendering: parseRendering(query.get("rendering")),
    fusion: parseFusion(query.get("fusion")),
    active: Number.isInteger(active) && active >= 0 && active < count ? active : 0,
    panes: [first, ...others].slice(0, count),
    beside: query.getAll("beside").filter(isUid),
    links: parseLinks(query.get("link")),
  };
}

/** What differs from the defaults, by name. */
function settings({
  slice,
  look,
  placement,
  only,
  presentation,
}: PaneState): readonly (readonly [string, string])[] {
  const found: [string, string][] = [["slice", String(slice + 1)], ...lookSettings(look)];
  if (only) found.push(["only", only]);
  if (presentation) found.push(["presentation", presentation]);
  const { zoom, pan, turn, side } = placement;
  if (turn.quarters > 0) found.push(["rotate", String(turn.quarters * 90)]);
  if (turn.mirrored) found.push(["mirror", "1"]);
  if (side) found.push(["side", side]);
  if (zoom !== 1 || pan.x !== 0 || pan.y !== 0)
    found.push([
      "place",
      [zoom, pan.x, pan.y].map((value) => numberText(Number(value.toFixed(4)))).join(","),
    ]);
  return found;
}

/** A pane as one parameter: `tile!slice:3!window:40,400`. */
function paneText(pane: PaneState): string {
  return [pane.tile, ...settings(pane).map(([name, value]) => `${name}:${value}`)].join(SETTINGS_SEPARATOR);
}

function parsePane(text: string): PaneState | null {
  const [tile = "", ...rest] = text.split(SETTINGS_SEPARATOR);
  const values = new Map(
    rest.map((part) => [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)]),
  );
  return paneOf(tile, (name) => values.get(name) ?? null);
}

function paneOf(tile: string, value: (name: string) => string | null): PaneState | null {
  if (!TILE.test(tile)) return null;
  const slice = Number(value("slice") ?? 1) - 1;
  return {
    tile,
    slice: Number.isInteger(slice) && slice >= 0 ? slice : 0,
    look: parseLook(value),
    placement: placementOf(value("place"), turnOf(value("rotate"), value("mirror")), value("side")),
    ...onlyOf(value("only")),
    ...presentationOf(value("presentation")),
  };
}

function isUid(text: string): boolean {
  return /^[0-9.]{1,128}$/.test(text);
}

function onlyOf(text: string | null): Pick<PaneState, "only"> {
  return text !== null && (text === "own" || isUid(text)) ? { only: text } : {};
}

function presentationOf(text: string | null): Pick<PaneState, "presentation"> {
  return text !== null && isUid(text) ? { presentation: text } : {};
}

function turnOf(rotate: string | null, mirror: string | null): Turn {
  const quarters = Number(rotate ?? 0) / 90;
  const known = quarters === 1 || quarters === 2 || quarters === 3;
  return { quarters: known ? quarters : 0, mirrored: mirror === "1" };
}

function placementOf(text: string | null, turn: Turn, edge: string | null): Placement {
  const [zoom = 1, x = 0, y = 0, ...more] = (text ?? "1").split(",").map(Number);
  const usable = more.length === 0 && zoom > 0 && zoom <= 100 && Math.abs(x) < 100 && Math.abs(y) < 100;
  const side = edge === "left" || edge === "right" ? ({ side: edge } as const) : {};
  return { ...(usable ? { zoom, pan: { x, y }, turn } : { ...FITTED, turn }), ...side };
}
