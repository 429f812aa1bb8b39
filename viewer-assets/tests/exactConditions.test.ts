import assert from "node:assert/strict";
import test from "node:test";
import { mayFetch } from "../src/exact/conditions";
import { CACHE_LIMITS, defaultCacheBytes, parseSettings } from "../src/exact/settings";

test("by itself frames come over a good line only", () => {
  assert.ok(mayFetch("auto", {}, false));
  assert.ok(mayFetch("auto", { effectiveType: "4g", saveData: false, type: "wifi" }, false));
  for (const line of [
    { effectiveType: "3g" },
    { effectiveType: "2g" },
    { effectiveType: "slow-2g" },
    { effectiveType: "4g", type: "cellular" },
    { effectiveType: "4g", saveData: true },
  ]) {
    assert.ok(!mayFetch("auto", line, false), JSON.stringify(line));
  }
});

test("always means on any line, but neither against data saver nor while nobody looks", () => {
  assert.ok(mayFetch("always", { effectiveType: "2g", type: "cellular" }, false));
  assert.ok(!mayFetch("always", { saveData: true }, false));
  assert.ok(!mayFetch("always", {}, true));
  assert.ok(!mayFetch("auto", {}, true));
  assert.ok(!mayFetch("never", { effectiveType: "4g" }, false));
});

test("a small device keeps less", () => {
  const sizes = [defaultCacheBytes(2, false), defaultCacheBytes(4, false), defaultCacheBytes(8, false)];
  assert.deepEqual(
    sizes.map((bytes) => bytes / (1 << 20)),
    [64, 128, 256],
  );
  assert.equal(defaultCacheBytes(undefined, true), defaultCacheBytes(4, true));
  assert.equal(defaultCacheBytes(undefined, false), defaultCacheBytes(8, false));
});

test("settings come back as they were left, and nonsense is the default", () => {
  assert.deepEqual(parseSettings('{"mode":"never","bytes":67108864}', 5), { mode: "never", bytes: 67108864 });
  for (const text of [null, "", "null", "7", "{", '{"mode":"sometimes","bytes":"many"}', '{"bytes":1}']) {
    assert.deepEqual(parseSettings(text, 5), { mode: "auto", bytes: 5 }, String(text));
  }
  assert.equal(parseSettings('{"bytes":1e15}', 5).bytes, CACHE_LIMITS[1]);
});
