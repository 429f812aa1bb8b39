import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { besidePath, byYear, EVERYTHING } from "./choosing";
import { CompareBar } from "./CompareBar";
import type { TimelineData } from "./data";
import { Held } from "./Held";
import type { TimelineModel } from "./model";
import { Narrow } from "./Narrow";
import { PatientHead } from "./PatientHead";
import { StudyCard } from "./StudyCard";

/** The page: who the patient is, then the studies year by year. */
export function Timeline({ model }: { model: TimelineModel }) {
  const data = model.data.value;
  if (!data) return <Left model={model} />;
  return (
    <>
      <PatientHead model={model} data={data} />
      <main class="timeline">
        {data.studies.length > 0 && <Narrow model={model} studies={data.studies} />}
        {model.problem.value && (
          <p class="problem" role="alert">
            {model.problem.value}
          </p>
        )}
        {data.studies.length === 0 ? <None model={model} data={data} /> : <Years model={model} />}
        <Held reasons={data.held} />
      </main>
      {model.chosen.value.length > 0 && (
        <CompareBar model={model} path={besidePath(data.studies, model.chosen.value)} />
      )}
    </>
  );
}

function Years({ model }: { model: TimelineModel }) {
  const years = useRef<HTMLDivElement>(null);
  const isNone = model.shown.value.length === 0;
  useEffect(() => {
    const element = years.current;
    element?.addEventListener("keydown", moveFocus);
    return () => element?.removeEventListener("keydown", moveFocus);
  }, [isNone]);
  if (isNone) {
    return (
      <div class="empty">
        <h2>{t("timeline.noMatch.title")}</h2>
        <button type="button" onClick={() => model.narrow(EVERYTHING)}>
          {t("timeline.noMatch.all")}
        </button>
      </div>
    );
  }
  return (
    <div class="years" ref={years}>
      {byYear(model.shown.value).map(({ year, studies }) => (
        <section key={year} aria-label={year || t("timeline.undated")}>
          <h2 class="year">{year || t("timeline.undated")}</h2>
          <ul>
            {studies.map((study) => (
              <StudyCard key={study.uid} model={model} study={study} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Arrows, Home and End go from study to study. */
function moveFocus(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".row-link")];
  const card = event.target instanceof Element ? event.target.closest(".moment") : null;
  const at = links.findIndex((link) => card?.contains(link));
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  links[Math.min(Math.max(goal, 0), links.length - 1)]?.focus();
}

/** Nothing here yet: says what would bring it. */
function None({ model, data }: { model: TimelineModel; data: TimelineData }) {
  return (
    <div class="empty">
      <Icon name="icon:images" />
      <h2>{t("timeline.none.title")}</h2>
      <p>{t("timeline.none.text", { id: data.patient.id })}</p>
      <button type="button" disabled={model.isLooking.value} onClick={() => void model.look()}>
        {t("timeline.look")}
      </button>
    </div>
  );
}

/** The session is over; nothing was lost by it. */
function Left({ model }: { model: TimelineModel }) {
  const how = model.stay.value === "closed" ? "closed" : "ended";
  return (
    <main class="door">
      <div class="door-card">
        <p class="wordmark">{t("app.name")}</p>
        <div role="alert">
          <h1>{t(`timeline.${how}.title`)}</h1>
          <p>{t(`timeline.${how}.text`)}</p>
        </div>
      </div>
    </main>
  );
}
