import { t } from "../messages";
import { runCommand } from "../study/commands";
import type { Reader } from "../study/reader";
import { isStraight } from "../study/rotation";
import { BODY, STRAIGHTEN } from "../study/toolCommands";
import { blended, BLENDS, stepOf, THICKNESSES, type Slab } from "../study/slab";

/** Below the planes, where it hides nothing: how thick they are, and whether the whole is seen beside them. */
export function PlanesBar({ reader }: { reader: Reader }) {
  const slab = reader.slab.value;
  const { mm, blend } = slab;
  const set = (next: Slab): void =>
    reader.change("command.slab", () => {
      reader.slab.value = next;
    });
  const thickness = mm > 0 ? t("mpr.mm", { mm }) : t("mpr.thin");
  return (
    <div class="planes-bar" role="group" aria-label={t("mpr.bar")}>
      <button
        type="button"
        class="chip"
        aria-pressed={BODY.pressed?.(reader) ?? false}
        title={t(BODY.name)}
        onClick={() => runCommand(reader, BODY)}
      >
        {t("mpr.body")}
      </button>
      <span class="slab-name">{t("mpr.slabName")}</span>
      <input
        type="range"
        min={0}
        max={THICKNESSES.length - 1}
        step={1}
        value={stepOf(slab)}
        aria-label={t("mpr.thickness")}
        aria-valuetext={thickness}
        onInput={(event) => set({ blend, mm: THICKNESSES[event.currentTarget.valueAsNumber] ?? 0 })}
      />
      <output class="slab-mm">{thickness}</output>
      {!isStraight(reader.turned.value) && (
        <button
          type="button"
          class="chip"
          title={t(STRAIGHTEN.name)}
          onClick={() => runCommand(reader, STRAIGHTEN)}
        >
          {t("mpr.straighten")}
        </button>
      )}
      <div class="choices slab-blends" role="group" aria-label={t("mpr.blend")}>
        {BLENDS.map((one) => (
          <button
            key={one}
            type="button"
            class="chip"
            title={t(`mpr.blendHint.${one}`)}
            aria-pressed={mm > 0 && blend === one}
            onClick={() => set(blended(slab, one))}
          >
            {t(`mpr.blend.${one}`)}
          </button>
        ))}
      </div>
    </div>
  );
}
