/** Every command: its name, its keys, its gesture, its icon and what it does. Tool bar, keyboard, help and palette come from here. */
import type { MessageKey } from "../messages";
import { actualZoom, mirrored, turnedRight, type Placement } from "../geometry";
import { urlOf } from "../page";
import { KEY_IMAGE_COMMANDS } from "../keyImages/commands";
import { PRESENTATION_COMMANDS } from "../presentations/commands";
import { REPORTING_COMMANDS } from "../reporting/commands";
import type { IconName } from "../ui/Icon";
import { FINDING_COMMANDS } from "./findingCommands";
import type { Tool } from "./gestures";
import { linkedCode, openSecondWindow } from "./linkedCode";
import type { Links } from "./links";
import { prefersTouch, type Panel, type Reader } from "./reader";
import { TOOL_COMMANDS } from "./toolCommands";

/** In the order in which help has them. */
export const GROUPS = ["place", "tool", "measure", "picture", "link", "layout", "page"] as const;

export interface Command {
  readonly id: string;
  readonly name: MessageKey;
  readonly group: (typeof GROUPS)[number];
  /** As `chordOf` writes them; the first is shown. None is another command's, nor a digit. */
  readonly keys: readonly string[];
  readonly gesture?: MessageKey;
  readonly icon?: IconName;
  /** What its button shows instead of name and icon, where that changes. */
  readonly shows?: () => { readonly name: MessageKey; readonly icon: IconName };
  /** Where the button is: on the bar at every size, on the bar where there is room, or behind More. */
  readonly bar?: "always" | "roomy" | "menu";
  readonly run: (reader: Reader) => void;
  /** Undo and redo move through the history; everything else is written into it. */
  readonly movesThroughHistory?: true;
  /** For switches: whether it is on. */
  readonly pressed?: (reader: Reader) => boolean;
  /** Whether it is offered at all. */
  readonly offered?: (reader: Reader) => boolean;
  /** Why it is not offered, when it is not. */
  readonly needs?: MessageKey;
}

const tool = (name: MessageKey, value: Tool, key: string, icon: IconName, gesture: MessageKey): Command => ({
  id: `tool.${value}`,
  name,
  group: "tool",
  keys: [key],
  gesture,
  icon,
  bar: value === "window" || value === "scroll" || value === "crosshair" ? "always" : "roomy",
  run: (reader) => {
    reader.tool.value = value;
  },
  pressed: (reader) => reader.tool.value === value,
  ...(value === "crosshair" && { offered: canPoint, needs: "command.needs.planes" }),
});

/** The crosshair needs several pictures of known places. */
function canPoint({ planes, visible, current, linked, otherWindow }: Reader): boolean {
  if (planes.value) return true;
  const reading = current.value;
  const isAlone = visible.value.length < 2 && !otherWindow.value;
  return !isAlone && reading !== null && (linked.value?.canPoint(reading) ?? false);
}

/** A switch for something that viewports do together. */
const link = <Name extends keyof Links>(
  id: string,
  key: string,
  icon: IconName,
  name: Name,
  [on, off]: readonly [Links[Name], Links[Name]],
): Command => ({
  id: `link.${id}`,
  name: `command.link.${id}` as MessageKey,
  group: "link",
  keys: [key],
  icon,
  bar: "menu",
  run: ({ links }) => {
    links.value = { ...links.value, [name]: links.value[name] === on ? off : on };
  },
  pressed: ({ links }) => links.value[name] === on,
  offered: ({ visible, otherWindow }) => visible.value.length > 1 || otherWindow.value,
  needs: "command.needs.panes",
});

const scroll = (id: string, name: MessageKey, key: string, step: (reader: Reader) => void): Command => ({
  id,
  name,
  group: "place",
  keys: [key],
  run: step,
});

