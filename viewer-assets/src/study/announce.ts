/** What a screen reader is told while somebody reads: where one has got to, once one rests there. */
import { effect } from "@preact/signals";
import { t } from "../messages";
import { tileName } from "./Panes";
import type { Reader } from "./reader";

const REST_MS = 700;

/** Tell of slices and series from now on. The picture that the page opens with is no news. */
export function announcePictures(reader: Reader): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let toldSeries: string | null = null;
  let toldSlice: number | null = null;
  effect(() => {
    const viewport = reader.active.value;
    const tile = reader.current.value?.tile;
    const index = viewport?.shown.value?.index;
    if (!viewport || !tile || index === undefined) return;
    const isFirst = toldSlice === null;
    const slice = t("study.sliceLabel", { number: index + 1, count: viewport.source.count });
    const text = tile.key === toldSeries ? slice : `${tileName(tile)}. ${slice}`;
    if (tile.key === toldSeries && index === toldSlice) return;
    clearTimeout(timer);
    const tell = (): void => {
      toldSeries = tile.key;
      toldSlice = index;
      if (!isFirst) reader.said.value = text;
    };
    if (isFirst) tell();
    else timer = setTimeout(tell, REST_MS);
  });
}
