/** What stands beside a finding, and what a screen reader says of it. */
import { t } from "../messages";
import type { Place } from "../study/source";
import { measure } from "./measure";
import type { Measured, Quantity, QuantityName } from "./measured";
import { TOOLS, type Finding } from "./model";
import { originLine, quantityName, said } from "./say";
import type { StatisticsAnswer } from "./statistics";

/** What is known beside the finding itself. */
export interface Known {
  readonly place: Place;
  /** The reader's calibrations of the file. */
  readonly calibrations: readonly Finding[];
  /** The values of its pixels; null where it encloses none, or while they are not here. */
  readonly values: StatisticsAnswer | null;
}

/** Of areas, what fits beside them; the list of findings has the rest. */
const OF_REGIONS: ReadonlySet<QuantityName> = new Set([
  "area",
  "mean",
  "standardDeviation",
  "suvMean",
  "suvMaximum",
]);
/** Where most numbers come from goes without saying beside the image. */
const USUAL_ORIGIN = "measure.origin.pixelSpacing";
/** Letters in a line. */
const WIDEST = 44;

/** Lines of words: what the reader calls it, its numbers, and where these come from if that is no matter of course. */
export function linesOf(finding: Finding, known: Known): readonly string[] {
  const { tool, label } = finding;
  const name = label ? wrapped(label) : [];
  if (tool === "text") return name;
  const found = measure(finding, known.place, known.calibrations);
  const all = [...found.quantities, ...(known.values?.quantities ?? [])];
  const quantities = TOOLS[tool].isRegion ? all.filter((one) => OF_REGIONS.has(one.name)) : all;
  const isAlone = quantities.length === 1;
  const numbers = quantities.map((one) => (isAlone ? said(one) : brief(one)));
  return [...name, ...numbers, ...wrapped(aboutNumbers(found)), ...wrapped(known.values?.reason ?? "")];
}

function aboutNumbers(found: Measured): string {
  return found.origin?.key === USUAL_ORIGIN ? originLine({ ...found, origin: null }) : originLine(found);
}

/** Shorter than in the list: labels lie over the image. */
function brief(quantity: Quantity): string {
  const name =
    quantity.name === "standardDeviation" ? t("draw.short.deviation") : quantityName(quantity.name);
  return `${name} ${said(quantity)}`;
}

function named(quantity: Quantity): string {
  return `${quantityName(quantity.name)} ${said(quantity)}`;
}

/** In lines of that many letters, broken between words. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDEST) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The kind of a finding with its name and all its numbers, in one sentence. */
export function spoken(finding: Finding, { place, calibrations, values }: Known): string {
  const found = measure(finding, place, calibrations);
  const numbers = [...found.quantities, ...(values?.quantities ?? [])].map(named);
  const about = [finding.label, ...numbers, originLine(found), values?.reason ?? ""]
    .filter(Boolean)
    .join(", ");
  const tool = t(`draw.tool.${finding.tool}`);
  return about ? t("draw.about", { tool, about }) : tool;
}
