import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api";
import { fullDate } from "../format";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import type { PriorsAnswer, Study } from "../study/data";
import { Thumb } from "../ui/Thumb";
import type { DialogProps } from "./dialog";

/** The other studies of this patient, each of which opens beside this one. */
export function Compare({ study }: DialogProps) {
  const [answer, setAnswer] = useState<PriorsAnswer | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const find = async (): Promise<void> => {
      try {
        setAnswer(await getJson<PriorsAnswer>(`sightline/api/studies/${study.uid}/priors`));
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      }
    };
    void find();
  }, [study.uid]);
  if (problem) return <p role="alert">{problem}</p>;
  if (!answer) return <p class="quiet">{t("list.loading")}</p>;
  const { priors, reason, withheld } = answer;
  return (
    <>
      {priors.length === 0 && <p class="quiet">{reason ?? t("list.compare.none")}</p>}
      <ul class="others">
        {priors.map((prior) => (
          <li key={prior.study.uid}>
            <a href={urlOf(`sightline/studies/${study.uid}?beside=${prior.study.uid}`)}>
              <Thumb
                path={prior.study.pictures ? `sightline/api/studies/${prior.study.uid}/thumbnail` : null}
                isMissing={!prior.study.pictures}
              />
              <span>
                <strong>{prior.study.description || t("list.noDescription")}</strong>
                <span class="quiet">{lineOf(prior.study)}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      {withheld > 0 && <p class="quiet">{plural("list.compare.withheld", withheld)}</p>}
    </>
  );
}

function lineOf({ date, modalities, instances }: Study): string {
  return [fullDate(date), modalities.join(" "), instances === null ? "" : plural("list.count", instances)]
    .filter(Boolean)
    .join(" · ");
}
