import assert from "node:assert/strict";
import test from "node:test";
import { UPRIGHT } from "../src/geometry";
import { cubeFaces } from "../src/tools/cube";
import type { Cosines } from "../src/study/data";

const AXIAL: Cosines = [1, 0, 0, 0, 1, 0];
const CORONAL: Cosines = [1, 0, 0, 0, 0, -1];
const SAGITTAL: Cosines = [0, 1, 0, 0, 0, -1];

/** The side that faces the reader most. */
const front = (orientation: Cosines, turn = UPRIGHT): string | undefined =>
  cubeFaces(orientation, turn).at(-1)?.letter;
const letters = (orientation: Cosines, turn = UPRIGHT): string =>
  cubeFaces(orientation, turn)
    .map(({ letter }) => letter)
    .sort()
    .join("");

test("axial slices are seen from the feet, coronal ones from the front, sagittal ones from the left", () => {
  assert.equal(front(AXIAL), "F");
  assert.equal(front(CORONAL), "A");
  assert.equal(front(SAGITTAL), "L");
});

test("three sides are seen: the front, what is above, and what is to the right", () => {
  assert.equal(letters(AXIAL), "AFL");
  assert.equal(letters(CORONAL), "AHL");
  assert.equal(letters(SAGITTAL), "HLP");
});

test("turning and mirroring the picture does the same to the cube", () => {
  assert.equal(letters(AXIAL, { quarters: 2, mirrored: false }), "FPR");
  assert.equal(letters(AXIAL, { quarters: 1, mirrored: false }), "AFR");
  assert.equal(letters(AXIAL, { quarters: 0, mirrored: true }), "AFR");
});

test("letters stand on the side where they belong", () => {
  const faces = new Map(cubeFaces(AXIAL, UPRIGHT).map(({ letter, middle }) => [letter, middle]));
  assert.ok((faces.get("L")?.[0] ?? 0) > 0.1);
  assert.ok((faces.get("A")?.[1] ?? 0) < -0.1);
});
