import assert from "node:assert/strict";
import test from "node:test";
import type { SeriesPreview } from "../src/download/data";
import {
  band,
  downloadQuery,
  drawn,
  EDGES,
  isDecided,
  thicknessOf,
  UNDECIDED,
  withBand,
  type Decision,
} from "../src/download/decisions";

const [TOP, BOTTOM] = [band("top", 120), band("bottom", 120)];

const series = (uid: string, risk: SeriesPreview["risk"], refusal: string | null = null): SeriesPreview => ({
  uid,
  risk,
  refusal,
  number: 1,
  description: "",
  modality: "CT",
  instances: 1,
  changes: [],
  picture: null,
});

const decision = (
  what: Decision["what"],
  isLookedAt: boolean,
  rectangles = [] as Decision["rectangles"],
) => ({
  what,
  isLookedAt,
  rectangles,
});

test("nothing that may name the patient counts as decided without somebody who has looked", () => {
  for (const risk of ["unstated", "likely"] as const) {
    const one = series("1", risk);
    assert.ok(!isDecided(one, UNDECIDED));
    assert.ok(!isDecided(one, decision("keep", false)));
    assert.ok(!isDecided(one, decision("blank", false, [TOP])));
    assert.ok(!isDecided(one, decision("blank", true)));
    assert.ok(isDecided(one, decision("keep", true)));
    assert.ok(isDecided(one, decision("blank", true, [TOP])));
    assert.ok(isDecided(one, decision("leave", false)));
  }
  assert.ok(isDecided(series("1", "none"), UNDECIDED));
  assert.ok(isDecided(series("1", "likely", "It cannot."), UNDECIDED));
});

test("decisions stand in the query as UIDs and numbers", () => {
  const all = [
    series("1.1", "none"),
    series("1.2", "likely"),
    series("1.3", "likely"),
    series("1.4", "unstated"),
    series("1.5", "none", "It cannot."),
  ];
  const decisions = new Map([
    ["1.2", decision("blank", true, [TOP, BOTTOM])],
    ["1.3", decision("leave", false)],
    ["1.4", decision("keep", true)],
  ]);
  assert.equal(
    downloadQuery(all, decisions, ["dates"]),
    "keep=dates&leave=1.3,1.5&looked=1.2,1.4&blank=1.2:0_0_1000_120,1.2:0_880_1000_1000",
  );
  assert.equal(downloadQuery([series("1.1", "none")], new Map(), []), "");
});

test("a rectangle is drawn from any corner, stays in the picture, and a slip is none", () => {
  const wanted = { left: 100, top: 200, right: 1000, bottom: 500 };
  assert.deepEqual(drawn([0.1, 0.5], [1.4, 0.2]), wanted);
  assert.deepEqual(drawn([1.4, 0.2], [0.1, 0.5]), wanted);
  assert.equal(drawn([0.5, 0.5], [0.502, 0.9]), null);
});

test("a band along each edge is set, changed and taken away without touching the others", () => {
  const own = { left: 10, top: 10, right: 90, bottom: 90 };
  let rectangles: Decision["rectangles"] = [own];
  for (const [index, edge] of EDGES.entries()) rectangles = withBand(rectangles, edge, 100 + index);
  assert.deepEqual(
    EDGES.map((edge) => thicknessOf(rectangles, edge)),
    [100, 101, 102, 103],
  );
  assert.deepEqual(band("right", 103), { left: 897, top: 0, right: 1000, bottom: 1000 });
  rectangles = withBand(withBand(rectangles, "left", 50), "top", 0);
  assert.deepEqual(
    EDGES.map((edge) => thicknessOf(rectangles, edge)),
    [0, 101, 50, 103],
  );
  assert.equal(rectangles.length, 4);
  assert.ok(rectangles.includes(own));
});
