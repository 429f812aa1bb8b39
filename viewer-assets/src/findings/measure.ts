/** Sizes of findings in the units of the image they lie on, with where these come from, or why there are none. */
import type { Place } from "../study/source";
import { calibrate, isPlanar, type Calibrated, type Scale } from "./calibration";
import type { Measured, Quantity, QuantityName, Words } from "./measured";
import type { Finding, FindingTool, ImagePoint } from "./model";
import * as shapes from "./shapes";
import type { Sized, Spacing } from "./shapes";
import type { Axis } from "./usRegions";

const NOTHING: Measured = { quantities: [], origin: null, reason: null };
const NO_EXTENT: Words = { key: "measure.reason.noExtent" };
/** Axes of different shape than they are drawn in by less than this are of the same. */
const SAME_SHAPE = 1e-6;
/** Tools that tell each axis for itself where both have different units, as time and depth. */
const BY_AXIS: ReadonlySet<FindingTool> = new Set(["length", "rectangle"]);
const NAMES: Readonly<Record<Exclude<Axis["unit"], "">, QuantityName>> = {
  mm: "length",
  s: "duration",
  Hz: "frequency",
  "cm/s": "velocity",
};

/**
 * What is told of a finding without its pixels' values. `place` is that of its own frame; among `others`, which may hold
 * the finding itself, calibrations of the reader are looked for.
 */
export function measure(finding: Finding, place: Place, others: Iterable<Finding> = []): Measured {
  const { tool, points } = finding;
  if (tool === "text" || tool === "arrow") return NOTHING;
  if (tool === "calibration") return calibrationLine(finding);
  const calibrated = calibrate(finding, reach(finding, place), place, others);
  if (tool === "point") return calibrated.scale?.region ? atPoint(points, calibrated.scale) : NOTHING;
  if (tool === "angle" || tool === "cobb") return anglesOf(finding, calibrated);
  const { scale, reason } = calibrated;
  if (!scale) return { quantities: [], origin: null, reason };
  if (!isPlanar(scale)) return byAxis(finding, scale);
  return lengthsOf(finding, scale, place.geometry.spacing ?? [1, 1]);
}

/** Points that all of a finding lies between, to look for its region: of a circle more than its own two. */
function reach({ tool, points }: Finding, { geometry }: Place): readonly ImagePoint[] {
  if (tool === "circle") {
    const [across, down] = radii(points, geometry.spacing ?? [1, 1]);
    const [column, row] = points[0] as ImagePoint;
    return [
      [column - across, row - down],
      [column + across, row + down],
    ];
  }
  return points;
}

/** How many columns and rows the radius of a circle takes, which is drawn round where pixels have that spacing. */
function radii(points: readonly ImagePoint[], spacing: Spacing): readonly [number, number] {
  const { value } = shapes.distance(points, spacing, 0, 1);
  return [value / spacing[1], value / spacing[0]];
}

function calibrationLine({ knownLength }: Finding): Measured {
  if (!knownLength || !(knownLength > 0))
    return { ...NOTHING, reason: { key: "measure.reason.noKnownLength" } };
  const quantity: Quantity = { name: "length", value: knownLength, unit: "mm", uncertainty: null };
  return { quantities: [quantity], origin: { key: "measure.origin.reader" }, reason: null };
}

function anglesOf({ tool, points }: Finding, { scale, shape, reason }: Calibrated): Measured {
  if (!shape) return { ...NOTHING, reason: reason ?? { key: "measure.reason.unitsDiffer" } };
  const found = tool === "angle" ? shapes.angle(points, shape) : shapes.cobb(points, shape);
  if (!found) return { ...NOTHING, reason: NO_EXTENT };
  const quantity: Quantity = {
    name: "angle",
    value: found.value,
    unit: "°",
    uncertainty: Math.min(180, shapes.halfPixel(found)),
  };
  return { quantities: [quantity], origin: scale?.origin ?? null, reason: null };
}

function lengthsOf({ tool, points }: Finding, scale: Scale, drawn: Spacing): Measured {
  const spacing: Spacing = [scale.down.perPixel, scale.across.perPixel];
  const isCrossed = (tool === "polygon" || tool === "freehand") && shapes.crosses(points);
  const sizes = sizesOf(tool, points, spacing, drawn);
  return {
    quantities: sizes.filter(([name]) => name !== "area" || !isCrossed).map((one) => inUnits(one, scale)),
    origin: scale.origin,
    reason: isCrossed ? { key: "measure.reason.crosses" } : null,
  };
}

