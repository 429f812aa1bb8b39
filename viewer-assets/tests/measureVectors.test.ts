/** What the server measures, `plugin/sightline/rendering/measuring.py`, the page has to measure alike. */
import assert from "node:assert/strict";
import test from "node:test";
import { measure } from "../src/findings/measure";
import type { Measured } from "../src/findings/measured";
import type { Finding, FindingTool, ImagePoint } from "../src/findings/model";
import type { Kind } from "../src/study/data";
import { stackSource } from "../src/study/source";
import stored from "./measures.json";
import { stackOf } from "./studies";

interface Case {
  readonly frame: string;
  readonly tool: FindingTool;
  readonly points: readonly ImagePoint[];
  readonly rule: readonly ImagePoint[] | null;
  readonly knownLength?: number;
  readonly measured: Measured;
}

const KINDS = stored.kinds as unknown as Readonly<Record<string, Kind>>;
const CASES = stored.cases as unknown as readonly Case[];

function findingOf({ tool, points, knownLength }: Case): Finding {
  return {
    study: "1.1",
    series: "1.1.1",
    instance: "1.5.0",
    frame: 1,
    id: "a",
    tracking: "2.25.1",
    tool,
    points,
    label: "",
    colour: 0,
    hidden: false,
    ...(knownLength !== undefined && { knownLength }),
  };
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

for (const [index, one] of CASES.entries())
  test(`case ${index}: ${one.tool} on ${one.frame}`, () => {
    const kind = KINDS[one.frame];
    assert.ok(kind);
    const place = stackSource("1.1", "1.1.1", stackOf([[0, 0, 0]], kind)).at(0);
    assert.ok(place);
    const finding = findingOf(one);
    const rules: readonly Finding[] = one.rule
      ? [{ ...finding, tool: "calibration", points: one.rule, knownLength: 25 }]
      : [];
    const measured = measure(finding, place, rules);
    assert.deepEqual(measured.origin, one.measured.origin);
    assert.deepEqual(measured.reason, one.measured.reason);
    assert.equal(measured.quantities.length, one.measured.quantities.length);
    for (const [at, expected] of one.measured.quantities.entries()) {
      const actual = measured.quantities[at];
      assert.ok(actual);
      assert.deepEqual({ ...actual, value: 0, uncertainty: 0 }, { ...expected, value: 0, uncertainty: 0 });
      assert.ok(isClose(actual.value, expected.value), `${actual.value}, not ${expected.value}`);
      if (expected.uncertainty === null) assert.equal(actual.uncertainty, null);
      else assert.ok(isClose(actual.uncertainty ?? NaN, expected.uncertainty), `± ${actual.uncertainty}`);
    }
  });
