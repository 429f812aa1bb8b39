import assert from "node:assert/strict";
import test from "node:test";
import {
  FITTED,
  imageRectangle,
  panBy,
  scaleBar,
  screenScale,
  toImage,
  toScreen,
  usefulSize,
  zoomAt,
} from "../src/geometry";

const VIEWPORT = { width: 800, height: 600 };
const SQUARE = { columns: 512, rows: 512, spacing: [0.5, 0.5] as const };

test("an image fits the shorter side and is centred", () => {
  assert.deepEqual(imageRectangle(SQUARE, VIEWPORT, FITTED), { x: 100, y: 0, width: 600, height: 600 });
});

test("pixels that are twice as high as wide are drawn so", () => {
  const tall = { columns: 100, rows: 100, spacing: [2, 1] as const };
  assert.deepEqual(imageRectangle(tall, VIEWPORT, FITTED), { x: 250, y: 0, width: 300, height: 600 });
});

test("the point under the pointer stays under it while zooming", () => {
  const anchor = { x: 130, y: 470 };
  const before = toImage(anchor, SQUARE, imageRectangle(SQUARE, VIEWPORT, FITTED));
  const placement = zoomAt(panBy(FITTED, { x: 0, y: 0 }, VIEWPORT), 3.7, anchor, VIEWPORT);
  const after = toImage(anchor, SQUARE, imageRectangle(SQUARE, VIEWPORT, placement));
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-9);
});

test("screen and image points are each other's inverse", () => {
  const rectangle = imageRectangle(SQUARE, VIEWPORT, { zoom: 1.7, pan: { x: 31, y: -12 } });
  const point = toScreen(toImage({ x: 12, y: 345 }, SQUARE, rectangle), SQUARE, rectangle);
  assert.ok(Math.hypot(point.x - 12, point.y - 345) < 1e-9);
});

test("an image cannot be moved out of sight", () => {
  const { pan } = panBy(FITTED, { x: 5000, y: -5000 }, VIEWPORT);
  assert.deepEqual(pan, { x: 400, y: -300 });
});

test("the scale bar has a round length that fits", () => {
  // 600 CSS pixels show 256 mm.
  const perMm = screenScale(SQUARE, imageRectangle(SQUARE, VIEWPORT, FITTED));
  assert.equal(perMm, 600 / 256);
  assert.deepEqual(scaleBar(600 / 256, 120), { mm: 50, pixels: (50 * 600) / 256 });
  assert.equal(scaleBar(100, 120).mm, 1);
});

test("there is no scale without a pixel size", () => {
  const unknown = { columns: 10, rows: 10, spacing: null };
  assert.equal(screenScale(unknown, { x: 0, y: 0, width: 10, height: 10 }), null);
});

test("large images are asked for in the size that is shown", () => {
  const large = { columns: 3000, rows: 2500, spacing: null };
  assert.equal(usefulSize(large, { width: 600, height: 500 }, 1.5), 1024);
  assert.equal(usefulSize(large, { width: 1600, height: 900 }, 2), undefined);
  assert.equal(usefulSize(SQUARE, { width: 600, height: 600 }, 1), undefined);
});
