/** How thick the three planes are, and what becomes of the values across them: part of the desk's state. */
import { numberText, type Blend } from "../address";

export interface Slab {
  /** Half of it lies to each side of the plane; 0 is the plane itself. */
  readonly mm: number;
  readonly blend: Blend;
}

export const THIN: Slab = { mm: 0, blend: "max" };

export const BLENDS: readonly Blend[] = ["max", "min", "mean"];

/** Thicknesses on offer, in mm: finer steps where a mm matters. */
export const THICKNESSES = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100] as const;

/** As thick as a slab is at first. */
const USUAL_MM = 10;
/** The greatest that the server takes. */
const LARGEST_MM = 1000;

/** The thickness on offer that is nearest, by its number. */
export function stepOf({ mm }: Slab): number {
  const distances = THICKNESSES.map((one) => Math.abs(one - mm));
  return distances.indexOf(Math.min(...distances));
}

/** The next thickness on offer, or the one before. */
export function thicker(slab: Slab, by: 1 | -1): Slab {
  const beyond = THICKNESSES.filter((one) => (one - slab.mm) * by > 0);
  return { ...slab, mm: (by > 0 ? beyond[0] : beyond.at(-1)) ?? slab.mm };
}

/** A slab that is blended so; planes without thickness become one. */
export function blended({ mm }: Slab, blend: Blend): Slab {
  return { mm: mm || USUAL_MM, blend };
}

/** The next way to blend it; planes without thickness become a slab. */
export function blendedNext(slab: Slab): Slab {
  const next = slab.mm > 0 ? BLENDS[(BLENDS.indexOf(slab.blend) + 1) % BLENDS.length] : slab.blend;
  return blended(slab, next ?? slab.blend);
}

/** `mm,blend`; empty for planes without thickness. */
export function slabText({ mm, blend }: Slab): string {
  return mm > 0 ? `${numberText(mm)},${blend}` : "";
}

/** Read what {@link slabText} wrote; anything else is {@link THIN}. */
export function parseSlab(text: string | null): Slab {
  const [first, name] = (text ?? "").split(",");
  const mm = Number(first);
  const blend = BLENDS.find((one) => one === name);
  return blend && mm > 0 && mm <= LARGEST_MM ? { mm, blend } : THIN;
}