/** On or back along the last dimension of a grid of stacks, which is leafed through most. */
const dimension = (id: "nextPoint" | "previousPoint", key: string, by: 1 | -1): Command => ({
  id,
  name: `command.${id}`,
  group: "place",
  keys: [key],
  run: ({ current: { value: reading } }) =>
    reading?.step((reading.tile.grid?.dimensions.length ?? 0) - 1, by, true),
  offered: ({ current }) => (current.value?.tile.grid ?? null) !== null,
});

/** Another way to lie for the image that keys act on. */
const placed = (
  id: string,
  name: MessageKey,
  keys: readonly string[],
  icon: IconName,
  next: (was: Placement) => Placement,
): Command => ({
  id,
  name,
  group: "picture",
  keys,
  icon,
  bar: "menu",
  run: ({ active: { value: viewport } }) => {
    if (viewport) viewport.placement.value = next(viewport.placement.value);
  },
});

/** The last slice's index. */
const lastIndex = (reader: Reader): number => (reader.active.value?.source.count ?? 1) - 1;

const pane = (id: string, name: MessageKey, keys: readonly string[], run: Command["run"]): Command => ({
  id,
  name,
  group: "layout",
  keys,
  run,
  offered: (reader) => reader.layout.value !== "1x1" && !reader.planes.value,
  needs: "command.needs.panes",
});

