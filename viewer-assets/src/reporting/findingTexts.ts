/** Findings as sentences of a report: name, numbers with unit and origin, and where they lie. */
import type { Finding } from "../findings/model";
import { completed, fullText, Homes, rowsOf, type Row } from "../findings/rows";
import { t } from "../messages";
import { tileName } from "../study/Panes";
import type { Reader } from "../study/reader";

export interface FindingText {
  readonly finding: Finding;
  readonly text: string;
}

/** All findings of the page's study, in the order in which they were drawn. */
export async function findingTexts(reader: Reader): Promise<readonly FindingText[]> {
  const all = [...reader.findings.all.peek().values()].filter(({ study }) => study === reader.study.uid);
  const homes = new Homes(reader.tiles.peek());
  const rows = rowsOf(all, homes).filter(({ finding }) => finding.tool !== "calibration");
  try {
    return (await completed(rows, all, homes)).map(textOf);
  } catch {
    // The server cannot tell the pixels' values now; sizes are known here.
    return rows.map(textOf);
  }
}

function textOf({ finding, name, home, measured }: Row): FindingText {
  const values = fullText(measured);
  const place = home
    ? t("reporting.finding.place", { series: tileName(home.tile), number: home.slice + 1 })
    : t("reporting.finding.elsewhere");
  const said = values.startsWith(name) ? "reporting.finding.unnamed" : "reporting.finding.measured";
  const key = values ? said : "reporting.finding.named";
  return { finding, text: t(key, { name, values, place }).replace(/\s+/g, " ") };
}
