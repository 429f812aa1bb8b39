import { useSignal, useSignalEffect } from "@preact/signals";
import { t, type MessageKey } from "../messages";
import { introduced } from "../settings";
import { keyName } from "../study/keys";
import { prefersTouch, type Reader } from "../study/reader";
import type { Reading } from "../study/reading";

type Step = "scroll" | "window" | "tools";

/** Three steps for somebody who has not been here before. Doing what one says leads to the next. */
export function FirstSteps({ reader }: { reader: Reader }) {
  const at = useSignal(0);
  const steps = stepsFor(reader.current.value);
  const step = steps[at.value];
  useDone(reader, step, () => {
    at.value += 1;
  });
  const end = (): void => {
    reader.introducing.value = false;
    introduced.value = true;
  };
  if (!step) return null;
  const isLast = at.value === steps.length - 1;
  return (
    <section class="first-steps" aria-label={t("steps.title")}>
      <p role="status">
        <strong>{t(`steps.${step}.title`)}</strong> {t(textKey(step), { key: keyName("Ctrl+k") })}
      </p>
      <footer>
        <span class="quiet">{t("steps.count", { number: at.value + 1, count: steps.length })}</span>
        {!isLast && (
          <button type="button" onClick={end}>
            {t("steps.skip")}
          </button>
        )}
        <button
          type="button"
          class="primary"
          onClick={() => {
            if (isLast) end();
            else at.value += 1;
          }}
        >
          {t(isLast ? "steps.done" : "steps.next")}
        </button>
      </footer>
    </section>
  );
}

/** Only what this picture can do. */
function stepsFor(reading: Reading | null): readonly Step[] {
  const steps: Step[] = [];
  if ((reading?.viewport.source.count ?? 1) > 1) steps.push("scroll");
  if (reading && !reading.presets.colour) steps.push("window");
  return [...steps, "tools"];
}

function textKey(step: Step): MessageKey {
  return `steps.${step}.${prefersTouch() ? "touch" : "mouse"}`;
}

/** Call `onDone` when the person has done what the step says. */
function useDone(reader: Reader, step: Step | undefined, onDone: () => void): void {
  const before = useSignal<{ readonly step: Step; readonly value: unknown } | null>(null);
  useSignalEffect(() => {
    const reading = reader.current.value;
    if (!step || step === "tools" || !reading) return;
    const value = step === "scroll" ? reading.viewport.index.value : reading.window.value;
    const known = before.peek();
    if (known?.step !== step) before.value = { step, value };
    else if (known.value !== value) onDone();
  });
}
