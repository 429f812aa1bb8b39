import { useSignal } from "@preact/signals";
import { fullDate } from "../format";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { ReportFrame } from "../shell/DocumentView";
import type { ReportDesk } from "./desk";
import type { PriorDocument, SignedReport } from "./model";
import { Sections } from "./Sections";

/** What was reported before on the same patient; asked for when somebody wants to read it. */
export function PriorsSection({ desk }: { desk: ReportDesk }) {
  const priors = desk.priors.value;
  const count = priors ? priors.reports.length + priors.documents.length : null;
  return (
    <details
      class="report-priors"
      onToggle={(event) => {
        if (event.currentTarget.open && !desk.priors.peek()) void desk.loadPriors();
      }}
    >
      <summary>{count === null ? t("reporting.priors") : plural("reporting.priorsCount", count)}</summary>
      <div class="report-prior-list">
        {desk.priorsProblem.value !== null && (
          <p class="report-note">{t("reporting.problem", { reason: desk.priorsProblem.value })}</p>
        )}
        {count === 0 && <p class="quiet">{t("reporting.priors.none")}</p>}
        {priors?.reports.map((report) => (
          <PriorReport key={report.id} report={report} />
        ))}
        {priors?.documents.map((document) => (
          <PriorFile key={document.instance} document={document} />
        ))}
      </div>
    </details>
  );
}

function PriorReport({ report }: { report: SignedReport }) {
  const { title, studyDate, studyDescription, sections, author } = report;
  return (
    <details class="report-card">
      <summary>{[fullDate(studyDate), studyDescription || title].filter(Boolean).join(" · ")}</summary>
      <p class="quiet">{t("reporting.priors.by", { title, author })}</p>
      <Sections sections={sections} />
    </details>
  );
}

/** A report of another program: DICOM SR as text, or a PDF. */
function PriorFile({ document }: { document: PriorDocument }) {
  const isOpen = useSignal(false);
  const { study, series, instance, kind, title, date, studyDescription } = document;
  const path = `sightline/api/studies/${study}/series/${series}/instances/${instance}/document`;
  const name = [fullDate(date), title || studyDescription].filter(Boolean).join(" · ");
  return (
    <details
      class="report-card"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>{name}</summary>
      {isOpen.value && kind === "report" && <ReportFrame url={urlOf(path)} title={name} />}
      {isOpen.value && kind === "pdf" && (
        <a class="button" href={urlOf(path)} target="_blank" rel="noopener">
          {t("reporting.pdf")}
        </a>
      )}
    </details>
  );
}
