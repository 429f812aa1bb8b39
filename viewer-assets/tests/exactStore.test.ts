import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import test from "node:test";
import type { ExactFrame } from "../src/exact/exactFrame";
import { FrameStore } from "../src/exact/store";

const frame = (bytes: number): ExactFrame => ({
  rows: 1,
  columns: bytes / 2,
  samples: new Int16Array(bytes / 2),
  rescale: { slope: 1, intercept: 0 },
  padding: null,
  inverse: false,
});
const held = (store: FrameStore): string => [..."abcdef"].filter((key) => store.has(key)).join("");

test("no more bytes are held than there may be, as they are in memory", () => {
  const store = new FrameStore(signal(100));
  for (const key of "abcdef") store.put(key, frame(30));
  assert.equal(store.bytes, 90);
  assert.equal(held(store), "def");
  store.put("a", frame(102));
  assert.equal(held(store), "def");
});

test("what is near stays; of the rest, the longest unused goes first", () => {
  const store = new FrameStore(signal(120));
  store.prefer(new Set("ad"));
  for (const key of "abcd") store.put(key, frame(30));
  assert.ok(store.get("b"));
  store.put("e", frame(30));
  assert.equal(held(store), "abde");
  store.put("d", frame(60));
  assert.equal(held(store), "ade");
});

test("a smaller setting lets go at once, and says so", () => {
  const capacity = signal(1000);
  const store = new FrameStore(capacity);
  for (const key of "abc") store.put(key, frame(30));
  const before = store.version.value;
  store.prefer(new Set("b"));
  capacity.value = 40;
  assert.equal(held(store), "b");
  assert.ok(store.version.value > before);
  assert.equal(store.get("a"), null);
});

test("a frame that comes again is counted once", () => {
  const store = new FrameStore(signal(100));
  store.put("a", frame(30));
  store.put("a", frame(50));
  assert.equal(store.bytes, 50);
});
