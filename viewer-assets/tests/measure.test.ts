import assert from "node:assert/strict";
import test from "node:test";
import { measure } from "../src/findings/measure";
import type { Measured, Quantity } from "../src/findings/measured";
import type { Finding, FindingTool, ImagePoint } from "../src/findings/model";
import { originLine, said } from "../src/findings/say";
import type { Calibration, Kind, RegionRow } from "../src/study/data";
import { stackSource, type Place } from "../src/study/source";
import { stackOf } from "./studies";

const BASE: Omit<Finding, "tool" | "points"> = {
  study: "1.1",
  series: "1.1.1",
  instance: "1.5.0",
  frame: 1,
  id: "00000000-0000-4000-8000-000000000001",
  tracking: "2.25.1",
  label: "",
  colour: 0,
  hidden: false,
};

function drawn(tool: FindingTool, ...points: readonly ImagePoint[]): Finding {
  return { ...BASE, tool, points };
}

function placeOf(kind: Partial<Kind>): Place {
  const place = stackSource("1.1", "1.1.1", stackOf([[0, 0, 0]], kind)).at(0);
  assert.ok(place);
  return place;
}

function told({ quantities }: Measured): Record<string, string> {
  return Object.fromEntries(quantities.map((quantity) => [quantity.name, said(quantity)]));
}

function value({ quantities }: Measured, name: Quantity["name"]): number {
  const found = quantities.find((quantity) => quantity.name === name);
  assert.ok(found, `no ${name}`);
  return found.value;
}