type Named = readonly [QuantityName, Sized];

function sizesOf(
  tool: FindingTool,
  points: readonly ImagePoint[],
  spacing: Spacing,
  drawn: Spacing,
): readonly Named[] {
  switch (tool) {
    case "length":
    case "polyline":
      return [["length", shapes.along(points, spacing, false)]];
    case "bidirectional": {
      const pair = [shapes.distance(points, spacing, 0, 1), shapes.distance(points, spacing, 2, 3)] as const;
      const [long, short] = pair[0].value >= pair[1].value ? pair : [pair[1], pair[0]];
      return [
        ["length", long],
        ["shortAxis", short],
      ];
    }
    case "rectangle": {
      const [width, height] = [shapes.extent(points, spacing, 0), shapes.extent(points, spacing, 1)];
      return [
        ["width", width],
        ["height", height],
        ["area", shapes.product(width, height)],
      ];
    }
    case "ellipse": {
      const [long, short, area] = shapes.ellipse(points, spacing);
      return [
        ["length", long],
        ["shortAxis", short],
        ["area", area],
      ];
    }
    case "circle":
      return circleOf(points, spacing, drawn);
    case "polygon":
    case "freehand":
      return [
        ["area", shapes.enclosed(points, spacing)],
        ["perimeter", shapes.along(points, spacing, true)],
      ];
    default:
      return [];
  }
}

/** A circle is round where it is drawn; where pixels have another shape than that it is an ellipse. */
function circleOf(points: readonly ImagePoint[], spacing: Spacing, drawn: Spacing): readonly Named[] {
  const radius = shapes.distance(points, drawn, 0, 1);
  const across = shapes.scaled(radius, spacing[1] / drawn[1]);
  const down = shapes.scaled(radius, spacing[0] / drawn[0]);
  const area: Named = ["area", shapes.scaled(shapes.product(across, down), Math.PI)];
  if (Math.abs(across.value - down.value) <= SAME_SHAPE * across.value) return [["radius", across], area];
  return [["width", shapes.scaled(across, 2)], ["height", shapes.scaled(down, 2)], area];
}

/** What half a pixel and the scale itself make uncertain; areas depend on the scale twice. */
function inUnits([name, size]: Named, { isBound, relative }: Scale): Quantity {
  const isArea = name === "area";
  return {
    name,
    value: size.value,
    unit: isArea ? "mm²" : "mm",
    uncertainty: Math.hypot(shapes.halfPixel(size), size.value * relative * (isArea ? 2 : 1)),
    ...(isBound && { isBound }),
  };
}

/** Time and depth, or time and velocity: each for itself, and nothing that mixes both. */
function byAxis({ tool, points }: Finding, { across, down, origin }: Scale): Measured {
  if (!BY_AXIS.has(tool)) return { ...NOTHING, reason: { key: "measure.reason.unitsDiffer" } };
  const quantities = [across, down].flatMap((axis, index) => {
    if (axis.unit === "") return [];
    const size = shapes.extent(points, [axis.perPixel, axis.perPixel], index as 0 | 1);
    const uncertainty = shapes.halfPixel(size);
    return [{ name: NAMES[axis.unit], value: size.value, unit: axis.unit, uncertainty }];
  });
  const reason = unknownAxis(across, down);
  return { quantities, origin: quantities.length > 0 ? origin : null, reason };
}

/** How far from the base line of a spectrum a point lies. The sign is left out: machines disagree about it. */
function atPoint(points: readonly ImagePoint[], { down, origin }: Scale): Measured {
  const { unit, baseline, perPixel } = down;
  if (baseline === undefined || (unit !== "cm/s" && unit !== "Hz")) return NOTHING;
  const value = Math.abs((points[0] as ImagePoint)[1] - baseline) * perPixel;
  const quantity: Quantity = { name: NAMES[unit], value, unit, uncertainty: perPixel / 2 };
  return { quantities: [quantity], origin, reason: null };
}

function unknownAxis(across: Axis, down: Axis): Words | null {
  return across.unit === "" || down.unit === "" ? { key: "measure.reason.unknownUnit" } : null;
}
