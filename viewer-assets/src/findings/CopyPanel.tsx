import { useState } from "preact/hooks";
import { plural, t } from "../messages";
import type { PanelProps } from "../study/panels";
import { Sheet } from "../ui/Sheet";
import { copyThrough, selectedFinding, sliceOf } from "./acts";

/** From which slice to which the chosen finding is copied. */
export function CopyPanel({ reader, close }: PanelProps) {
  const finding = selectedFinding(reader);
  const count = reader.active.value?.source.count ?? 1;
  const own = (finding && sliceOf(reader, finding)) ?? null;
  const [first, setFirst] = useState((own ?? 0) + 1);
  const [last, setLast] = useState(Math.min(count, (own ?? 0) + 2));
  const [state, setState] = useState("");
  const number = (label: string, value: number, set: (value: number) => void) => (
    <label>
      {label}
      <input
        type="number"
        min={1}
        max={count}
        required
        value={value}
        onInput={(event) => set(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
  return (
    <Sheet title={t("draw.copy.title")} kind="centre" onClose={close}>
      <form
        class="export"
        onSubmit={(event) => {
          event.preventDefault();
          const copied = copyThrough(reader, first - 1, last - 1);
          if (copied === 0) setState(t("draw.copy.noSlice"));
          else {
            reader.notice.value = plural("draw.said.copied", copied);
            close();
          }
        }}
      >
        <p class="quiet">{t("draw.copy.text", { number: (own ?? 0) + 1, count })}</p>
        <div class="export-numbers">
          {number(t("draw.copy.first"), first, setFirst)}
          {number(t("draw.copy.last"), last, setLast)}
        </div>
        <div class="export-actions">
          <button type="submit" class="primary">
            {t("draw.copy.run")}
          </button>
        </div>
        <p class="export-state" role="status">
          {state}
        </p>
      </form>
    </Sheet>
  );
}
