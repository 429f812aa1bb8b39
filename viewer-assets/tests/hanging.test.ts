import assert from "node:assert/strict";
import test from "node:test";
import { FITTED, imagePose, loosened, panBy } from "../src/geometry";
import { hangingFor, type Hanging } from "../src/hanging/rules";
import type { Kind, Series, Stack } from "../src/study/data";
import { tilesOf } from "../src/study/tiles";
import { axial, KIND, sagittal, seriesOf, stackOf, STUDY } from "./studies";

const DESKTOP = { width: 1440, height: 900 };
const TABLET = { width: 820, height: 1180 };
const PHONE = { width: 412, height: 839 };

const { orientation: _, frameOfReference: __, ...FLAT } = KIND;

/** Images without a place, one of each kind. */
function images(...kinds: readonly Partial<Kind>[]): Stack {
  return {
    ...stackOf(kinds.map(() => null)),
    kinds: kinds.map((kind) => ({ ...FLAT, ...kind })),
    frames: kinds.map((_kind, index) => [String(index), 1, index, -1, null]),
  };
}

/** One series for each image. */
function series(modality: string, kinds: readonly Partial<Kind>[], more: Partial<Series> = {}): Series[] {
  return kinds.map((kind, index) => seriesOf(`1.${index + 1}`, images(kind), { modality, ...more }));
}

function hung(all: readonly Series[], tile = "1.1", slice = 0, size = DESKTOP): Hanging | null {
  return hangingFor(tilesOf({ study: STUDY, series: all }), { tile, slice }, size);
}

function layoutOf(hanging: Hanging | null): readonly unknown[] | null {
  return hanging && [hanging.layout, ...hanging.panes.map(({ tile, slice }) => `${tile}:${slice ?? "all"}`)];
}

const LCC = { laterality: "L", view: "CC" };
const RCC = { laterality: "R", view: "CC" };
const LMLO = { laterality: "L", view: "MLO" };
const RMLO = { laterality: "R", view: "MLO" };

test("a screening mammogram is hung back to back, whatever order its series come in", () => {
  const hanging = hung(series("MG", [LMLO, RCC, RMLO, LCC]));
  assert.deepEqual(layoutOf(hanging), ["2x2", "1.2:0", "1.4:0", "1.3:0", "1.1:0"]);
  assert.deepEqual(
    hanging?.panes.map(({ side }) => side),
    ["right", "left", "right", "left"],
  );
});

test("a mammogram in one series is hung image by image", () => {
  const one = [seriesOf("1.1", images(RMLO, LMLO, RCC, LCC), { modality: "MG" })];
  assert.deepEqual(layoutOf(hung(one, "1.1", 2)), ["2x2", "1.1:2", "1.1:3", "1.1:0", "1.1:1"]);
});

test("two views of breasts are a pair: both sides of one view, or both views of one side", () => {
  assert.deepEqual(layoutOf(hung(series("MG", [LCC, RCC]))), ["1x2", "1.2:0", "1.1:0"]);
  assert.deepEqual(layoutOf(hung(series("MG", [LMLO, RMLO]))), ["1x2", "1.2:0", "1.1:0"]);
  assert.deepEqual(layoutOf(hung(series("MG", [RMLO, RCC]))), ["1x2", "1.2:0", "1.1:0"]);
  assert.equal(hung(series("MG", [LCC, RMLO])), null);
  assert.equal(hung(series("MG", [LCC])), null);
});

test("a breast whose chest wall lies at the outer edge is turned over", () => {
  const hanging = hung(
    series("MG", [
      { ...RCC, letters: ["P", "A", "R", "L"] },
      { ...LCC, letters: ["P", "A", "L", "R"] },
      { ...RMLO, letters: ["A", "P", "H", "F"] },
      { ...LMLO, letters: ["A", "PF", "H", "F"] },
    ]),
  );
  assert.deepEqual(
    hanging?.panes.map(({ mirrored = false }) => mirrored),
    [true, false, false, true],
  );
});

test("what is for processing is not hung", () => {
  const raw = { ...RCC, intent: "FOR PROCESSING" };
  assert.deepEqual(layoutOf(hung(series("MG", [LCC, raw, RCC]))), ["1x2", "1.3:0", "1.1:0"]);
});

test("of several images of a view, the one that is on the screen stays", () => {
  assert.deepEqual(layoutOf(hung(series("MG", [RCC, LCC, RCC]), "1.3")), ["1x2", "1.3:0", "1.2:0"]);
});

