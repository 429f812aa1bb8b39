/** Every command: its name, its keys, its gesture, its icon and what it does. Tool bar, keyboard and help come from here. */
import type { MessageKey } from "../messages";
import { urlOf } from "../page";
import type { IconName } from "../ui/Icon";
import type { Tool } from "./gestures";
import type { Reader } from "./reader";

export interface Command {
  readonly id: string;
  readonly name: MessageKey;
  readonly group: "place" | "tool" | "picture" | "layout";
  /** `KeyboardEvent.key` values; the first is shown. */
  readonly keys: readonly string[];
  readonly gesture?: MessageKey;
  readonly icon?: IconName;
  /** Where the button is: on the bar at every size, or on the bar where there is room and behind More elsewhere. */
  readonly bar?: "always" | "roomy";
  readonly run: (reader: Reader) => void;
  /** For switches: whether it is on. */
  readonly pressed?: (reader: Reader) => boolean;
  /** Whether it is offered at all. */
  readonly offered?: (reader: Reader) => boolean;
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
  ...(value === "crosshair" && { offered: (reader: Reader) => reader.layout.value === "planes" }),
});

const scroll = (id: string, name: MessageKey, key: string, step: (reader: Reader) => void): Command => ({
  id,
  name,
  group: "place",
  keys: [key],
  run: step,
});

/** The last slice's index. */
const lastIndex = (reader: Reader): number => (reader.active.value?.source.count ?? 1) - 1;

export const COMMANDS: readonly Command[] = [
  {
    id: "list",
    name: "command.list",
    group: "place",
    keys: ["l"],
    icon: "icon:arrow-left",
    bar: "always",
    run: () => location.assign(urlOf("sightline/")),
    offered: (reader) => !reader.data.session.link,
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
  tool("command.toolCrosshair", "crosshair", "c", "icon:crosshair", "gesture.crosshair"),
  tool("command.toolWindow", "window", "w", "icon:sun-medium", "gesture.window"),
  tool("command.toolScroll", "scroll", "d", "icon:arrow-up-down", "gesture.scroll"),
  tool("command.toolPan", "pan", "p", "icon:move", "gesture.pan"),
  tool("command.toolZoom", "zoom", "z", "icon:zoom-in", "gesture.zoom"),
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
    bar: "roomy",
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
    bar: "roomy",
    run: (reader) => reader.reset(),
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
    bar: "roomy",
    run: (reader) => {
      reader.exact.value = !reader.exact.value;
    },
    pressed: (reader) => reader.exact.value,
  },
  {
    id: "planes",
    name: "command.planes",
    group: "layout",
    keys: ["m"],
    icon: "icon:axis-3d",
    bar: "always",
    run: (reader) => reader.setLayout(reader.layout.value === "planes" ? "stack" : "planes"),
    pressed: (reader) => reader.layout.value === "planes",
  },
  {
    id: "fullScreen",
    name: "command.fullScreen",
    group: "layout",
    keys: ["f"],
    icon: "icon:maximize",
    bar: "roomy",
    run: () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void document.documentElement.requestFullscreen();
    },
    pressed: (reader) => reader.fullScreen.value,
    offered: () => document.fullscreenEnabled,
  },
  {
    id: "help",
    name: "command.help",
    group: "layout",
    keys: ["?"],
    icon: "icon:keyboard",
    bar: "roomy",
    run: (reader) => toggle(reader, "help"),
    pressed: (reader) => reader.panel.value === "help",
  },
];

/**
 * Listen for shortcuts until the page ends. Keys belong to a field or an open panel while that has them; a slider has the
 * arrows and their like, letters and digits still are commands.
 */
export function listenForKeys(reader: Reader): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input:not([type=range]), textarea, select, dialog[open]")) return;
    if (target?.closest("input") && event.key.length > 1) return;
    if (event.key.length === 1 && !reader.shortcuts.value) return;
    if (runPreset(reader, event.key)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const command = COMMANDS.find((one) => one.keys.includes(key));
    if (!command || command.offered?.(reader) === false) return;
    event.preventDefault();
    command.run(reader);
  });
}

/** Digits choose windows: 1 to 9 in the order of the panel, 0 the file's own. */
function runPreset(reader: Reader, key: string): boolean {
  const reading = reader.current.value;
  if (!reading || !/^[0-9]$/.test(key)) return false;
  const preset = reading.presets.named[Number(key) - 1];
  if (key === "0") reader.setWindow(null);
  else if (preset) reader.setWindow(preset.window);
  return true;
}

function toggle(reader: Reader, panel: "series" | "presets" | "help"): void {
  reader.panel.value = reader.panel.value === panel ? "none" : panel;
}

function zoom(reader: Reader, factor: number): void {
  if (reader.active.value) reader.zoomAt(reader.active.value, factor);
}
