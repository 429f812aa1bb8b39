import { age, clockTime, fullDate, personName, shortDate } from "../format";
import { plural, t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { Thumb } from "../ui/Thumb";
import { RowActions } from "./RowActions";
import type { StudyRow } from "./data";
import type { ListModel } from "./model";

interface RowProps {
  readonly model: ListModel;
  readonly index: number;
  /** Null while it is being fetched. */
  readonly study: StudyRow | null;
  readonly now: Date;
}

/** One study, or the place of one that is on its way. */
export function StudyTableRow({ model, index, study, now }: RowProps) {
  if (!study) {
    return (
      <tr aria-rowindex={index + 2} class="is-coming">
        <td class="cell-picture">
          <Thumb path={null} />
        </td>
        <td class="cell-patient">
          <StudyLink model={model} index={index} study={null} name={t("list.coming")} />
        </td>
      </tr>
    );
  }
  const name = personName(study.name) || t("list.noName");
  const words = { today: t("list.today"), yesterday: t("list.yesterday") };
  const when = [fullDate(study.date), clockTime(study.time)].filter(Boolean).join(" ");
  return (
    <tr aria-rowindex={index + 2} class={model.fresh.value.has(study.uid) ? "is-fresh" : ""}>
      <td class="cell-picture">
        <Thumb
          key={study.uid}
          path={study.pictures ? `sightline/api/studies/${study.uid}/thumbnail` : null}
          isMissing={!study.pictures}
        />
      </td>
      <td class="cell-patient">
        <StudyLink model={model} index={index} study={study} name={name} />
        <span class="quiet">{patientLine(study)}</span>
      </td>
      <td class="cell-date" title={when}>
        {shortDate(study.date, study.time, now, words) || <span class="quiet">{t("list.noDate")}</span>}
      </td>
      <td class="cell-modality">
        <Tags values={study.modalities} kind="tag" />
        <Tags values={study.bodyParts} kind="tag tag-part" />
      </td>
      <td class={`cell-description${study.description ? "" : " is-missing"}`}>
        <span class="description">
          {study.description || <span class="quiet">{t("list.noDescription")}</span>}
        </span>
        {study.labels.length > 0 && <Tags values={study.labels} kind="tag tag-label" />}
      </td>
      <td class="cell-count">
        <span>{study.instances === null ? "" : plural("list.count", study.instances)}</span>
        <span class="quiet">{study.series === null ? "" : plural("list.series", study.series)}</span>
      </td>
      <td class="cell-state">
        <State study={study} />
      </td>
      <td class="cell-actions">
        <RowActions model={model} study={study} name={name} />
      </td>
    </tr>
  );
}

/** The link that covers the row; it keeps the focus while its study is being fetched. */
function StudyLink({ model, index, study, name }: Omit<RowProps, "now"> & { readonly name: string }) {
  return (
    <a
      class="row-link"
      href={study ? urlOf(`sightline/studies/${study.uid}`) : undefined}
      title={study?.name}
      tabIndex={model.active.value === index ? 0 : -1}
      onFocus={() => (model.active.value = index)}
    >
      {name}
    </a>
  );
}

const MOST_TAGS = 3;

/** Short values, the first of them; the rest is on hover. */
function Tags({ values, kind }: { values: readonly string[]; kind: string }) {
  const shown = values.length > MOST_TAGS ? values.slice(0, MOST_TAGS - 1) : values;
  const rest = values.length - shown.length;
  return (
    <span class="tags" title={rest > 0 ? values.join(", ") : undefined}>
      {shown.map((value) => (
        <span key={value} class={kind}>
          {value}
        </span>
      ))}
      {rest > 0 && <span class={kind}>+{rest}</span>}
    </span>
  );
}

/** New, opened or reported: what it means is on hover, and told to everybody who cannot hover. */
function State({ study }: { study: StudyRow }) {
  const opened = study.opened ? new Date(study.opened) : null;
  const when = opened ? opened.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "";
  const openedText = opened ? t("list.state.openedWhy", { when }) : "";
  if (study.isReported) {
    return (
      <span class="state state-reported" title={[t("list.state.reportedWhy"), openedText].join(" ").trim()}>
        <Icon name="icon:file-text" />
        {t("list.state.reported")}
      </span>
    );
  }
  if (study.isNew) {
    return (
      <span class="state state-new" title={t("list.state.newWhy")}>
        {t("list.state.new")}
      </span>
    );
  }
  return opened ? (
    <span class="state" title={openedText}>
      {t("list.state.opened")}
    </span>
  ) : null;
}

/** Id, sex and age: what tells two patients of one name apart. */
export function patientLine(study: StudyRow): string {
  const years = age(study.birthDate, study.date);
  return [
    study.id || t("list.noId"),
    ["M", "F", "O"].includes(study.sex) ? t(`sex.${study.sex}` as MessageKey) : "",
    years === null ? "" : t("patient.age", { age: years }),
  ]
    .filter(Boolean)
    .join(" · ");
}
