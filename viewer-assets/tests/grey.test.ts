import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { VoiWindow } from "../src/address";
import { fullWindow, greyTable, isWindow } from "../src/exact/grey";
import vectors from "./grey.json";

type Padding = readonly [number, number] | null;

test("every stored value gets the grey that the server's kernel gives it", () => {
  for (const vector of vectors.tables) {
    const bytes = vector.dtype.endsWith("16") ? 2 : 1;
    const { slope, intercept, inverse } = vector;
    const [padding, window] = [vector.padding as Padding, vector.window as VoiWindow];
    const steps = { slope, intercept, inverse, padding, window };
    const table = greyTable(bytes, vector.dtype.startsWith("i"), steps);
    const step = bytes === 2 ? 4099 : 37;
    const name = JSON.stringify({ ...steps, dtype: vector.dtype });
    assert.deepEqual(
      [...table].filter((_, index) => index % step === 0),
      vector.some,
      name,
    );
    assert.equal(createHash("sha256").update(table).digest("hex"), vector.sha256, name);
  }
  assert.ok(vectors.tables.length >= 100);
});

test("a frame without a window shows all its values, but for padding", () => {
  for (const { samples, slope, intercept, padding, window } of vectors.fullWindows) {
    const frame = {
      rows: 1,
      columns: samples.length,
      samples: new Int16Array(samples),
      rescale: { slope, intercept },
      padding: padding as Padding,
      inverse: false,
    };
    assert.deepEqual(fullWindow(frame), window, JSON.stringify({ samples, slope, intercept, padding }));
  }
});

test("what the standard does not define is no window", () => {
  assert.ok(isWindow({ center: 0, width: 1 }));
  assert.ok(isWindow({ center: 0, width: 0.5, voiFunction: "LINEAR_EXACT" }));
  for (const window of [
    { center: 0, width: 0.5 },
    { center: 0, width: 0, voiFunction: "SIGMOID" as const },
    { center: NaN, width: 400 },
    { center: 0, width: Infinity },
  ]) {
    assert.ok(!isWindow(window), JSON.stringify(window));
  }
});
