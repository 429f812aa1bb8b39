import type { ComponentType } from "preact";
import { PageHead } from "../ehr/PageHead";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { AddressStep } from "./AddressStep";
import { FoldersStep } from "./FoldersStep";
import { STEPS, type Step, type StepProps } from "./model";
import { NumbersStep } from "./NumbersStep";
import { OpenEmrStep, OrthancStep } from "./PlanSteps";
import { TestStep } from "./TestStep";

const CONTENT: Readonly<Record<Step, ComponentType<StepProps>>> = {
  address: AddressStep,
  numbers: NumbersStep,
  folders: FoldersStep,
  openemr: OpenEmrStep,
  orthanc: OrthancStep,
  test: TestStep,
};

/** The page: what is to be done as a list, then each step. */
export function Setup({ model }: StepProps) {
  return (
    <>
      <PageHead current="setup" user={model.data.user} />
      <main class="setup">
        <div class="setup-side">
          <h1>{t("setup.title")}</h1>
          <p class="quiet">{t("setup.intro")}</p>
          <nav aria-label={t("setup.steps")}>
            <ol class="progress-list">
              {STEPS.map((step) => (
                <ProgressItem key={step} model={model} step={step} />
              ))}
            </ol>
          </nav>
        </div>
        <div class="setup-steps">
          {STEPS.map((step, index) => (
            <StepSection key={step} model={model} step={step} number={index + 1} />
          ))}
        </div>
      </main>
    </>
  );
}

function ProgressItem({ model, step }: StepProps & { readonly step: Step }) {
  const isDone = model.done.value.has(step);
  return (
    <li class={isDone ? "is-done" : ""}>
      <a href={`#${step}`}>
        {t(`setup.step.${step}`)}
        {isDone && <span class="sr-only">{t("setup.done")}</span>}
      </a>
      {isDone && <Icon name="icon:circle-check" />}
    </li>
  );
}

function StepSection({ model, step, number }: StepProps & { readonly step: Step; readonly number: number }) {
  const Content = CONTENT[step];
  const problem = model.problems.value[step];
  return (
    <section id={step} class="setup-step" aria-labelledby={`${step}-title`}>
      <h2 id={`${step}-title`}>
        <span class="step-number">{number}</span> {t(`setup.step.${step}`)}
      </h2>
      <p class="quiet">{t(`setup.about.${step}`)}</p>
      <Content model={model} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
