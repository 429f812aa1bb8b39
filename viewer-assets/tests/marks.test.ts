import assert from "node:assert/strict";
import test from "node:test";
import { imagePose, toImage, type Turn } from "../src/geometry";
import { labelSize } from "../src/findings/labelSize";
import { overlaps, placeLabels } from "../src/findings/labels";
import { distanceToMark, markOf, targetAt } from "../src/findings/marks";
import { MOST_POINTS, type Finding, type FindingTool, type ImagePoint } from "../src/findings/model";
import { imageStep } from "../src/findings/pencilKeys";
import type { Place } from "../src/study/source";

const IMAGE = { columns: 100, rows: 60, spacing: [1, 0.5] as const };
const SCREEN = { width: 600, height: 700 };
const TURNS: readonly Turn[] = [0, 1, 2, 3].flatMap((quarters) =>
  [false, true].map((mirrored) => ({ quarters: quarters as Turn["quarters"], mirrored })),
);
const poseOf = (turn: Turn) => imagePose(IMAGE, SCREEN, { zoom: 1, pan: { x: 0, y: 0 }, turn });
const POSE = poseOf({ quarters: 0, mirrored: false });

let count = 0;
function findingOf(tool: FindingTool, points: readonly ImagePoint[]): Finding {
  count += 1;
  const place = { study: "1", series: "1.1", instance: "1.1.1", frame: 1 };
  return { ...place, id: `f${count}`, tracking: "2.25.1", tool, points, label: "", colour: 0, hidden: false };
}

test("whatever way the image lies, the marks lie on their pixels", () => {
  const points: readonly ImagePoint[] = [
    [10, 5],
    [80, 50],
  ];
  for (const turn of TURNS) {
    const pose = poseOf(turn);
    const mark = markOf(findingOf("length", points), IMAGE, pose);
    const back = mark.handles.map((at) => toImage(at, IMAGE, pose));
    back.forEach(({ x, y }, index) => {
      assert.ok(Math.abs(x - (points[index] as ImagePoint)[0]) < 1e-9);
      assert.ok(Math.abs(y - (points[index] as ImagePoint)[1]) < 1e-9);
    });
  }
});

