import assert from "node:assert/strict";
import test from "node:test";
import { pixelTable } from "../src/exact/painter";
import { probe } from "../src/study/probe";
import type { Shown } from "../src/study/viewport";

const frame = {
  rows: 2,
  columns: 3,
  samples: new Int16Array([0, 1, 2, 1064, -2000, 5]),
  rescale: { slope: 2, intercept: -1024 },
  padding: [-2000, -2000] as const,
  inverse: false,
};
const bytes = (table: Uint32Array): number[] => [...new Uint8Array(table.buffer)];
const shown = { frame, place: { unit: "HU" } } as unknown as Shown;

test("a pixel's values are those of the file, with their unit", () => {
  assert.deepEqual(probe(shown, 0, 1), { stored: 1064, modality: 1104, unit: "HU" });
  assert.deepEqual(probe(shown, 2.9, 0.5), { stored: 2, modality: -1020, unit: "HU" });
});

test("padding has no value, and there are none beside the image or without its frame", () => {
  assert.deepEqual(probe(shown, 1, 1), { stored: -2000, modality: null, unit: "HU" });
  for (const [column, row] of [
    [-0.1, 0],
    [3, 0],
    [0, 2],
    [NaN, 0],
  ] as const)
    assert.equal(probe(shown, column, row), null);
  assert.equal(probe({ ...shown, frame: null }, 0, 0), null);
});

test("a colour map gives every level of grey its colour", () => {
  const colours = new Uint8Array(768).fill(7);
  colours.set([10, 20, 30], 3 * 200);
  assert.deepEqual(bytes(pixelTable(new Uint8Array([200, 0]), colours)), [10, 20, 30, 255, 7, 7, 7, 255]);
  assert.deepEqual(bytes(pixelTable(new Uint8Array([200, 0]), null)), [200, 200, 200, 255, 0, 0, 0, 255]);
});
