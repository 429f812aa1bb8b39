/** Where a stack goes when another one was leafed through. No DOM here. */
import type { ScrollLink } from "../study/links";
import { dot, minus, plus } from "../vectors";
import { centreOf, isAligned, nearest, normalOf, type PatientPlane } from "./patientPlane";

/** A stack and where it stands. */
export interface Standing {
  /** Where each slice lies; null where that is not known. */
  readonly planes: readonly (PatientPlane | null)[];
  readonly index: number;
  /** Where it stood when it was linked. */
  readonly anchor: number;
}

/** What two stacks have in common: a place in the patient, mm along the same direction, or only that they are stacks. */
export type Relation = "position" | "millimetres" | "slices";

/** How two stacks can be leafed through together; null where they cannot. */
export function relationOf(a: Standing, b: Standing, link: ScrollLink): Relation | null {
  if (link === "off" || a.planes.length < 2 || b.planes.length < 2) return null;
  const [own, its] = [a.planes[a.index], b.planes[b.index]];
  if (!own || !its) return "slices";
  if (!isAligned(own, its)) return null;
  return link === "position" && own.frameOfReference === its.frameOfReference ? "position" : "millimetres";
}

/** The slice that `follower` goes to; null where it stays. */
export function followingSlice(leader: Standing, follower: Standing, link: ScrollLink): number | null {
  const relation = relationOf(leader, follower, link);
  if (relation === null) return null;
  if (relation === "slices") return follower.anchor + leader.index - leader.anchor;
  const [now, then] = [leader.planes[leader.index], leader.planes[leader.anchor]];
  const start = follower.planes[relation === "position" ? follower.index : follower.anchor];
  if (!now || !then || !start) return null;
  const along = follower.planes.map((plane) => (plane && isAligned(plane, now) ? plane : null));
  if (relation === "position") return nearest(along, now.frameOfReference, centreOf(now))?.index ?? null;
  const moved = dot(minus(now.origin, then.origin), normalOf(now));
  const wanted = plus(centreOf(start), normalOf(now), moved);
  return nearest(along, start.frameOfReference, wanted)?.index ?? null;
}

/**
 * The slice of `follower` that is as far between its ends as the leader's: where nothing is known of how the two lie to
 * each other. Stacks that run against each other are counted from their other ends.
 */
export function sliceAtSamePart(leader: Standing, follower: Standing): number {
  const part = leader.index / Math.max(1, leader.planes.length - 1);
  const [a, b] = [directionOf(leader), directionOf(follower)];
  const isReversed = a !== null && b !== null && dot(a, b) < 0;
  return Math.round((isReversed ? 1 - part : part) * (follower.planes.length - 1));
}

/** From the first slice to the last. */
function directionOf({ planes }: Standing): ReturnType<typeof minus> | null {
  const [first, last] = [planes[0], planes.at(-1)];
  return first && last ? minus(last.origin, first.origin) : null;
}
