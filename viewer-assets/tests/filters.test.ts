import assert from "node:assert/strict";
import test from "node:test";
import {
  DATE_RANGES,
  dicomDate,
  isFiltered,
  fromUrl,
  holds,
  NO_FILTERS,
  nextSort,
  rangeOf,
  rangeStart,
  sortOf,
  toggled,
  urlQuery,
} from "../src/list/filters";

const NOW = new Date(2026, 2, 3, 10);

test("what is typed never reaches the URL", () => {
  assert.equal(urlQuery({ ...NO_FILTERS, text: "Doe" }), "");
  assert.equal(
    urlQuery({ ...NO_FILTERS, text: "Doe", from: "20260301", modality: "CR,DX", sort: "-name" }),
    "?from=20260301&modality=CR,DX&sort=-name",
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
  assert.ok(!isFiltered({ ...NO_FILTERS, sort: "name" }));
});

test("what a URL says is found again, and nothing else that it says", () => {
  const filters = { ...NO_FILTERS, text: "Doe", from: "20260301", label: "urgent", sort: "name" };
  assert.deepEqual(fromUrl(`${urlQuery(filters)}&text=other&name=Doe`, "Doe"), filters);
});

test("chips of several codes go on and off as one", () => {
  const both = toggled(toggled("", "CR,DX,RG"), "CT");
  assert.equal(both, "CR,DX,RG,CT");
  assert.ok(holds(both, "CR,DX,RG") && holds(both, "CT") && !holds(both, "MR") && !holds("", "CT"));
  assert.equal(toggled(both, "CR,DX,RG"), "CT");
});

const sorted = (sort: string) => ({ ...NO_FILTERS, sort });

test("a column is sorted its own way first, then the other", () => {
  assert.equal(sortOf(NO_FILTERS, "date"), "descending");
  assert.equal(nextSort(NO_FILTERS, "date"), "date");
  assert.equal(nextSort(sorted("date"), "date"), "");
  assert.equal(nextSort(NO_FILTERS, "name"), "name");
  assert.equal(nextSort(sorted("name"), "name"), "-name");
  assert.equal(sortOf(sorted("-name"), "name"), "descending");
  assert.equal(sortOf(sorted("-name"), "date"), "none");
});
