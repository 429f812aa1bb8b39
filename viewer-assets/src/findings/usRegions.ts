/** Which calibrated region of an ultrasound image a finding lies in (PS3.3 C.8.5.5), and what a pixel means there. */
import type { MessageKey } from "../messages";
import type { RegionRow } from "../study/data";
import type { Words } from "./measured";
import type { ImagePoint } from "./model";

/** What a step of one pixel means along one axis. The unit is empty where it is none that can be told. */
export interface Axis {
  readonly unit: "mm" | "s" | "Hz" | "cm/s" | "";
  readonly perPixel: number;
  /** Where in image space its value is 0: the base line of a spectrum; absent where the file does not say. */
  readonly baseline?: number;
}

export interface UsRegion {
  readonly across: Axis;
  readonly down: Axis;
  /** Left, top, right and bottom edge in image space. */
  readonly bounds: readonly [number, number, number, number];
  readonly format: number;
  readonly isHighPriority: boolean;
  readonly originKey: MessageKey;
}

/** Physical Units (0018,6024 and 6026) that a distance, a time, a frequency or a velocity is in; times what they are told in. */
const UNITS: Readonly<Record<number, readonly [unit: Axis["unit"], factor: number]>> = {
  3: ["mm", 10],
  4: ["s", 1],
  5: ["Hz", 1],
  7: ["cm/s", 1],
};
/** Region Spatial Format (0018,6012) -> what is said of where a number comes from. Others are not calibrated. */
const ORIGINS: Readonly<Record<number, MessageKey>> = {
  1: "measure.origin.usRegion",
  2: "measure.origin.usMotion",
  3: "measure.origin.usSpectrum",
  4: "measure.origin.usWave",
};
/** The format of pictures of tissue and flow. */
export const PLANE = 1;
const LOW_PRIORITY = 1;
const SAME = 1e-6;

/**
 * The region whose calibration holds for all points; neither region nor reason where the image has no calibrated one.
 *
 * Regions overlap, as colour flow over tissue. Both count where they have one scale; else the one of high priority, whose
 * pixels overwrite those of the other, and none where both have the same priority (C.8.5.5.1.3).
 */
export function regionOf(
  points: readonly ImagePoint[],
  rows: readonly RegionRow[],
): { readonly region: UsRegion | null; readonly reason: Words | null } {
  const regions = regionsOf(rows);
  if (regions.length === 0) return { region: null, reason: null };
  const around = regions.filter((region) => points.every((point) => contains(region, point)));
  const touched = regions.filter((region) => points.some((point) => contains(region, point)));
  const region = around.find((one) =>
    touched.every((other) => isSameScale(one, other) || (one.isHighPriority && !other.isHighPriority)),
  );
  if (region) return { region, reason: null };
  if (around.length > 0) return { region: null, reason: { key: "measure.reason.overlap" } };
  if (touched.length > 0) return { region: null, reason: { key: "measure.reason.across" } };
  return { region: null, reason: { key: "measure.reason.outside" } };
}

/** Made once of each table: findings are measured again whenever they move. */
const known = new WeakMap<readonly RegionRow[], readonly UsRegion[]>();

function regionsOf(rows: readonly RegionRow[]): readonly UsRegion[] {
  const before = known.get(rows);
  if (before) return before;
  const regions = rows.flatMap((row) => read(row) ?? []);
  known.set(rows, regions);
  return regions;
}

/** Graphics, bars of grey and colour, and regions without any unit calibrate nothing: they hide no other either. */
function read(row: RegionRow): UsRegion | null {
  const [format, , flags, left, top, right, bottom, unitX, unitY, deltaX, deltaY] = row;
  const [, , , , , , , , , , , referenceX, referenceY, valueX, valueY] = row;
  const originKey = ORIGINS[format];
  if (!originKey || (unitX === 0 && unitY === 0)) return null;
  return {
    across: axis(unitX, deltaX, left, referenceX, valueX),
    down: axis(unitY, deltaY, top, referenceY, valueY),
    bounds: [left, top, right + 1, bottom + 1],
    format,
    isHighPriority: (flags & LOW_PRIORITY) === 0,
    originKey,
  };
}

function axis(
  code: number,
  delta: number | null,
  edge: number,
  at: number | null,
  value: number | null,
): Axis {
  const [unit, factor] = UNITS[code] ?? ["", 0];
  // Machines write a negative step where values grow against the pixels.
  const perPixel = Math.abs(delta ?? 0) * factor;
  if (unit === "" || perPixel === 0) return { unit: "", perPixel: 0 };
  // Away from a reference of 0 the sign of the step counts, about which machines disagree.
  return { unit, perPixel, ...(at !== null && value === 0 && { baseline: edge + at + 0.5 }) };
}

function contains({ bounds: [left, top, right, bottom] }: UsRegion, [column, row]: ImagePoint): boolean {
  return left <= column && column <= right && top <= row && row <= bottom;
}

function isSameScale(a: UsRegion, b: UsRegion): boolean {
  return (
    a === b ||
    (a.format === PLANE && b.format === PLANE && isSame(a.across, b.across) && isSame(a.down, b.down))
  );
}

function isSame(a: Axis, b: Axis): boolean {
  return a.unit === b.unit && Math.abs(a.perPixel - b.perPixel) <= SAME * Math.max(a.perPixel, b.perPixel);
}
