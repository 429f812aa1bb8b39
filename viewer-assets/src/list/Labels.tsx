import { useState } from "preact/hooks";
import { request } from "../api";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import type { DialogProps } from "./dialog";

const LABEL = "[A-Za-z0-9_\\-]{1,64}";

/** The labels of a study: each can be taken off, others put on. */
export function Labels({ model, study }: DialogProps) {
  const [labels, setLabels] = useState(study.labels);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const change = async (label: string, method: "PUT" | "DELETE"): Promise<void> => {
    setProblem("");
    try {
      await request(`sightline/api/studies/${study.uid}/labels/${encodeURIComponent(label)}`, { method });
      const others = labels.filter((one) => one !== label);
      const next = method === "PUT" ? [...others, label].sort() : others;
      setLabels(next);
      if (method === "PUT") {
        setText("");
        model.labels.value = [...new Set([...model.labels.value, label])].sort();
      }
      model.pages.replace({ ...study, labels: next });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      {labels.length === 0 ? (
        <p class="quiet">{t("list.labels.none")}</p>
      ) : (
        <ul class="label-list">
          {labels.map((label) => (
            <li key={label} class="tag tag-label">
              {label}
              <button
                type="button"
                class="plain"
                aria-label={t("list.labels.remove", { label })}
                onClick={() => void change(label, "DELETE")}
              >
                <Icon name="icon:x" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        class="field-row"
        onSubmit={(event) => {
          event.preventDefault();
          void change(text, "PUT");
        }}
      >
        <label>
          {t("list.labels.new")}
          <input
            class="field"
            required
            pattern={LABEL}
            maxLength={64}
            autocomplete="off"
            list="known-labels"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <datalist id="known-labels">
          {model.labels.value
            .filter((label) => !labels.includes(label))
            .map((label) => (
              <option key={label} value={label} />
            ))}
        </datalist>
        <button type="submit" class="primary">
          {t("list.labels.add")}
        </button>
      </form>
      <p class="quiet">{t("list.labels.hint")}</p>
      {problem && <p role="alert">{problem}</p>}
    </>
  );
}
