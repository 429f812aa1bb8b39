import { PageHead } from "../ehr/PageHead";
import { fullDate, personName } from "../format";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { DocumentRow } from "./DocumentRow";
import type { ChartPatient, Pull } from "./data";
import type { ChartModel } from "./model";

/** The page: a patient's number, their documents, and what was copied before. */
export function ChartPage({ model }: { model: ChartModel }) {
  const chart = model.chart.value;
  return (
    <>
      <PageHead current="chart" user={model.data.user} />
      <main class="site-list">
        <h1>{t("chart.title")}</h1>
        {model.data.isOn ? <Finder model={model} /> : <Off />}
        {model.problem.value && <p role="alert">{model.problem.value}</p>}
        {chart && (
          <>
            <Patient patient={chart.patient} />
            <section aria-label={t("chart.documents")}>
              <h2>{t("chart.documents")}</h2>
              {chart.documents.length === 0 && <p class="quiet">{t("chart.none")}</p>}
              <ul class="site-rows">
                {chart.documents.map((document) => (
                  <DocumentRow key={document.id} model={model} document={document} />
                ))}
              </ul>
            </section>
          </>
        )}
        <Pulls model={model} />
      </main>
    </>
  );
}

function Finder({ model }: { model: ChartModel }) {
  const find = (event: SubmitEvent): void => {
    event.preventDefault();
    const number = String(new FormData(event.currentTarget as HTMLFormElement).get("number")).trim();
    if (number) void model.find(number);
  };
  return (
    <>
      <p class="quiet chart-intro">{t("chart.intro")}</p>
      <form class="field-row chart-form" onSubmit={find}>
        <label>
          {t("chart.number")}
          <input class="field" name="number" maxLength={64} autocomplete="off" spellcheck={false} required />
        </label>
        <button type="submit" class="primary" disabled={model.isFinding.value}>
          {t("chart.find")}
        </button>
      </form>
      <p role="status" class="quiet">
        {model.isFinding.value ? t("chart.finding") : ""}
      </p>
    </>
  );
}

function Patient({ patient }: { patient: ChartPatient }) {
  const { name, birthDate, number, patientId } = patient;
  return (
    <section class="dialog-study chart-patient" aria-label={t("chart.patient")}>
      <span class="quiet">{t("chart.patient")}</span>
      <strong>{personName(name)}</strong>
      <span class="quiet">
        {[
          birthDate && t("chart.born", { date: fullDate(birthDate) }),
          number,
          patientId !== number && t("chart.numberHere", { number: patientId }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </section>
  );
}

/** What was copied, and the way back. */
function Pulls({ model }: { model: ChartModel }) {
  const undone = model.undone.value;
  if (model.pulls.value.length === 0) return null;
  return (
    <section aria-label={t("chart.pulls")}>
      <h2>{t("chart.pulls")}</h2>
      <p role="status">
        {undone && plural("chart.undone", undone.deleted)}{" "}
        {undone && undone.kept > 0 && plural("chart.kept", undone.kept)}
      </p>
      <ul class="site-rows">
        {model.pulls.value.map((pull) => (
          <PullRow key={pull.id} model={model} pull={pull} />
        ))}
      </ul>
    </section>
  );
}

function PullRow({ model, pull }: { model: ChartModel; pull: Pull }) {
  const time = when(pull.pulled);
  return (
    <li class="site-row">
      <p>{plural("chart.files", pull.files)}</p>
      <div class="site-what">
        <span>{pull.patientId}</span>
        <span class="quiet">{t("chart.pulledBy", { time, user: pull.user })}</span>
      </div>
      <div class="site-why">
        {pull.undone !== null && <p class="quiet">{t("chart.takenBack", { time: when(pull.undone) })}</p>}
        {pull.undone === null &&
          pull.studies.map((study) => (
            <a key={study} href={urlOf(`sightline/studies/${study}`)}>
              {t("chart.open")}
            </a>
          ))}
      </div>
      {pull.undone === null && (
        <div class="site-actions">
          <button
            type="button"
            aria-label={t("chart.undoOf", { time })}
            onClick={() => void model.undo(pull)}
          >
            {t("chart.undo")}
          </button>
        </div>
      )}
    </li>
  );
}

/** What to write where, so that charts can be asked. */
function Off() {
  return (
    <div class="empty empty-wide">
      <Icon name="icon:images" />
      <h2>{t("chart.off.title")}</h2>
      <p>{t("chart.off.text")}</p>
      <pre class="site-code">
        <code>
          {
            '"Sightline": {\n  "Ehr": {\n    "Issuers": [\n      {\n        "Name": "clinic",\n        "Issuer": "https://emr.example.org/apis/default/fhir",\n        "PatientId": { "Source": "pubpid" },\n        "Backend": { "ClientId": "…" }\n      }\n    ]\n  }\n}'
          }
        </code>
      </pre>
    </div>
  );
}

function when(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
