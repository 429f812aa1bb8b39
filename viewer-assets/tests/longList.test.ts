import assert from "node:assert/strict";
import test from "node:test";
import { PAGE, StudyPages } from "../src/list/pages";
import type { StudyRow } from "../src/list/data";
import { expiryChoices } from "../src/list/links";
import { drawnRows, rowForKey } from "../src/list/window";

const row = (index: number): StudyRow =>
  ({ uid: `1.${index}`, labels: [] as string[] }) as unknown as StudyRow;
const page = (number: number, total: number): StudyRow[] =>
  Array.from({ length: Math.min(PAGE, total - number * PAGE) }, (_, at) => row(number * PAGE + at));

test("only rows near the screen are drawn, and the list stays as high as all of them", () => {
  for (const top of [-200, 0, 33_333, 679_000, 700_000]) {
    const { first, end, above, below } = drawnRows(top, 900, 68, 10_000);
    assert.ok(end - first <= 900 / 68 + 18, `${end - first} rows`);
    assert.equal(above + (end - first) * 68 + below, 680_000);
    const [seenFirst, seenEnd] = [Math.max(0, top / 68), Math.min(10_000, (top + 900) / 68)];
    if (seenFirst < 10_000) assert.ok(first <= seenFirst && end >= Math.floor(seenEnd));
  }
  assert.deepEqual(drawnRows(0, 900, 68, 0), { first: 0, end: 0, above: 0, below: 0 });
});

test("keys go through the whole list and not beyond it", () => {
  assert.equal(rowForKey("ArrowDown", 4, 10, 3), 5);
  assert.equal(rowForKey("ArrowDown", 9, 10, 3), 9);
  assert.equal(rowForKey("PageDown", 4, 10, 3), 7);
  assert.equal(rowForKey("PageUp", 1, 10, 3), 0);
  assert.equal(rowForKey("End", 0, 10, 3), 9);
  assert.equal(rowForKey("Home", 9, 10, 3), 0);
  assert.equal(rowForKey("a", 9, 10, 3), null);
  assert.equal(rowForKey("End", 0, 0, 3), null);
});

test("pages come in any order, and memory stays bounded however long one scrolls", () => {
  const pages = new StudyPages();
  pages.start(page(0, 10_000), 10_000);
  assert.deepEqual(pages.missing(0, 49), []);
  assert.deepEqual(pages.missing(40, 160), [1, 2, 3]);
  assert.deepEqual(pages.missing(9_990, 20_000), [199]);
  for (let number = 1; number < 200; number += 1) pages.put(number, page(number, 10_000), 10_000);
  assert.ok(pages.kept <= 20 * PAGE);
  assert.equal(pages.row(9_999)?.uid, "1.9999");
  assert.equal(pages.row(0), null);
});

test("a study that was deleted leaves no gap and no wrong row behind it", () => {
  const pages = new StudyPages();
  pages.start(page(0, 120), 120);
  pages.put(1, page(1, 120), 120);
  pages.put(2, page(2, 120), 120);
  pages.remove("1.110");
  assert.equal(pages.total.value, 119);
  assert.equal(pages.row(110)?.uid, "1.111");
  pages.remove("1.3");
  assert.equal(pages.total.value, 118);
  assert.deepEqual(pages.missing(0, 117), [0, 1, 2]);
});

test("links live no longer than the site allows", () => {
  assert.deepEqual(expiryChoices({ default: 8, maximum: 720 }), [1, 8, 24, 168, 720]);
  assert.deepEqual(expiryChoices({ default: 4, maximum: 24 }), [1, 4, 8, 24]);
});
