import assert from "node:assert/strict";
import test from "node:test";
import {
  actualZoom,
  FITTED,
  imagePose,
  mirrored,
  panBy,
  scaleBar,
  screenScale,
  toImage,
  toScreen,
  turnedEdges,
  turnedRight,
  UPRIGHT,
  usefulSize,
  zoomAt,
  type Turn,
} from "../src/geometry";

const VIEWPORT = { width: 800, height: 600 };
const SQUARE = { columns: 512, rows: 512, spacing: [0.5, 0.5] as const };
const WIDE = { columns: 400, rows: 100, spacing: [1, 1] as const };
const TURNS: Turn[] = ([0, 1, 2, 3] as const).flatMap((quarters) => [
  { quarters, mirrored: false },
  { quarters, mirrored: true },
]);

test("an image fits the shorter side and is centred", () => {
  assert.deepEqual(imagePose(SQUARE, VIEWPORT, FITTED), {
    x: 100,
    y: 0,
    width: 600,
    height: 600,
    turn: UPRIGHT,
  });
});

test("pixels that are twice as high as wide are drawn so, and as wide as high when turned", () => {
  const tall = { columns: 100, rows: 100, spacing: [2, 1] as const };
  const { width, height } = imagePose(tall, VIEWPORT, FITTED);
  assert.deepEqual([width, height], [300, 600]);
  const turned = imagePose(tall, VIEWPORT, { ...FITTED, turn: turnedRight(UPRIGHT) });
  assert.deepEqual([turned.width, turned.height], [800, 400]);
});

test("the point under the pointer stays under it while zooming", () => {
  const anchor = { x: 130, y: 470 };
  for (const turn of TURNS) {
    const start = { ...FITTED, turn };
    const before = toImage(anchor, WIDE, imagePose(WIDE, VIEWPORT, start));
    const after = toImage(anchor, WIDE, imagePose(WIDE, VIEWPORT, zoomAt(start, 3.7, anchor, VIEWPORT)));
    assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-9);
  }
});

test("screen and image points are each other's inverse, however the image is turned", () => {
  for (const turn of TURNS) {
    const pose = imagePose(WIDE, VIEWPORT, { zoom: 1.7, pan: { x: 0.04, y: -0.02 }, turn });
    const point = toScreen(toImage({ x: 12, y: 345 }, WIDE, pose), WIDE, pose);
    assert.ok(Math.hypot(point.x - 12, point.y - 345) < 1e-9);
  }
});

test("a quarter turn brings the first pixel to the upper right corner", () => {
  const pose = imagePose(WIDE, VIEWPORT, { ...FITTED, turn: turnedRight(UPRIGHT) });
  assert.deepEqual(toScreen({ x: 0, y: 0 }, WIDE, pose), { x: pose.x + pose.width, y: pose.y });
});

test("mirroring exchanges left and right of the screen, whatever was turned before", () => {
  for (const turn of TURNS) {
    const [before, after] = [turn, mirrored(turn)].map((one) =>
      imagePose(SQUARE, VIEWPORT, { ...FITTED, turn: one }),
    );
    assert.ok(before && after);
    const [a, b] = [before, after].map((pose) => toScreen({ x: 100, y: 30 }, SQUARE, pose));
    assert.ok(a && b);
    assert.ok(Math.abs(a.x + b.x - VIEWPORT.width) < 1e-9 && Math.abs(a.y - b.y) < 1e-9);
  }
});

test("letters stay with their edges", () => {
  const letters = ["R", "L", "A", "P"] as const;
  assert.deepEqual(turnedEdges(letters, turnedRight(UPRIGHT)), ["P", "A", "R", "L"]);
  assert.deepEqual(turnedEdges(letters, mirrored(UPRIGHT)), ["L", "R", "A", "P"]);
  for (const turn of TURNS) {
    const pose = imagePose(SQUARE, VIEWPORT, { ...FITTED, turn });
    const left = toScreen({ x: 0, y: 256 }, SQUARE, pose);
    const [atLeft, atRight, atTop, atBottom] = turnedEdges(letters, turn);
    const place = [left.x <= pose.x, left.x >= pose.x + pose.width, left.y <= pose.y, true];
    const found = [atLeft, atRight, atTop, atBottom][place.indexOf(true)];
    assert.equal(found, "R");
  }
});

test("four quarters and two mirrors are none", () => {
  for (const turn of TURNS) {
    assert.deepEqual(mirrored(mirrored(turn)), turn);
    assert.deepEqual(turnedRight(turnedRight(turn, 2), 2), turn);
  }
});

test("an image cannot be moved out of sight", () => {
  assert.deepEqual(panBy(FITTED, { x: 5000, y: -5000 }, VIEWPORT).pan, { x: 0.5, y: -0.5 });
});

test("actual size is one image pixel for each pixel of the device", () => {
  const zoom = actualZoom(SQUARE, VIEWPORT, UPRIGHT, 2);
  assert.equal(imagePose(SQUARE, VIEWPORT, { ...FITTED, zoom }).width, 256);
});

test("the scale bar has a round length that fits", () => {
  // 600 CSS pixels show 256 mm.
  const perMm = screenScale(SQUARE, imagePose(SQUARE, VIEWPORT, FITTED));
  assert.equal(perMm, 600 / 256);
  assert.deepEqual(scaleBar(600 / 256, 120), { mm: 50, pixels: (50 * 600) / 256 });
  assert.equal(scaleBar(100, 120).mm, 1);
});

test("there is no scale without a pixel size", () => {
  const unknown = { columns: 10, rows: 10, spacing: null };
  assert.equal(screenScale(unknown, imagePose(unknown, VIEWPORT, FITTED)), null);
});

test("large images are asked for in the size that is shown", () => {
  const large = { columns: 3000, rows: 2500, spacing: null };
  assert.equal(usefulSize(large, { width: 600, height: 500 }, 1.5), 1024);
  assert.equal(usefulSize(large, { width: 1600, height: 900 }, 2), undefined);
  assert.equal(usefulSize(SQUARE, { width: 600, height: 600 }, 1), undefined);
});
