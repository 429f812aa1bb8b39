import assert from "node:assert/strict";
import test from "node:test";
import { crossLines, pointUnder } from "../src/mpr/crossLines";
import { planeSource, toGrid, toPatient, type PlaneGrid } from "../src/mpr/plan";
import { about, after, angleAround, cutDirection, rotated, turnedGrid } from "../src/mpr/rotating";
import { STRAIGHT } from "../src/study/rotation";
import { cross, dot, type Vector } from "../src/vectors";

/** A volume of 20 x 30 x 40 mm around the origin: 0.5 mm to the left, 1 mm to the back, 2 mm to the head. */
const AXIAL: PlaneGrid = {
  count: 21,
  rows: 31,
  columns: 41,
  spacing: [1, 0.5],
  step: 2,
  origin: [-10, -15, -20],
  columnDirection: [1, 0, 0],
  rowDirection: [0, 1, 0],
  normal: [0, 0, 1],
  letters: ["R", "L", "A", "P"],
  exact: true,
};
const CORONAL: PlaneGrid = {
  ...AXIAL,
  count: 31,
  rows: 21,
  spacing: [2, 0.5],
  step: 1,
  origin: [-10, -15, 20],
  rowDirection: [0, 0, -1],
  normal: [0, 1, 0],
  letters: ["R", "L", "H", "F"],
};
const SAGITTAL: PlaneGrid = {
  ...AXIAL,
  count: 41,
  rows: 21,
  columns: 31,
  spacing: [2, 1],
  step: 0.5,
  origin: [-10, -15, 20],
  columnDirection: [0, 1, 0],
  rowDirection: [0, 0, -1],
  normal: [1, 0, 0],
  letters: ["A", "P", "H", "F"],
};

function isNear(found: readonly number[], expected: readonly number[], within = 1e-9): void {
  assert.equal(found.length, expected.length);
  found.forEach((value, index) => assert.ok(Math.abs(value - (expected[index] ?? NaN)) < within, `${found}`));
}

test("a rotation turns from one axis to the next, and others come after it", () => {
  isNear(rotated(about([0, 0, 1], 90), [1, 0, 0]), [0, 1, 0]);
  isNear(rotated(about([1, 0, 0], 30), [1, 2, 3]).slice(0, 1), [1]);
  const both = after(about([0, 1, 0], 90), about([0, 0, 1], 90));
  isNear(rotated(both, [1, 0, 0]), rotated(about([0, 1, 0], 90), [0, 1, 0]));
  isNear(after(about([0, 0, 1], 40), about([0, 0, 1], -40)), STRAIGHT);
});

test("planes that are not turned stay those of the server", () => {
  assert.equal(turnedGrid(CORONAL, STRAIGHT), CORONAL);
});

test("coronal planes that are turned by a right angle are sagittal ones", () => {
  const turned = turnedGrid(CORONAL, about([0, 0, 1], 90));
  isNear(turned.normal, [-1, 0, 0]);
  isNear(turned.columnDirection, SAGITTAL.columnDirection);
  isNear(turned.rowDirection, SAGITTAL.rowDirection);
  assert.deepEqual(turned.letters, SAGITTAL.letters);
  isNear(turned.origin, [10, -15, 20]);
  assert.deepEqual([turned.count, turned.rows, turned.columns, turned.spacing], [41, 81, 61, [0.5, 0.5]]);
});

test("turned planes hold the whole volume, at right angles, and pictures do not twist", () => {
  for (const rotation of [
    about([0, 0, 1], 33),
    about([0.6, 0, 0.8], -70),
    after(about([1, 0, 0], 20), about([0, 1, 0], 50)),
  ]) {
    const grids = [AXIAL, CORONAL, SAGITTAL].map((grid) => turnedGrid(grid, rotation));
    grids.forEach((grid) => {
      const { columnDirection, rowDirection, normal } = grid;
      isNear(
        [dot(columnDirection, rowDirection), dot(columnDirection, normal), dot(normal, normal)],
        [0, 0, 1],
      );
      for (const x of [-10, 10])
        for (const y of [-15, 15])
          for (const z of [-20, 20]) {
            const { plane, row, column } = toGrid(grid, [x, y, z]);
            for (const [value, count] of [
              [plane, grid.count],
              [row, grid.rows],
              [column, grid.columns],
            ] as const)
              assert.ok(value > -1e-6 && value < count, `${value} of ${count}`);
          }
    });
    const [a, b, c] = grids;
    if (a && b && c)
      isNear([dot(a.normal, b.normal), dot(b.normal, c.normal), dot(a.normal, c.normal)], [0, 0, 0]);
  }
  assert.equal(turnedGrid(AXIAL, about([0, 0, 1], 33)), AXIAL);
});

test("the lines of the others turn where the hand turns them", () => {
  isNear(cutDirection(AXIAL, CORONAL).map(Math.abs), [1, 0]);
  const turned = [CORONAL, SAGITTAL].map((grid) => turnedGrid(grid, about([0, 0, 1], 30)));
  const pose = { x: 0, y: 0, width: 205, height: 310, turn: { quarters: 0, mirrored: false } } as const;
  const { centre, directions, handles } = crossLines(AXIAL, turned, [0, 0, 0], pose);
  const slopes = directions.map(({ x, y }) => ((Math.atan2(y, x) * 180) / Math.PI + 180) % 90);
  isNear(slopes, [30, 30], 1e-6);
  assert.equal(handles.length, 4);
  const [first] = handles;
  assert.ok(first);
  const start = pointUnder(AXIAL, [0, 0, 0], { x: centre.x + 50, y: centre.y }, pose);
  const angle = angleAround(AXIAL, [0, 0, 0], start, pointUnder(AXIAL, [0, 0, 0], first, pose));
  isNear([Math.abs(((angle + 360) % 90) - 30)], [0], 1e-6);
});

function at(degrees: number): Vector {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle), 0];
}

test("a turn over the half circle goes on the short way", () => {
  isNear([angleAround(AXIAL, [0, 0, 0], at(170), at(-170))], [20], 1e-6);
  isNear([angleAround(AXIAL, [0, 0, 0], at(-170), at(170))], [-20], 1e-6);
  isNear(cross(AXIAL.columnDirection, AXIAL.rowDirection), [0, 0, 1]);
});

test("a turned plane is asked for as a cut with its thickness and what is laid over", () => {
  const grid = turnedGrid(CORONAL, about([0, 0, 1], 90));
  const tile = { study: { uid: "1" }, series: { uid: "2" }, part: 2 } as never;
  const fusion = { series: "3", colourMap: "pet", opacity: 0.5, window: null } as const;
  const place = planeSource(tile, "coronal", grid, "HU", { mm: 8, blend: "max" }, fusion).at(5);
  assert.ok(place && "at" in place.source);
  assert.equal(place.source.at, "cut/7.5,-15,20,0,1,0,0,0,-1,0.5,0.5,81,61");
  assert.deepEqual(place.source.settings, ["slab=8", "blend=max", "stack=2"]);
  assert.equal(place.source.fusion, fusion);
  isNear(place.position ?? [], toPatient(grid, { plane: 5, row: 0, column: 0 }));
});
