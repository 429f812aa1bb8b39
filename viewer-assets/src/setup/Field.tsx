import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { t, type MessageKey } from "../messages";

interface FieldProps {
  readonly label: MessageKey;
  readonly hint?: MessageKey;
  readonly value: Signal<string>;
  readonly example?: MessageKey;
  readonly type?: "text" | "url" | "email";
}

/** One line to type into, with its name above and what it is good for below. */
export function Field({ label, hint, value, example, type = "text" }: FieldProps) {
  const id = useId();
  return (
    <div class="setup-field">
      <label for={id}>{t(label)}</label>
      <input
        id={id}
        class="field"
        type={type}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder={example && t(example)}
        aria-describedby={hint ? `${id}-hint` : undefined}
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
      {hint && (
        <small id={`${id}-hint`} class="quiet">
          {t(hint)}
        </small>
      )}
    </div>
  );
}