function close(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${actual}, not ${expected}`,
  );
}

const LINE = drawn("length", [10, 10], [13, 14]);
const TALL = placeOf({ spacing: [2, 0.5] });

test("a line of 3 columns and 4 rows is measured along both spacings", () => {
  const measured = measure(LINE, TALL);
  close(value(measured, "length"), Math.hypot(3 * 0.5, 4 * 2));
  assert.equal(originLine(measured), "pixel spacing");
  const [quantity] = measured.quantities;
  // Half a pixel at each end, each way, along a line at this angle.
  const along = Math.hypot((1.5 / Math.hypot(1.5, 8)) * 0.5, (8 / Math.hypot(1.5, 8)) * 2);
  close(quantity?.uncertainty ?? 0, along * Math.SQRT1_2);
});

test("every shape has the sizes that its formula gives", () => {
  const box = measure(drawn("rectangle", [5, 9], [1, 1]), TALL);
  assert.deepEqual(
    box.quantities.map((one) => [one.name, one.value, one.unit]),
    [
      ["width", 2, "mm"],
      ["height", 16, "mm"],
      ["area", 32, "mm²"],
    ],
  );
  const round = measure(drawn("circle", [20, 20], [24, 20]), TALL);
  close(value(round, "radius"), 2);
  close(value(round, "area"), Math.PI * 4);
  const oval = measure(drawn("ellipse", [20, 10], [20, 20], [18, 15], [22, 15]), TALL);
  close(value(oval, "length"), 20);
  close(value(oval, "shortAxis"), 2);
  close(value(oval, "area"), Math.PI * 10);
  const corner = measure(drawn("polygon", [0, 0], [4, 0], [0, 3]), TALL);
  close(value(corner, "area"), 6);
  close(value(corner, "perimeter"), 2 + 6 + Math.hypot(2, 6));
  const both = measure(drawn("bidirectional", [0, 0], [4, 0], [2, 0], [2, 5]), TALL);
  close(value(both, "length"), 10);
  close(value(both, "shortAxis"), 2);
  close(value(measure(drawn("polyline", [0, 0], [4, 0], [4, 3]), TALL), "length"), 8);
});

test("angles are those in the patient, not those of unequal pixels", () => {
  close(value(measure(drawn("angle", [4, 0], [0, 0], [4, 1]), TALL), "angle"), 45);
  close(value(measure(drawn("angle", [4, 0], [0, 0], [-1, 0]), TALL), "angle"), 180);
  assert.deepEqual(measure(drawn("angle", [4, 0], [4, 0], [1, 1]), TALL).quantities, []);
});

/** So many pixels in that direction. */
function tilt(degrees: number): ImagePoint {
  return [10 * Math.cos((degrees * Math.PI) / 180), 10 * Math.sin((degrees * Math.PI) / 180)];
}

test("Cobb's angle does not depend on which end of a line comes first, and may be above 90 degrees", () => {
  const square = placeOf({ spacing: [1, 1] });
  for (const degrees of [0, 10, 44, 60]) {
    const [x, y] = tilt(degrees);
    const upper: readonly [ImagePoint, ImagePoint] = [
      [50 - x, 20 - y],
      [50 + x, 20 + y],
    ];
    const lower: readonly [ImagePoint, ImagePoint] = [
      [50 - x, 80 + y],
      [50 + x, 80 - y],
    ];
    for (const first of [upper, [upper[1], upper[0]]] as const)
      for (const second of [lower, [lower[1], lower[0]]] as const)
        close(value(measure(drawn("cobb", ...first, ...second), square), "angle"), 2 * degrees);
  }
});

test("an outline that crosses itself has a perimeter but no area", () => {
  const bow = measure(drawn("freehand", [0, 0], [4, 4], [4, 0], [0, 4]), TALL);
  assert.deepEqual(Object.keys(told(bow)), ["perimeter"]);
  assert.match(originLine(bow), /crosses itself/);
});

test("an outline of ten thousand points has its area", () => {
  const points = Array.from({ length: 10_000 }, (_, index): ImagePoint => {
    const at = (index / 5000) * Math.PI;
    const radius = 200 + 20 * Math.sin(9 * at);
    return [256 + radius * Math.cos(at), 256 + radius * Math.sin(at)];
  });
  const measured = measure(drawn("freehand", ...points), placeOf({ spacing: [0.5, 0.5] }));
  assert.ok(Math.abs(value(measured, "area") / (Math.PI * (200 ** 2 + 20 ** 2 / 2) * 0.25) - 1) < 1e-3);
});

test("without a pixel size lengths are refused, and angles are told", () => {
  const bare = placeOf({ spacing: null, spacingOrigin: "" });
  const refused = measure(LINE, bare);
  assert.deepEqual(refused.quantities, []);
  assert.match(originLine(refused), /does not say how large a pixel is/);
  close(value(measure(drawn("angle", [4, 0], [0, 0], [4, 4]), bare), "angle"), 45);
  const flat = placeOf({ spacing: null, spacingOrigin: "", calibration: { aspect: [2, 1] } });
  close(value(measure(drawn("angle", [4, 0], [0, 0], [4, 2]), flat), "angle"), 45);
});

function projection(calibration: Calibration, spacingOrigin = "PixelSpacing"): Measured {
  return measure(
    LINE,
    placeOf({ spacing: [0.5, 0.5], spacingOrigin, calibration: { projection: "x-ray", ...calibration } }),
  );
}

test("projections say where their distances are true", () => {
  assert.deepEqual(told(projection({}, "ImagerPixelSpacing")), { length: "≤ 2.5 ± 0.4 mm" });
  assert.match(originLine(projection({}, "ImagerPixelSpacing")), /detector plane/);
  assert.deepEqual(told(projection({ detector: "same" })), { length: "≤ 2.5 ± 0.4 mm" });
  assert.match(originLine(projection({ detector: "other" })), /corrected in the file/);
  assert.match(originLine(projection({})), /does not say whether in the patient or at the detector/);
  assert.match(originLine(projection({ type: "GEOMETRY" })), /geometry/);
  const fiducial = projection({ type: "FIDUCIAL", description: "ball", detector: "same" });
  assert.deepEqual(told(fiducial), { length: "2.5 ± 0.4 mm" });
  assert.match(originLine(fiducial), /ball/);
});

test("a magnification of the file is applied and named, one of 1 or less is not", () => {
  const magnified = projection({ magnification: 1.25 }, "ImagerPixelSpacing");
  close(value(magnified, "length"), 2);
  assert.equal(magnified.quantities[0]?.isBound, undefined);
  assert.match(originLine(magnified), /1\.25/);
  for (const magnification of [0.8, 1]) {
    const plain = projection({ magnification }, "ImagerPixelSpacing");
    close(value(plain, "length"), 2.5);
    assert.equal(plain.quantities[0]?.isBound, true);
  }
});

function region(format: number, type: number, flags: number, ...rest: readonly (number | null)[]): RegionRow {
  const row = [format, type, flags, ...rest];
  return [...row, ...Array.from({ length: 15 - row.length }, () => null)] as unknown as RegionRow;
}

const TISSUE = region(1, 1, 1, 0, 0, 49, 49, 3, 3, 0.02, 0.02);
const FLOW = region(1, 2, 0, 10, 10, 19, 19, 3, 3, -0.02, 0.02);
const MOTION = region(2, 1, 0, 50, 0, 99, 49, 4, 3, 0.01, 0.05);
const SPECTRUM = region(3, 3, 0, 0, 50, 49, 99, 4, 7, 0.01, -2, 0, 25, 0, 0);
const SHIFT = region(3, 4, 4, 50, 50, 99, 99, 4, 5, 0.01, 100);
const US = placeOf({
  spacing: null,
  spacingOrigin: "",
  calibration: { regions: [TISSUE, FLOW, MOTION, SPECTRUM, region(0, 13, 0, 30, 0, 34, 9, 0, 0, 0, 0)] },
});

test("in every region of an ultrasound image a line has that region's units", () => {
  const tissue = measure(drawn("length", [1, 1], [4, 5]), US);
  close(value(tissue, "length"), 1);
  assert.equal(originLine(tissue), "US region");
  // From tissue into the colour box over it, whose steps are written with another sign.
  close(value(measure(drawn("length", [5, 5], [15, 5]), US), "length"), 2);
  const motion = measure(drawn("length", [60, 10], [70, 14]), US);
  close(value(motion, "duration"), 0.1);
  close(value(motion, "length"), 2);
  assert.equal(originLine(motion), "US region, M-mode");
  const spectrum = measure(drawn("length", [10, 60], [30, 70]), US);
  close(value(spectrum, "duration"), 0.2);
  close(value(spectrum, "velocity"), 20);
  close(value(measure(drawn("point", [10, 65.5]), US), "velocity"), 20);
  const shifted = placeOf({ calibration: { regions: [SHIFT] } });
  close(value(measure(drawn("length", [60, 60], [60, 63]), shifted), "frequency"), 300);
});

test("what no one region calibrates is refused", () => {
  assert.match(originLine(measure(drawn("length", [40, 5], [60, 5]), US)), /beyond one calibrated region/);
  assert.match(originLine(measure(drawn("length", [60, 60], [70, 60]), US)), /outside/);
  assert.match(originLine(measure(drawn("circle", [45, 20], [45, 30]), US)), /beyond one calibrated region/);
  for (const tool of ["angle", "polyline"] as const) {
    const mixed = measure(drawn(tool, [60, 10], [65, 10], [70, 20]), US);
    assert.deepEqual(mixed.quantities, []);
    assert.match(originLine(mixed), /different units/);
  }
  const coarse = region(1, 1, 1, 20, 20, 60, 60, 3, 3, 0.04, 0.04);
  const equal = placeOf({ calibration: { regions: [TISSUE, coarse] } });
  assert.match(originLine(measure(drawn("length", [25, 25], [30, 30]), equal)), /different scales overlap/);
  const above = region(1, 1, 0, 20, 20, 60, 60, 3, 3, 0.04, 0.04);
  const ranked = placeOf({ calibration: { regions: [TISSUE, above] } });
  close(value(measure(drawn("length", [25, 25], [28, 29]), ranked), "length"), 2);
  const polar = placeOf({ calibration: { regions: [region(1, 1, 0, 0, 0, 99, 99, 12, 3, 1, 0.1)] } });
  assert.match(originLine(measure(LINE, polar)), /unit/);
});

test("a reader's calibration replaces the file's, in its file and region only, and says so", () => {
  const rule: Finding = { ...drawn("calibration", [0, 0], [10, 0]), id: "c", knownLength: 50 };
  const bare = placeOf({ spacing: null, spacingOrigin: "" });
  const measured = measure(LINE, bare, [rule]);
  close(value(measured, "length"), 25);
  assert.equal(originLine(measured), "calibrated by the reader");
  // What is uncertain of the line that it was calibrated by comes on top.
  const [quantity] = measured.quantities;
  close(quantity?.uncertainty ?? 0, Math.hypot(5 * Math.SQRT1_2, (25 * Math.SQRT1_2) / 10));
  assert.deepEqual(measure(LINE, bare, [{ ...rule, instance: "1.5.9" }]).quantities, []);
  const isotropic = measure(drawn("length", [0, 0], [0, 10]), TALL, [rule]);
  close(value(isotropic, "length"), 200);
  const inside: Finding = {
    ...rule,
    points: [
      [1, 1],
      [11, 1],
    ],
  };
  close(value(measure(drawn("length", [1, 1], [4, 5]), US, [inside]), "length"), 25);
  close(value(measure(drawn("length", [60, 10], [70, 14]), US, [inside]), "length"), 2);
  assert.deepEqual(told(measure(rule, bare)), { length: "50 mm" });
});

function numbered(size: number, uncertainty: number | null, unit = "mm"): string {
  return said({ name: "length", value: size, unit, uncertainty });
}

test("numbers have as many digits as they deserve", () => {
  assert.equal(numbered(12.345, 0.53), "12.3 ± 0.5 mm");
  assert.equal(numbered(12.345, 0.14), "12.35 ± 0.14 mm");
  assert.equal(numbered(1234.5, 56), "1235 ± 56 mm");
  assert.equal(numbered(34.21, 0.37, "°"), "34.2 ± 0.4°");
  assert.equal(numbered(-42.71, null, "HU"), "−42.7 HU");
  assert.equal(numbered(-0.0001, null, ""), "0.000");
  assert.equal(numbered(57, null, "px"), "57 px");
});
