/** What is done to findings from their list; all of it can be taken back. */
import { plural, t } from "../messages";
import type { Reader } from "../study/reader";
import { copyText } from "../ui/clipboard";
import type { Finding } from "./model";
import { completed, fullText, type Homes, type Row } from "./rows";

/** Show the finding where it lies, and choose it. False where that is not open. */
export function goTo(reader: Reader, finding: Finding): boolean {
  const isThere = reader.goToFinding(finding);
  if (!isThere) reader.said.value = t("findings.noLonger");
  return isThere;
}

export function rename(reader: Reader, { id, label: before }: Finding, label: string): void {
  if (label !== before) reader.change("findings.renamed", () => reader.findings.change(id, { label }), true);
}

export function colour(reader: Reader, rows: readonly Row[], value: number): void {
  reader.change("findings.colour", () => put(reader, rows, { colour: value }), true);
}

export function hide(reader: Reader, rows: readonly Row[], hidden: boolean): void {
  reader.change("findings.hiding", () => put(reader, rows, { hidden }), true);
}

export function remove(reader: Reader, rows: readonly Row[]): void {
  reader.change(
    "findings.removed",
    () => reader.findings.remove(...rows.map(({ finding }) => finding.id)),
    true,
  );
}

function put(reader: Reader, rows: readonly Row[], some: Partial<Finding>): void {
  reader.findings.put(...rows.map(({ finding }) => ({ ...finding, ...some })));
}

/** Name and value of each, a line for each. */
export async function copyValues(reader: Reader, rows: readonly Row[], homes: Homes): Promise<void> {
  const whole = await completed(rows, reader.findings.all.peek().values(), homes);
  const lines = whole.map(({ name, measured }) => [name, fullText(measured)].filter(Boolean).join(": "));
  const isCopied = await copyText(lines.join("\n"));
  reader.said.value = isCopied ? plural("findings.copied", rows.length) : t("findings.notCopied");
}
