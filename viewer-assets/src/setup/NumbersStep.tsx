import { useComputed } from "@preact/signals";
import { personName } from "../format";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import type { Example, Rule } from "./data";
import type { StepProps } from "./model";

const SOURCES = ["pubpid", "pid"] as const;

/** Which of the EHR's numbers DICOM's Patient ID is, tried on patients of the archive. */
export function NumbersStep({ model }: StepProps) {
  const rule = model.rule.value;
  const change = (part: Partial<Rule>): void => void (model.rule.value = { ...model.rule.peek(), ...part });
  return (
    <div class="setup-form">
      <fieldset class="sources">
        <legend>{t("setup.source")}</legend>
        {SOURCES.map((source) => (
          <div key={source}>
            <label class="check">
              <input
                type="radio"
                name="source"
                aria-describedby={`source-${source}`}
                checked={rule.source === source}
                onChange={() => change({ source })}
              />
              {t(`setup.source.${source}`)}
            </label>
            <small id={`source-${source}`} class="quiet">
              {t(`setup.source.${source}Why`)}
            </small>
          </div>
        ))}
      </fieldset>
      <div class="setup-pair">
        {(["prefix", "issuer"] as const).map((part) => (
          <label key={part} class="setup-field">
            {t(`setup.${part}`)}
            <input
              class="field"
              autocomplete="off"
              spellcheck={false}
              value={rule[part]}
              onInput={(event) => change({ [part]: event.currentTarget.value.trim() })}
            />
            <small class="quiet">{t(`setup.${part}Hint`)}</small>
          </label>
        ))}
      </div>
      <Trial model={model} />
    </div>
  );
}

/** The rule on real patients: what it makes of the number that the EHR shows for each. */
function Trial({ model }: StepProps) {
  const examples = model.examples.value;
  if (examples === null) {
    return (
      <p>
        <button type="button" onClick={() => void model.findExamples()}>
          {t("setup.try")}
        </button>
      </p>
    );
  }
  if (examples.length === 0) return <p class="quiet">{t("setup.tryNone")}</p>;
  return (
    <table class="setup-table">
      <caption>{t("setup.tryTitle")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("setup.tryPatient")}</th>
          <th scope="col">{t("setup.tryNumber")}</th>
          <th scope="col">{t("setup.tryMade")}</th>
        </tr>
      </thead>
      <tbody>
        {examples.map((example) => (
          <TrialRow key={example.id} model={model} example={example} />
        ))}
      </tbody>
    </table>
  );
}

function TrialRow({ model, example: { id, name } }: StepProps & { readonly example: Example }) {
  const tried = useComputed(() => model.tried.value.get(id)).value;
  const shown = personName(name) || t("list.noName");
  return (
    <tr>
      <th scope="row">
        {shown} <code>{id}</code>
      </th>
      <td>
        <input
          class="field"
          autocomplete="off"
          aria-label={t("setup.tryNumberOf", { name: shown })}
          value={model.numbers.value[id] ?? ""}
          onInput={(event) =>
            (model.numbers.value = { ...model.numbers.peek(), [id]: event.currentTarget.value })
          }
        />
      </td>
      <td>
        <span role="status" class={`tried ${tried?.fits ? "tried-fits" : "tried-differs"}`}>
          {tried && (
            <>
              <Icon name={tried.fits ? "icon:circle-check" : "icon:circle-x"} />
              <span>
                {tried.made === "" ? t("setup.tryNothing") : <code>{tried.made}</code>}{" "}
                {t(tried.fits ? "setup.tryFits" : "setup.tryDiffers")}
              </span>
            </>
          )}
        </span>
      </td>
    </tr>
  );
}
