import assert from "node:assert/strict";
import test from "node:test";
import { RateMeter, rateOf, stepped, type PlayMode, type Step } from "../src/tools/playback";

const from = (index: number, direction: 1 | -1 = 1): Step => ({ index, direction, ended: false });

/** Indices of so many steps. */
function played(mode: PlayMode, count: number, steps: number, by = 1): number[] {
  let step = from(0);
  return Array.from({ length: steps }, () => {
    step = stepped(step, by, count, mode);
    return step.index;
  });
}

test("a loop begins again, a swing turns back, once stops at the end", () => {
  assert.deepEqual(played("loop", 3, 5), [1, 2, 0, 1, 2]);
  assert.deepEqual(played("swing", 3, 6), [1, 2, 1, 0, 1, 2]);
  assert.deepEqual(played("once", 3, 4), [1, 2, 2, 2]);
  assert.ok(stepped(from(1), 1, 3, "once").ended);
});

test("pictures that are left out do not change the way", () => {
  assert.deepEqual(played("loop", 5, 4, 2), [2, 4, 1, 3]);
  assert.deepEqual(played("swing", 4, 4, 2), [2, 2, 0, 2]);
  assert.deepEqual(played("once", 5, 3, 3), [3, 4, 4]);
  assert.equal(stepped(from(0), 1e6, 7, "loop").index, 1e6 % 7);
});

test("a swing goes on downwards where it was going", () => {
  assert.deepEqual(stepped(from(2, -1), 1, 4, "swing"), { index: 1, direction: -1, ended: false });
});

test("one picture is no cine", () => {
  assert.ok(stepped(from(0), 1, 1, "loop").ended);
});

test("the rate is the file's: recommended, else as recorded, else the usual one", () => {
  assert.equal(rateOf({ frameTime: 40, displayRate: 12, sweeps: false }), 12);
  assert.equal(rateOf({ frameTime: 33.33, displayRate: null, sweeps: false }), 30);
  assert.equal(rateOf({ frameTime: 0.1, displayRate: null, sweeps: false }), 60);
  assert.equal(rateOf(null), 15);
});

test("the true rate is that of the pictures that were shown of late", () => {
  const meter = new RateMeter();
  meter.shown(0);
  meter.shown(100);
  assert.equal(meter.rate, null);
  for (let time = 200; time <= 5000; time += 100) meter.shown(time);
  assert.equal(Math.round(meter.rate ?? 0), 10);
});
