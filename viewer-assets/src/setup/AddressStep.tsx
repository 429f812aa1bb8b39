import { t, type MessageKey } from "../messages";
import type { CheckAnswer } from "./data";
import { Field } from "./Field";
import { Outcome } from "./Outcome";
import type { StepProps } from "./model";

/** Where the EHR is, and what it says of itself. */
export function AddressStep({ model }: StepProps) {
  return (
    <form
      class="setup-form"
      onSubmit={(event) => {
        event.preventDefault();
        void model.check();
      }}
    >
      <Field
        label="setup.address"
        hint="setup.addressHint"
        type="url"
        value={model.address}
        example="setup.addressExample"
      />
      <details open={model.authority.peek() !== ""}>
        <summary>{t("setup.authorityMore")}</summary>
        <Field
          label="setup.authority"
          hint="setup.authorityHint"
          value={model.authority}
          example="setup.authorityExample"
        />
      </details>
      <p>
        <button
          type="submit"
          class="primary"
          disabled={model.isChecking.value || !model.address.value.trim()}
        >
          {t(
            model.isChecking.value
              ? "setup.checking"
              : model.checked.value
                ? "setup.checkAgain"
                : "setup.check",
          )}
        </button>
      </p>
      <div aria-live="polite">{model.checked.value && <Checks answer={model.checked.value} />}</div>
    </form>
  );
}

function Checks({ answer }: { answer: CheckAnswer }) {
  return (
    <>
      <p>
        {t("setup.fhirBase")} <code>{answer.fhir}</code>
      </p>
      <ul class="checks">
        {answer.checks.map(({ id, state, seen, advice }) => (
          <Outcome
            key={id}
            state={state}
            title={t(`setup.check.${id}` as MessageKey)}
            seen={seen}
            advice={advice}
          />
        ))}
      </ul>
    </>
  );
}
