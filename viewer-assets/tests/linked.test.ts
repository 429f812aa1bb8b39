import assert from "node:assert/strict";
import test from "node:test";
import { FITTED, imagePose, screenScale, toImage, turnedRight, UPRIGHT } from "../src/geometry";
import { LinkedViewports } from "../src/linked/LinkedViewports";
import { holds, planeOf, sliceHolding, toPatient, type Mark } from "../src/linked/patientPlane";
import { placedLike, type Lying } from "../src/linked/placing";
import { followingSlice, relationOf, sliceAtSamePart, type Standing } from "../src/linked/scrolling";
import { frameAt, type Kind, type Stack } from "../src/study/data";
import { NO_LINKS } from "../src/study/links";
import type { Reader } from "../src/study/reader";
import { axial, KIND, readerOf, sagittal, seriesOf, stackOf, STUDY } from "./studies";

function standing(stack: Stack, index: number, anchor = index): Standing {
  const planes = stack.frames.map((_, place) => {
    const frame = frameAt(stack, place);
    return frame && planeOf(frame);
  });
  return { planes, index, anchor };
}

const THIN = axial(101, 1);
const THICK = axial(21, 5, 0);
const ELSEWHERE = axial(51, 2, 700, { frameOfReference: "1.8" });
/** The same slices from the other end. */
function reversed({ frames }: Stack): Stack {
  return stackOf(frames.map((_, index) => frames.at(-1 - index)?.[4] ?? null));
}

const PLACELESS = stackOf(Array.from({ length: 30 }, () => null));

test("stacks of one frame of reference go to the same place", () => {
  assert.equal(followingSlice(standing(THIN, 52), standing(THICK, 0), "position"), 10);
  assert.equal(followingSlice(standing(THICK, 7), standing(THIN, 0), "position"), 35);
  assert.equal(followingSlice(standing(THIN, 100), standing(axial(4, 5), 0), "position"), 3);
});

test("stacks that run against each other go to the same place too", () => {
  const down = reversed(THIN);
  assert.equal(followingSlice(standing(THIN, 30), standing(down, 0), "position"), 70);
  assert.equal(followingSlice(standing(THIN, 30, 20), standing(down, 50), "offset"), 40);
});

test("without a common frame of reference they move by as many mm from where they stood", () => {
  assert.equal(relationOf(standing(THIN, 0), standing(ELSEWHERE, 0), "position"), "millimetres");
  assert.equal(followingSlice(standing(THIN, 60, 50), standing(ELSEWHERE, 3, 20), "position"), 25);
});

test("linked as they stand, they keep their distance even in one frame of reference", () => {
  assert.equal(followingSlice(standing(THIN, 60, 50), standing(THICK, 0, 3), "offset"), 5);
});

test("without places they move by as many slices", () => {
  assert.equal(relationOf(standing(PLACELESS, 0), standing(THIN, 0), "position"), "slices");
  assert.equal(followingSlice(standing(PLACELESS, 12, 10), standing(THIN, 5, 40), "position"), 42);
});

test("stacks of other orientations, and single images, are not leafed through together", () => {
  assert.equal(relationOf(standing(THIN, 5), standing(sagittal(20, 5), 3), "position"), null);
  assert.equal(followingSlice(standing(THIN, 5), standing(sagittal(20, 5), 3), "offset"), null);
  assert.equal(relationOf(standing(THIN, 5), standing(axial(1, 1), 0), "offset"), null);
});

test("where nothing else is known, two stacks stand at the same part of their length", () => {
  assert.equal(sliceAtSamePart(standing(THIN, 25), standing(ELSEWHERE, 0)), 13);
  const down = reversed(ELSEWHERE);
  assert.equal(sliceAtSamePart(standing(THIN, 25), standing(down, 0)), 38);
});

function mark(z: number, x = 0): Mark {
  return { frameOfReference: "1.9", at: [x, 0, z] };
}

