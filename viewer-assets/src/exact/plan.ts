/** Which exact frames are worth having, and in which order: nearest first. No DOM, no network. */
import type { ExactAddress } from "../study/source";

/** A pile that is looked at: its exact frames (null where there is none), where, and where the reader last moved to. */
export interface Pile {
  readonly frames: readonly (ExactAddress | null)[];
  readonly index: number;
  readonly direction: number;
}

export interface Plan {
  /** Keys of the nearest frames that fit into the store. They do not depend on the direction: turning costs nothing. */
  readonly keep: ReadonlySet<string>;
  /** The same frames, next first. */
  readonly order: readonly ExactAddress[];
}

/** A frame behind the reader is worth as much as one this many times as far ahead. */
const BEHIND = 2;

interface Ranked {
  readonly frame: ExactAddress;
  readonly distance: number;
  readonly cost: number;
}

/** Plan for piles that share `capacity` bytes. */
export function planFrames(piles: readonly Pile[], capacity: number): Plan {
  const ranked = piles.flatMap(rank).sort((a, b) => a.distance - b.distance);
  const keep = new Set<string>();
  const kept: Ranked[] = [];
  let bytes = 0;
  for (const one of ranked) {
    if (keep.has(one.frame.key)) continue;
    bytes += one.frame.bytes;
    if (bytes > capacity) break;
    keep.add(one.frame.key);
    kept.push(one);
  }
  return { keep, order: kept.sort((a, b) => a.cost - b.cost).map(({ frame }) => frame) };
}

function rank({ frames, index, direction }: Pile): Ranked[] {
  return frames.flatMap((frame, at) => {
    const distance = Math.abs(at - index);
    const isBehind = (at - index) * direction < 0;
    return frame ? [{ frame, distance, cost: isBehind ? distance * BEHIND : distance }] : [];
  });
}
