/** How large a pixel is where a finding lies, in which units, and who says so; or why nobody does. No DOM here. */
import type { Calibration } from "../study/data";
import type { Place } from "../study/source";
import type { Words } from "./measured";
import type { Finding, ImagePoint } from "./model";
import { distance, type Spacing } from "./shapes";
import { PLANE, regionOf, type Axis, type UsRegion } from "./usRegions";

/** What one pixel means. */
export interface Scale {
  readonly across: Axis;
  readonly down: Axis;
  readonly origin: Words;
  /** Distances are those at a detector, which projection enlarges: in the patient they are at most these. */
  readonly isBound: boolean;
  /** Relative uncertainty of the scale itself. */
  readonly relative: number;
  /** The region of an ultrasound image that it is of. */
  readonly region: UsRegion | null;
}

/** A scale, or why there is none; `shape` is the height and the width of a pixel in any unit, null where unknown. */
export interface Calibrated {
  readonly scale: Scale | null;
  readonly shape: Spacing | null;
  readonly reason: Words | null;
}

/**
 * The scale that holds for `points` of an image: the reader's own calibration of the same file (and region) before all that
 * the file says; `others` are the findings among which one is looked for, of which the last counts.
 */
export function calibrate(
  finding: Finding,
  points: readonly ImagePoint[],
  place: Place,
  others: Iterable<Finding>,
): Calibrated {
  const stored = storedScale(points, place);
  if (!stored.shape) return stored;
  let found = stored;
  for (const other of others) {
    if (!isCalibrationOf(other, finding) || !isSameRegion(stored, storedScale(other.points, place))) continue;
    found = byReader(other, stored.shape, stored.scale?.region ?? null) ?? found;
  }
  return found;
}

/** Whether both axes are distances, so that there are lengths in any direction, areas and angles. */
export function isPlanar({ across, down }: Scale): boolean {
  return across.unit === "mm" && down.unit === "mm";
}

function isCalibrationOf(other: Finding, finding: Finding): boolean {
  return (
    other.tool === "calibration" &&
    other.instance === finding.instance &&
    other.series === finding.series &&
    other.study === finding.study
  );
}

function byReader(
  { points, knownLength }: Finding,
  base: Spacing,
  region: UsRegion | null,
): Calibrated | null {
  const line = distance(points, base, 0, 1);
  if (!knownLength || !(knownLength > 0) || !(line.value > 0)) return null;
  const factor = knownLength / line.value;
  const shape: Spacing = [base[0] * factor, base[1] * factor];
  const origin: Words = { key: "measure.origin.reader" };
  const relative = Math.hypot(...line.slopes) / 2 / line.value;
  return { ...inMillimetres(shape, origin), scale: { ...scaleOf(shape, origin), relative, region } };
}

/** Whether what holds in the one place holds in the other: both in one region, or both outside of all. */
function isSameRegion(a: Calibrated, b: Calibrated): boolean {
  return (a.scale?.region ?? null) === (b.scale?.region ?? null) && b.shape !== null;
}

function storedScale(points: readonly ImagePoint[], place: Place): Calibrated {
  const { calibration, geometry } = place;
  const { region, reason } = regionOf(points, calibration?.regions ?? []);
  if (region) return ofRegion(region);
  if (reason) {
    // Outside of all regions pixels still have a shape; from one region into another nothing is known.
    const isOutside = reason.key === "measure.reason.outside";
    return { scale: null, shape: isOutside ? (geometry.spacing ?? aspectOf(calibration)) : null, reason };
  }
  const { spacing } = geometry;
  if (!spacing) {
    const shape = aspectOf(calibration);
    return { scale: null, shape, reason: { key: "measure.reason.noSpacing" } };
  }
  return ofSpacing(spacing, place);
}

/** Height and width of a pixel without a size: square unless the file says otherwise (PS3.3 C.7.6.3.1.7). */
function aspectOf(calibration: Calibration | undefined): Spacing {
  return calibration?.aspect ?? [1, 1];
}

function ofRegion(region: UsRegion): Calibrated {
  const { across, down } = region;
  const origin: Words = { key: region.originKey };
  const scale = { across, down, origin, isBound: false, relative: 0, region };
  const planar = isPlanar(scale);
  // A picture of tissue has distances along both axes, and nothing else has: what says otherwise is not understood.
  if (planar !== (region.format === PLANE))
    return { scale: null, shape: null, reason: { key: "measure.reason.unknownUnit" } };
  return { scale, shape: planar ? [down.perPixel, across.perPixel] : null, reason: null };
}

function ofSpacing(spacing: Spacing, place: Place): Calibrated {
  const { calibration = {} } = place;
  const atDetector =
    place.spacingOrigin === "ImagerPixelSpacing" ||
    (place.spacingOrigin === "PixelSpacing" &&
      calibration.projection === "x-ray" &&
      calibration.detector === "same" &&
      !calibration.type);
  if (!atDetector) return inMillimetres(spacing, originOf(place));
  const factor = calibration.magnification ?? 0;
  // Everything lies before the detector: a factor of 1, as machines write where they know none, is no measurement.
  if (factor > 1) {
    const shape: Spacing = [spacing[0] / factor, spacing[1] / factor];
    return inMillimetres(shape, {
      key: "measure.origin.magnified",
      values: { factor: String(Number(factor.toPrecision(4))) },
    });
  }
  return inMillimetres(spacing, { key: "measure.origin.detector" }, true);
}

/** What spacing in the patient, or on a film, is called (PS3.3 10.7.1.3). */
function originOf({ source, spacingOrigin, calibration = {} }: Place): Words {
  if ("plane" in source) return { key: "measure.origin.plane" };
  if (spacingOrigin === "NominalScannedPixelSpacing") return { key: "measure.origin.film" };
  const { type, description, projection, detector } = calibration;
  if (type) {
    const key = type === "FIDUCIAL" ? "fiducial" : "geometry";
    return description
      ? { key: `measure.origin.${key}As`, values: { description } }
      : { key: `measure.origin.${key}` };
  }
  if (projection === "planar") return { key: "measure.origin.planar" };
  if (projection === "localizer") return { key: "measure.origin.localizer" };
  if (projection === "x-ray")
    return { key: detector === "other" ? "measure.origin.corrected" : "measure.origin.unsaid" };
  return { key: "measure.origin.pixelSpacing" };
}

function inMillimetres(spacing: Spacing, origin: Words, isBound = false): Calibrated {
  return { scale: { ...scaleOf(spacing, origin), isBound }, shape: spacing, reason: null };
}

function scaleOf([down, across]: Spacing, origin: Words): Scale {
  return {
    across: { unit: "mm", perPixel: across },
    down: { unit: "mm", perPixel: down },
    origin,
    isBound: false,
    relative: 0,
    region: null,
  };
}
