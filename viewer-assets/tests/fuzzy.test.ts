import assert from "node:assert/strict";
import test from "node:test";
import { score } from "../src/shell/fuzzy";

const NAMES = [
  "Rotate right",
  "Rotate left",
  "Reset",
  "Layout: 2 × 2",
  "Open series: Thorax 3.0",
  "Crosshair",
];

function best(query: string): string | undefined {
  return NAMES.map((name) => ({ name, points: score(query, name) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)[0]?.name;
}

test("a few letters find a name", () => {
  assert.equal(best("rotr"), "Rotate right");
  assert.equal(best("rl"), "Rotate left");
  assert.equal(best("res"), "Reset");
  assert.equal(best("thor"), "Open series: Thorax 3.0");
});

test("letters of other keyboards and accents do not matter", () => {
  assert.equal(best("2 x 2"), "Layout: 2 × 2");
  assert.ok(score("uber", "Überlänge") > 0);
});

test("the beginning is better than the middle, and the middle better than strewn letters", () => {
  assert.ok(score("re", "Reset") > score("re", "Open series"));
  assert.ok(score("series", "Open series") > score("series", "sample ruler in empty series"));
});

test("what lacks a letter, or has them far apart, is not found", () => {
  assert.equal(score("xyz", "Reset"), 0);
  assert.equal(score("oie", "Open series: a long description of it"), 0);
});

test("nothing typed finds everything", () => {
  assert.ok(NAMES.every((name) => score("", name) > 0));
});