test("a slice holds what is in it or nearer to it than to the next one", () => {
  const { planes } = standing(THICK, 0);
  assert.ok(holds(planes, 2, mark(12)));
  assert.ok(!holds(planes, 2, mark(13)));
  assert.equal(sliceHolding(planes, mark(13)), 3);
  assert.equal(sliceHolding(planes, mark(103)), null);
  assert.equal(sliceHolding(planes, mark(13, 50)), null);
  assert.equal(sliceHolding(planes, { ...mark(13), frameOfReference: "1.8" }), null);
});

function lying(kind: Partial<Kind>, position: readonly [number, number, number] | null): Lying {
  const image = { ...KIND, ...kind };
  const plane = planeOf({ kind: image, position });
  return { image, viewport: { width: 600, height: 400 }, placement: FITTED, plane };
}

test("an image placed like another has as many pixels of the screen for a millimetre", () => {
  const leader = { ...lying({}, null), placement: { zoom: 2, pan: { x: 0.1, y: 0 }, turn: UPRIGHT } };
  const small = {
    ...lying({ columns: 64, rows: 50, spacing: [0.5, 0.25] }, null),
    viewport: { width: 300, height: 300 },
  };
  const placement = placedLike(leader, small);
  const scale = ({ image, viewport }: Lying, placed = placement): number | null =>
    screenScale(image, imagePose(image, viewport, placed));
  assert.ok(Math.abs((scale(small) ?? 0) - (scale(leader, leader.placement) ?? 1)) < 1e-9);
  assert.equal(placement.pan.x, 0.2);
});

test("the same point of the patient is in the middle where both know it", () => {
  const leader = {
    ...lying({}, [-50, -50, 0]),
    placement: { zoom: 3, pan: { x: 0.2, y: -0.1 }, turn: turnedRight(UPRIGHT) },
  };
  const other = lying({ columns: 80, rows: 60, spacing: [2, 2] }, [-90, -40, 10]);
  const placement = placedLike(leader, other);
  assert.deepEqual(placement.turn, leader.placement.turn);
  const [a, b] = [leader, { ...other, placement }].map(({ image, viewport, placement: placed, plane }) => {
    const pose = imagePose(image, viewport, placed);
    const { x, y } = toImage({ x: viewport.width / 2, y: viewport.height / 2 }, image, pose);
    return plane && toPatient(plane, y - 0.5, x - 0.5);
  });
  assert.ok(a && b && Math.hypot(a[0] - b[0], a[1] - b[1]) < 1e-9);
});

test("without a pixel size an image takes zoom, shift and turn as they are", () => {
  const placement = { zoom: 3, pan: { x: 0.2, y: -0.1 }, turn: UPRIGHT };
  assert.deepEqual(placedLike({ ...lying({}, null), placement }, lying({ spacing: null }, null)), placement);
});

test("another orientation keeps its turn", () => {
  const leader = { ...lying({}, [0, 0, 0]), placement: { ...FITTED, turn: turnedRight(UPRIGHT) } };
  const other = lying({ orientation: [0, 1, 0, 0, 0, -1] }, [0, 0, 0]);
  assert.deepEqual(placedLike(leader, other).turn, UPRIGHT);
});

/** Two panes with these, linked. */
function desk(
  first: Stack,
  second: Stack,
  more: { readonly modality?: string } = {},
): [Reader, LinkedViewports] {
  const reader = readerOf([seriesOf("1.1.1", first), seriesOf("1.1.2", second, more)]);
  reader.setLayout("1x2");
  return [reader, new LinkedViewports(reader)];
}

function slices(reader: Reader): readonly number[] {
  return reader.visible.value.map(({ viewport }) => viewport.index.value);
}

test("a scroll is followed by the others, and does not come back", () => {
  const [reader] = desk(THIN, THICK);
  const [thin, thick] = reader.visible.value;
  reader.links.value = { ...NO_LINKS, scroll: "position" };
  thin?.viewport.goTo(62);
  assert.deepEqual(slices(reader), [62, 12]);
  thick?.viewport.goTo(2);
  assert.deepEqual(slices(reader), [10, 2]);
  thin?.viewport.goTo(11);
  assert.deepEqual(slices(reader), [11, 2]);
});

