import assert from "node:assert/strict";
import test from "node:test";
import { planFrames, type Pile } from "../src/exact/plan";

const pile = (count: number, index: number, direction = 1, name = "a"): Pile => ({
  frames: Array.from({ length: count }, (_, at) => ({
    key: `${name}${at}`,
    path: `/${name}${at}`,
    bytes: 10,
  })),
  index,
  direction,
});
const next = (piles: readonly Pile[], capacity = 1e9): string =>
  planFrames(piles, capacity)
    .order.map(({ key }) => key)
    .join(" ");

test("the frame that is looked at comes first, then the nearest, twice as far ahead as behind", () => {
  assert.equal(next([pile(8, 3)]), "a3 a4 a2 a5 a6 a1 a7 a0");
  assert.equal(next([pile(8, 3, -1)]), "a3 a2 a4 a1 a0 a5 a6 a7");
});

test("what is kept is the nearest that fits, whichever way the reader goes", () => {
  const forward = planFrames([pile(100, 50, 1)], 50);
  const backward = planFrames([pile(100, 50, -1)], 50);
  assert.deepEqual([...forward.keep].sort(), ["a48", "a49", "a50", "a51", "a52"]);
  assert.deepEqual(forward.keep, backward.keep);
  assert.deepEqual(new Set(forward.order.map(({ key }) => key)), forward.keep);
});

test("a step along a large pile changes one frame of what is kept", () => {
  const [before, after] = [50, 51].map((index) => planFrames([pile(600, index)], 310).keep);
  assert.equal([...(after ?? [])].filter((key) => !before?.has(key)).length, 1);
});

test("piles share the room by nearness, and a frame that two look at counts once", () => {
  const { keep } = planFrames([pile(50, 10, 1, "a"), pile(50, 20, 1, "b"), pile(50, 12, 1, "a")], 100);
  assert.equal(keep.size, 10);
  for (const key of ["a10", "a12", "b20", "a9", "a11", "a13", "b19", "b21"]) assert.ok(keep.has(key), key);
});

test("frames that only the server can show are left out", () => {
  const { frames, ...rest } = pile(4, 1);
  assert.equal(next([{ ...rest, frames: frames.map((frame, at) => (at === 1 ? null : frame)) }]), "a2 a0 a3");
  assert.equal(next([]), "");
});
