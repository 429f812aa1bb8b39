import { useSignal } from "@preact/signals";
import { t } from "../messages";
import { timeText } from "../findings/times";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import type { ReportDesk } from "./desk";
import { KeyFrames } from "./KeyFrames";
import type { ReportAnswer, Version } from "./model";
import { Sections } from "./Sections";

interface Props {
  readonly desk: ReportDesk;
  readonly answer: ReportAnswer;
  readonly isWriting: boolean;
}

/** What was signed: the last version, and those before it on request. */
export function SignedSection({ desk, answer, isWriting }: Props) {
  const chosen = useSignal(0);
  const { versions } = answer;
  const last = versions.at(-1);
  if (!last) return answer.mayReport ? null : <p class="quiet">{t("reporting.none")}</p>;
  const shown = versions.find(({ version }) => version === chosen.value) ?? last;
  return (
    <section class="report-signed" aria-label={t("reporting.signed")}>
      <h3>{shown.title}</h3>
      {versions.length > 1 && (
        <label class="report-field">
          <span>{t("reporting.version")}</span>
          <select
            value={shown.version}
            onChange={(event) => {
              chosen.value = Number(event.currentTarget.value);
            }}
          >
            {[...versions]
              .sort((a, b) => b.version - a.version)
              .map((one) => (
                <option key={one.version} value={one.version}>
                  {versionName(one, last)}
                </option>
              ))}
          </select>
        </label>
      )}
      <StoredLine desk={desk} version={shown} />
      <Sections sections={shown.sections} />
      <KeyFrames reader={desk.reader} frames={shown.keyFrames} />
      <ul class="report-signatures">
        {shown.signatures.map(({ author, signed }, index) => (
          <li key={signed}>
            {t(index === 0 ? "reporting.signedBy" : "reporting.addendumBy", {
              author,
              time: timeText(signed),
              number: index,
            })}
          </li>
        ))}
      </ul>
      <div class="report-row">
        <a class="button" href={urlOf(desk.pdfPath(shown.version))} target="_blank" rel="noopener">
          <Icon name="icon:file" />
          {t("reporting.pdf")}
        </a>
        {answer.mayReport && !isWriting && (
          <button type="button" onClick={() => desk.writeAddendum()}>
            {t("reporting.writeAddendum")}
          </button>
        )}
      </div>
    </section>
  );
}

function versionName({ version, author, signed }: Version, last: Version): string {
  const key = version === last.version ? "reporting.versionLast" : "reporting.versionOf";
  return t(key, { version, author, time: timeText(signed) });
}

/** Whether the archive has it. */
function StoredLine({ desk, version }: { desk: ReportDesk; version: Version }) {
  if (version.stored) return <p class="report-stored is-good">{t("reporting.stored")}</p>;
  if (!version.problem)
    return (
      <p class="report-stored" role="status">
        {t("reporting.storing")}
      </p>
    );
  return (
    <div class="report-card is-warning" role="status">
      <p>{t("reporting.notStored", { reason: version.problem })}</p>
      <button type="button" onClick={() => void desk.retry()}>
        {t("reporting.again")}
      </button>
    </div>
  );
}
