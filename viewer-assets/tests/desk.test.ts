import assert from "node:assert/strict";
import test from "node:test";
import { FITTED } from "../src/geometry";
import { deskQuery, parseDesk, type DeskState, type PaneState } from "../src/study/deskState";
import { parseFusion } from "../src/study/fusion";
import { History } from "../src/study/history";
import { LAYOUTS } from "../src/study/layouts";
import { linksText, NO_LINKS, parseLinks } from "../src/study/links";
import { OWN_LOOK } from "../src/study/look";
import { parseRotation, rotationText, STRAIGHT } from "../src/study/rotation";
import {
  blended,
  blendedNext,
  parseSlab,
  slabText,
  stepOf,
  THICKNESSES,
  thicker,
  THIN,
} from "../src/study/slab";

const PLAIN: PaneState = { tile: "1.2.3", slice: 11, look: OWN_LOOK, placement: FITTED };
const CHANGED: PaneState = {
  tile: "1.2.4",
  slice: 0,
  look: {
    window: { center: -600, width: 1500, voiFunction: "SIGMOID" },
    invert: true,
    filter: "local_contrast",
    colourMap: "hot_iron",
    overlays: false,
    shutter: false,
    smooth: false,
  },
  placement: { zoom: 2.5, pan: { x: 0.125, y: -0.25 }, turn: { quarters: 3, mirrored: true }, side: "left" },
};
const DESK: DeskState = {
  layout: "1x1",
  planes: false,
  slab: THIN,
  turned: STRAIGHT,
  rendering: null,
  fusion: null,
  active: 0,
  panes: [PLAIN],
  beside: [],
  links: NO_LINKS,
};

test("one plain series is named by series and slice alone", () => {
  assert.equal(deskQuery(DESK), "?series=1.2.3&slice=12");
});

test("a desk comes back from its query as it was", () => {
  const state: DeskState = {
    layout: "2x2",
    planes: false,
    slab: THIN,
    turned: STRAIGHT,
    rendering: null,
    fusion: null,
    active: 2,
    panes: [CHANGED, PLAIN, null, CHANGED],
    beside: ["1.9.9"],
    links: { scroll: "offset", window: true, place: true, lines: false },
  };
  assert.deepEqual(parseDesk(deskQuery(state)), state);
});

test("every layout comes back", () => {
  for (const { name: layout, areas } of LAYOUTS) {
    const state = { ...DESK, layout, panes: areas.map(() => PLAIN) };
    assert.deepEqual(parseDesk(deskQuery(state)), state);
  }
});

test("UIDs that are longer than they should be come back", () => {
  const uid = `1.${"7".repeat(126)}`;
  const pane = { ...PLAIN, tile: `${uid}~2`, only: uid, presentation: uid };
  const state = { ...DESK, panes: [pane], beside: [uid] };
  assert.deepEqual(parseDesk(deskQuery(state)), state);
});

test("planes come back over one pane", () => {
  const state = { ...DESK, planes: true };
  assert.deepEqual(parseDesk(deskQuery(state)), state);
});

test("planes come back as thick as they were", () => {
  for (const blend of ["max", "min", "mean"] as const) {
    const state = { ...DESK, planes: true, slab: { mm: 12.5, blend } };
    assert.deepEqual(parseDesk(deskQuery(state)), state);
  }
  assert.equal(slabText(THIN), "");
  for (const text of [null, "", "10", "10,sum", "0,max", "-1,max", "1001,max", "x,max"])
    assert.deepEqual(parseSlab(text), THIN);
});

const mm = (from: number, by: 1 | -1): number => thicker({ mm: from, blend: "max" }, by).mm;

test("a slab grows and shrinks by thicknesses on offer, from any other one, too", () => {
  assert.deepEqual([mm(0, 1), mm(6, 1), mm(7, 1), mm(100, 1)], [1, 8, 8, 100]);
  assert.deepEqual([mm(0, -1), mm(1, -1), mm(7, -1), mm(250, -1)], [0, 0, 6, 100]);
  assert.deepEqual(blended(THIN, "min"), { mm: 10, blend: "min" });
  assert.deepEqual(blendedNext(THIN), { mm: 10, blend: "max" });
  assert.deepEqual(blendedNext({ mm: 4, blend: "mean" }), { mm: 4, blend: "max" });
  assert.equal(THICKNESSES[stepOf({ mm: 11.5, blend: "min" })], 12);
});

