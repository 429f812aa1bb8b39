import assert from "node:assert/strict";
import test from "node:test";
import { draw, newDrawing, preview, type Drawing, type DrawingEvent } from "../src/findings/drawing";
import { distance, finished, metricOf, thinned, type Metric } from "../src/findings/drawingShapes";
import { handleMoved, handlesOf, movedBy, settled } from "../src/findings/editing";
import { MOST_POINTS, type FindingTool, type ImagePoint } from "../src/findings/model";

/** Pixels twice as high as wide, five CSS pixels for each column. */
const IMAGE = { columns: 100, rows: 60, spacing: [1, 0.5] as const };
const METRIC: Metric = metricOf(IMAGE, 5, false);

type Short = readonly [kind: DrawingEvent["kind"], at?: ImagePoint, isStraight?: boolean];

/** Do all that in turn; the points that came of it, null while there are none. */
function drawn(tool: FindingTool, events: readonly Short[], metric = METRIC) {
  let drawing: Drawing | null = newDrawing(tool);
  for (const [kind, at, isStraight = false] of events) {
    if (!drawing) return null;
    const event = (at ? { kind, at, isStraight } : { kind }) as DrawingEvent;
    const outcome = draw(drawing, event, metric);
    if (outcome.done) return outcome.done;
    drawing = outcome.drawing;
  }
  return drawing;
}

const click = (at: ImagePoint): readonly Short[] => [
  ["press", at],
  ["release", at],
];
const drag = (from: ImagePoint, to: ImagePoint): readonly Short[] => [
  ["press", from],
  ["move", to],
  ["release", to],
];
const A: ImagePoint = [10, 10];
const B: ImagePoint = [40, 30];
const C: ImagePoint = [60, 12];
const D: ImagePoint = [20, 50];

for (const tool of ["length", "calibration", "arrow", "circle", "rectangle"] as const) {
  test(`${tool}: a drag and two clicks are the same`, () => {
    assert.deepEqual(drawn(tool, drag(A, B)), [A, B]);
    assert.deepEqual(drawn(tool, [...click(A), ["move", C], ...click(B)]), [A, B]);
    assert.deepEqual(drawn(tool, [...click(A), ...drag(C, B)]), [A, B]);
  });
}

test("a double click makes no line of no length", () => {
  const drawing = drawn("length", [...click(A), ...click(A)]) as Drawing;
  assert.deepEqual(drawing.points, [A]);
});

test("three clicks are an angle, and so is a drag with a click", () => {
  assert.deepEqual(drawn("angle", [...click(A), ...click(B), ...click(C)]), [A, B, C]);
  assert.deepEqual(drawn("angle", [...drag(A, B), ...click(C)]), [A, B, C]);
});

test("both lines of a Cobb angle are dragged or clicked", () => {
  assert.deepEqual(drawn("cobb", [...drag(A, B), ...drag(C, D)]), [A, B, C, D]);
  assert.deepEqual(drawn("cobb", [A, B, C, D].flatMap(click)), [A, B, C, D]);
});

test("corners end with a double click, with Enter, and a polygon at its first one", () => {
  const corners = [A, B, C].flatMap(click);
  assert.deepEqual(drawn("polyline", [...corners, ["press", C]]), [A, B, C]);
  assert.deepEqual(drawn("polyline", [...corners, ["move", D], ["end"]]), [A, B, C]);
  assert.deepEqual(drawn("polygon", [...corners, ["press", [10.5, 10]]]), [A, B, C]);
  const open = drawn("polygon", [...click(A), ...click(B), ["end"]]) as Drawing;
  assert.deepEqual(open.points, [A, B]);
});

test("the last point is taken back, and at last the drawing", () => {
  const drawing = drawn("polygon", [...[A, B, C].flatMap(click), ["back"]]) as Drawing;
  assert.deepEqual(drawing.points, [A, B]);
  assert.equal(drawn("polygon", [...click(A), ["back"]]), null);
});

