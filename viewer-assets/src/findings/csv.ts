/** Findings as tables for spreadsheets (RFC 4180) and as JSON for programs. Pure. */
import type { Study } from "../study/data";
import { t } from "../messages";
import { words, type Row } from "./rows";
import type { Kept } from "./kept";

/** A finding with who changed it last. */
export interface ExportRow extends Row {
  readonly kept: Pick<Kept, "author" | "changed"> | null;
}

export interface ExportWish {
  readonly studies: readonly Study[];
  /** Whether the patient's id may be in it; nothing else of the patient ever is. */
  readonly withPatientId: boolean;
  readonly now: Date;
}

const COLUMNS = [
  "study_date",
  "study_uid",
  "series_number",
  "series_description",
  "series_uid",
  "instance_uid",
  "frame",
  "slice",
  "finding",
  "tool",
  "name",
  "value",
  "unit",
  "uncertainty",
  "upper_bound",
  "origin",
  "no_value_because",
  "hidden",
  "author",
  "changed",
  "tracking_uid",
  "finding_id",
] as const;

type Cell = string | number | boolean | null;

/** One line for each number; a finding without any has one line too. Begins with a byte order mark, for spreadsheets. */
export function csvOf(rows: readonly ExportRow[], wish: ExportWish): string {
  const head: readonly string[] = wish.withPatientId ? ["patient_id", ...COLUMNS] : COLUMNS;
  const lines = rows.flatMap((row) => linesOf(row, wish));
  return `\uFEFF${[head, ...lines].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("")}`;
}

function linesOf(row: ExportRow, { studies, withPatientId }: ExportWish): readonly (readonly Cell[])[] {
  const { finding, home, measured, name, kept } = row;
  const study = studies.find(({ uid }) => uid === finding.study);
  const { series } = home?.tile ?? {};
  const quantities = measured.quantities.length > 0 ? measured.quantities : [null];
  return quantities.map((quantity) => [
    ...(withPatientId ? [study?.id ?? ""] : []),
    study?.date ?? "",
    finding.study,
    series?.number ?? null,
    series?.description ?? "",
    finding.series,
    finding.instance,
    finding.frame,
    home ? home.slice + 1 : null,
    name,
    finding.tool,
    quantity ? quantity.name : "",
    quantity ? quantity.value : null,
    quantity ? quantity.unit : "",
    quantity ? quantity.uncertainty : null,
    quantity?.isBound ?? false,
    measured.origin ? words(measured.origin) : "",
    measured.reason ? words(measured.reason) : "",
    finding.hidden,
    kept?.author ?? "",
    kept?.changed ?? "",
    finding.tracking,
    finding.id,
  ]);
}

/**
 * A cell as RFC 4180 writes it. Spreadsheets take a text that begins like a formula for one, and run it: an apostrophe
 * before it keeps it a text. UIDs are texts of digits and points that no spreadsheet takes for numbers.
 */
export function cell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  const safe = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The same, whole: with the points of each finding. */
export function jsonOf(rows: readonly ExportRow[], { studies, withPatientId, now }: ExportWish): string {
  const of = rows.map(({ finding, home, measured, kept }) => ({
    ...finding,
    slice: home ? home.slice + 1 : null,
    quantities: measured.quantities,
    origin: measured.origin && words(measured.origin),
    reason: measured.reason && words(measured.reason),
    author: kept?.author ?? null,
    changed: kept?.changed ?? null,
  }));
  const used = studies.filter(({ uid }) => rows.some(({ finding }) => finding.study === uid));
  const about = used.map(({ uid, date, id }) => ({ uid, date, ...(withPatientId && { patientId: id }) }));
  const document = {
    format: "sightline-findings",
    version: 1,
    exported: now.toISOString(),
    points: t("findings.export.points"),
    studies: about,
    findings: of,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Name of the file; it says nothing of the patient. */
export function fileName(now: Date, type: "csv" | "json"): string {
  const [day = ""] = now.toISOString().split("T");
  return `findings-${day}.${type}`;
}
