import { useSignal } from "@preact/signals";
import { saveFile } from "../export/save";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import { csvOf, fileName, jsonOf } from "./csv";
import { keeper } from "./keep";
import { completed, type Homes, type Row } from "./rows";

interface ExportProps {
  readonly reader: Reader;
  readonly rows: readonly Row[];
  readonly homes: Homes;
}

/** All findings as a file. */
export function ExportFindings({ reader, rows, homes }: ExportProps) {
  const withPatientId = useSignal(false);
  const done = useSignal("");
  const save = async (type: "csv" | "json"): Promise<void> => {
    const now = new Date();
    const studies = reader.studies.peek().map(({ study }) => study);
    const wish = { studies, withPatientId: withPatientId.peek(), now };
    const whole = await completed(rows, reader.findings.all.peek().values(), homes);
    const full = whole.map((row) => ({ ...row, kept: keeper.peek()?.about(row.finding) ?? null }));
    const text = type === "csv" ? csvOf(full, wish) : jsonOf(full, wish);
    const media = type === "csv" ? "text/csv" : "application/json";
    const name = fileName(now, type);
    saveFile(new Blob([text], { type: `${media};charset=utf-8` }), name);
    done.value = t("findings.export.done", { name });
  };
  return (
    <details class="findings-part">
      <summary>{t("findings.export")}</summary>
      <label class="switch">
        <input
          type="checkbox"
          checked={withPatientId.value}
          onChange={(event) => {
            withPatientId.value = event.currentTarget.checked;
          }}
        />
        {t("findings.export.withId")}
      </label>
      <div class="row">
        <button type="button" onClick={() => void save("csv")}>
          {t("findings.export.csv")}
        </button>
        <button type="button" onClick={() => void save("json")}>
          {t("findings.export.json")}
        </button>
      </div>
      <p class="quiet" role="status">
        {done.value}
      </p>
    </details>
  );
}
