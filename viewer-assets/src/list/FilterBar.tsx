import { useState } from "preact/hooks";
import { t, type MessageKey } from "../messages";
import {
  BODY_PARTS,
  DATE_RANGES,
  fieldDate,
  holds,
  MODALITIES,
  rangeOf,
  rangeStart,
  SORTS,
  STATES,
  toggled,
} from "./filters";
import type { ListModel } from "./model";

/** One line of chips: dates, modalities, then what is chosen from a list. */
export function FilterBar({ model }: { model: ListModel }) {
  const { modality } = model.filters.value;
  return (
    <div class="filters">
      <Dates model={model} />
      <fieldset>
        <legend class="sr-only">{t("list.modality.label")}</legend>
        {MODALITIES.map(([name, codes]) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={holds(modality, codes)}
            onClick={() => model.narrow({ modality: toggled(modality, codes) })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <fieldset>
        <legend class="sr-only">{t("list.more.label")}</legend>
        <Choice
          model={model}
          filter="body"
          options={BODY_PARTS.map(([name, codes]) => [codes, t(`list.body.${name}`)])}
        />
        <Choice
          model={model}
          filter="state"
          options={STATES.map((state) => [state, t(`list.stateFilter.${state}`)])}
        />
        {(model.labels.value.length > 0 || model.filters.value.label) && (
          <Choice
            model={model}
            filter="label"
            options={[...new Set([...model.labels.value, model.filters.value.label])]
              .filter(Boolean)
              .map((label) => [label, label])}
          />
        )}
        <SortChoice model={model} />
      </fieldset>
    </div>
  );
}

/** Ranges that end today, or any two days. */
function Dates({ model }: { model: ListModel }) {
  const filters = model.filters.value;
  const now = new Date();
  const range = rangeOf(filters, now);
  const [isOpen, open] = useState(range === null);
  const isCustom = isOpen || range === null;
  return (
    <fieldset>
      <legend class="sr-only">{t("list.date.label")}</legend>
      {DATE_RANGES.map((one) => (
        <button
          key={one.id}
          type="button"
          class="chip"
          aria-pressed={!isCustom && range === one.id}
          onClick={() => {
            open(false);
            model.narrow({ from: rangeStart(one, now), to: "" });
          }}
        >
          {t(`list.date.${one.id}`)}
        </button>
      ))}
      <button type="button" class="chip" aria-pressed={isCustom} onClick={() => open(true)}>
        {t("list.date.custom")}
      </button>
      {isCustom &&
        (["from", "to"] as const).map((end) => (
          <input
            key={end}
            type="date"
            class="chip"
            aria-label={t(`list.date.${end}`)}
            value={fieldDate(filters[end])}
            onChange={(event) => model.narrow({ [end]: event.currentTarget.value.replaceAll("-", "") })}
          />
        ))}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly model: ListModel;
  readonly filter: "body" | "state" | "label";
  readonly options: readonly (readonly [value: string, name: string])[];
}

/** A chip that opens the system's own list. */
function Choice({ model, filter, options }: ChoiceProps) {
  const value = model.filters.value[filter];
  return (
    <select
      class={`chip${value ? " is-set" : ""}`}
      aria-label={t(`list.choice.${filter}`)}
      value={value}
      onChange={(event) => model.narrow({ [filter]: event.currentTarget.value })}
    >
      <option value="">{t(`list.any.${filter}`)}</option>
      {options.map(([option, name]) => (
        <option key={option} value={option}>
          {name}
        </option>
      ))}
    </select>
  );
}

const ORDERS = Object.values(SORTS);

/** The order, where there are no column heads to press. */
function SortChoice({ model }: { model: ListModel }) {
  const value = model.filters.value.sort || SORTS.date;
  const orders = ORDERS.some((order) => order === value) ? ORDERS : [...ORDERS, value];
  return (
    <select
      class="chip sort-choice"
      aria-label={t("list.sort.label")}
      value={value}
      onChange={(event) =>
        model.narrow({ sort: event.currentTarget.value === SORTS.date ? "" : event.currentTarget.value })
      }
    >
      {orders.map((order) => (
        <option key={order} value={order}>
          {t(`list.sort.${order}` as MessageKey)}
        </option>
      ))}
    </select>
  );
}
