import assert from "node:assert/strict";
import test from "node:test";

/** What a browser keeps, in a map. */
const kept = new Map<string, string>();
Object.assign(globalThis, {
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  },
});
kept.set("sightline.theme", '"light"');
kept.set("sightline.layout", '"9x9"');
kept.set("sightline.cacheBytes", "{");
kept.set("sightline.keys", '{"invert":"j"}');
const {
  cacheBytes,
  CACHE_SIZES,
  defaultCacheBytes,
  defaultLayout,
  ownKeys,
  resetSettings,
  shortcuts,
  theme,
} = await import("../src/settings");

test("what was kept comes back, and nonsense is the default", () => {
  assert.equal(theme.value, "light");
  assert.equal(defaultLayout.value, "auto");
  assert.ok(CACHE_SIZES.includes(cacheBytes.value));
  assert.deepEqual(ownKeys.value, {});
});

test("what is set is kept, and the default is kept by forgetting", () => {
  shortcuts.value = false;
  defaultLayout.value = "2x2";
  assert.equal(kept.get("sightline.shortcuts"), "false");
  assert.equal(kept.get("sightline.layout"), '"2x2"');
  shortcuts.value = true;
  assert.equal(kept.has("sightline.shortcuts"), false);
});

test("a reset forgets everything", () => {
  resetSettings();
  assert.deepEqual([theme.value, defaultLayout.value], ["dark", "auto"]);
  assert.deepEqual([...kept.keys()], []);
});

test("a small device keeps less", () => {
  const sizes = [defaultCacheBytes(2), defaultCacheBytes(4), defaultCacheBytes(8)];
  assert.deepEqual(
    sizes.map((bytes) => bytes / (1 << 20)),
    [64, 128, 256],
  );
  assert.equal(defaultCacheBytes(undefined, true), defaultCacheBytes(4));
  assert.equal(defaultCacheBytes(), defaultCacheBytes(8));
});
