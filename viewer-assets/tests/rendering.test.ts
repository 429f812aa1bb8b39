import assert from "node:assert/strict";
import test from "node:test";
import { bodyOf, bodySource, planeOf, type Body } from "../src/mpr/body";
import type { PlaneGrid } from "../src/mpr/plan";
import { looksFor, seenFrom, SIDE_NAMES, sideOf, suited, turnedBy } from "../src/mpr/turning";
import { resized, seenAt, type Seen } from "../src/mpr/seen";
import { OWN_SHADING } from "../src/study/look";
import type { Subject } from "../src/study/presets";
import { parseRendering, renderingOf, renderingText, type Rendering } from "../src/study/rendering";
import { cross, dot, minus, plus, type Vector } from "../src/vectors";

const FRONT: Rendering = { look: "bone", turn: 0, tilt: 0 };
const BODY: Body = { middle: [10, -20, 300], length: 400 };
const SUBJECT: Subject = { modality: "CT", unit: "HU", suvFactor: null, own: null, inverse: false };

function isNear(found: Vector, expected: Vector): void {
  for (const axis of [0, 1, 2] as const) assert.ok(Math.abs(found[axis] - expected[axis]) < 1e-9);
}

test("a body comes back from the address as it was turned", () => {
  for (const rendering of [FRONT, { look: "mip", turn: -30.25, tilt: 90 } as const])
    assert.deepEqual(parseRendering(renderingText(rendering)), rendering);
  assert.equal(renderingText(null), "");
  for (const text of [
    null,
    "",
    "steel,0,0",
    "bone,x,0",
    "bone,0,Infinity",
    "bone,181,0",
    "bone,0,-91",
    "bone",
  ])
    assert.equal(parseRendering(text), null);
});

test("a hand that moves to the right turns the front to the right, down shows more of the head", () => {
  assert.deepEqual(turnedBy(FRONT, 30, 10), { look: "bone", turn: -30, tilt: 10 });
  assert.deepEqual(turnedBy(FRONT, -200, 100), { look: "bone", turn: -160, tilt: 90 });
});

test("each side is seen from outside, with its own letters at the edges", () => {
  const expected = {
    A: [[0, 1, 0], "RLHF"],
    P: [[0, -1, 0], "LRHF"],
    L: [[-1, 0, 0], "APHF"],
    R: [[1, 0, 0], "PAHF"],
    H: [[0, 0, -1], "RLPA"],
    F: [[0, 0, 1], "RLAP"],
  } as const;
  for (const side of SIDE_NAMES) {
    const rendering = seenFrom(FRONT, side);
    assert.equal(sideOf(rendering), side);
    const { columnDirection, rowDirection } = planeOf(BODY, rendering);
    const [away, letters] = expected[side];
    isNear(cross(columnDirection, rowDirection), away);
    const tile = { study: { uid: "1" }, series: { uid: "2" }, part: 0 };
    const place = bodySource(tile as never, BODY, rendering).at(0);
    assert.equal(place?.letters?.join(""), letters);
  }
  assert.equal(sideOf({ ...FRONT, turn: 1 }), null);
});

test("however it is turned, the middle of the picture is the middle of the body", () => {
  for (const [turn, tilt] of [
    [0, 0],
    [33, -47],
    [-160, 80],
  ] as const) {
    const plane = planeOf(BODY, { turn, tilt });
    const half = ((plane.rows - 1) / 2) * plane.spacing[0];
    isNear(plus(plus(plane.origin, plane.columnDirection, half), plane.rowDirection, half), BODY.middle);
    assert.ok(Math.abs(dot(plane.columnDirection, plane.rowDirection)) < 1e-9);
    assert.ok(plane.rows * plane.spacing[0] >= BODY.length);
  }
});

test("a body is as long as its longest side, in the middle of its voxels", () => {
  const grid = { count: 11, rows: 5, columns: 3, spacing: [3, 1], step: 2 } as const;
  const axes = { columnDirection: [1, 0, 0], rowDirection: [0, 1, 0], normal: [0, 0, 1] } as const;
  const body = bodyOf({ ...grid, ...axes, origin: [100, 0, 0] } as unknown as PlaneGrid);
  assert.deepEqual(body, { middle: [101, 6, 10], length: 22 });
});

test("fewer pixels show the same square of the patient", () => {
  const plane = planeOf(BODY, { turn: 20, tilt: 30 });
  const corner = ({ origin, columnDirection, rowDirection, spacing }: typeof plane): Vector =>
    plus(plus(origin, columnDirection, -spacing[1] / 2), rowDirection, -spacing[0] / 2);
  for (const pixels of [1, 256, 640]) {
    const fewer = resized(plane, pixels);
    isNear(minus(corner(fewer), corner(plane)), [0, 0, 0]);
    assert.ok(Math.abs(fewer.rows * fewer.spacing[0] - plane.rows * plane.spacing[0]) < 1e-9);
  }
});

test("pictures are small while the body moves, and cast through all of it at rest", () => {
  const seen: Seen = { plane: planeOf(BODY, FRONT), look: "skin" };
  const wanted = { window: { center: 40, width: 400 }, invert: true, shading: OWN_SHADING, isLossless: true };
  const [draft, full, exact] = (["draft", "full", "exact"] as const).map((stage) =>
    seenAt(seen, stage, 512, wanted),
  );
  assert.match(draft?.source.at ?? "", /,256,256$/);
  assert.deepEqual(draft?.source.settings, ["preset=skin", "detail=interactive"]);
  assert.match(full?.source.at ?? "", /,512,512$/);
  assert.deepEqual(full?.source.settings, ["preset=skin", "detail=fitting"]);
  assert.match(exact?.source.at ?? "", /,640,640$/);
  assert.deepEqual(exact?.source.settings, ["preset=skin"]);
  assert.deepEqual(
    [draft?.window, draft?.invert, draft?.format, exact?.format],
    [undefined, false, undefined, "png"],
  );
  const mip = seenAt({ ...seen, look: "mip" }, "exact", 512, { ...wanted, isLossless: false });
  assert.deepEqual([mip.window, mip.invert, mip.format], [wanted.window, true, undefined]);
  assert.deepEqual(mip.source.settings, []);
});

test("looks of Hounsfield units are offered for nothing else", () => {
  const magnetic = { ...SUBJECT, modality: "MR", unit: "" };
  const uptake = { ...SUBJECT, modality: "PT", unit: "BQML" };
  assert.deepEqual(
    [SUBJECT, magnetic, uptake].map((subject) => renderingOf(subject).look),
    ["bone", "mr", "mip"],
  );
  assert.ok(looksFor(SUBJECT).includes("lung"));
  assert.deepEqual(suited({ ...FRONT, turn: 40 }, magnetic), { look: "mr", turn: 40, tilt: 0 });
  assert.deepEqual(suited(FRONT, SUBJECT), FRONT);
});
