import assert from "node:assert/strict";
import test from "node:test";
import { cell, csvOf, fileName, jsonOf, type ExportRow } from "../src/findings/csv";
import type { Finding } from "../src/findings/model";
import { grouped, Homes, rowsOf, valueText, type Sort } from "../src/findings/rows";
import { newUuid } from "../src/findings/uuid";
import { tilesOf } from "../src/study/tiles";
import { axial, seriesOf, STUDY } from "./studies";

const TILES = tilesOf({
  study: STUDY,
  series: [
    seriesOf("1.1.1", axial(12, 3, 0, { spacing: [0.5, 0.5] }), { description: "Lung" }),
    seriesOf("1.1.2", axial(12, 3, 0, { spacing: null }), { number: 2, description: "=HYPERLINK()" }),
  ],
});
const HOMES = new Homes(TILES);

function line(id: string, series: string, slice: number, length: number, label = ""): Finding {
  const stack = TILES.find(({ key }) => key === series)?.stack;
  const instance = `${stack?.prefix}${stack?.frames[slice]?.[0]}`;
  const points = [[10, 10] as const, [10 + length, 10] as const];
  const place = { study: STUDY.uid, series, instance, frame: 1 };
  return { ...place, id, tracking: "2.25.7", tool: "length", points, label, colour: 0, hidden: false };
}

const FINDINGS = [
  line("a", "1.1.2", 3, 40, "node 10"),
  line("b", "1.1.1", 7, 20, "node 2"),
  line("c", "1.1.1", 2, 60),
];

test("a finding has its slice, its name and its size with where that comes from", () => {
  const [, row] = rowsOf(FINDINGS, HOMES);
  assert.equal(row?.home?.slice, 7);
  assert.equal(row && valueText(row.measured), "10.0 ± 0.4 mm, pixel spacing");
  assert.equal(rowsOf([line("x", "1.1.1", 2, 5)], HOMES)[0]?.name, "Length");
});

test("a finding of what is not open has no home, and no size that would be a guess", () => {
  const [row] = rowsOf([{ ...line("a", "1.1.1", 0, 5), instance: "9.9" }], HOMES);
  assert.equal(row?.home, null);
  assert.deepEqual(row?.measured.quantities, []);
  assert.equal(rowsOf([{ ...line("a", "1.1.1", 0, 5), study: "9" }], HOMES)[0]?.home, null);
});

function order(sort: Sort): readonly string[][] {
  return grouped(rowsOf(FINDINGS, HOMES), TILES, sort).map(({ key, rows }) => [
    key,
    ...rows.map(({ finding }) => finding.id),
  ]);
}

test("findings are grouped by series, and sorted within it", () => {
  assert.deepEqual(order("slice"), [
    ["1.1.1", "c", "b"],
    ["1.1.2", "a"],
  ]);
  assert.deepEqual(order("size")[0], ["1.1.1", "c", "b"]);
  assert.deepEqual(order("name")[0], ["1.1.1", "c", "b"]); // Length, node 2
  assert.deepEqual(order("time")[0], ["1.1.1", "c", "b"]);
});

test("cells are quoted as RFC 4180 wants, and no text becomes a formula", () => {
  assert.equal(cell('say "no", please'), '"say ""no"", please"');
  assert.equal(cell("two\nlines"), '"two\nlines"');
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u200b=1", "＝1"])
    assert.ok(cell(text).replace(/^"/, "").startsWith("'"), text);
  assert.equal(cell("	=1"), "'	=1");
  assert.equal(cell(-12.5), "-12.5");
  assert.equal(cell(Number.NaN), "");
  assert.equal(cell(null), "");
});

const ROWS: readonly ExportRow[] = rowsOf(FINDINGS, HOMES).map((row) => ({
  ...row,
  kept: { author: "Dr A", changed: "2026-11-27T14:00:00Z" },
}));
const WISH = { studies: [STUDY], withPatientId: false, now: new Date("2026-11-27T14:00:00Z") };

/** Cells of a CSV file, read back by the rules of RFC 4180. */
function parse(text: string): string[][] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split("\r\n");
  return lines.map((one) =>
    [...one.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
      .map(([, found = ""]) => found)
      .slice(0, lines[0]?.split(",").length)
      .map((found) => (found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found)),
  );
}

test("a spreadsheet gets a number, its unit and its origin for each finding, and nobody's id unasked", () => {
  const text = csvOf(ROWS, WISH);
  assert.ok(text.startsWith("\uFEFFstudy_date,"));
  assert.ok(text.endsWith("\r\n"));
  assert.ok(!text.includes(STUDY.id) && !text.includes("Doe"));
  const [head = [], ...lines] = parse(text);
  const column = (name: string) => lines.map((cells) => cells[head.indexOf(name)]);
  assert.deepEqual(column("value"), ["", "10", "30"]);
  assert.deepEqual(column("unit"), ["", "mm", "mm"]);
  assert.deepEqual(column("origin"), ["", "pixel spacing", "pixel spacing"]);
  assert.match(column("no_value_because")[0] ?? "", /how large a pixel is/);
  assert.deepEqual(column("slice"), ["4", "8", "3"]);
  assert.deepEqual(column("series_description"), ["'=HYPERLINK()", "Lung", "Lung"]);
  assert.deepEqual(column("author"), ["Dr A", "Dr A", "Dr A"]);
  const [withId = []] = parse(csvOf(ROWS, { ...WISH, withPatientId: true })).slice(1);
  assert.equal(withId[0], "P1");
});

test("JSON has the points too, and is read back as it was", () => {
  const read = JSON.parse(jsonOf(ROWS, WISH)) as {
    studies: unknown[];
    findings: { points: unknown; quantities: { value: number; unit: string }[] }[];
  };
  assert.deepEqual(read.findings[1]?.points, FINDINGS[1]?.points);
  assert.equal(read.findings[1]?.quantities[0]?.value, 10);
  assert.deepEqual(read.studies, [{ uid: "1.1", date: "20260102" }]);
  assert.equal(fileName(WISH.now, "csv"), "findings-2026-11-27.csv");
});

test("ids are UUIDs of version 4, each another", () => {
  const ids = Array.from({ length: 50 }, newUuid);
  assert.ok(
    ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
  );
  assert.equal(new Set(ids).size, 50);
});
