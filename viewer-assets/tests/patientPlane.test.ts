import assert from "node:assert/strict";
import test from "node:test";
import {
  centreOf,
  cutOf,
  isAligned,
  isInside,
  nearest,
  planeOf,
  toPatient,
  toPixel,
  type PatientPlane,
} from "../src/linked/patientPlane";
import type { Vector } from "../src/vectors";
import vectors from "./patientPlanes.json";

interface Vectors {
  readonly planes: readonly PatientPlane[];
  readonly pixels: readonly { plane: number; pixel: [number, number]; point: Vector }[];
  readonly distances: readonly { plane: number; point: Vector; found: [number, number, number] }[];
  readonly cuts: readonly {
    plane: number;
    other: number;
    ends: [[number, number], [number, number]] | null;
  }[];
}

const made = vectors as unknown as Vectors;

function plane(index: number): PatientPlane {
  const found = made.planes[index];
  assert.ok(found);
  return found;
}

function near(found: readonly number[], wanted: readonly number[]): void {
  assert.equal(found.length, wanted.length);
  for (const [index, value] of wanted.entries())
    assert.ok(Math.abs((found[index] ?? NaN) - value) < 1e-4, `${String(found)} is not ${String(wanted)}`);
}

test("pixels lie where the server's kernels say", () => {
  for (const { plane: index, pixel, point } of made.pixels) {
    near(toPatient(plane(index), ...pixel), point);
    const { row, column, distance } = toPixel(plane(index), point);
    near([row, column, distance], [...pixel, 0]);
  }
});

test("a point beside a plane is as far from it as the server's kernels say", () => {
  for (const { plane: index, point, found } of made.distances) {
    const { row, column, distance } = toPixel(plane(index), point);
    near([distance, row, column], found);
  }
});

test("a plane cuts another picture where both reach", () => {
  assert.ok(made.cuts.some(({ ends }) => ends === null) && made.cuts.some(({ ends }) => ends !== null));
  for (const { plane: index, other, ends } of made.cuts) {
    const cut = cutOf(plane(index), plane(other));
    if (!ends || !cut) {
      assert.equal(cut, ends, `${index} and ${other}`);
      continue;
    }
    const found = [cut.from, cut.to].map(({ row, column }) => [row, column] as const);
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const wanted = [...ends].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (const [end, point] of wanted.entries()) near(found[end] ?? [], point);
  }
});

test("planes of other frames of reference, and parallel ones, have no line in common", () => {
  const other = { ...plane(1), frameOfReference: "9" };
  assert.equal(cutOf(plane(0), other), null);
  assert.equal(cutOf(plane(0), { ...plane(0), origin: [0, 0, 30] }), null);
});

test("the nearest slice is the first of equals, and only of the same frame of reference", () => {
  const slices = [0, 5, 10, 15].map((z) => ({ ...plane(0), origin: [0, 0, z] as const }));
  assert.deepEqual(nearest(slices, "1.2.3", [9, 9, 11]), { index: 2, distance: 1 });
  assert.equal(nearest(slices, "1.2.3", [9, 9, 7.5])?.index, 1);
  assert.equal(nearest([null, ...slices], "1.2.3", [9, 9, 99])?.index, 4);
  assert.equal(nearest(slices, "1.2.4", [9, 9, 11]), null);
  assert.equal(nearest([], "1.2.3", [0, 0, 0]), null);
});

test("a picture ends half a pixel outside of its last centres", () => {
  const at = (row: number, column: number): boolean =>
    isInside(plane(0), toPixel(plane(0), toPatient(plane(0), row, column)));
  assert.deepEqual([at(0, 0), at(-0.49, 400.49), at(-0.51, 0), at(0, 400.51)], [true, true, false, false]);
  assert.ok(isInside(plane(4), toPixel(plane(4), centreOf(plane(4)))));
});

test("looking straight the other way is the same orientation, a quarter turn is another", () => {
  const back = { ...plane(0), columnDirection: [-1, 0, 0] as const };
  assert.ok(isAligned(plane(0), back));
  assert.ok(!isAligned(plane(0), plane(1)));
  assert.ok(!isAligned(plane(0), plane(3)));
});

test("a frame without place, pixel size or frame of reference has no plane", () => {
  const kind = {
    rows: 4,
    columns: 4,
    spacing: [1, 1] as const,
    orientation: [1, 0, 0, 0, 1, 0] as const,
    frameOfReference: "1",
  };
  const { orientation: _, ...turned } = kind;
  const { frameOfReference: __, ...foreign } = kind;
  assert.ok(planeOf({ kind, position: [0, 0, 0] }));
  assert.equal(planeOf({ kind, position: null }), null);
  assert.equal(planeOf({ kind: { ...kind, spacing: null }, position: [0, 0, 0] }), null);
  assert.equal(planeOf({ kind: turned, position: [0, 0, 0] }), null);
  assert.equal(planeOf({ kind: foreign, position: [0, 0, 0] }), null);
});
