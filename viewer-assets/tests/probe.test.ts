import assert from "node:assert/strict";
import test from "node:test";
import { pixelTable } from "../src/exact/painter";
import { patientPoint, valueAt, windowBetween, windowOfRegion } from "../src/tools/pixelValues";
import type { Place } from "../src/study/source";

const frame = {
  rows: 2,
  columns: 3,
  samples: new Int16Array([0, 1, 2, 1064, -2000, 5]),
  rescale: { slope: 2, intercept: -1024 },
  padding: [-2000, -2000] as const,
  inverse: false,
};
const bytes = (table: Uint32Array): number[] => [...new Uint8Array(table.buffer)];

test("a pixel's values are those of the file", () => {
  assert.deepEqual(valueAt(frame, 0, 1), { stored: 1064, modality: 1104, isPadding: false });
  assert.deepEqual(valueAt(frame, 2.9, 0.5), { stored: 2, modality: -1020, isPadding: false });
});

test("padding has no modality value, and there are none beside the image", () => {
  assert.deepEqual(valueAt(frame, 1, 1), { stored: -2000, modality: null, isPadding: true });
  for (const [column, row] of [
    [-0.1, 0],
    [3, 0],
    [0, 2],
    [NaN, 0],
  ] as const)
    assert.equal(valueAt(frame, column, row), null);
});

test("a look-up table has its own modality values, which are not guessed", () => {
  assert.equal(valueAt({ ...frame, rescale: null }, 0, 1)?.modality, null);
  assert.equal(windowOfRegion({ ...frame, rescale: null }, { x: 0, y: 0 }, { x: 3, y: 2 }), null);
});

test("a region's window goes from its least to its greatest value, padding left out", () => {
  // Stored 0 to 1064 are -1024 to 1104; LINEAR shows them from black to white with this center and width.
  assert.deepEqual(windowOfRegion(frame, { x: 3, y: 2 }, { x: 0, y: 0 }), { center: 40.5, width: 2129 });
  assert.deepEqual(windowOfRegion(frame, { x: 0.2, y: 0.1 }, { x: 1.5, y: 0.9 }), {
    center: -1022.5,
    width: 3,
  });
});

test("a region of one value has no window", () => {
  assert.equal(windowOfRegion(frame, { x: 0.1, y: 0.1 }, { x: 0.9, y: 0.9 }), null);
});

test("values with fractions get a window without the LINEAR function's half", () => {
  assert.deepEqual(windowBetween(-0.5, 1), { center: 0.25, width: 1.5, voiFunction: "LINEAR_EXACT" });
});

test("a descending slope turns the ends around", () => {
  const descending = { ...frame, rescale: { slope: -1, intercept: 10 } };
  assert.deepEqual(windowOfRegion(descending, { x: 0, y: 0 }, { x: 3, y: 1 }), { center: 9.5, width: 3 });
});

const place = {
  orientation: [0, 1, 0, 0, 0, -1],
  position: [10, -20, 30],
  geometry: { rows: 2, columns: 3, spacing: [2, 0.5] },
  spacingOrigin: "PixelSpacing",
} as unknown as Place;

test("a pixel's centre lies where the file says, columns by the spacing between columns", () => {
  assert.deepEqual(patientPoint(place, { x: 0.5, y: 0.5 }), [10, -20, 30]);
  assert.deepEqual(patientPoint(place, { x: 2.5, y: 1.5 }), [10, -19, 28]);
});

test("distances at a detector are none in the patient", () => {
  assert.equal(patientPoint({ ...place, spacingOrigin: "ImagerPixelSpacing" }, { x: 0, y: 0 }), null);
  assert.equal(patientPoint({ ...place, position: null }, { x: 0, y: 0 }), null);
});

test("a colour map gives every level of grey its colour", () => {
  const colours = new Uint8Array(768).fill(7);
  colours.set([10, 20, 30], 3 * 200);
  assert.deepEqual(bytes(pixelTable(new Uint8Array([200, 0]), colours)), [10, 20, 30, 255, 7, 7, 7, 255]);
  assert.deepEqual(bytes(pixelTable(new Uint8Array([200, 0]), null)), [200, 200, 200, 255, 0, 0, 0, 255]);
});
