/** What can be put into a pane: the frames of one series, of this study or of another one that is open beside it. */
import type { Series, Stack, Study, StudyAnswer } from "./data";

export interface Tile {
  /** Names the tile in URLs and among all tiles of the page. */
  readonly key: string;
  readonly study: Study;
  readonly series: Series;
  /** Null while its frames are not known yet, and where there are none to be shown. */
  readonly stack: Stack | null;
}

/** The tiles of a study, in the order of its series. */
export function tilesOf({ study, series }: StudyAnswer): readonly Tile[] {
  return series
    .filter((one) => one.pictures)
    .map((one) => ({ key: one.uid, study, series: one, stack: one.stack }));
}
