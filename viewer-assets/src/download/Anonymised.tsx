import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api";
import type { StudyRow } from "../list/data";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Changes } from "./Changes";
import type { PreviewAnswer, SeriesPreview } from "./data";
import { downloadQuery, isDecided, seriesName, UNDECIDED, type Decision, type Decisions } from "./decisions";
import { SeriesDecision } from "./SeriesDecision";

const OPTIONS = ["characteristics", "dates"] as const;

/** De-identified: what is kept, what becomes of every attribute, and a decision for each series that needs one. */
export function Anonymised({ study }: { study: StudyRow }) {
  const [keep, setKeep] = useState<readonly string[]>([]);
  const [answer, setAnswer] = useState<PreviewAnswer | null>(null);
  const [problem, setProblem] = useState("");
  const [decisions, setDecisions] = useState<Decisions>(new Map());
  const path = `sightline/api/studies/${study.uid}/anonymised`;
  useEffect(() => {
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        setAnswer(await getJson<PreviewAnswer>(`${path}/preview?keep=${keep.join(",")}`, stop.signal));
      } catch (error) {
        if (!stop.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      }
    };
    void ask();
    return () => stop.abort();
  }, [path, keep]);
  const decide = (uids: readonly string[], decision: Decision): void =>
    setDecisions(new Map([...decisions, ...uids.map((uid) => [uid, decision] as const)]));
  if (problem) return <p role="alert">{problem}</p>;
  return (
    <>
      <fieldset class="keep">
        <legend>{t("download.keep")}</legend>
        {OPTIONS.map((option) => (
          <label key={option} class="check">
            <input
              type="checkbox"
              checked={keep.includes(option)}
              onChange={(event) =>
                setKeep(
                  event.currentTarget.checked ? [...keep, option] : keep.filter((one) => one !== option),
                )
              }
            />
            {t(`download.keep.${option}`)}
          </label>
        ))}
      </fieldset>
      {answer ? (
        <SeriesList series={answer.series} decisions={decisions} decide={decide} path={path} keep={keep} />
      ) : (
        <p class="quiet" role="status">
          {t("download.looking")}
        </p>
      )}
    </>
  );
}

interface SeriesListProps {
  readonly series: readonly SeriesPreview[];
  readonly decisions: Decisions;
  readonly decide: (uids: readonly string[], decision: Decision) => void;
  readonly path: string;
  readonly keep: readonly string[];
}

/** Series that mostly show names one by one; those that do not say, together; then the rest. */
function SeriesList({ series, decisions, decide, path, keep }: SeriesListProps) {
  const of = (uid: string): Decision => decisions.get(uid) ?? UNDECIDED;
  const able = series.filter(({ refusal }) => refusal === null);
  const likely = able.filter(({ risk }) => risk === "likely");
  const unstated = able.filter(({ risk }) => risk === "unstated");
  const undecided = series.filter((one) => !isDecided(one, of(one.uid))).length;
  const sent = able.filter(({ uid }) => of(uid).what !== "leave").length;
  const isSure = unstated.every(({ uid }) => of(uid).isLookedAt);
  return (
    <>
      {likely.map((one) => (
        <SeriesDecision
          key={one.uid}
          series={one}
          decision={of(one.uid)}
          onDecide={(decision) => decide([one.uid], decision)}
        />
      ))}
      {unstated.length > 0 && (
        <label class="check warned">
          <input
            type="checkbox"
            checked={isSure}
            onChange={(event) =>
              decide(
                unstated.map(({ uid }) => uid),
                event.currentTarget.checked ? { ...UNDECIDED, what: "keep", isLookedAt: true } : UNDECIDED,
              )
            }
          />
          {plural("download.unstated", unstated.length)}
        </label>
      )}
      {series
        .filter(({ refusal }) => refusal !== null)
        .map((one) => (
          <p key={one.uid} class="quiet">
            {t("download.refused", { name: seriesName(one), reason: one.refusal ?? "" })}
          </p>
        ))}
      <h3>{t("download.changes")}</h3>
      {able.map((one) => (
        <Changes key={one.uid} name={seriesName(one)} changes={one.changes} />
      ))}
      <p class="quiet" role="status">
        {undecided > 0 ? plural("download.undecided", undecided) : plural("download.ready", sent)}
      </p>
      <div class="dialog-buttons">
        {undecided > 0 || sent === 0 ? (
          <button type="button" class="primary" disabled>
            {t("download.anonymisedZip")}
          </button>
        ) : (
          <a
            class="button primary"
            download
            href={urlOf(`${path}?${downloadQuery(series, decisions, keep)}`)}
          >
            {t("download.anonymisedZip")}
          </a>
        )}
      </div>
    </>
  );
}
