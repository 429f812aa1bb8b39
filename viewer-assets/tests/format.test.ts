import assert from "node:assert/strict";
import test from "node:test";
import { age, byteCount, clockTime, fullDate, measured, personName, shortDate } from "../src/format";

const WORDS = { today: "Today", yesterday: "Yesterday" };

test("names are written as people write them", () => {
  assert.equal(personName("Doe^John"), "John Doe");
  assert.equal(
    personName("Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
    "Rev. John Robert Quincy Adams, B.A. M.Div.",
  );
  assert.equal(personName("Yamada^Tarou=山田^太郎=やまだ^たろう"), "Tarou Yamada");
  assert.equal(personName("=山田^太郎"), "太郎 山田");
  assert.equal(personName("^^^^"), "");
});

test("recent days have words, others their date", () => {
  const now = new Date(2026, 2, 1, 15, 30);
  assert.equal(shortDate("20260301", "091234.5", now, WORDS, "en-GB"), "Today 09:12");
  assert.equal(shortDate("20260228", "174000", now, WORDS, "en-GB"), "Yesterday 17:40");
  assert.equal(shortDate("20260227", "174000", now, WORDS, "en-GB"), "27 Feb 2026");
  assert.equal(shortDate("", "", now, WORDS), "");
});

test("what is no date is shown as it is stored", () => {
  assert.equal(fullDate("20260231"), "20260231");
  assert.equal(fullDate("1.1.2026"), "1.1.2026");
  assert.equal(clockTime("9"), "");
});

test("age counts completed years", () => {
  assert.equal(age("20000229", "20260228"), 25);
  assert.equal(age("20000229", "20260301"), 26);
  assert.equal(age("20270101", "20260301"), null);
  assert.equal(age("", "20260301"), null);
  assert.equal(age("11110101", "20051130"), null);
});

test("numbers have as many decimals as their size needs, and a real minus sign", () => {
  assert.deepEqual([1234.4, 56.74, 400, 0.00314, -542.8].map(measured), [
    "1234",
    "56.7",
    "400",
    "0.0031",
    "−543",
  ]);
});

test("bytes are counted in powers of ten", () => {
  assert.deepEqual([999, 1000, 15_300, 157_500_000].map(byteCount), ["999 B", "1.0 kB", "15 kB", "158 MB"]);
});
