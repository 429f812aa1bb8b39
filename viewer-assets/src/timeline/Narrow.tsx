import { t } from "../messages";
import { modalitiesOf, yearsOf } from "./choosing";
import type { TimelineStudy } from "./data";
import type { TimelineModel } from "./model";

/** Chips for kind and year, where there is something to choose from. */
export function Narrow({ model, studies }: { model: TimelineModel; studies: readonly TimelineStudy[] }) {
  const [modalities, years] = [modalitiesOf(studies), yearsOf(studies)];
  if (modalities.length < 2 && years.length < 2) return null;
  return (
    <div class="filters">
      <Chips model={model} name="modality" values={modalities} />
      <Chips model={model} name="year" values={years} />
    </div>
  );
}

interface ChipsProps {
  readonly model: TimelineModel;
  readonly name: "modality" | "year";
  readonly values: readonly string[];
}

function Chips({ model, name, values }: ChipsProps) {
  if (values.length < 2) return null;
  const chosen = model.narrowing.value[name];
  return (
    <fieldset>
      <legend class="sr-only">{t(`timeline.narrow.${name}`)}</legend>
      {["", ...values].map((value) => (
        <button
          key={value}
          type="button"
          class="chip"
          aria-pressed={chosen === value}
          onClick={() => model.narrow({ [name]: value })}
        >
          {value || t(`timeline.narrow.${name}.all`)}
        </button>
      ))}
    </fieldset>
  );
}
