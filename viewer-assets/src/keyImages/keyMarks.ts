/** Where key images are on a slider's track, as an image of it. */
import { placeOnTrack } from "../study/localTrack";
import type { PictureSource } from "../study/source";
import type { KeyImageMap } from "./keyImages";
import { keyOf } from "./model";
import { placeAt } from "./placeOf";

const HALF_PX = 1.5;

/** Style of the slider of a pile. */
export function keyMarks(marks: KeyImageMap, pile: PictureSource): Record<string, string> {
  const inSeries = [...marks.values()].some(({ series }) => series === pile.series);
  if (!inSeries || pile.count < 2) return {};
  const stops: string[] = [];
  for (let index = 0; index < pile.count; index += 1) {
    const place = placeAt(pile, index);
    if (!place || !marks.has(keyOf(place))) continue;
    const at = placeOnTrack(index, pile.count);
    const [from, to] = [`calc(${at} - ${HALF_PX}px)`, `calc(${at} + ${HALF_PX}px)`];
    stops.push(`#0000 ${from}`, `var(--finding) ${from}`, `var(--finding) ${to}`, `#0000 ${to}`);
  }
  return stops.length > 0 ? { "--keys": `linear-gradient(${stops.join(", ")})` } : {};
}
