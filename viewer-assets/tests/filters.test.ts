import assert from "node:assert/strict";
import test from "node:test";
import {
  DATE_RANGES,
  dicomDate,
  isFiltered,
  NO_FILTERS,
  rangeOf,
  rangeStart,
  urlQuery,
} from "../src/list/filters";

const NOW = new Date(2026, 2, 3, 10);

test("what is typed never reaches the URL", () => {
  assert.equal(urlQuery({ ...NO_FILTERS, text: "Doe" }), "");
  assert.equal(
    urlQuery({ text: "Doe", from: "20260301", to: "", modality: "CR,DX" }),
    "?from=20260301&modality=CR,DX",
  );
});

test("a range begins so many days ago and is found again", () => {
  for (const range of DATE_RANGES) {
    assert.equal(rangeOf({ ...NO_FILTERS, from: rangeStart(range, NOW) }, NOW), range.id);
  }
  assert.equal(rangeStart(DATE_RANGES[2], NOW), "20260225");
  assert.equal(rangeOf({ ...NO_FILTERS, from: "20200101" }, NOW), null);
});

test("days are written as DICOM writes them", () => {
  assert.equal(dicomDate(new Date(2026, 0, 9)), "20260109");
});

test("no filter is no filter", () => {
  assert.ok(!isFiltered(NO_FILTERS));
  assert.ok(isFiltered({ ...NO_FILTERS, modality: "CT" }));
});
