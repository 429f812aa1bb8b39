/** Commands of the tools that draw findings, and of what is done with findings. Their code comes when they are used. */
import { signal } from "@preact/signals";
import type { FindingTool } from "../findings/model";
import { t, type MessageKey } from "../messages";
import type { IconName } from "../ui/Icon";
import type { Command } from "./commands";
import { loadFindings } from "./findingsCode";
import { isFindingTool } from "./gestures";
import type { Reader } from "./reader";

/** In the order in which the panel has them: key, icon, and how it is drawn. */
const MEASURES: Readonly<Record<FindingTool, readonly [key: string, icon: IconName, gesture: MessageKey]>> = {
  length: ["Shift+d", "icon:ruler", "draw.gesture.line"],
  bidirectional: ["Shift+b", "icon:diameter", "draw.gesture.line"],
  angle: ["Shift+a", "icon:angle", "draw.gesture.angle"],
  cobb: ["Shift+c", "icon:drafting-compass", "draw.gesture.cobb"],
  ellipse: ["Shift+v", "icon:ellipse", "draw.gesture.area"],
  circle: ["Shift+u", "icon:circle", "draw.gesture.circle"],
  rectangle: ["Shift+r", "icon:rectangle-horizontal", "draw.gesture.area"],
  polygon: ["Shift+g", "icon:pentagon", "draw.gesture.corners"],
  freehand: ["Shift+h", "icon:lasso", "draw.gesture.freehand"],
  polyline: ["Shift+y", "icon:waypoints", "draw.gesture.corners"],
  point: [":", "icon:locate", "draw.gesture.point"],
  arrow: ["Shift+j", "icon:move-up-right", "draw.gesture.arrow"],
  text: ["Shift+t", "icon:type", "draw.gesture.text"],
  calibration: ["Shift+q", "icon:ruler-dimension-line", "draw.gesture.calibration"],
};

/** The measuring tool that was used last. */
const lastTool = signal<FindingTool>("length");

/** Take a measuring tool, unless there is nothing to draw on. */
function take(reader: Reader, tool: FindingTool): void {
  if (reader.planes.value || !reader.active.value) {
    reader.notice.value = t("draw.refused.planes");
    return;
  }
  lastTool.value = tool;
  reader.tool.value = tool;
  reader.pointer.value = null;
  loadFindings().catch(reportError);
}

const measure = ([tool, [key, icon, gesture]]: [string, (typeof MEASURES)[FindingTool]]): Command => ({
  id: `tool.${tool}`,
  name: `draw.tool.${tool as FindingTool}`,
  group: "measure",
  keys: [key],
  gesture,
  icon,
  bar: "menu",
  run: (reader) => take(reader, tool as FindingTool),
  pressed: (reader) => reader.tool.value === tool,
});

type Acts = Awaited<ReturnType<typeof loadFindings>>["acts"];

/** Something that is done with the chosen finding, or with all of them. */
const act = (
  id: string,
  keys: readonly string[],
  icon: IconName,
  isOffered: (reader: Reader) => boolean,
  run: (acts: Acts, reader: Reader) => void,
): Command => ({
  id: `finding.${id}`,
  name: `draw.command.${id}` as MessageKey,
  group: "measure",
  keys,
  icon,
  bar: "menu",
  run: (reader) => void loadFindings().then(({ acts }) => run(acts, reader)),
  offered: isOffered,
  needs: "draw.needs",
});

const hasAny = (reader: Reader): boolean => reader.hasFindings.value;
const hasChosen = ({ selectedFinding, findings }: Reader): boolean =>
  findings.all.value.has(selectedFinding.value ?? "");

export const FINDING_COMMANDS: readonly Command[] = [
  {
    id: "measure",
    name: "draw.command.measure",
    group: "measure",
    keys: ["Shift+m"],
    icon: "icon:ruler",
    shows: () => ({ name: `draw.tool.${lastTool.value}`, icon: MEASURES[lastTool.value][1] }),
    bar: "roomy",
    run: (reader) => take(reader, lastTool.value),
    pressed: (reader) => isFindingTool(reader.tool.value),
  },
  {
    id: "measures",
    name: "draw.command.measures",
    group: "measure",
    keys: ["'"],
    icon: "icon:pencil-ruler",
    bar: "always",
    run: (reader) => {
      reader.panel.value = reader.panel.value === "measures" ? "none" : "measures";
    },
    pressed: (reader) => reader.panel.value === "measures",
  },
  ...Object.entries(MEASURES).map(measure),
  act("next", ["Ctrl+ArrowRight"], "icon:chevron-right", hasAny, (acts, reader) =>
    acts.stepFinding(reader, 1),
  ),
  act("previous", ["Ctrl+ArrowLeft"], "icon:chevron-left", hasAny, (acts, reader) =>
    acts.stepFinding(reader, -1),
  ),
  act("hide", ["Shift+x"], "icon:eye-off", hasAny, (acts, reader) => acts.toggleAll(reader)),
  act("copyNext", ["Ctrl+ArrowDown"], "icon:arrow-down", hasChosen, (acts, reader) =>
    acts.copyBeside(reader, 1),
  ),
  act("copyPrevious", ["Ctrl+ArrowUp"], "icon:arrow-up", hasChosen, (acts, reader) =>
    acts.copyBeside(reader, -1),
  ),
  {
    id: "finding.copyThrough",
    name: "draw.command.copyThrough",
    group: "measure",
    keys: ["Ctrl+Shift+ArrowDown"],
    icon: "icon:copy-plus",
    bar: "menu",
    run: (reader) => {
      reader.panel.value = "copyFinding";
    },
    offered: hasChosen,
    needs: "draw.needs",
  },
  act("duplicate", ["Ctrl+d"], "icon:copy", hasChosen, (acts, reader) => acts.duplicate(reader)),
  act("write", ["F2"], "icon:tag", hasChosen, (acts, reader) => acts.writeSelected(reader)),
  act("remove", ["Delete"], "icon:trash-2", hasChosen, (acts, reader) => {
    acts.removeFinding(reader, reader.selectedFinding.peek() ?? "");
  }),
];
