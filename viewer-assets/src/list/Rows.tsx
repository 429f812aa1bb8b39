import { age, clockTime, fullDate, personName, shortDate } from "../format";
import { plural, t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import type { Study } from "../study/data";
import { Thumb } from "../ui/Thumb";
import type { ListModel } from "./model";

/** Studies as a dense table; on a phone the same table is laid out as cards. */
export function Rows({ model }: { model: ListModel }) {
  const now = new Date();
  return (
    <table class={`studies${model.state.value === "loading" ? " is-late" : ""}`}>
      <thead>
        <tr>
          <th scope="col" class="cell-picture">
            <span class="sr-only">{t("list.column.picture")}</span>
          </th>
          <th scope="col">{t("list.column.patient")}</th>
          <th scope="col">{t("list.column.date")}</th>
          <th scope="col">{t("list.column.modality")}</th>
          <th scope="col">{t("list.column.description")}</th>
          <th scope="col" class="cell-count">
            {t("list.column.count")}
          </th>
        </tr>
      </thead>
      <tbody>
        {model.studies.value.map((study) => (
          <StudyRow key={study.uid} study={study} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function StudyRow({ study, now }: { study: Study; now: Date }) {
  const name = personName(study.name) || t("list.noName");
  const words = { today: t("list.today"), yesterday: t("list.yesterday") };
  const when = [fullDate(study.date), clockTime(study.time)].filter(Boolean).join(" ");
  return (
    <tr>
      <td class="cell-picture">
        <Thumb
          path={study.pictures ? `sightline/api/studies/${study.uid}/thumbnail` : null}
          isMissing={!study.pictures}
        />
      </td>
      <td class="cell-patient">
        <a class="row-link" href={urlOf(`sightline/studies/${study.uid}`)} title={study.name}>
          {name}
        </a>
        <span class="quiet">{patientLine(study)}</span>
      </td>
      <td class="cell-date" title={when}>
        {shortDate(study.date, study.time, now, words)}
      </td>
      <td class="cell-modality">
        {study.modalities.map((modality) => (
          <span key={modality} class="tag">
            {modality}
          </span>
        ))}
      </td>
      <td class={`cell-description${study.description ? "" : " is-missing"}`}>
        {study.description || <span class="quiet">{t("list.noDescription")}</span>}
      </td>
      <td class="cell-count">
        <span>{study.instances === null ? "" : plural("list.count", study.instances)}</span>
        <span class="quiet">{study.series === null ? "" : plural("list.series", study.series)}</span>
      </td>
    </tr>
  );
}

/** Id, sex and age: what tells two patients of one name apart. */
function patientLine(study: Study): string {
  const years = age(study.birthDate, study.date);
  return [
    study.id || t("list.noId"),
    ["M", "F", "O"].includes(study.sex) ? t(`sex.${study.sex}` as MessageKey) : "",
    years === null ? "" : t("patient.age", { age: years }),
  ]
    .filter(Boolean)
    .join(" · ");
}
