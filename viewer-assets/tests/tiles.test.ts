import assert from "node:assert/strict";
import test from "node:test";
import { coordinatesOf, groupOf, keyAt, placeOfFrame, shelfOf, tileOf, tilesOf } from "../src/study/tiles";
import { axial, readerOf, seriesOf, stackOf, STUDY } from "./studies";

/** Three times by two echoes of four slices, and a localiser; frames of the whole run through the stacks. */
const GRID = seriesOf("1.4", stackOf(Array.from({ length: 27 }, (_, index) => [0, 0, index] as const)), {
  stacks: [0, 1, 2, 3, 4, 5, 6].map((part) => ({
    label: part < 6 ? `Part ${part}` : "Localiser",
    by: [],
    frames: part < 6 ? [0, 1, 2, 3].map((slice) => slice * 6 + part) : [24, 25, 26],
  })),
  grids: [
    {
      dimensions: [
        { kind: "time", labels: ["a", "b", "c"] },
        { kind: "echo", labels: ["1", "2"] },
      ],
      stacks: [0, 1, 2, 3, 4, 5],
    },
  ],
});
const PLAIN = seriesOf("1.3", axial(12, 1));
const TILES = tilesOf({ study: STUDY, series: [PLAIN, GRID] });

test("a plain series is one tile, a mixed one a tile for each stack", () => {
  assert.deepEqual(
    TILES.map(({ key }) => key),
    ["1.3", "1.4~0", "1.4~1", "1.4~2", "1.4~3", "1.4~4", "1.4~5", "1.4~6"],
  );
  assert.equal(TILES[2]?.stack?.frames[1]?.[0], "7");
});

test("the strip shows a grid once, and other stacks each", () => {
  assert.deepEqual(
    shelfOf(TILES).map(({ key }) => key),
    ["1.3", "1.4~0", "1.4~6"],
  );
});

test("a series without its stack means the first one", () => {
  assert.equal(tileOf(TILES, "1.4")?.key, "1.4~0");
  assert.equal(tileOf(TILES, "1.4~6")?.label, "Localiser");
  assert.equal(tileOf(TILES, "1.5"), undefined);
});

test("the server's first frame is found in its stack", () => {
  assert.deepEqual(placeOfFrame(TILES, "1.4", 13), { key: "1.4~1", slice: 2 });
  assert.deepEqual(placeOfFrame(TILES, "1.3", 5), { key: "1.3", slice: 5 });
});

test("coordinates of a grid and keys are each other's inverse", () => {
  const [, first] = TILES;
  assert.ok(first?.grid);
  assert.deepEqual(coordinatesOf(TILES[4] ?? first), [1, 1]);
  for (const key of first.grid.keys) {
    const tile = tileOf(TILES, key);
    assert.ok(tile);
    assert.equal(keyAt(first.grid, coordinatesOf(tile)), key);
    assert.equal(groupOf(tile), "1.4~0");
  }
});

test("steps along a dimension keep slice and look, and go around where they should", () => {
  const reader = readerOf([GRID]);
  reader.open("1.4~0", 3);
  const reading = reader.current.value;
  assert.ok(reading);
  const { viewport } = reading;
  reading.invert.value = true;
  reading.step(0, 1);
  reading.step(1, 1);
  assert.equal(reading.tile.key, "1.4~3");
  reading.step(0, 9);
  assert.equal(reading.tile.key, "1.4~5");
  reading.step(0, 1, true);
  assert.equal(reading.tile.key, "1.4~1");
  reading.step(1, -9);
  assert.equal(reading.tile.key, "1.4~0");
  assert.equal(reader.current.value, reading);
  assert.equal(viewport.index.value, 3);
  assert.deepEqual(viewport.source.at(3)?.source, { instance: "1.5.18", frame: 1 });
  assert.deepEqual(reader.state.panes[0], { ...reading.state, tile: "1.4~0", slice: 3 });
});

test("a stack that an address names comes back in its grid", () => {
  const reader = readerOf([PLAIN, GRID]);
  reader.open("1.4~4", 2);
  const { state } = reader;
  reader.open("1.3");
  reader.restore(state);
  assert.equal(reader.current.value?.tile.key, "1.4~4");
  reader.openNeighbour(1);
  assert.equal(reader.current.value?.tile.key, "1.4~6");
  reader.openNeighbour(-1);
  assert.equal(reader.current.value?.tile.key, "1.4~0");
});
