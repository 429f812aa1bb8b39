import assert from "node:assert/strict";
import test from "node:test";
import type { Attribute } from "../src/study/data";
import { differing, matching, rowsOf } from "../src/tools/tagRows";

const attributes: readonly Attribute[] = [
  { tag: "00080016", vr: "UI", name: "SOP Class UID", value: ["1.2.3"], meaning: "CT Image Storage" },
  {
    tag: "00081140",
    vr: "SQ",
    name: "Referenced Image Sequence",
    items: [
      [{ tag: "00081150", vr: "UI", name: "Referenced SOP Class UID", value: ["1.2.4"] }],
      [{ tag: "00081150", vr: "UI", name: "Referenced SOP Class UID", value: ["1.2.5"] }],
    ],
  },
  { tag: "00091001", vr: "LO", name: "", creator: "ACME", value: ["secret", "sauce"] },
  { tag: "00200032", vr: "DS", name: "Image Position (Patient)", value: ["1", "2", "3"] },
  { tag: "7FE00010", vr: "OW", name: "Pixel Data", size: 524288 },
  { tag: "00104000", vr: "LT", name: "Patient Comments", value: ["a"], length: 900 },
  { tag: "00101030", vr: "DS", name: "Patient's Weight", problem: "cannot be read" },
];
const rows = rowsOf(attributes);
const names = (found: typeof rows): string[] => found.map(({ name }) => name);

test("nested items follow their sequence, deeper", () => {
  assert.deepEqual(
    rows.slice(1, 6).map(({ depth, name }) => [depth, name]),
    [
      [0, "Referenced Image Sequence"],
      [1, "Item 1"],
      [2, "Referenced SOP Class UID"],
      [1, "Item 2"],
      [2, "Referenced SOP Class UID"],
    ],
  );
  assert.equal(new Set(rows.map(({ path }) => path)).size, rows.length);
});

test("values say what is not told in full", () => {
  const values = new Map(rows.map(({ tag, value }) => [tag, value]));
  assert.equal(values.get("(0008,0016)"), "1.2.3 (CT Image Storage)");
  assert.equal(values.get("(0020,0032)"), "1 \\ 2 \\ 3");
  assert.equal(values.get("(7FE0,0010)"), "524 kB of binary data");
  assert.equal(values.get("(0010,4000)"), "a (900 characters in all)");
  assert.equal(values.get("(0010,1030)"), "cannot be read");
});

test("private attributes are known by whose they are", () => {
  const own = rows.find(({ isPrivate }) => isPrivate);
  assert.equal(own?.name, "Private, of ACME");
});

test("a search looks at names, values and tags, and keeps what a hit lies in", () => {
  assert.deepEqual(names(matching(rows, "POSITION")), ["Image Position (Patient)"]);
  assert.deepEqual(names(matching(rows, "sauce")), ["Private, of ACME"]);
  assert.deepEqual(names(matching(rows, "0020,0032")), ["Image Position (Patient)"]);
  assert.deepEqual(names(matching(rows, "(0010,")), ["Patient Comments", "Patient's Weight"]);
  assert.deepEqual(names(matching(rows, "1.2.5")), [
    "Referenced Image Sequence",
    "Item 2",
    "Referenced SOP Class UID",
  ]);
  assert.equal(matching(rows, "  ").length, rows.length);
  assert.deepEqual(matching(rows, "no such thing"), []);
});

test("what another slice has otherwise is found where it lies", () => {
  const moved = attributes.map((one) => (one.tag === "00200032" ? { ...one, value: ["1", "2", "4"] } : one));
  assert.deepEqual([...differing(rowsOf(moved), rows)], ["/00200032"]);
  assert.equal(differing(rows, rows).size, 0);
});
