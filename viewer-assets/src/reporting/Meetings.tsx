/** Where two texts meet: of two readers, of two windows, or of a draft and what was signed meanwhile. Nothing is lost. */
import { t } from "../messages";
import { timeText } from "../findings/times";
import type { ReportDesk } from "./desk";
import type { Draft } from "./model";
import { Sections } from "./Sections";

interface Props {
  readonly desk: ReportDesk;
}

/** Who else writes on the same study. */
export function OthersDrafts({ desk }: Props) {
  const others = desk.answer.value?.others ?? [];
  return (
    <>
      {others.map((other) => (
        <details key={other.author} class="report-card">
          <summary>{t("reporting.others", { author: other.author, time: timeText(other.changed) })}</summary>
          <Sections sections={other.draft.sections} />
          <button type="button" onClick={() => desk.takeOver(other)}>
            {t("reporting.others.take")}
          </button>
        </details>
      ))}
    </>
  );
}

/** Another window of the same reader has kept another text. */
export function OwnConflict({ desk }: Props) {
  const there = desk.sync.conflict.value;
  if (!there) return null;
  return (
    <div class="report-card is-warning" role="alert">
      <p>{t("reporting.conflict", { time: timeText(there.changed) })}</p>
      <details>
        <summary>{t("reporting.conflict.show")}</summary>
        <Sections sections={there.draft.sections} />
      </details>
      <div class="report-row">
        <button type="button" onClick={() => void desk.sync.keepMine()}>
          {t("reporting.conflict.mine")}
        </button>
        <button
          type="button"
          onClick={() => {
            desk.replaced.value = desk.sync.takeTheirs();
          }}
        >
          {t("reporting.conflict.theirs")}
        </button>
      </div>
    </div>
  );
}

/** Somebody signed while this draft was written. */
export function SignedMeanwhile({ desk }: Props) {
  const draft = desk.sync.draft.value;
  const last = desk.versions.value.at(-1);
  if (!draft || !last || draft.follows === last.version) return null;
  return (
    <div class="report-card is-warning" role="alert">
      <p>{t("reporting.meanwhile", { author: last.author, time: timeText(last.signed) })}</p>
      <button type="button" onClick={() => desk.writeAddendum()}>
        {t("reporting.meanwhile.addendum")}
      </button>
    </div>
  );
}

/** What was replaced or thrown away can be had back. */
export function ReplacedLine({ desk }: Props) {
  const before: Draft | null = desk.replaced.value;
  if (!before) return null;
  return (
    <p class="report-note" role="status">
      {t(desk.sync.draft.value ? "reporting.replaced" : "reporting.discarded")}{" "}
      <button type="button" onClick={() => desk.restore()}>
        {t("reporting.restore")}
      </button>
    </p>
  );
}
