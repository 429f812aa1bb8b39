/** Reports with measurements that the study holds: ours, earlier ones, and those of other programs. */
import { getJson } from "../api";
import { plural, t } from "../messages";
import type { Reader } from "../study/reader";
import { keeper } from "./keep";
import type { Finding } from "./model";
import { newUuid } from "./uuid";

/** `GET …/findings/reports`. */
export interface ReportsAnswer {
  readonly reports: readonly Report[];
}

export interface Report {
  readonly series: string;
  readonly instance: string;
  readonly title: string;
  readonly author: string;
  /** ISO 8601, or empty. */
  readonly time: string;
  readonly software: string;
  /** Whether this viewer wrote it. */
  readonly ours: boolean;
  readonly predecessors: readonly string[];
  /** Whether a later report names it as its predecessor. */
  readonly superseded: boolean;
  readonly findings: readonly ReportFinding[];
  /** What in it could not be read. */
  readonly problems: readonly string[];
}

export interface ReportFinding extends Finding {
  /** Numbers as they are written in the report. */
  readonly values: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
}

export function reportsOf(study: string): Promise<ReportsAnswer> {
  return getJson<ReportsAnswer>(`sightline/api/studies/${study}/findings/reports`);
}

/** "Length 12.3 mm, Short axis 8 mm": as the report has it, not measured anew. */
export function reportedText({ values }: ReportFinding): string {
  return values
    .map(({ name, value, unit }) => [name, value, unit].filter((part) => part !== "").join(" "))
    .join(", ");
}

/** Draw the findings of a report, or do not any more. */
export function showReport(reader: Reader, report: Report, shown: boolean): void {
  const ids = new Set(report.findings.map(({ id }) => id));
  const others = reader.reportFindings.peek().filter(({ id }) => !ids.has(id));
  reader.reportFindings.value = shown ? [...others, ...report.findings] : others;
}

export function isShown(reader: Reader, { findings }: Report): boolean {
  const [first] = findings;
  return first !== undefined && reader.reportFindings.value.some(({ id }) => id === first.id);
}

/**
 * Take copies of a report's findings, with the same tracking, among those of the reader; the next report of the study names
 * it as its predecessor. What is there already is not taken twice. Says what came of it.
 */
export function editReport(reader: Reader, study: string, report: Report): string {
  const own = [...reader.findings.all.peek().values()];
  const taken = new Set(own.flatMap((one) => (one.study === study ? [one.tracking] : [])));
  const copies = report.findings.filter(({ tracking }) => !taken.has(tracking)).map(ownCopy);
  if (copies.length === 0) return t("findings.reports.there");
  keeper.peek()?.follow(study, report.instance);
  reader.change("findings.reports.edited", () => reader.findings.put(...copies), true);
  showReport(reader, report, false);
  return plural("findings.reports.took", copies.length);
}

/** The mark alone: the numbers of the report are its own. */
function ownCopy({
  study,
  series,
  instance,
  frame,
  tracking,
  tool,
  points,
  label,
  colour,
}: Finding): Finding {
  const place = { study, series, instance, frame };
  return { ...place, id: newUuid(), tracking, tool, points, label, colour, hidden: false };
}