export const COMMANDS: readonly Command[] = [
  {
    id: "list",
    name: "command.list",
    group: "place",
    keys: ["l"],
    icon: "icon:arrow-left",
    bar: "always",
    run: () => location.assign(urlOf("sightline/")),
    offered: (reader) => !reader.session.link,
    needs: "command.needs.list",
  },
  {
    id: "patient",
    name: "command.patient",
    group: "place",
    keys: ["Shift+Home"],
    icon: "icon:user-round",
    bar: "always",
    run: ({ session }) => location.assign(urlOf(`sightline/patient/${session.launch}`)),
    offered: ({ session }) => session.launch !== null,
    needs: "command.needs.patient",
  },
  {
    id: "series",
    name: "command.series",
    group: "place",
    keys: ["s"],
    gesture: "gesture.swipe",
    icon: "icon:images",
    bar: "always",
    run: (reader) => toggle(reader, "series"),
    pressed: (reader) => reader.panel.value === "series",
  },
  {
    ...scroll("next", "command.next", "ArrowDown", (reader) => reader.scrollBy(1)),
    gesture: "gesture.scroll",
  },
  scroll("previous", "command.previous", "ArrowUp", (reader) => reader.scrollBy(-1)),
  scroll("next10", "command.next10", "PageDown", (reader) => reader.scrollBy(10)),
  scroll("previous10", "command.previous10", "PageUp", (reader) => reader.scrollBy(-10)),
  {
    ...scroll("first", "command.first", "Home", (reader) => reader.active.value?.goTo(0)),
    gesture: "gesture.slider",
  },
  scroll("last", "command.last", "End", (reader) => reader.active.value?.goTo(lastIndex(reader))),
  scroll("nextSeries", "command.nextSeries", "ArrowRight", (reader) => reader.openNeighbour(1)),
  scroll("previousSeries", "command.previousSeries", "ArrowLeft", (reader) => reader.openNeighbour(-1)),
  dimension("nextPoint", ")", 1),
  dimension("previousPoint", "(", -1),
  tool("command.toolCrosshair", "crosshair", "c", "icon:crosshair", "gesture.crosshair"),
  tool("command.toolWindow", "window", "w", "icon:sun-medium", "gesture.window"),
  tool("command.toolScroll", "scroll", "d", "icon:arrow-up-down", "gesture.scroll"),
  tool("command.toolPan", "pan", "p", "icon:move", "gesture.pan"),
  tool("command.toolZoom", "zoom", "z", "icon:zoom-in", "gesture.zoom"),
  ...TOOL_COMMANDS,
  ...FINDING_COMMANDS,
  {
    id: "presets",
    name: "command.presets",
    group: "picture",
    keys: ["v"],
    icon: "icon:sliders-horizontal",
    bar: "always",
    run: (reader) => toggle(reader, "presets"),
    pressed: (reader) => reader.panel.value === "presets",
  },
  {
    id: "invert",
    name: "command.invert",
    group: "picture",
    keys: ["i"],
    icon: "icon:contrast",
    bar: "menu",
    run: ({ current: { value: reading } }) => {
      if (reading) reading.invert.value = !reading.invert.value;
    },
    pressed: (reader) => reader.current.value?.invert.value ?? false,
  },
  {
    id: "reset",
    name: "command.reset",
    group: "picture",
    keys: ["r"],
    gesture: "gesture.reset",
    icon: "icon:rotate-ccw",
    bar: "menu",
    run: (reader) => reader.reset(),
  },
  placed("rotateRight", "command.rotateRight", ["]", "Shift+ArrowRight"], "icon:rotate-cw-square", (was) => ({
    ...was,
    turn: turnedRight(was.turn),
  })),
  placed("rotateLeft", "command.rotateLeft", ["[", "Shift+ArrowLeft"], "icon:rotate-ccw-square", (was) => ({
    ...was,
    turn: turnedRight(was.turn, -1),
  })),
  placed("mirror", "command.mirror", ["h"], "icon:flip-horizontal-2", (was) => ({
    ...was,
    turn: mirrored(was.turn),
  })),
  placed("flip", "command.flip", ["k"], "icon:flip-vertical-2", (was) => ({
    ...was,
    turn: turnedRight(mirrored(was.turn), 2),
  })),
  {
    id: "actualSize",
    name: "command.actualSize",
    group: "picture",
    keys: ["a"],
    icon: "icon:scan",
    bar: "menu",
    run: ({ active: { value: viewport } }) => {
      const geometry = viewport?.shown.value?.place.geometry;
      if (!viewport || !geometry) return;
      const was = viewport.placement.value;
      const factor = actualZoom(geometry, viewport.size.value, was.turn, globalThis.devicePixelRatio || 1);
      viewport.placement.value = { ...was, zoom: factor, pan: { x: 0, y: 0 } };
    },
  },
  {
    id: "undo",
    name: "command.undo",
    group: "picture",
    keys: ["u", "Ctrl+z"],
    icon: "icon:undo-2",
    bar: "roomy",
    run: (reader) => reader.undo(),
    movesThroughHistory: true,
  },
  {
    id: "redo",
    name: "command.redo",
    group: "picture",
    keys: ["y", "Ctrl+Shift+z", "Ctrl+y"],
    icon: "icon:redo-2",
    bar: "menu",
    run: (reader) => reader.redo(),
    movesThroughHistory: true,
  },
  {
    id: "zoomIn",
    name: "command.zoomIn",
    group: "picture",
    keys: ["+", "="],
    run: (reader) => zoom(reader, 1.25),
  },
  {
    id: "zoomOut",
    name: "command.zoomOut",
    group: "picture",
    keys: ["-"],
    run: (reader) => zoom(reader, 0.8),
  },
  {
    id: "exact",
    name: "command.exact",
    group: "picture",
    keys: ["x"],
    icon: "icon:badge-check",
    bar: "menu",
    run: (reader) => {
      reader.exact.value = !reader.exact.value;
    },
    pressed: (reader) => reader.exact.value,
  },
  {
    id: "compare",
    name: "command.compare",
    group: "link",
    keys: ["Shift+p"],
    icon: "icon:history",
    bar: "menu",
    run: (reader) => void linkedCode.value?.compare(reader),
    offered: ({ priors, planes }) => priors.value.length > 0 && !planes.value,
  },
  link("scroll", "Shift+s", "icon:link", "scroll", ["position", "off"]),
  link("offset", "Shift+o", "icon:link-2", "scroll", ["offset", "off"]),
  link("window", "Shift+w", "icon:blend", "window", [true, false]),
  link("place", "Shift+z", "icon:focus", "place", [true, false]),
  link("lines", "Shift+l", "icon:scan-line", "lines", [true, false]),
  {
    id: "planes",
    name: "command.planes",
    group: "layout",
    keys: ["m"],
    icon: "icon:axis-3d",
    bar: "always",
    run: (reader) => reader.setPlanes(!reader.planes.value),
    pressed: (reader) => reader.planes.value,
  },
  {
    id: "layouts",
    name: "command.layouts",
    group: "layout",
    keys: ["g"],
    icon: "icon:layout-grid",
    bar: "roomy",
    run: (reader) => toggle(reader, "layouts"),
    pressed: (reader) => reader.panel.value === "layouts",
  },
  {
    id: "enlarge",
    name: "command.enlarge",
    group: "layout",
    keys: ["e"],
    icon: "icon:expand",
    bar: "menu",
    run: (reader) => reader.enlarge(),
    pressed: (reader) => reader.layout.value === "1x1",
  },
  pane("nextPane", "command.nextPane", ["."], (reader) => reader.stepPane(1)),
  pane("previousPane", "command.previousPane", [","], (reader) => reader.stepPane(-1)),
  pane("movePane", "command.movePane", [">", "Shift+PageDown"], (reader) =>
    reader.swap(reader.activePane.value, reader.activePane.value + 1),
  ),
  pane("movePaneBack", "command.movePaneBack", ["<", "Shift+PageUp"], (reader) =>
    reader.swap(reader.activePane.value, reader.activePane.value - 1),
  ),
  ...KEY_IMAGE_COMMANDS,
  ...PRESENTATION_COMMANDS,
  ...REPORTING_COMMANDS,
  {
    id: "export",
    name: "command.export",
    group: "picture",
    keys: ["Shift+e"],
    icon: "icon:download",
    bar: "roomy",
    run: (reader) => toggle(reader, "export"),
    pressed: (reader) => reader.panel.value === "export",
    offered: (reader) => reader.session.verbs.includes("download"),
  },
  {
    id: "secondWindow",
    name: "command.secondWindow",
    group: "layout",
    keys: ["Shift+n"],
    icon: "icon:app-window",
    bar: "menu",
    run: (reader) => openSecondWindow(reader),
    pressed: (reader) => reader.otherWindow.value,
    offered: ({ linked }) => linked.value !== null && !prefersTouch() && "BroadcastChannel" in globalThis,
  },
  {
    id: "fullScreen",
    name: "command.fullScreen",
    group: "page",
    keys: ["f"],
    icon: "icon:maximize",
    bar: "menu",
    run: () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void document.documentElement.requestFullscreen();
    },
    pressed: (reader) => reader.fullScreen.value,
    offered: () => document.fullscreenEnabled,
    needs: "command.needs.fullScreen",
  },
  {
    id: "palette",
    name: "command.palette",
    group: "page",
    keys: ["Ctrl+k", ";"],
    icon: "icon:command",
    bar: "menu",
    run: (reader) => toggle(reader, "palette"),
    pressed: (reader) => reader.panel.value === "palette",
  },
  {
    id: "settings",
    name: "command.settings",
    group: "page",
    keys: ["o", "Ctrl+,"],
    icon: "icon:settings",
    bar: "menu",
    run: (reader) => toggle(reader, "settings"),
    pressed: (reader) => reader.panel.value === "settings",
  },
  {
    id: "help",
    name: "command.help",
    group: "page",
    keys: ["?"],
    icon: "icon:keyboard",
    bar: "menu",
    run: (reader) => toggle(reader, "help"),
    pressed: (reader) => reader.panel.value === "help",
  },
];

/** Do what a command does, so that it can be taken back. */
export function runCommand(reader: Reader, command: Command): void {
  if (command.movesThroughHistory) command.run(reader);
  else reader.change(command.name, () => command.run(reader));
}

function toggle(reader: Reader, panel: Panel): void {
  reader.panel.value = reader.panel.value === panel ? "none" : panel;
}

function zoom(reader: Reader, factor: number): void {
  if (reader.active.value) reader.zoomAt(reader.active.value, factor);
}
