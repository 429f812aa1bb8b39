import { t } from "../messages";
import { DATE_RANGES, MODALITIES, rangeOf, rangeStart } from "./filters";
import type { ListModel } from "./model";

/** One line of chips: dates, then modalities. */
export function FilterBar({ model }: { model: ListModel }) {
  const filters = model.filters.value;
  const now = new Date();
  const range = rangeOf(filters, now);
  return (
    <div class="filters">
      <fieldset>
        <legend class="sr-only">{t("list.date.label")}</legend>
        {DATE_RANGES.map((one) => (
          <button
            key={one.id}
            type="button"
            class="chip"
            aria-pressed={range === one.id}
            onClick={() => model.narrow({ from: rangeStart(one, now), to: "" })}
          >
            {t(`list.date.${one.id}`)}
          </button>
        ))}
      </fieldset>
      <fieldset>
        <legend class="sr-only">{t("list.modality.label")}</legend>
        {MODALITIES.map(([name, codes]) => {
          const pressed = filters.modality === codes;
          return (
            <button
              key={name}
              type="button"
              class="chip"
              aria-pressed={pressed}
              onClick={() => model.narrow({ modality: pressed ? "" : codes })}
            >
              {name}
            </button>
          );
        })}
      </fieldset>
    </div>
  );
}