test("points of one click need one", () => {
  assert.deepEqual(
    drawn("point", [
      ["press", A],
      ["move", B],
      ["release", B],
    ]),
    [B],
  );
  assert.deepEqual(drawn("text", click(A)), [A]);
});

test("no point lies outside of the image", () => {
  assert.deepEqual(drawn("length", drag([-5, -1], [140, 61])), [
    [0, 0],
    [100, 60],
  ]);
});

test("Shift makes steps of 45° and squares, for the eye, not in pixels", () => {
  const line = drawn("length", [
    ["press", A],
    ["release", [29, 21], true],
  ]) as readonly ImagePoint[];
  const [from, to] = line as readonly [ImagePoint, ImagePoint];
  assert.ok(Math.abs((to[0] - from[0]) * 0.5 - (to[1] - from[1]) * 1) < 1e-9);
  const square = drawn("rectangle", [
    ["press", A],
    ["release", [30, 12], true],
  ]);
  assert.deepEqual(square, [A, [30, 20]]);
});

test("an ellipse fills its rectangle, the longer axis first", () => {
  // 20 columns are 10 mm, 30 rows are 30 mm.
  assert.deepEqual(drawn("ellipse", drag([10, 10], [30, 40])), [
    [20, 10],
    [20, 40],
    [10, 25],
    [30, 25],
  ]);
});

test("the short diameter is proposed at right angles to the middle of the long one, half as long", () => {
  const [a, b, c, d] = drawn("bidirectional", drag(A, B)) as readonly ImagePoint[] as [
    ImagePoint,
    ImagePoint,
    ImagePoint,
    ImagePoint,
  ];
  assert.deepEqual([(c[0] + d[0]) / 2, (c[1] + d[1]) / 2], [25, 20]);
  assert.ok(Math.abs(distance(c, d, METRIC) - distance(a, b, METRIC) / 2) < 1e-9);
  const dot = (b[0] - a[0]) * 0.5 * (d[0] - c[0]) * 0.5 + (b[1] - a[1]) * (d[1] - c[1]);
  assert.ok(Math.abs(dot) < 1e-9);
});

test("what is not complete shows what there is of it", () => {
  const drawing = drawn("angle", [...click(A), ["move", B]]) as Drawing;
  assert.deepEqual(preview(drawing, METRIC), [A, B]);
});

test("a freehand outline keeps its shape with few points; a click is none", () => {
  const around = Array.from({ length: 400 }, (_, index): ImagePoint => {
    const angle = (index / 400) * 2 * Math.PI;
    return [50 + 30 * Math.cos(angle), 30 + 15 * Math.sin(angle)];
  });
  const events: Short[] = around.map((at, index) => [index === 0 ? "press" : "move", at]);
  const outline = drawn("freehand", [
    ...events,
    ["release", around[0] as ImagePoint],
  ]) as readonly ImagePoint[];
  assert.ok(outline.length < 100, String(outline.length));
  for (const point of around) {
    const near = Math.min(...outline.map((other) => distance(point, other, METRIC)));
    assert.ok(near < 3);
  }
  const twice = outline.reduce((sum, [column, row], index) => {
    const [next, below] = outline[(index + 1) % outline.length] as ImagePoint;
    return sum + column * below - next * row;
  }, 0);
  assert.ok(Math.abs(Math.abs(twice / 2) - Math.PI * 30 * 15) < 8);
  assert.equal(drawn("freehand", click(A)), null);
});

test("an outline never has more points than are allowed", () => {
  const zigzag = Array.from({ length: 3 * MOST_POINTS }, (_, index): ImagePoint => [
    index / 300,
    index % 2 ? 0 : 50,
  ]);
  assert.ok(thinned(zigzag, METRIC).length <= MOST_POINTS);
});

test("all of a finding is moved, but never out of the image", () => {
  const line = { tool: "length", points: [A, B] } as const;
  assert.deepEqual(movedBy(line, [5, -3], METRIC), [
    [15, 7],
    [45, 27],
  ]);
  assert.deepEqual(movedBy(line, [-50, 100], METRIC), [
    [0, 40],
    [30, 60],
  ]);
});

