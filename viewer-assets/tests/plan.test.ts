import assert from "node:assert/strict";
import test from "node:test";
import {
  middleOf,
  movedToPlane,
  planeOfSlice,
  planePosition,
  toGrid,
  toPatient,
  type PlaneGrid,
} from "../src/mpr/plan";

/** Coronal planes of a volume of 11 x 21 x 31 voxels of 1 x 2 x 3 mm with its first voxel at (-10, -20, -30). */
const CORONAL: PlaneGrid = {
  count: 21,
  rows: 31,
  columns: 11,
  spacing: [3, 1],
  step: 2,
  origin: [-10, -20, 60],
  columnDirection: [1, 0, 0],
  rowDirection: [0, 0, -1],
  normal: [0, 1, 0],
  letters: ["R", "L", "H", "F"],
  exact: true,
};

test("the first pixel of plane 0 lies at the origin, rows go down to the feet", () => {
  assert.deepEqual(toPatient(CORONAL, { plane: 0, row: 0, column: 0 }), [-10, -20, 60]);
  assert.deepEqual(toPatient(CORONAL, { plane: 4, row: 30, column: 10 }), [0, -12, -30]);
});

test("grid and patient are each other's inverse", () => {
  const point = { plane: 3.25, row: 17.5, column: 9 };
  assert.deepEqual(toGrid(CORONAL, toPatient(CORONAL, point)), point);
});

test("the crosshair keeps its place in the plane when the plane moves", () => {
  assert.deepEqual(movedToPlane(CORONAL, [-3, -20, 12], 20), [-3, 20, 12]);
});

test("the middle is in the middle plane", () => {
  assert.deepEqual(middleOf(CORONAL), [-5, 0, 15]);
});

test("the slice that was read is found among planes of its orientation only", () => {
  assert.equal(planeOfSlice(CORONAL, ["R", "L", "H", "F"], -12), 4);
  assert.equal(planeOfSlice(CORONAL, ["R", "L", "H", "F"], 22), null);
  assert.equal(planeOfSlice(CORONAL, ["R", "L", "A", "P"], -12), null);
  assert.equal(planeOfSlice(CORONAL, null, -12), null);
  // A sagittal slice from front to back and head to feet has its normal to the right, the planes count to the left.
  const sagittal: PlaneGrid = {
    ...CORONAL,
    count: 11,
    step: 1,
    columnDirection: [0, 1, 0],
    normal: [1, 0, 0],
    letters: ["A", "P", "H", "F"],
  };
  assert.equal(planeOfSlice(sagittal, ["A", "P", "H", "F"], 7), 3);
});

test("positions have a letter instead of a sign", () => {
  assert.deepEqual(planePosition("axial", -542.75), { letter: "F", mm: 542.75 });
  assert.deepEqual(planePosition("sagittal", 3), { letter: "L", mm: 3 });
});
