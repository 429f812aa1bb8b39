/** The address of a film: `plugin/sightline/viewer/films.py` reads it. */
import { lookSettings } from "../study/look";
import type { Reading } from "../study/reading";

export type Media = "webp" | "gif" | "mp4";

export interface FilmWish {
  readonly media: Media;
  /** Pictures per second. */
  readonly rate: number;
  /** First and last slice, from 1. */
  readonly first: number;
  readonly last: number;
  /** Longest side in pixels. */
  readonly size: number;
}

/** Path and query, from Orthanc's root. */
export function filmPath({ tile, look }: Reading, { media, rate, first, last, size }: FilmWish): string {
  const query = [`media=${media}`, `rate=${rate}`, `frames=${first}-${last}`, `size=${size}`];
  const [, part] = tile.key.split("~");
  if (part !== undefined) query.push(`stack=${part}`);
  // How enlarged pixels are drawn is the screen's matter alone.
  for (const [name, value] of lookSettings(look)) if (name !== "smooth") query.push(`${name}=${value}`);
  return `sightline/api/studies/${tile.study.uid}/series/${tile.series.uid}/film?${query.join("&")}`;
}
