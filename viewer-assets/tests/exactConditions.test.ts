import assert from "node:assert/strict";
import test from "node:test";
import { mayFetch } from "../src/exact/conditions";

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
