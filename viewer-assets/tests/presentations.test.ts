import assert from "node:assert/strict";
import test from "node:test";
import { FITTED, imagePose, type Turn } from "../src/geometry";
import type { Presentation } from "../src/presentations/model";
import { presentedSource, turnOf } from "../src/presentations/presented";
import { visibleArea } from "../src/presentations/wish";
import { parseDesk, deskQuery } from "../src/study/deskState";
import type { PictureSource, Place } from "../src/study/source";

const PRESENTATION: Presentation = {
  study: "1",
  series: "1.8",
  instance: "1.8.1",
  label: "A",
  ours: false,
  reason: null,
  rotation: 90,
  flip: false,
  images: [{ series: "1.1", instance: "i1", frames: [2], rows: 30, columns: 20, window: null }],
};
const pile: PictureSource = {
  study: "1",
  series: "1.1",
  count: 3,
  at: (index) =>
    ({
      source: { instance: "i1", frame: index + 1 },
      geometry: { rows: 20, columns: 30, spacing: [1, 1] },
      letters: ["R", "L", "A", "P"],
      exact: { key: "", path: "", bytes: 1 },
    }) as unknown as Place,
};

test("the presentation makes the pictures that it is for, and no others", () => {
  const presented = presentedSource(pile, PRESENTATION);
  assert.deepEqual(presented.at(0)?.source, { instance: "i1", frame: 1 });
  const place = presented.at(1);
  assert.deepEqual(place?.source, {
    presented: { instance: "i1", frame: 2 },
    state: { series: "1.8", instance: "1.8.1" },
  });
  assert.deepEqual(place?.geometry, { rows: 30, columns: 20, spacing: null });
  assert.deepEqual(place?.letters, ["P", "A", "R", "L"]);
  assert.equal(place?.exact, null);
  assert.equal(place?.voiLut, true);
});

test("rotated and then flipped is mirrored and then turned back", () => {
  assert.deepEqual(turnOf({ rotation: 90, flip: false }), { mirrored: false, quarters: 1 });
  assert.deepEqual(turnOf({ rotation: 90, flip: true }), { mirrored: true, quarters: 3 });
  assert.deepEqual(turnOf({ rotation: 0, flip: true }), { mirrored: true, quarters: 0 });
});

test("the area that is stored is what is seen of the image, however it is turned", () => {
  const image = { rows: 100, columns: 200, spacing: null };
  const screen = { width: 400, height: 400 };
  for (const quarters of [0, 1, 2, 3] as const) {
    for (const mirrored of [false, true]) {
      const turn: Turn = { quarters, mirrored };
      const whole = visibleArea(image, imagePose(image, screen, { ...FITTED, turn }), screen);
      assert.deepEqual(whole, { left: 0, top: 0, right: 200, bottom: 100 });
      const near = visibleArea(image, imagePose(image, screen, { ...FITTED, turn, zoom: 4 }), screen);
      assert.deepEqual(near, { left: 75, top: 25, right: 125, bottom: 75 });
    }
  }
  const aside = imagePose(image, screen, { ...FITTED, zoom: 4, pan: { x: 0.5, y: 0 } });
  assert.deepEqual(visibleArea(image, aside, screen), { left: 50, top: 25, right: 100, bottom: 75 });
});

test("key images alone and a presentation are part of the address", () => {
  const query = "?series=1.2&slice=3&only=own&presentation=1.8.1";
  const { panes } = parseDesk(query);
  assert.equal(panes[0]?.only, "own");
  assert.equal(panes[0]?.presentation, "1.8.1");
  assert.equal(deskQuery(parseDesk(query)), query);
  assert.equal(parseDesk("?series=1.2&only=x%22&presentation=-").panes[0]?.presentation, undefined);
  const beside = parseDesk("?layout=1x2&series=1.2&slice=1&pane=1.3!slice:2!only:1.9.1");
  assert.equal(beside.panes[1]?.only, "1.9.1");
});
