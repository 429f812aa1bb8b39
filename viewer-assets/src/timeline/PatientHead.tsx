import { age, fullDate, personName } from "../format";
import { plural, t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import type { TimelineData, TimelinePatient } from "./data";
import type { TimelineModel } from "./model";

/** Who the patient is, and what can be done with the page. */
export function PatientHead({ model, data }: { model: TimelineModel; data: TimelineData }) {
  const { patient, session } = data;
  return (
    <header class="head patient-head">
      <div class="patient">
        <h1>{personName(patient.name) || t("list.noName")}</h1>
        <p class="quiet">{identity(patient, new Date())}</p>
      </div>
      <p class="quiet patient-status" role="status">
        {model.isLooking.value ? t("timeline.looking") : plural("timeline.count", data.studies.length)}
        {session.expires && (
          <span>
            {t("timeline.until", {
              time: new Date(session.expires).toLocaleTimeString(undefined, { timeStyle: "short" }),
            })}
          </span>
        )}
      </p>
      <button
        type="button"
        class="head-button"
        disabled={model.isLooking.value}
        title={t("timeline.lookWhy")}
        onClick={() => void model.look()}
      >
        <Icon name="icon:refresh-cw" />
        <span>{t("timeline.look")}</span>
      </button>
      {model.isFramed && (
        <button type="button" class="head-button" onClick={() => void model.openTab()}>
          <Icon name="icon:external-link" />
          <span>{t("timeline.tab")}</span>
        </button>
      )}
      {session.link ? (
        <button type="button" class="head-button quiet-button" onClick={() => void model.close()}>
          <Icon name="icon:log-out" />
          <span>{t("timeline.close")}</span>
        </button>
      ) : (
        <a class="button head-button quiet-button" href={urlOf("sightline/")}>
          <Icon name="icon:arrow-left" />
          <span>{t("nav.studies")}</span>
        </a>
      )}
    </header>
  );
}

/** Birth date with the age, sex and number: what tells patients of one name apart. */
function identity({ birthDate, sex, id }: TimelinePatient, now: Date): string {
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("");
  const years = age(birthDate, today);
  return [
    birthDate ? t("timeline.born", { date: fullDate(birthDate) }) : t("timeline.noBirthDate"),
    years === null ? "" : t("timeline.age", { years }),
    ["M", "F", "O"].includes(sex) ? t(`sex.${sex}` as MessageKey) : "",
    t("timeline.number", { id }),
  ]
    .filter(Boolean)
    .join(" · ");
}
