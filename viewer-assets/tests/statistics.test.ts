import assert from "node:assert/strict";
import test from "node:test";
import { measure } from "../src/findings/measure";
import type { Finding } from "../src/findings/model";
import { originLine, said } from "../src/findings/say";
import { RegionStatistics, statisticsKey, withStatistics } from "../src/findings/statistics";
import type { StatisticsAnswer } from "../src/findings/statistics";
import type { Kind } from "../src/study/data";
import { stackSource, type Place } from "../src/study/source";
import { stackOf } from "./studies";

const BOX: Finding = {
  study: "1.1",
  series: "1.1.1",
  instance: "1.5.0",
  frame: 1,
  id: "a",
  tracking: "2.25.1",
  tool: "rectangle",
  points: [
    [1, 1],
    [5, 4],
  ],
  label: "",
  colour: 0,
  hidden: false,
};
const MEAN: StatisticsAnswer = {
  quantities: [{ name: "mean", value: 42.345, unit: "HU", uncertainty: null }],
  unit: "HU",
  origin: "rescaled stored values",
  reason: null,
};

function placeOf(kind: Partial<Kind> = {}): Place {
  const place = stackSource("1.1", "1.1.1", stackOf([[0, 0, 0]], kind)).at(0);
  assert.ok(place);
  return place;
}

const rest = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

interface Asked {
  readonly path: string;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

function server(answer: () => Promise<StatisticsAnswer>): { asked: Asked[]; regions: RegionStatistics } {
  const asked: Asked[] = [];
  const regions = new RegionStatistics((path, body, signal) => {
    asked.push({ path, body, signal });
    return answer();
  });
  return { asked, regions };
}

function boxTo(column: number): Finding {
  return {
    ...BOX,
    id: `box ${column}`,
    points: [
      [1, 1],
      [column, 4],
    ],
  };
}

const HERE = {};
const THERE = {};

test("regions are asked about once, two at a time, and told to all who show them", async () => {
  const { asked, regions } = server(() => rest(5).then(() => MEAN));
  const place = placeOf();
  const all = [5, 6, 7, 8].map(boxTo);
  regions.want(HERE, all, place);
  regions.want(THERE, all, place);
  assert.equal(asked.length, 2);
  await rest(40);
  assert.equal(asked.length, 4);
  assert.equal(asked[0]?.path, "sightline/api/studies/1.1/series/1.1.1/instances/1.5.0/frames/1/statistics");
  assert.deepEqual(asked[0]?.body, { tool: "rectangle", points: all[0]?.points });
  for (const one of all) assert.deepEqual(regions.known(one, place), MEAN);
  // Another name or colour changes no number.
  regions.want(HERE, [{ ...boxTo(5), label: "liver", colour: 2 }], place);
  assert.equal(asked.length, 4);
});

test("what nobody shows any more is not waited for", async () => {
  const { asked, regions } = server(() => rest(10).then(() => MEAN));
  const place = placeOf();
  regions.want(HERE, [boxTo(5), boxTo(6), boxTo(7)], place);
  regions.want(THERE, [boxTo(6)], place);
  regions.want(HERE, [], null);
  assert.deepEqual(
    asked.map(({ signal }) => signal.aborted),
    [true, false],
  );
  await rest(30);
  assert.equal(asked.length, 2);
});

test("what failed is told, and asked again when it is looked at again, not over and over", async () => {
  let isDown = true;
  const { asked, regions } = server(() =>
    isDown ? Promise.reject(new Error("The server is away.")) : Promise.resolve(MEAN),
  );
  const place = placeOf();
  regions.want(HERE, [BOX], place);
  await rest(1);
  assert.equal(regions.known(BOX, place)?.reason, "The server is away.");
  regions.want(HERE, [BOX], place);
  await rest(1);
  assert.equal(asked.length, 1);
  isDown = false;
  regions.want(HERE, [], null);
  regions.want(HERE, [BOX], place);
  await rest(1);
  assert.deepEqual(regions.known(BOX, place), MEAN);
  const { signal } = new AbortController();
  assert.deepEqual(await regions.fetch(BOX, place, signal), MEAN);
  assert.equal(asked.length, 2);
});

test("lines, planes and colour are not asked about", async () => {
  const { asked, regions } = server(() => Promise.resolve(MEAN));
  const plane: Place = { ...placeOf(), source: { plane: "axial", index: 0 } };
  regions.want(HERE, [{ ...BOX, tool: "length" }], placeOf());
  regions.want(HERE, [BOX], plane);
  regions.want(HERE, [BOX], placeOf({ colour: true }));
  assert.match(regions.known(BOX, placeOf({ colour: true }))?.reason ?? "", /colour/);
  assert.equal(regions.known(BOX, plane), null);
  await rest(5);
  assert.equal(asked.length, 0);
});

test("a file that was stored anew is asked about anew", () => {
  const key = statisticsKey(BOX, placeOf());
  const place = placeOf();
  assert.ok(place.exact);
  assert.notEqual(key, statisticsKey(BOX, { ...place, exact: { ...place.exact, key: "other" } }));
});

test("sizes and values are told together, each with its origin", () => {
  const both = withStatistics(measure(BOX, placeOf()), MEAN);
  assert.deepEqual(
    both.quantities.map((one) => one.name),
    ["width", "height", "area", "mean"],
  );
  assert.equal(said(both.quantities[3] as NonNullable<(typeof both.quantities)[3]>), "42.3 HU");
  assert.equal(originLine(both), "pixel spacing; values: rescaled stored values");
  const bare = withStatistics(measure(BOX, placeOf({ spacing: null, spacingOrigin: "" })), MEAN);
  assert.match(originLine(bare), /^values: rescaled stored values\. The file does not say/);
  const refused = withStatistics(measure(BOX, placeOf()), {
    ...MEAN,
    quantities: [],
    origin: "",
    reason: "No.",
  });
  assert.equal(originLine(refused), "pixel spacing. No.");
});
