/** Going to the image that was marked. */
import type { FindingPlace } from "../findings/model";
import type { Reader } from "../study/reader";
import type { Tile } from "../study/tiles";

/** Where a frame is among the tiles of the page; null where it is in none of them. */
export function findFrame(
  tiles: readonly Tile[],
  place: Pick<FindingPlace, "series" | "instance"> & { readonly frame: number | null },
): { readonly tile: Tile; readonly slice: number } | null {
  for (const tile of tiles) {
    const { stack } = tile;
    if (tile.series.uid !== place.series || !stack) continue;
    const slice = stack.frames.findIndex(
      ([rest, frame]) =>
        stack.prefix + rest === place.instance && (place.frame === null || frame === place.frame),
    );
    if (slice >= 0) return { tile, slice };
  }
  return null;
}

/** Show it in the active pane. */
export function goToFrame(reader: Reader, place: Parameters<typeof findFrame>[1]): void {
  const found = findFrame(reader.tiles.peek(), place);
  if (found) reader.change("command.open", () => reader.open(found.tile.key, found.slice));
}
