import { useSignal } from "@preact/signals";
import { fullDate } from "../format";
import { plural, t } from "../messages";
import type { Study } from "../study/data";
import type { Reader } from "../study/reader";
import { goTo } from "./actions";
import { keeper } from "./keep";
import {
  editReport,
  isShown,
  reportedText,
  reportsOf,
  showReport,
  type Report,
  type ReportFinding,
} from "./reports";
import { nameOf } from "./rows";
import { timeText } from "./times";

/** Reports of the studies that are open; they are asked for when somebody wants to see them. */
export function ReportsSection({ reader }: { reader: Reader }) {
  const listed = useSignal<readonly Listed[]>([]);
  const load = async (isOpen: boolean): Promise<void> => {
    if (!isOpen) return;
    const studies = reader.studies.peek().map(({ study }) => study);
    listed.value = await Promise.all(studies.map(listOf));
  };
  const several = listed.value.length > 1;
  return (
    <details class="findings-part" onToggle={(event) => void load(event.currentTarget.open)}>
      <summary>{t("findings.reports")}</summary>
      {listed.value.map(({ study, reports, problem }) => (
        <div key={study.uid}>
          {several && (
            <p class="finding-group">
              {[fullDate(study.date), study.description].filter(Boolean).join(" · ")}
            </p>
          )}
          {problem !== null && <p class="quiet">{t("findings.reports.problem", { reason: problem })}</p>}
          {problem === null && reports.length === 0 && <p class="quiet">{t("findings.reports.none")}</p>}
          {reports.map((report) => (
            <ReportCard key={report.instance} reader={reader} study={study} report={report} />
          ))}
        </div>
      ))}
    </details>
  );
}

interface Listed {
  readonly study: Study;
  readonly reports: readonly Report[];
  readonly problem: string | null;
}

async function listOf(study: Study): Promise<Listed> {
  try {
    const { reports } = await reportsOf(study.uid);
    return { study, reports, problem: null };
  } catch (error) {
    return { study, reports: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

interface CardProps {
  readonly reader: Reader;
  readonly study: Study;
  readonly report: Report;
}

function ReportCard({ reader, study, report }: CardProps) {
  const said = useSignal("");
  const { title, author, time, software, findings, problems, superseded } = report;
  const name = title || t("findings.reports.untitled");
  const isAllowed = keeper.value?.mayAnnotate(study.uid) ?? false;
  return (
    <div class="finding-report">
      <h3>{name}</h3>
      <p class="quiet">
        {[
          superseded && t("findings.reports.superseded"),
          [author, timeText(time)].filter(Boolean).join(", "),
          software && t("findings.reports.software", { software }),
          plural("findings.reports.count", findings.length),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <ul class="menu">
        {findings.map((finding) => (
          <ReportRow key={finding.id} reader={reader} finding={finding} />
        ))}
      </ul>
      {problems.map((problem) => (
        <p key={problem} class="finding-warning">
          {problem}
        </p>
      ))}
      {findings.length > 0 && (
        <div class="row">
          <button
            type="button"
            aria-pressed={isShown(reader, report)}
            onClick={() => showReport(reader, report, !isShown(reader, report))}
          >
            {t("findings.reports.show")}
          </button>
          {isAllowed && (
            <button
              type="button"
              onClick={() => {
                said.value = editReport(reader, study.uid, report);
              }}
            >
              {t("findings.reports.edit")}
            </button>
          )}
        </div>
      )}
      <p class="quiet" role="status">
        {said.value}
      </p>
    </div>
  );
}

function ReportRow({ reader, finding }: { reader: Reader; finding: ReportFinding }) {
  return (
    <li>
      <button type="button" onClick={() => goTo(reader, finding)}>
        <span>{nameOf(finding)}</span>
        <span class="numbers">{reportedText(finding)}</span>
      </button>
    </li>
  );
}