test("nothing follows without a link, and all stand still when it is taken away", () => {
  const [reader] = desk(THIN, THICK);
  const [thin] = reader.visible.value;
  thin?.viewport.goTo(90);
  assert.deepEqual(slices(reader), [90, 10]);
  reader.links.value = { ...NO_LINKS, scroll: "position" };
  assert.deepEqual(slices(reader), [90, 18]);
  reader.links.value = NO_LINKS;
  thin?.viewport.goTo(0);
  assert.deepEqual(slices(reader), [0, 18]);
});

test("linked as they stand, they keep the offset that they had then", () => {
  const [reader] = desk(THIN, THICK);
  const [thin] = reader.visible.value;
  thin?.viewport.goTo(10);
  reader.links.value = { ...NO_LINKS, scroll: "offset" };
  assert.deepEqual(slices(reader), [10, 10]);
  thin?.viewport.goTo(30);
  assert.deepEqual(slices(reader), [30, 14]);
});

test("what an undo puts back is left as it is", () => {
  const [reader] = desk(THIN, THICK);
  const [thin, thick] = reader.visible.value;
  reader.links.value = { ...NO_LINKS, scroll: "position" };
  const state = reader.state;
  const moved = state.panes.map((pane, index) => pane && { ...pane, slice: index === 0 ? 3 : 17 });
  reader.restore({ ...state, panes: moved });
  assert.deepEqual(slices(reader), [3, 17]);
  assert.ok(thin && thick);
});

test("a series that is opened beside a linked one goes to the same place", () => {
  const reader = readerOf([seriesOf("1.1.1", THIN), seriesOf("1.1.2", THICK)]);
  const linked = new LinkedViewports(reader);
  reader.open("1.1.1", 85);
  reader.links.value = { ...NO_LINKS, scroll: "position" };
  reader.setLayout("1x2");
  assert.deepEqual(slices(reader), [85, 17]);
  linked.close();
});

test("windows are shared by one modality and unit only", () => {
  const window = { center: 40, width: 400 };
  for (const [modality, isShared] of [
    ["CT", true],
    ["PT", false],
  ] as const) {
    const [reader] = desk(THIN, THICK, { modality });
    reader.links.value = { ...NO_LINKS, window: true };
    reader.setWindow(window);
    assert.deepEqual(reader.visible.value[1]?.window.value, isShared ? window : null);
  }
});

test("another patient's pictures are never linked", () => {
  const stranger = { study: { ...STUDY, uid: "1.2", id: "P2" }, series: [seriesOf("1.2.1", THICK)] };
  const reader = readerOf([seriesOf("1.1.1", THIN)], [stranger]);
  const linked = new LinkedViewports(reader);
  reader.setLayout("1x2");
  reader.links.value = { scroll: "position", window: true, place: true, lines: true };
  const [own, other] = reader.visible.value;
  assert.ok(own && other);
  own.viewport.goTo(90);
  reader.setWindow({ center: 1, width: 2 });
  assert.deepEqual(slices(reader), [90, 10]);
  assert.equal(other.window.value, null);
  assert.deepEqual(linked.signs(own), []);
  assert.equal(linked.refusal(own, other), "link.refused.patient");
});

test("the crosshair takes the others to the slice that holds the point, without moving the one it is put into", () => {
  const [reader, linked] = desk(THIN, sagittal(21, 5));
  reader.links.value = { ...NO_LINKS, scroll: "position" };
  const [thin] = reader.visible.value;
  linked.show({ frameOfReference: "1.9", at: [-19, 0, 50] }, thin);
  assert.deepEqual(slices(reader), [50, 6]);
  linked.show({ frameOfReference: "1.7", at: [10, 0, 50] }, thin);
  assert.deepEqual(slices(reader), [50, 6]);
});