test("frontal and lateral radiographs lie side by side, the frontal one first", () => {
  for (const modality of ["CR", "DX"]) {
    assert.deepEqual(layoutOf(hung(series(modality, [{ view: "LL" }, { view: "PA" }]))), [
      "1x2",
      "1.2:0",
      "1.1:0",
    ]);
  }
  assert.deepEqual(layoutOf(hung(series("DX", [{ view: "AP" }, { view: "RL" }]))), ["1x2", "1.1:0", "1.2:0"]);
});

test("radiographs of other parts of the body are no pair, nor are those of one view", () => {
  const [front] = series("DX", [{ view: "PA" }], { bodyPart: "CHEST" });
  const side = seriesOf("1.2", images({ view: "LL" }), { modality: "DX", bodyPart: "KNEE" });
  assert.ok(front);
  assert.equal(hung([front, side]), null);
  assert.deepEqual(layoutOf(hung([front, { ...side, bodyPart: "" }])), ["1x2", "1.1:0", "1.2:0"]);
  assert.equal(hung(series("DX", [{ view: "AP" }, { view: "PA" }])), null);
  assert.equal(hung(series("DX", [{}, {}])), null);
});

const PET = axial(20, 5, 0, { unit: "BQML", suv: { factor: 0.001, reason: "" } });
const RAW_PET = axial(25, 5, 0, { unit: "CNTS" });

test("uptake lies beside the anatomy of its own frame of reference, both leafed through together", () => {
  const all = [
    seriesOf("1.1", axial(30, 3)),
    seriesOf("1.2", axial(90, 1, 0, { frameOfReference: "1.8" })),
    seriesOf("1.3", RAW_PET, { modality: "PT" }),
    seriesOf("1.4", PET, { modality: "PT" }),
  ];
  const hanging = hung(all, "1.1", 15);
  assert.deepEqual(layoutOf(hanging), ["1x2", "1.1:all", "1.4:all"]);
  assert.deepEqual(
    [hanging?.links.scroll, hanging?.links.place, hanging?.links.window],
    ["position", true, false],
  );
  assert.deepEqual(layoutOf(hung(all, "1.3", 12)), ["1x2", "1.1:all", "1.3:all"]);
  assert.equal(hung(all, "1.2", 45), null);
});

test("pairs lie one above the other on an upright tablet, and phones show one image", () => {
  const both = series("DX", [{ view: "PA" }, { view: "LL" }]);
  assert.equal(hung(both, "1.1", 0, TABLET)?.layout, "2x1");
  assert.equal(hung(both, "1.1", 0, PHONE), null);
  assert.equal(hung(both, "1.1", 0, { width: PHONE.height, height: PHONE.width }), null);
  assert.equal(hung(series("MG", [RCC, LCC, RMLO, LMLO]), "1.1", 0, TABLET)?.layout, "2x2");
});

test("scans open with one series, however many there are", () => {
  assert.equal(hung([1, 2, 3, 4, 5].map((n) => seriesOf(`1.${n}`, axial(20, 5), { modality: "MR" }))), null);
  assert.equal(hung([seriesOf("1.1", axial(20, 5)), seriesOf("1.2", sagittal(20, 5))]), null);
  assert.equal(hung([]), null);
});

function scout(uid: string): Series {
  return seriesOf(uid, axial(3, 5));
}

function keys(all: readonly Series[]): readonly string[] {
  return tilesOf({ study: STUDY, series: all }).map(({ key }) => key);
}

test("localisers come after scans, in their own order, and stay where there is nothing else", () => {
  const scan = seriesOf("1.3", null, { instances: 20 });
  assert.deepEqual(keys([scout("1.1"), scout("1.2"), scan]), ["1.3", "1.1", "1.2"]);
  assert.deepEqual(keys([scout("1.2"), scout("1.1")]), ["1.2", "1.1"]);
  assert.deepEqual(keys(series("DX", [{}, {}])), ["1.1", "1.2"]);
});

test("an image at a side touches it at any size, and can be moved from there", () => {
  const placement = { ...FITTED, side: "right" as const };
  const viewport = { width: 600, height: 200 };
  assert.equal(imagePose(KIND, viewport, placement).x, 400);
  assert.equal(imagePose(KIND, { width: 900, height: 300 }, placement).x, 600);
  assert.equal(imagePose(KIND, viewport, { ...FITTED, side: "left" }).x, 0);
  const loose = loosened(placement, KIND, viewport);
  assert.equal(imagePose(KIND, viewport, loose).x, 400);
  assert.equal(imagePose(KIND, viewport, panBy(loose, { x: -30, y: 0 }, viewport)).x, 370);
  assert.equal(loosened(FITTED, KIND, viewport), FITTED);
});