test("an arrow key goes its way on the screen, by one pixel of the image", () => {
  for (const turn of TURNS) {
    const pose = poseOf(turn);
    const sight = { pose, place: { geometry: IMAGE } as unknown as Place };
    for (const step of [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const) {
      const [columns, rows] = imageStep(sight, step);
      assert.equal(Math.abs(columns) + Math.abs(rows), 1);
      const [from, to] = [
        markOf(findingOf("point", [[50, 30]]), IMAGE, pose),
        markOf(findingOf("point", [[50 + columns, 30 + rows]]), IMAGE, pose),
      ].map(({ handles }) => handles[0]);
      if (!from || !to) throw new Error("no handle");
      assert.equal(Math.sign(Math.round(to.x - from.x)), step[0]);
      assert.equal(Math.sign(Math.round(to.y - from.y)), step[1]);
    }
  }
});

test("a circle is round on the screen and passes through its point", () => {
  const mark = markOf(
    findingOf("circle", [
      [50, 30],
      [70, 35],
    ]),
    IMAGE,
    POSE,
  );
  const [centre, rim] = mark.handles;
  if (!centre || !rim) throw new Error("no handles");
  const radius = Math.hypot(rim.x - centre.x, rim.y - centre.y);
  for (const { x, y } of mark.lines[0]?.points ?? [])
    assert.ok(Math.abs(Math.hypot(x - centre.x, y - centre.y) - radius) < 1e-6);
  assert.ok(distanceToMark(mark, rim) < radius * 0.001);
});

test("the hand means handles before lines, and lines within its reach", () => {
  const line = findingOf("length", [
    [10, 30],
    [90, 30],
  ]);
  const other = findingOf("rectangle", [
    [20, 10],
    [60, 50],
  ]);
  const marks = [line, other].map((one) => markOf(one, IMAGE, POSE));
  const [end] = marks[0]?.handles ?? [];
  if (!end) throw new Error("no handle");
  const at = (x: number, y: number, by: "mouse" | "touch" = "mouse", selected: string | null = null) =>
    targetAt(marks, new Map(), { x: end.x + x, y: end.y + y }, by, selected);
  assert.deepEqual(at(0, 3), { id: line.id, part: "handle", handle: 0 });
  assert.deepEqual(at(40, 5), { id: line.id, part: "line" });
  assert.equal(at(40, 12), null);
  assert.deepEqual(at(40, 12, "touch"), { id: line.id, part: "line" });
  assert.equal(at(-21, 0, "mouse", line.id), null);
  // 44 pixels across for a finger.
  assert.deepEqual(at(-21, 0, "touch", line.id), { id: line.id, part: "handle", handle: 0 });
  // What an area encloses is free to be drawn in.
  const middle = { x: SCREEN.width / 2 - 10, y: SCREEN.height / 2 - 60 };
  assert.equal(targetAt(marks, new Map(), middle, "mouse", null), null);
});

test("words lie over no other words, off the shape and inside the picture", () => {
  const findings = Array.from({ length: 24 }, (_, index) =>
    findingOf("length", [
      [5 + (index % 4) * 24, 4 + Math.floor(index / 4) * 9],
      [20 + (index % 4) * 24, 8 + Math.floor(index / 4) * 9],
    ]),
  );
  const marks = findings.map((one) => markOf(one, IMAGE, POSE));
  const taken = [{ x: 0, y: 0, width: 120, height: 60 }];
  const wishes = marks.map((mark) => ({ mark, size: labelSize(["12.3 mm"]), shift: null }));
  const places = [...placeLabels(wishes, SCREEN, taken).values()];
  assert.equal(places.length, 24);
  places.forEach((place, index) => {
    assert.ok(place.x >= 0 && place.y >= 0 && place.x + place.width <= SCREEN.width);
    for (const other of [...places.slice(index + 1), ...taken]) assert.ok(!overlaps(place, other));
  });
});

test("words that were put somewhere stay there, with a line to their shape", () => {
  const mark = markOf(
    findingOf("length", [
      [10, 30],
      [90, 30],
    ]),
    IMAGE,
    POSE,
  );
  const size = labelSize(["12.3 mm"]);
  const place = placeLabels([{ mark, size, shift: { x: 30, y: 120 } }], SCREEN, []).get(mark.finding.id);
  assert.equal(place && place.y + place.height / 2, mark.box.y + mark.box.height / 2 + 120);
  assert.ok(place?.leader);
});

test("200 findings of one slice are hit and labelled in a moment", () => {
  const findings = Array.from({ length: 200 }, (_, index) =>
    findingOf(index % 2 ? "ellipse" : "length", [
      [(index * 7) % 90, (index * 11) % 50],
      [((index * 7) % 90) + 9, ((index * 11) % 50) + 6],
      [((index * 7) % 90) + 2, ((index * 11) % 50) + 1],
      [((index * 7) % 90) + 5, ((index * 11) % 50) + 5],
    ]),
  );
  const started = performance.now();
  const marks = findings.map((one) => markOf(one, IMAGE, POSE));
  const wishes = marks.map((mark) => ({ mark, size: labelSize(["12.3 ± 0.5 mm"]), shift: null }));
  placeLabels(wishes, SCREEN, []);
  const placed = performance.now();
  for (let step = 0; step < 100; step += 1)
    targetAt(marks, new Map(), { x: step * 6, y: step * 7 }, "mouse", null);
  const hit = performance.now();
  // Ten times what it takes.
  assert.ok(placed - started < 1000, `placed in ${placed - started} ms`);
  assert.ok((hit - placed) / 100 < 10, `hit in ${(hit - placed) / 100} ms`);
});

test("the longest outline that is allowed has a box", () => {
  const points = Array.from({ length: MOST_POINTS }, (_, index): ImagePoint => [
    index / 100,
    (index % 60) as number,
  ]);
  assert.ok(markOf(findingOf("freehand", points), IMAGE, POSE).box.width > 0);
});
