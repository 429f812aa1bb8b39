import assert from "node:assert/strict";
import test from "node:test";
import type { Quantity } from "../src/findings/measured";
import type { Finding, FindingTool } from "../src/findings/model";
import {
  changeOf,
  diameterOf,
  joined,
  objections,
  pairsOf,
  sumOf,
  type Sized,
  type Target,
} from "../src/findings/tracking";

const near = (a: number | null | undefined, b: number): void =>
  assert.ok(a !== null && a !== undefined && Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

function finding(study: string, tracking: string, tool: FindingTool = "length"): Finding {
  const place = { study, series: `${study}.1`, instance: `${study}.1.1`, frame: 1 };
  return {
    ...place,
    id: `${study}/${tracking}`,
    tracking,
    tool,
    points: [],
    label: "",
    colour: 0,
    hidden: false,
  };
}

function mm(name: Quantity["name"], value: number, more: Partial<Quantity> = {}): Quantity {
  return { name, value, unit: "mm", uncertainty: 0.5, ...more };
}

function line(study: string, tracking: string, length: number, more: Partial<Quantity> = {}): Sized {
  const quantities = [mm("length", length, more)];
  return { finding: finding(study, tracking), measured: { quantities, origin: null, reason: null } };
}

function node(study: string, tracking: string, long: number, short: number): Sized {
  const quantities = [mm("length", long), mm("shortAxis", short)];
  return {
    finding: finding(study, tracking, "bidirectional"),
    measured: { quantities, origin: null, reason: null },
  };
}

test("findings of one tracking are one row, those that both studies have come first", () => {
  const pairs = pairsOf(
    [line("now", "new", 8), line("now", "both", 30)],
    [line("before", "both", 24), line("before", "gone", 12)],
  );
  assert.deepEqual(
    pairs.map(({ tracking, current, prior }) => [tracking, current !== null, prior !== null]),
    [
      ["both", true, true],
      ["new", true, false],
      ["gone", false, true],
    ],
  );
});

test("from 24 to 30 mm is 6 mm or 25 percent more", () => {
  const [pair] = pairsOf([line("now", "a", 30)], [line("before", "a", 24)]);
  const change = pair && changeOf(pair, false);
  near(change?.absolute, 6);
  near(change?.percent, 25);
  assert.ok(change?.isCertain);
});

test("a change that is less than half pixels make is said to be uncertain", () => {
  const [pair] = pairsOf([line("now", "a", 24.8)], [line("before", "a", 24)]);
  assert.equal(pair && changeOf(pair, false)?.isCertain, false);
});

test("of nothing there is no percentage", () => {
  const [pair] = pairsOf([line("now", "a", 5)], [line("before", "a", 0)]);
  assert.equal(pair && changeOf(pair, false)?.percent, null);
});

test("of a node the short axis counts, and a line has none", () => {
  assert.equal(diameterOf(node("now", "n", 20, 16), true).value, 16);
  assert.equal(diameterOf(node("now", "n", 20, 16), false).value, 20);
  assert.equal(diameterOf(line("now", "n", 20), true).problem, "findings.track.noShortAxis");
});

test("pixels, sizes at a detector and regions are no diameters in the patient", () => {
  assert.equal(diameterOf(line("now", "a", 20, { unit: "px" }), false).problem, "findings.track.noMm");
  assert.equal(diameterOf(line("now", "a", 20, { isBound: true }), false).problem, "findings.track.bound");
  const region: Sized = { ...line("now", "a", 20), finding: finding("now", "a", "ellipse") };
  assert.equal(diameterOf(region, false).problem, "findings.track.noDiameter");
});

function targets(): readonly Target[] {
  const pairs = pairsOf(
    [line("now", "liver", 21), node("now", "node", 25, 12), line("now", "lung", 15)],
    [line("before", "liver", 30), node("before", "node", 28, 18), line("before", "lung", 12)],
  );
  return pairs.map((pair) => ({ pair, isNode: pair.tracking === "node" }));
}

test("the sum: 30 + 18 + 12 = 60 mm became 21 + 12 + 15 = 48 mm, a fifth less", () => {
  const sum = sumOf(targets());
  near(sum?.prior, 60);
  near(sum?.current, 48);
  near(sum?.change.absolute, -12);
  near(sum?.change.percent, -20);
});

test("there is no sum where a target is missing or has no size, nor of none", () => {
  const [first] = targets();
  assert.equal(sumOf([]), null);
  assert.ok(first);
  assert.equal(sumOf([...targets(), { pair: { ...first.pair, current: null }, isNode: false }]), null);
  assert.equal(sumOf([{ pair: { ...first.pair, problem: "findings.track.twice" }, isNode: false }]), null);
});

test("a finding that is there twice is not compared", () => {
  const [pair] = pairsOf([line("now", "a", 30), line("now", "a", 10)], [line("before", "a", 24)]);
  assert.equal(pair?.problem, "findings.track.twice");
  assert.equal(pair && changeOf(pair, false), null);
});

test("targets that are too many or too small for RECIST are said to be", () => {
  assert.deepEqual(objections(targets()), []);
  const small = pairsOf([line("now", "a", 9)], [line("before", "a", 9)]).map((pair) => ({
    pair,
    isNode: false,
  }));
  assert.deepEqual(objections(small), ["findings.recist.small"]);
  assert.deepEqual(objections([...targets(), ...targets()]), ["findings.recist.tooMany"]);
  const node14 = pairsOf([node("now", "n", 20, 14)], [node("before", "n", 20, 14)]);
  assert.deepEqual(objections(node14.map((pair) => ({ pair, isNode: true }))), ["findings.recist.small"]);
});

test("two findings are said to be the same: the current one takes the prior's tracking", () => {
  const [current, prior] = [finding("now", "x"), finding("before", "y")];
  assert.deepEqual(joined([current, prior], current, prior), [{ ...current, tracking: "y" }]);
});

test("what goes with the current one already goes along, and no study has a finding twice", () => {
  const [current, earlier, prior] = [finding("now", "x"), finding("earliest", "x"), finding("before", "y")];
  assert.deepEqual(
    joined([current, earlier, prior], current, prior)?.map(({ study, tracking }) => [study, tracking]),
    [
      ["now", "y"],
      ["earliest", "y"],
    ],
  );
  const other = finding("now", "y");
  assert.equal(joined([current, other, prior], current, prior), null);
});
