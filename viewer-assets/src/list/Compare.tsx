import { useEffect, useState } from "preact/hooks";
import { postJson } from "../api";
import { fullDate } from "../format";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Thumb } from "../ui/Thumb";
import type { ListAnswer, StudyRow } from "./data";
import type { DialogProps } from "./dialog";

const MOST = 200;

/** The other studies of this patient, each of which opens beside this one. */
export function Compare({ study }: DialogProps) {
  const [others, setOthers] = useState<readonly StudyRow[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const find = async (): Promise<void> => {
      try {
        setOthers(study.id ? await othersOf(study) : []);
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      }
    };
    void find();
  }, [study]);
  if (problem) return <p role="alert">{problem}</p>;
  if (!others) return <p class="quiet">{t("list.loading")}</p>;
  if (others.length === 0) return <p class="quiet">{t("list.compare.none")}</p>;
  return (
    <ul class="others">
      {others.map((other) => (
        <li key={other.uid}>
          <a href={urlOf(`sightline/studies/${study.uid}?beside=${other.uid}`)}>
            <Thumb
              path={other.pictures ? `sightline/api/studies/${other.uid}/thumbnail` : null}
              isMissing={!other.pictures}
            />
            <span>
              <strong>{other.description || t("list.noDescription")}</strong>
              <span class="quiet">
                {[
                  fullDate(other.date),
                  other.modalities.join(" "),
                  other.instances === null ? "" : plural("list.count", other.instances),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** An id may be part of another one: only whoever has exactly this id is the same patient. */
async function othersOf(study: StudyRow): Promise<readonly StudyRow[]> {
  const body = { text: study.id, limit: MOST };
  const { studies } = await postJson<ListAnswer>("sightline/api/studies", body);
  return studies.filter(({ id, uid }) => id === study.id && uid !== study.uid);
}
