import assert from "node:assert/strict";
import test from "node:test";
import { neighbour, Selection } from "../src/findings/selection";
import { readerOf } from "./studies";

const ORDER = ["a", "b", "c", "d"];

test("steps stay within the list, and begin at its ends", () => {
  assert.equal(neighbour(ORDER, "b", 1), "c");
  assert.equal(neighbour(ORDER, "b", -10), "a");
  assert.equal(neighbour(ORDER, null, 1), "a");
  assert.equal(neighbour(ORDER, null, -1), "d");
  assert.equal(neighbour(ORDER, null, Infinity), "d");
  assert.equal(neighbour(ORDER, "c", -Infinity), "a");
  assert.equal(neighbour([], null, 1), null);
});

test("one, several and a range are chosen, and the image follows the last", () => {
  const reader = readerOf([]);
  const selection = new Selection(reader);
  const chosen = () => [...selection.ids.value].sort().join("");
  selection.only("b");
  selection.to("d", ORDER);
  assert.equal(chosen(), "bcd");
  assert.equal(reader.selectedFinding.value, "d");
  selection.to("a", ORDER);
  assert.equal(chosen(), "ab");
  selection.toggle("d");
  assert.equal(chosen(), "abd");
  selection.toggle("d");
  assert.equal(chosen(), "ab");
  assert.ok(["a", "b"].includes(reader.selectedFinding.value ?? ""));
});

test("what is chosen on the image is chosen in the list, and what is gone is not", () => {
  const reader = readerOf([]);
  const selection = new Selection(reader);
  selection.only("a");
  selection.toggle("b");
  reader.selectedFinding.value = "c";
  selection.follow(ORDER);
  assert.deepEqual([...selection.ids.value], ["c"]);
  selection.follow(["a", "b"]);
  assert.deepEqual([...selection.ids.value], []);
  selection.all(ORDER);
  reader.selectedFinding.value = null;
  selection.follow(ORDER);
  assert.deepEqual([...selection.ids.value], []);
});
