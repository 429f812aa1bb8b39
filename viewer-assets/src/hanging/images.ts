/** What hanging rules know of the images of a study. */
import { frameAt, type Kind } from "../study/data";
import { shelfOf, type Tile } from "../study/tiles";

/** One image of a stack that stands for itself, or a stack as a whole. */
export interface Hangable {
  readonly tile: string;
  /** The image; null for the whole stack. */
  readonly slice: number | null;
  readonly modality: string;
  readonly laterality: string;
  readonly view: string;
  readonly bodyPart: string;
  readonly frames: number;
  readonly kind: Kind;
}

/** All stacks that are known, each as a whole. */
export function stacksOf(tiles: readonly Tile[]): readonly Hangable[] {
  return shelfOf(tiles).flatMap((tile) => {
    const { stack } = tile;
    const kind = stack && frameAt(stack, Math.floor(stack.frames.length / 2))?.kind;
    return kind ? [hangable(tile, null, kind, stack.frames.length)] : [];
  });
}

/** All images that are known, each for itself. */
export function imagesOf(tiles: readonly Tile[]): readonly Hangable[] {
  return tiles.flatMap((tile) =>
    (tile.stack?.frames ?? []).flatMap((_, slice) => {
      const kind = tile.stack && frameAt(tile.stack, slice)?.kind;
      return kind ? [hangable(tile, slice, kind, 1)] : [];
    }),
  );
}

function hangable({ key, series }: Tile, slice: number | null, kind: Kind, frames: number): Hangable {
  return {
    tile: key,
    slice,
    modality: series.modality,
    laterality: kind.laterality ?? series.laterality,
    view: (kind.view ?? "").toUpperCase(),
    bodyPart: series.bodyPart.trim().toUpperCase(),
    frames,
    kind,
  };
}
