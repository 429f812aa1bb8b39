import { fullDate, personName } from "../format";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import type { ChartDocument, FoundStudy } from "./data";
import type { ChartModel } from "./model";

interface RowProps {
  readonly model: ChartModel;
  readonly document: ChartDocument;
}

/** One document of the chart: look inside, then copy what fits. */
export function DocumentRow({ model, document }: RowProps) {
  const progress = model.progress.value[document.id];
  const preview = progress?.preview;
  const fitting = preview?.studies.filter((study) => study.reason === "" && study.here < study.files) ?? [];
  const total = fitting.reduce((sum, study) => sum + study.files - study.here, 0);
  const isBusy = progress?.step === "looking" || progress?.step === "copying";
  return (
    <li class="site-row">
      <p class="quiet">{fullDate(document.date.replaceAll("-", "")) || document.date}</p>
      <div class="site-what">
        <strong>{document.name}</strong>
        {preview && preview.others > 0 && <span class="quiet">{plural("chart.others", preview.others)}</span>}
      </div>
      <div class="site-why">
        {preview?.studies.map((study, number) => (
          <Inside key={number} study={study} isCopied={progress?.step === "copied"} />
        ))}
        <p role="status">
          {progress?.step === "looking" && t("chart.looking")}
          {progress?.step === "copying" && t("chart.pulling", { done: progress.done, total })}
          {progress?.copied &&
            t("chart.done", { stored: progress.copied.stored, existed: progress.copied.existed })}
        </p>
        {progress?.step === "copying" && <progress max={total} value={progress.done} aria-hidden="true" />}
        {progress?.problem && <p role="alert">{progress.problem}</p>}
      </div>
      <div class="site-actions">
        {total > 0 && progress?.step !== "copied" ? (
          <button
            type="button"
            class="primary"
            disabled={isBusy}
            aria-label={t("chart.pullOf", { name: document.name })}
            onClick={() => void model.copy(document)}
          >
            {t("chart.pull")}
          </button>
        ) : (
          <button
            type="button"
            disabled={isBusy}
            aria-label={t("chart.previewOf", { name: document.name })}
            onClick={() => void model.look(document)}
          >
            {t("chart.preview")}
          </button>
        )}
      </div>
    </li>
  );
}

/** Whose files these are by their own account, and what becomes of them. */
function Inside({ study, isCopied }: { study: FoundStudy; isCopied: boolean }) {
  const { patientName, patientId, birthDate, becomes, reason, files, here } = study;
  const what = [study.modality, study.description, fullDate(study.studyDate), plural("chart.files", files)];
  const change =
    becomes === null
      ? t("chart.unchanged")
      : t("chart.changes", { to: becomes, from: patientId || t("chart.empty") });
  return (
    <div class={reason ? "chart-inside is-refused" : "chart-inside"}>
      <p>{what.filter(Boolean).join(" · ")}</p>
      <p class="quiet">
        {t("chart.inFile")}:{" "}
        {[personName(patientName), birthDate && t("chart.born", { date: fullDate(birthDate) }), patientId]
          .filter(Boolean)
          .join(" · ") || t("chart.empty")}
      </p>
      {reason ? (
        <p class="chart-refusal">{t(`chart.reason.${reason}`)}</p>
      ) : (
        <p>
          {here === files ? t("chart.isHere") : `${t("chart.fits")}. ${change}`}{" "}
          {(isCopied || here === files) && (
            <a href={urlOf(`sightline/studies/${study.study}`)}>{t("chart.open")}</a>
          )}
        </p>
      )}
    </div>
  );
}
