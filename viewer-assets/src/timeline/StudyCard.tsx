import { clockTime, fullDate, parseDate } from "../format";
import { plural, t } from "../messages";
import { Icon } from "../ui/Icon";
import { Thumb } from "../ui/Thumb";
import { chosenWith } from "./choosing";
import type { TimelineReport, TimelineStudy } from "./data";
import type { TimelineModel } from "./model";

interface CardProps {
  readonly model: TimelineModel;
  readonly study: TimelineStudy;
}

/** One study on the line: one click opens it. */
export function StudyCard({ model, study }: CardProps) {
  return (
    <li class="moment">
      <When study={study} />
      <article class="moment-card">
        <Thumb
          path={study.pictures ? `sightline/api/studies/${study.uid}/thumbnail` : null}
          isMissing={!study.pictures}
        />
        <div class="moment-text">
          <h3>
            <a class="row-link" href={model.addressOf(study.uid)}>
              {study.description || study.bodyParts.join(", ") || t("list.noDescription")}
            </a>
          </h3>
          <p class="tags">
            {study.modalities.map((modality) => (
              <span key={modality} class="tag">
                {modality}
              </span>
            ))}
            <span class="tag tag-part">{study.bodyParts.join(", ")}</span>
          </p>
          <p class="quiet">{countsOf(study)}</p>
          {study.standing === "unverified" && <Unverified />}
          {study.reports.length > 0 && <Reports model={model} study={study} />}
        </div>
        {study.pictures && (
          <label class="check moment-choice">
            <input
              type="checkbox"
              checked={model.chosen.value.includes(study.uid)}
              onChange={() => (model.chosen.value = chosenWith(model.chosen.value, study.uid))}
            />
            {t("timeline.compare")}
          </label>
        )}
      </article>
    </li>
  );
}

function When({ study }: { study: TimelineStudy }) {
  const date = parseDate(study.date);
  return (
    <p class="moment-when" title={fullDate(study.date)}>
      {date ? date.toLocaleDateString(undefined, { day: "numeric", month: "short" }) : t("list.noDate")}
      <span class="quiet">{clockTime(study.time)}</span>
    </p>
  );
}

function countsOf({ accession, series, instances }: TimelineStudy): string {
  return [
    accession ? t("timeline.accession", { number: accession }) : "",
    series === null ? "" : plural("list.series", series),
    instances === null ? "" : plural("list.count", instances),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Why nobody could say for sure whose it is. */
function Unverified() {
  return (
    <p class="unverified">
      <Icon name="icon:triangle-alert" />
      <span>
        <strong>{t("timeline.unverified")}</strong> {t("timeline.unverified.missing")}
      </span>
    </p>
  );
}

function Reports({ model, study }: CardProps) {
  return (
    <ul class="moment-reports" aria-label={t("timeline.reports")}>
      {study.reports.map((report) => (
        <li key={report.instance}>
          <a href={model.addressOf(study.uid, report.instance)}>
            <Icon name="icon:file-text" />
            {report.title || t("timeline.report")}
          </a>
          <span class="quiet">{signedLine(report)}</span>
        </li>
      ))}
    </ul>
  );
}

/** "signed by Ada Reader, 2 Mar 2026, with addendum"; of a report that came with the images nothing is known. */
function signedLine({ signed, author, version }: TimelineReport): string {
  if (signed === null) return "";
  const date = new Date(signed).toLocaleDateString(undefined, { dateStyle: "medium" });
  const who = author ? t("timeline.signedBy", { author, date }) : t("timeline.signed", { date });
  return (version ?? 1) > 1 ? `${who}, ${t("timeline.addendum")}` : who;
}
