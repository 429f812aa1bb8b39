/** A pile with some of its pictures left out. */
import type { PictureSource } from "../study/source";

/** The pictures at these indices of a pile, in its order. */
export function filteredSource(whole: PictureSource, indices: readonly number[]): PictureSource {
  return {
    study: whole.study,
    series: whole.series,
    count: indices.length,
    at: (index) => whole.at(indices[index] ?? -1),
    wholeIndex: (index) => indices[index] ?? 0,
  };
}

/** Where the picture of that index of the whole is, or the one that lies nearest. */
export function nearestOf(indices: readonly number[], wanted: number): number {
  let best = 0;
  indices.forEach((index, place) => {
    if (Math.abs(index - wanted) < Math.abs((indices[best] ?? 0) - wanted)) best = place;
  });
  return best;
}
