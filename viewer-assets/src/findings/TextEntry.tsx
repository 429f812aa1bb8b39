/** Words that are written where they will stand, and the length that a calibration's line has in truth. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { clamp, toScreen } from "../geometry";
import { t } from "../messages";
import type { Entry, Pencil } from "./pencil";

const WIDTH = 232;
const HEIGHT = 96;
/** As `Finding.label` may be. */
const LONGEST = 1000;

export function TextEntry({ pencil, entry }: { pencil: Pencil; entry: Entry }) {
  const { finding, what, viewport } = entry;
  const [value, setValue] = useState(what === "label" ? finding.label : String(finding.knownLength ?? ""));
  const [isWrong, setIsWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const finish = (): void => {
    const some = what === "label" ? labelOf(value, entry) : lengthOf(value);
    if (some) pencil.written(some);
    else if (what === "label") pencil.written(null);
    else setIsWrong(true);
  };
  const at = placeOfEntry(entry);
  if (!at) return null;
  const label = t(what === "label" ? "draw.entry.label" : "draw.entry.length");
  return (
    <form
      class="finding-entry"
      style={{
        left: `${at.x}px`,
        top: `${at.y}px`,
        width: `${Math.min(WIDTH, viewport.size.value.width)}px`,
      }}
      onSubmit={(event) => {
        event.preventDefault();
        finish();
      }}
    >
      <label>
        <span>{label}</span>
        <input
          ref={field}
          type="text"
          inputMode={what === "length" ? "decimal" : "text"}
          autocomplete="off"
          maxLength={LONGEST}
          value={value}
          aria-invalid={isWrong}
          onKeyDown={(event) => {
            if (event.key === "Escape") pencil.written(null);
          }}
          onInput={(event) => {
            setValue(event.currentTarget.value);
            setIsWrong(false);
          }}
        />
      </label>
      {isWrong && <p role="alert">{t("draw.entry.wrongLength")}</p>}
      <div class="finding-entry-actions">
        <button type="submit" class="primary">
          {t("draw.entry.done")}
        </button>
        <button type="button" onClick={() => pencil.written(null)}>
          {t("action.cancel")}
        </button>
      </div>
    </form>
  );
}

/** Null: nothing was written that would be kept. */
function labelOf(value: string, { finding, isNew }: Entry): { label: string } | null {
  const label = value.trim();
  return (finding.tool === "text" || isNew) && label === "" ? null : { label };
}

/** Millimetres, with a point or a comma; null where it is no length. */
export function lengthOf(value: string): { knownLength: number } | null {
  const text = value
    .trim()
    .replace(/\s*mm$/i, "")
    .replace(",", ".");
  const knownLength = /^\d{1,6}(\.\d{1,6})?$|^\.\d{1,6}$/.test(text) ? Number(text) : 0;
  return knownLength > 0 ? { knownLength } : null;
}

function placeOfEntry({ finding, viewport }: Entry): { x: number; y: number } | null {
  const place = viewport.shown.value?.place;
  const pose = viewport.pose(place);
  const last = finding.points.at(-1);
  if (!place || !pose || !last) return null;
  const { width, height } = viewport.size.value;
  const { x, y } = toScreen({ x: last[0], y: last[1] }, place.geometry, pose);
  return {
    x: clamp(x + 8, 0, Math.max(0, width - WIDTH)),
    y: clamp(y + 8, 0, Math.max(0, height - HEIGHT)),
  };
}
