/** The time line of a patient: what is shown of it, and what is chosen. */
import assert from "node:assert/strict";
import test from "node:test";
import {
  besidePath,
  byYear,
  chosenWith,
  EVERYTHING,
  isShown,
  modalitiesOf,
  narrowingQuery,
  parseNarrowing,
  yearsOf,
} from "../src/timeline/choosing";
import type { TimelineStudy } from "../src/timeline/data";

const study = (uid: string, date: string, ...modalities: string[]): TimelineStudy =>
  ({ uid, date, modalities }) as unknown as TimelineStudy;

const STUDIES = [
  study("1.3", "20260302", "CT", "SR"),
  study("1.2", "20260101", "MR"),
  study("1.1", "20240101", "CT"),
  study("1.0", "", "US"),
];

test("studies fall into years, those without a date at the end", () => {
  const groups = byYear(STUDIES).map(({ year, studies }) => [year, studies.map(({ uid }) => uid)]);
  assert.deepEqual(groups, [
    ["2026", ["1.3", "1.2"]],
    ["2024", ["1.1"]],
    ["", ["1.0"]],
  ]);
  assert.deepEqual(yearsOf(STUDIES), ["2026", "2024"]);
  assert.deepEqual(modalitiesOf(STUDIES), ["CT", "MR", "US"]);
});

const shown = (query: string): string[] =>
  STUDIES.filter((one) => isShown(one, parseNarrowing(query))).map(({ uid }) => uid);

test("kind and year narrow together, and stand in the address", () => {
  assert.deepEqual(shown(""), ["1.3", "1.2", "1.1", "1.0"]);
  assert.deepEqual(shown("?modality=CT"), ["1.3", "1.1"]);
  assert.deepEqual(shown("?modality=CT&year=2026"), ["1.3"]);
  assert.equal(narrowingQuery({ modality: "CT", year: "2026" }), "?modality=CT&year=2026");
  assert.equal(narrowingQuery(EVERYTHING), "");
});

test("what no narrowing can be is left aside", () => {
  assert.deepEqual(parseNarrowing("?modality=%3Cb%3E&year=20"), EVERYTHING);
});

test("two studies at most are chosen; the one chosen longer ago goes", () => {
  assert.deepEqual(chosenWith(["1.1"], "1.2"), ["1.1", "1.2"]);
  assert.deepEqual(chosenWith(["1.1", "1.2"], "1.3"), ["1.2", "1.3"]);
  assert.deepEqual(chosenWith(["1.1", "1.2"], "1.1"), ["1.2"]);
});

test("the later of two studies is the one to be read, whichever was chosen first", () => {
  assert.equal(besidePath(STUDIES, ["1.1", "1.3"]), "sightline/studies/1.3?beside=1.1");
  assert.equal(besidePath(STUDIES, ["1.1"]), null);
});
