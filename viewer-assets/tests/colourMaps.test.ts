import assert from "node:assert/strict";
import test from "node:test";
import { COLOUR_MAP_NAMES, colourMap } from "../src/colourMaps";
import tables from "../src/colourMaps.json";

test("every colour map has 256 colours", async () => {
  assert.deepEqual(Object.keys(tables), [...COLOUR_MAP_NAMES]);
  for (const name of COLOUR_MAP_NAMES) assert.equal((await colourMap(name)).length, 768);
});

test("hot iron goes from black over red to white", async () => {
  const table = await colourMap("hot_iron");
  const colour = (grey: number) => [...table.subarray(grey * 3, grey * 3 + 3)];
  assert.deepEqual([0, 64, 128, 255].map(colour), [
    [0, 0, 0],
    [128, 0, 0],
    [255, 0, 0],
    [255, 255, 255],
  ]);
});
