/** What can be put into a pane: one stack of a series, of this study or of another one that is open beside it. */
import {
  frameAt,
  stackAt,
  type Series,
  type Stack,
  type StackGrid,
  type Study,
  type StudyAnswer,
} from "./data";
import type { FindingPlace } from "../findings/model";

export interface Tile {
  /** Names the tile in URLs and among all tiles of the page: the series' UID, and `~n` where it falls into several stacks. */
  readonly key: string;
  readonly study: Study;
  readonly series: Series;
  /** Null while its frames are not known yet, and where there are none to be shown. */
  readonly stack: Stack | null;
  /** Which of the series' stacks it is, as the server counts them. */
  readonly part: number;
  /** What tells the stack from others of its series; empty where there is one. */
  readonly label: string;
  /** Stacks of the same places, this one among them; null where there are none. */
  readonly grid: TileGrid | null;
}

const SCANS: ReadonlySet<string> = new Set(["CT", "MR", "PT"]);
const SCAN_SIZE = 10;

/** Stacks that are leafed through in one or two dimensions more: time points, echoes, b-values. */
export interface TileGrid {
  readonly dimensions: StackGrid["dimensions"];
  /** Keys of the tiles, the last dimension varying fastest. */
  readonly keys: readonly string[];
}

/** The tiles of a study, in the order of its series; what only shows where others lie comes last. */
export function tilesOf({ study, series }: StudyAnswer): readonly Tile[] {
  const tiles = series.filter((one) => one.pictures).flatMap((one) => tilesOfSeries(study, one));
  const short = tiles.filter(isShort);
  return short.length < tiles.length ? [...tiles.filter((tile) => !isShort(tile)), ...short] : tiles;
}

/** Whether it is a localiser beside scans, by the same bounds as the server chooses its first picture. */
function isShort({ series, stack }: Tile): boolean {
  const count = stack?.frames.length ?? series.instances ?? 0;
  return SCANS.has(series.modality) && count > 0 && count < SCAN_SIZE;
}

function tilesOfSeries(study: Study, series: Series): readonly Tile[] {
  const { stack, stacks, grids = [] } = series;
  if (!stack || !stacks) return [{ key: series.uid, study, series, stack, part: 0, label: "", grid: null }];
  const key = (part: number): string => `${series.uid}~${part}`;
  const found = grids.map(({ dimensions, stacks: parts }) => ({ dimensions, keys: parts.map(key) }));
  return stacks.map(({ label }, part) => ({
    key: key(part),
    study,
    series,
    stack: stackAt(series, part),
    part,
    label,
    grid: found.find(({ keys }) => keys.includes(key(part))) ?? null,
  }));
}

/** Names the tiles that are one thing in the strip: a grid, or one stack. */
export function groupOf({ key, grid }: Tile): string {
  return grid?.keys[0] ?? key;
}

/** What the strip shows: each grid once. */
export function shelfOf(tiles: readonly Tile[]): readonly Tile[] {
  return tiles.filter((tile) => tile.key === groupOf(tile));
}

/** The tile of that key; a series' UID alone means the first of its stacks. */
export function tileOf(tiles: readonly Tile[], key: string): Tile | undefined {
  return tiles.find((tile) => tile.key === key) ?? tiles.find(({ series }) => series.uid === key);
}

/** Where a frame of a whole series is among its stacks. */
export function placeOfFrame(
  tiles: readonly Tile[],
  series: string,
  frame: number,
): { readonly key: string; readonly slice: number } {
  for (const tile of tiles) {
    const slice =
      tile.series.uid === series ? tile.series.stacks?.[tile.part]?.frames.indexOf(frame) : undefined;
    if (slice !== undefined && slice >= 0) return { key: tile.key, slice };
  }
  return { key: series, slice: frame };
}

/** Where a frame of a stored instance is; null where no tile that is open has it. */
export function placeOfStored(
  tiles: readonly Tile[],
  { study, series, instance, frame }: FindingPlace,
): { readonly key: string; readonly slice: number } | null {
  for (const { key, stack, ...tile } of tiles) {
    if (!stack || tile.series.uid !== series || tile.study.uid !== study) continue;
    const slice = stack.frames.findIndex(
      ([rest, number]) => number === frame && stack.prefix + rest === instance,
    );
    if (slice >= 0) return { key, slice };
  }
  return null;
}

/** Which value of each dimension a tile of a grid has. */
export function coordinatesOf({ key, grid }: Tile): readonly number[] {
  if (!grid) return [];
  let rest = grid.keys.indexOf(key);
  return grid.dimensions
    .map(({ labels }) => labels.length)
    .reduceRight<number[]>((found, count) => {
      const here = rest % count;
      rest = Math.floor(rest / count);
      return [here, ...found];
    }, []);
}

/** Key of the tile at these coordinates of a grid. */
export function keyAt({ dimensions, keys }: TileGrid, coordinates: readonly number[]): string | undefined {
  return keys[
    dimensions.reduce((at, { labels }, index) => at * labels.length + (coordinates[index] ?? 0), 0)
  ];
}

/** A frame of the middle, by which a tile is recognised. */
export function emblemOf({ stack }: Tile): ReturnType<typeof frameAt> {
  return stack && frameAt(stack, Math.floor(stack.frames.length / 2));
}
