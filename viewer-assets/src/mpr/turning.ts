/** How a body can look, and from where. */
import { clamp } from "../geometry";
import { scaleOf, type Subject } from "../study/presets";
import { LOOKS, renderingOf, type Rendering, type RenderingLook } from "../study/rendering";

/** Sides that a body is looked at from, by the letter of that side, with turn and tilt. */
const SIDES = {
  A: [0, 0],
  P: [180, 0],
  L: [90, 0],
  R: [-90, 0],
  H: [0, 90],
  F: [0, -90],
} as const;
export type Side = keyof typeof SIDES;
export const SIDE_NAMES = Object.keys(SIDES) as readonly Side[];

/** What such values can look like: most looks are for Hounsfield units, one is for all others, a projection for any. */
export function looksFor(subject: Subject): readonly RenderingLook[] {
  const isHounsfield = scaleOf(subject) === "HU";
  return LOOKS.filter((look) => look === "mip" || (look !== "mr") === isHounsfield);
}

/** The same, with a look that such values can have. */
export function suited(was: Rendering, subject: Subject): Rendering {
  return looksFor(subject).includes(was.look) ? was : { ...was, look: renderingOf(subject).look };
}

/** Turned by so many degrees, as if by a hand that moves to the right and down on the side that is seen. */
export function turnedBy(was: Rendering, right: number, down: number): Rendering {
  return { ...was, turn: wrapped(was.turn - right), tilt: clamp(rounded(was.tilt + down), -90, 90) };
}

/** From that side. */
export function seenFrom(was: Rendering, side: Side): Rendering {
  const [turn, tilt] = SIDES[side];
  return { ...was, turn, tilt };
}

/** The side that is looked at straight; null in between. */
export function sideOf({ turn, tilt }: Rendering): Side | null {
  return SIDE_NAMES.find((side) => SIDES[side][0] === turn && SIDES[side][1] === tilt) ?? null;
}

/** From above -180 up to 180 degrees. */
function wrapped(degrees: number): number {
  const turn = rounded(degrees) % 360;
  return turn > 180 ? turn - 360 : turn <= -180 ? turn + 360 : turn;
}

/** To hundredths: short in an address, and finer than a hand. Never -0. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100 || 0;
}
