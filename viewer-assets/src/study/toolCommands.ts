/** Commands of the reading tools: pointing, playing, and how values become visible. Their code comes when they are used. */
import type { Command } from "./commands";
import type { Shading } from "./look";
import type { Reader } from "./reader";
import type { PointingTool } from "./gestures";
import { renderingOf } from "./rendering";
import { STRAIGHT } from "./rotation";
import { blendedNext, thicker, type Slab } from "./slab";

const pointing = (
  value: PointingTool,
  { bar = "menu", ...about }: Pick<Command, "name" | "keys" | "gesture" | "icon"> & Pick<Command, "bar">,
): Command => ({
  ...about,
  id: `tool.${value}`,
  group: "tool",
  bar,
  run: (reader) => {
    if (value === "magnify" && reader.tool.value === "magnify")
      reader.magnification.value = reader.magnification.value === 2 ? 4 : 2;
    reader.tool.value = value;
    reader.pointer.value = null;
  },
  pressed: (reader) => reader.tool.value === value,
});

/** A switch of what the file lays over its picture, or of how pixels are enlarged. */
const shown = (
  name: "overlays" | "shutter" | "smooth",
  about: Pick<Command, "name" | "keys" | "icon">,
): Command => ({
  ...about,
  id: name,
  group: "picture",
  bar: "menu",
  run: ({ current: { value: reading } }) =>
    reading?.shade({ [name]: !reading.shading.value[name] } satisfies Partial<Shading>),
  pressed: (reader) => reader.current.value?.shading.value[name] ?? true,
});

/** A change of how thick the three planes are. */
const slab = (
  id: "thicker" | "thinner" | "blend",
  keys: readonly string[],
  next: (was: Slab) => Slab,
): Command => ({
  id: `slab.${id}`,
  name: `command.slab.${id}`,
  group: "picture",
  keys,
  gesture: "gesture.slab",
  run: (reader) => {
    reader.slab.value = next(reader.slab.value);
  },
  offered: ({ planes }) => planes.value,
  needs: "command.needs.slab",
});

/** Back along the patient's axes. */
export const STRAIGHTEN: Command = {
  id: "straighten",
  name: "command.straighten",
  group: "picture",
  keys: ["Ctrl+Shift+ArrowUp"],
  run: ({ turned }) => {
    turned.value = STRAIGHT;
  },
  offered: ({ planes }) => planes.value,
  needs: "command.needs.slab",
};

/** Turn the other planes around the crosshair, by so many degrees within the one that keys act on. */
const turn = (id: "turnRight" | "turnLeft", key: string, degrees: number): Command => ({
  ...STRAIGHTEN,
  id,
  name: `command.${id}`,
  gesture: "gesture.turnPlanes",
  keys: [key],
  run: (reader) => reader.turnPlanes(degrees),
});

/** What the three planes cut, as a whole beside them. */
export const BODY: Command = {
  id: "body",
  name: "command.body",
  group: "layout",
  keys: ["@"],
  run: (reader) => {
    const reading = reader.current.value;
    if (!reading) return;
    const { planes, rendering } = reader;
    const isShown = planes.value && rendering.value !== null;
    rendering.value = isShown ? null : (rendering.value ?? renderingOf(reading.presets.subject));
    reader.setPlanes(true);
  },
  pressed: ({ planes, rendering }) => planes.value && rendering.value !== null,
  offered: ({ current }) => current.value !== null,
};

async function play(reader: Reader): Promise<void> {
  const viewport = reader.active.value;
  if (!viewport) return;
  const { playerOf } = await import("../tools/all");
  playerOf(reader, viewport).toggle();
}

export const TOOL_COMMANDS: readonly Command[] = [
  pointing("probe", {
    name: "command.toolProbe",
    keys: ["b"],
    gesture: "gesture.probe",
    icon: "icon:pipette",
    bar: "roomy",
  }),
  pointing("magnify", {
    name: "command.toolMagnify",
    keys: ["q"],
    gesture: "gesture.magnify",
    icon: "icon:search",
  }),
  pointing("regionWindow", {
    name: "command.toolRegionWindow",
    keys: ["n"],
    gesture: "gesture.region",
    icon: "icon:square-dashed-mouse-pointer",
  }),
  pointing("regionZoom", {
    name: "command.toolRegionZoom",
    keys: ["j"],
    gesture: "gesture.region",
    icon: "icon:scan-search",
  }),
  {
    id: "cine",
    name: "command.cine",
    group: "place",
    keys: ["Space"],
    gesture: "gesture.cine",
    icon: "icon:play",
    bar: "roomy",
    run: (reader) => void play(reader),
    pressed: (reader) => {
      const { value: viewport } = reader.active;
      return viewport !== null && (reader.players.value.get(viewport)?.playing.value ?? false);
    },
    offered: (reader) => (reader.active.value?.source.count ?? 0) > 1,
  },
  {
    id: "look",
    name: "command.look",
    group: "picture",
    keys: ["/"],
    icon: "icon:palette",
    bar: "menu",
    run: (reader) => {
      reader.panel.value = reader.panel.value === "look" ? "none" : "look";
    },
    pressed: (reader) => reader.panel.value === "look",
  },
  shown("overlays", { name: "command.overlays", keys: ["#"], icon: "icon:layers" }),
  shown("shutter", { name: "command.shutter", keys: ["_"], icon: "icon:focus" }),
  shown("smooth", { name: "command.smooth", keys: ["!"], icon: "icon:grid-3x3" }),
  slab("thicker", ["Shift+ArrowUp"], (was) => thicker(was, 1)),
  slab("thinner", ["Shift+ArrowDown"], (was) => thicker(was, -1)),
  slab("blend", ["$"], blendedNext),
  turn("turnRight", "Ctrl+Shift+ArrowRight", 5),
  turn("turnLeft", "Ctrl+Shift+ArrowLeft", -5),
  STRAIGHTEN,
  BODY,
  {
    id: "tags",
    name: "command.tags",
    group: "picture",
    keys: ["t"],
    icon: "icon:list-tree",
    bar: "menu",
    run: (reader) => {
      reader.tags.value = !reader.tags.value;
      reader.findingsShown.value = false;
      reader.reportShown.value = false;
    },
    pressed: (reader) => reader.tags.value,
    offered: (reader) => reader.current.value !== null,
  },
  {
    id: "findings",
    name: "command.findings",
    group: "picture",
    keys: ["Shift+f"],
    icon: "icon:clipboard-list",
    bar: "roomy",
    run: (reader) => {
      reader.findingsShown.value = reader.findingsShown.value ? false : "asked";
      reader.tags.value = false;
      reader.reportShown.value = false;
    },
    pressed: (reader) => reader.findingsShown.value !== false,
  },
];
