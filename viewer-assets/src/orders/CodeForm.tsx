import { useState } from "preact/hooks";
import { t } from "../messages";
import type { Code } from "./data";
import type { OrdersModel } from "./model";

/** PS3.3 C.7.3.1.1.1, those that are scheduled. */
const MODALITIES = ["CR", "CT", "DX", "IO", "MG", "MR", "NM", "OT", "PT", "PX", "RF", "US", "XA"];

interface CodeFormProps {
  readonly model: OrdersModel;
  readonly row: Code;
  /** Senders that orders have come from, to choose from. */
  readonly senders: readonly string[];
}

/** One row of the map, to be filled in. */
export function CodeForm({ model, row, senders }: CodeFormProps) {
  const [value, setValue] = useState(row);
  const [problem, setProblem] = useState("");
  const field = (name: keyof Code, more: object = {}) => (
    <label>
      <span>{t(`orders.codes.field.${name}`)}</span>
      <input
        class="field"
        name={name}
        autocomplete="off"
        spellcheck={false}
        value={value[name]}
        onInput={(event) => setValue({ ...value, [name]: event.currentTarget.value })}
        {...more}
      />
    </label>
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setProblem("");
    try {
      await model.keep({ ...value, modality: value.modality.trim().toUpperCase() }, row);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="code-form" onSubmit={(event) => void submit(event)}>
      {field("code", { maxLength: 64, placeholder: t("orders.codes.allOthers") })}
      {field("modality", {
        maxLength: 16,
        required: true,
        list: "modalities",
        pattern: "[A-Za-z][A-Za-z0-9_]+",
      })}
      <datalist id="modalities">
        {MODALITIES.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      {field("stationAet", { maxLength: 16, placeholder: t("orders.anyStation") })}
      {field("stationName", { maxLength: 16 })}
      {field("description", { maxLength: 64, placeholder: t("orders.codes.ofOrder") })}
      {field("sender", { maxLength: 255, list: "senders", placeholder: t("orders.codes.anySender") })}
      <datalist id="senders">
        {senders.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      {problem && <p role="alert">{problem}</p>}
      <div class="dialog-buttons">
        <button type="button" onClick={() => (model.edited.value = null)}>
          {t("action.cancel")}
        </button>
        <button type="submit" class="primary">
          {t("orders.codes.keep")}
        </button>
      </div>
    </form>
  );
}
