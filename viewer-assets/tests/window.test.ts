import assert from "node:assert/strict";
import test from "node:test";
import { dragWindow, rounded, sameWindow } from "../src/window";

const SOFT = { center: 40, width: 400 };

test("dragging right widens, left narrows, and never below what LINEAR allows", () => {
  assert.ok(dragWindow(SOFT, 60, 0).width > 400);
  assert.ok(dragWindow(SOFT, -60, 0).width < 400);
  assert.equal(dragWindow(SOFT, -1e6, 0).width, 1);
  assert.deepEqual(dragWindow(SOFT, 0, 0), SOFT);
});

test("dragging down raises the centre", () => {
  assert.equal(dragWindow(SOFT, 0, 150).center, 240);
});

test("narrow windows keep three significant digits", () => {
  const window = { center: 0.00123456, width: 0.00234567, voiFunction: "SIGMOID" as const };
  assert.deepEqual(rounded(window), { center: 0.00123, width: 0.00235, voiFunction: "SIGMOID" });
});

test("windows are the same when they show the same", () => {
  assert.ok(sameWindow(SOFT, { ...SOFT, voiFunction: "LINEAR" }));
  assert.ok(!sameWindow(SOFT, { ...SOFT, voiFunction: "SIGMOID" }));
  assert.ok(sameWindow(null, undefined));
  assert.ok(!sameWindow(SOFT, null));
});