test("a rectangle has four handles, and each keeps the opposite corner", () => {
  const rectangle = { tool: "rectangle", points: [A, B] } as const;
  assert.deepEqual(handlesOf(rectangle), [A, [40, 10], B, [10, 30]]);
  assert.deepEqual(handleMoved(rectangle, 1, [50, 5], METRIC), [
    [10, 30],
    [50, 5],
  ]);
});

test("a circle's middle moves all of it, its rim the radius", () => {
  const circle = { tool: "circle", points: [B, [50, 30]] } as const;
  assert.deepEqual(handleMoved(circle, 0, [41, 31], METRIC), [
    [41, 31],
    [51, 31],
  ]);
  assert.deepEqual(handleMoved(circle, 1, [40, 36], METRIC), [B, [40, 36]]);
});

test("axes of an ellipse stay at right angles and keep the other's length", () => {
  const points = finished(
    "ellipse",
    [
      [10, 10],
      [30, 40],
    ],
    METRIC,
  );
  for (const handle of [0, 1, 2, 3]) {
    const moved = handleMoved({ tool: "ellipse", points }, handle, [45, 33], METRIC);
    const [a, b, c, d] = moved as [ImagePoint, ImagePoint, ImagePoint, ImagePoint];
    assert.deepEqual(moved[handle], [45, 33]);
    const dot = (b[0] - a[0]) * (d[0] - c[0]) * 0.25 + (b[1] - a[1]) * (d[1] - c[1]);
    assert.ok(Math.abs(dot) < 1e-6, String(handle));
    const kept = handle < 2 ? distance(c, d, METRIC) : distance(a, b, METRIC);
    assert.ok(Math.abs(kept - (handle < 2 ? 20 : 60)) < 1e-6);
    for (const axis of [0, 1] as const)
      assert.ok(Math.abs((a[axis] + b[axis]) / 2 - (c[axis] + d[axis]) / 2) < 1e-9);
  }
});

test("the short diameter goes along with the long one, and slides on it", () => {
  const points = drawn("bidirectional", drag([10, 30], [50, 30])) as readonly ImagePoint[];
  const pair = { tool: "bidirectional", points } as const;
  const turned = handleMoved(pair, 1, [10, 50], METRIC);
  const [a, b, c, d] = turned as [ImagePoint, ImagePoint, ImagePoint, ImagePoint];
  assert.ok(Math.abs((b[0] - a[0]) * (d[0] - c[0]) * 0.25 + (b[1] - a[1]) * (d[1] - c[1])) < 1e-9);
  assert.ok(
    Math.abs(distance(c, d, METRIC) - distance(points[2] as ImagePoint, points[3] as ImagePoint, METRIC)) <
      1e-9,
  );
  const slid = handleMoved(pair, 2, [20, 10], METRIC);
  assert.deepEqual(slid[2], [20, 10]);
  assert.equal(slid[3]?.[0], 20);
  const short = { tool: "bidirectional", points: slid } as const;
  const longer = handleMoved(short, 3, [20, 60], METRIC);
  assert.deepEqual(settled({ ...short, points: longer }, METRIC).slice(0, 2), longer.slice(2));
});

test("a freehand outline is pulled where its handle is, and nowhere else", () => {
  const points = Array.from({ length: 64 }, (_, index): ImagePoint => {
    const angle = (index / 64) * 2 * Math.PI;
    return [50 + 20 * Math.cos(angle), 30 + 10 * Math.sin(angle)];
  });
  const outline = { tool: "freehand", points } as const;
  assert.equal(handlesOf(outline).length, 16);
  const [column, row] = handlesOf(outline)[2] as ImagePoint;
  const moved = handleMoved(outline, 2, [column + 4, row], METRIC);
  const changed = moved.flatMap((point, index) => (point === points[index] ? [] : [index]));
  assert.deepEqual(changed, [5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual(moved[8], [column + 4, row]);
});
