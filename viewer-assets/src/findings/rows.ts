/** Findings as a list shows them: with their series and slice, what is measured of them, grouped and sorted. Pure. */
import { t } from "../messages";
import { stackSource, type Place } from "../study/source";
import type { Tile } from "../study/tiles";
import { measure } from "./measure";
import type { Measured, Quantity, Words } from "./measured";
import type { Finding, FindingPlace } from "./model";
import { originLine, quantityName, said } from "./say";
import { hasStatistics, regionStatistics, withStatistics } from "./statistics";

export const SORTS = ["slice", "name", "size", "time"] as const;
export type Sort = (typeof SORTS)[number];

export interface Row {
  readonly finding: Finding;
  readonly name: string;
  /** What of the page it lies on; null where that is not open, or not there any more. */
  readonly home: Home | null;
  readonly measured: Measured;
  /** When it was made, as a number that grows. */
  readonly order: number;
}

/** A frame of a tile; `slice` counts from 0. */
export interface Home {
  readonly tile: Tile;
  readonly slice: number;
}

/** The findings of one series. */
export interface Group {
  readonly key: string;
  readonly tile: Tile | null;
  readonly rows: readonly Row[];
}

const NOTHING: Measured = { quantities: [], origin: null, reason: null };

/** Where each frame of what is open lies. Made anew when other tiles are there. */
export class Homes {
  private readonly homes = new Map<string, Home>();
  private readonly places = new Map<string, Place | null>();

  constructor(tiles: readonly Tile[]) {
    for (const tile of tiles) {
      const { stack, series } = tile;
      stack?.frames.forEach(([rest, frame], slice) => {
        const key = keyOf({ series: series.uid, instance: stack.prefix + rest, frame });
        if (!this.homes.has(key)) this.homes.set(key, { tile, slice });
      });
    }
  }

  of(place: FindingPlace): Home | null {
    const home = this.homes.get(keyOf(place));
    return home && home.tile.study.uid === place.study ? home : null;
  }

  /** What the file says of the frame. */
  placeOf(finding: FindingPlace): Place | null {
    const key = keyOf(finding);
    const home = this.of(finding);
    const { tile, slice } = home ?? {};
    if (!this.places.has(key) && tile?.stack)
      this.places.set(key, stackSource(tile.study.uid, tile.series.uid, tile.stack).at(slice ?? 0));
    return home ? (this.places.get(key) ?? null) : null;
  }
}

function keyOf({ series, instance, frame }: Pick<FindingPlace, "series" | "instance" | "frame">): string {
  return `${series}/${instance}/${frame}`;
}

/** Every finding with what is known of it. */
export function rowsOf(findings: Iterable<Finding>, homes: Homes): readonly Row[] {
  const all = [...findings];
  const calibrations = all.filter(({ tool }) => tool === "calibration");
  return all.map((finding, order) => {
    const place = homes.placeOf(finding);
    return {
      finding,
      name: nameOf(finding),
      home: homes.of(finding),
      measured: place
        ? withStatistics(measure(finding, place, calibrations), regionStatistics.known(finding, place))
        : NOTHING,
      order,
    };
  });
}

/** The same with what the server says of the pixels of regions, for files and the clipboard. */
export async function completed(
  rows: readonly Row[],
  findings: Iterable<Finding>,
  homes: Homes,
): Promise<readonly Row[]> {
  const all = [...findings];
  const { signal } = new AbortController();
  const asked = rows.map(async (row) => {
    const place = homes.placeOf(row.finding);
    if (!place || !hasStatistics(row.finding, place)) return row;
    const answer = await regionStatistics.fetch(row.finding, place, signal);
    return { ...row, measured: withStatistics(measure(row.finding, place, all), answer) };
  });
  return Promise.all(asked);
}

/** What the reader calls it, else what its tool is called. */
export function nameOf({ label, tool }: Finding): string {
  return label.trim() || t(`draw.tool.${tool}`);
}

/** By series, in the order of the page's tiles; within one as is wished. */
export function grouped(rows: readonly Row[], tiles: readonly Tile[], sort: Sort): readonly Group[] {
  const keys = tiles.map(({ key }) => key);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = row.home?.tile.key ?? "";
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const rank = (key: string): number => (key === "" ? keys.length : keys.indexOf(key));
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([key, found]) => ({
      key,
      tile: found[0]?.home?.tile ?? null,
      rows: found.sort((a, b) => compare(a, b, sort) || a.order - b.order),
    }));
}

function compare(a: Row, b: Row, sort: Sort): number {
  if (sort === "name") return a.name.localeCompare(b.name, undefined, { numeric: true });
  if (sort === "slice") return (a.home?.slice ?? 0) - (b.home?.slice ?? 0);
  if (sort === "size") return sizeOf(b) - sizeOf(a);
  return b.order - a.order;
}

/** The first of its numbers; what has none comes last. */
function sizeOf({ measured: { quantities } }: Row): number {
  return quantities[0]?.value ?? -1;
}

/** The value that says most, with its unit and where it comes from, or why there is none: "12.3 mm, US region". */
export function valueText(measured: Measured): string {
  const { quantities, origin, reason } = measured;
  const value = shortText(quantities);
  if (value === "") return reason ? words(reason) : "";
  return origin ? t("findings.valueOrigin", { value, origin: words(origin) }) : value;
}

/** Of a region its area; of two axes both; else all numbers. */
function shortText(quantities: readonly Quantity[]): string {
  const area = quantities.find(({ name }) => name === "area");
  if (area) return said(area);
  const [long, short, ...more] = quantities;
  if (long?.name === "length" && short?.name === "shortAxis" && more.length === 0)
    return t("findings.twoAxes", { long: said(long), short: said(short) });
  return quantities.map(said).join(", ");
}

/** All numbers with their names, and where they come from. */
export function fullText(measured: Measured): string {
  const numbers = measured.quantities.map((one) => `${quantityName(one.name)} ${said(one)}`);
  return [...numbers, originLine(measured)].filter(Boolean).join(", ");
}

export function words({ key, values = {} }: Words): string {
  return t(key, values);
}
