import { t, type MessageKey } from "../messages";
import { Outcome } from "./Outcome";
import type { StepProps } from "./model";

/** Each part of the way, tried. */
export function TestStep({ model }: StepProps) {
  const [running, results] = [model.running.value, model.tests.value];
  return (
    <div class="setup-form">
      <p>
        <button type="button" class="primary" disabled={running !== null} onClick={() => void model.test()}>
          {t(running !== null ? "setup.testing" : results.size > 0 ? "setup.testAgain" : "setup.test")}
        </button>
      </p>
      <ul class="checks" aria-live="polite">
        {[...results].map(([name, { ok, seen, advice }]) => (
          <Outcome
            key={name}
            state={ok === null ? "skipped" : ok ? "ok" : "failed"}
            title={titleOf(name)}
            seen={ok === null ? t("setup.testUnset") : seen}
            advice={advice}
          />
        ))}
        {running !== null && (
          <Outcome state="skipped" title={titleOf(running)} seen={t("setup.testRuns")} advice="" />
        )}
      </ul>
    </div>
  );
}

function titleOf(name: string): string {
  return t(`setup.test.${name}` as MessageKey);
}
