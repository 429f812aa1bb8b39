/** New findings, and copies. */
import type { Reader } from "../study/reader";
import { COLOURS, uidOf, type Finding, type FindingPlace, type FindingTool, type ImagePoint } from "./model";
import { newUuid } from "./uuid";

/** A finding that nobody has yet; the colours go round in the order of making. */
export function newFinding(
  { findings }: Reader,
  where: FindingPlace,
  tool: FindingTool,
  points: readonly ImagePoint[],
): Finding {
  const last = [...findings.all.peek().values()].at(-1);
  const colour = last ? (last.colour + 1) % COLOURS : 0;
  return { ...where, ...ids(), tool, points, label: "", colour, hidden: false };
}

/** The same marks as a finding of their own, there or elsewhere. */
export function copyOf(finding: Finding, where: FindingPlace, points = finding.points): Finding {
  return { ...finding, ...where, ...ids(), points };
}

function ids(): Pick<Finding, "id" | "tracking"> {
  const id = newUuid();
  return { id, tracking: uidOf(id) };
}
