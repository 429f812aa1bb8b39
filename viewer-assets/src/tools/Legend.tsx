import { probed } from "../format";
import { t } from "../messages";
import type { Viewport } from "../study/viewport";
import { gradientOf, useColours } from "./useColours";

/** The colours of a map with the values at their ends, least at the bottom. Only what is true of the picture shown. */
export function Legend({ viewport }: { viewport: Viewport }) {
  const shown = viewport.shown.value;
  const name = shown?.shading.colourMap ?? "grey";
  const colours = useColours(name);
  if (!shown || name === "grey" || shown.place.colour) return null;
  const { window, place, inverted } = shown;
  const suv = place.suv?.factor ?? null;
  const ends = window && [window.center + window.width / 2, window.center - window.width / 2];
  const label = (value: number): string =>
    suv === null ? probed(short(value)) : t("probe.suvValue", { value: probed(short(value * suv)) });
  // Where the least value is white, it has the colour of white.
  const [top, bottom] = inverted !== place.inverse && ends ? [ends[1], ends[0]] : (ends ?? []);
  return (
    <figure class="legend" aria-label={t("legend.label", { name: t(`colours.${name}`) })}>
      <figcaption>{top !== undefined && label(top)}</figcaption>
      <span class="legend-bar" style={{ background: gradientOf(colours, "top") }} />
      <figcaption>
        {bottom !== undefined && label(bottom)} {suv === null && place.unit}
      </figcaption>
    </figure>
  );
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