test("planes come back turned as they were", () => {
  const turned = [0.6, 0, 0, 0.8] as const;
  const state = { ...DESK, planes: true, turned };
  assert.deepEqual(parseDesk(deskQuery(state)), state);
  assert.equal(rotationText(STRAIGHT), "");
  assert.equal(rotationText(parseRotation("0.9,0,0,1.2")), "0.6,0,0,0.8");
  for (const text of [null, "", "1", "1,0,0", "0,0,0,0", "9,0,0,0", "a,b,c,d", "1,0,0,0,0"])
    assert.deepEqual(parseRotation(text), STRAIGHT);
});

test("what is laid over planes comes back", () => {
  for (const top of [null, 7.5]) {
    const fusion = { series: "1.2.9", colourMap: "even", opacity: 0.35, top } as const;
    const state = { ...DESK, planes: true, fusion };
    assert.deepEqual(parseDesk(deskQuery(state)), state);
  }
  for (const text of ["1.2", "1.2,jet,0.5,", "x,pet,0.5,", "1.2,pet,0,", "1.2,pet,1.5,", "1.2,pet,0.5,-1"])
    assert.equal(parseFusion(text), null);
});

test("what is not understood is as if it were not there", () => {
  for (const query of [
    "?layout=9x9",
    "?active=7",
    "?place=0,0,0",
    "?rotate=45",
    "?filter=blur",
    "?colourmap=jet",
    "?pane=<script>",
    "?beside=../x",
  ]) {
    const state = parseDesk(`${query}&series=1.2.3&slice=12`);
    assert.deepEqual({ ...state, panes: state.panes.slice(0, 1) }, DESK, query);
  }
});

test("the panes of a layout cover it and do not overlap", () => {
  for (const { name, rows, columns, areas } of LAYOUTS) {
    const cells = areas.flatMap(([top, left, height, width]) =>
      Array.from({ length: height * width }, (_, index) => [
        top + Math.floor(index / width),
        left + (index % width),
      ]),
    );
    assert.equal(new Set(cells.map(String)).size, rows * columns, name);
    assert.equal(cells.length, rows * columns, name);
  }
});

test("undo goes back, redo goes on, and a new change ends what could be done again", () => {
  let state = 0;
  let time = 0;
  const history = new History<number>(
    (value) => {
      state = value;
    },
    (a, b) => a === b,
    () => time,
  );
  const change = (name: "command.invert" | "command.reset", value: number): void => {
    history.note(name, state, value);
    state = value;
    time += 1000;
  };
  change("command.invert", 1);
  change("command.reset", 2);
  change("command.reset", 2);
  assert.equal(history.undo(), "command.reset");
  assert.equal(state, 1);
  assert.equal(history.redo(), "command.reset");
  assert.equal(history.undo(), "command.reset");
  change("command.invert", 5);
  assert.equal(history.redo(), null);
  history.undo();
  history.undo();
  assert.equal(state, 0);
  assert.equal(history.undo(), null);
});

test("turns of the wheel that follow each other are one change", () => {
  let state = 0;
  let time = 0;
  const history = new History<number>(
    (value) => {
      state = value;
    },
    (a, b) => a === b,
    () => time,
  );
  for (let value = 1; value <= 5; value += 1) {
    history.note("command.toolZoom", value - 1, value);
    time += 100;
  }
  history.undo();
  assert.equal(state, 0);
});

test("links come back from their words, and other words mean nothing", () => {
  for (const scroll of ["off", "position", "offset"] as const)
    for (const flag of [true, false]) {
      const links = { scroll, window: flag, place: !flag, lines: flag };
      assert.deepEqual(parseLinks(linksText(links)), links);
    }
  assert.deepEqual(parseLinks("everything"), NO_LINKS);
});
