import { t } from "../messages";
import type { Reader } from "../study/reader";
import { blended, BLENDS, stepOf, THICKNESSES, type Slab } from "../study/slab";

/** How thick the planes are, below them, where it hides nothing. */
export function SlabBar({ reader }: { reader: Reader }) {
  const slab = reader.slab.value;
  const { mm, blend } = slab;
  const set = (next: Slab): void =>
    reader.change("command.slab", () => {
      reader.slab.value = next;
    });
  const thickness = mm > 0 ? t("mpr.mm", { mm }) : t("mpr.thin");
  return (
    <div class="slab-bar" role="group" aria-label={t("mpr.slabBar")}>
      <span class="slab-name">{t("mpr.slabBar")}</span>
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
      <div class="slab-blends" role="group" aria-label={t("mpr.blend")}>
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
