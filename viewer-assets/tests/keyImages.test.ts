import assert from "node:assert/strict";
import test from "node:test";
import { filteredSource, nearestOf } from "../src/keyImages/filtered";
import { KeyImages } from "../src/keyImages/keyImages";
import { keyMarks } from "../src/keyImages/keyMarks";
import { keyOf, type KeyImage, type KeyTitle } from "../src/keyImages/model";
import { changed, changesOf, merged } from "../src/keyImages/sync";
import type { PictureSource, Place } from "../src/study/source";

const mark = (instance: string, title: KeyTitle = "113000", study = "1"): KeyImage => ({
  study,
  series: "1.1",
  instance,
  frame: 1,
  title,
});
const mapOf = (...marks: readonly KeyImage[]) => new Map(marks.map((one) => [keyOf(one), one]));
const pile: PictureSource = {
  study: "1",
  series: "1.1",
  count: 5,
  at: (index) => (index < 0 ? null : ({ source: { instance: `i${index}`, frame: 1 } } as unknown as Place)),
};

test("only what the server does not have is sent, study by study", () => {
  const server = mapOf(mark("a"), mark("b"), mark("c"));
  const page = mapOf(mark("a"), mark("b", "113003"), mark("d"), mark("e", "113000", "2"));
  assert.deepEqual(changesOf("1", server, page), [
    { remove: { instance: "c", frame: 1 } },
    { key: { series: "1.1", instance: "b", frame: 1, title: "113003" } },
    { key: { series: "1.1", instance: "d", frame: 1, title: "113000" } },
  ]);
});

test("what another device did comes in; what was done here meanwhile stays", () => {
  const before = mapOf(mark("a"), mark("b"), mark("c"));
  const page = mapOf(mark("a"), mark("b", "113004"), mark("c"), mark("mine"));
  const after = mapOf(mark("b", "113003"), mark("c", "113005"), mark("theirs"));
  const found = [...merged(page, before, after).values()].map(
    ({ instance, title }) => `${instance} ${title}`,
  );
  assert.deepEqual(found.sort(), ["b 113004", "c 113005", "mine 113000", "theirs 113000"]);
});

test("a star that was taken away while it was being told does not come back", () => {
  const told = changed("1", mapOf(mark("old")), [
    { key: { series: "1.1", instance: "a", frame: 1, title: "113000" } },
    { remove: { instance: "old", frame: 1 } },
  ]);
  assert.deepEqual([...told.keys()], ["1/a/1"]);
  assert.deepEqual([...merged(mapOf(), told, mapOf(mark("a"))).keys()], []);
});

test("one change is taken back without those that came since", () => {
  const keyImages = new KeyImages();
  keyImages.put(mark("a"));
  const before = keyImages.all.peek();
  keyImages.put(mark("b"));
  const after = keyImages.all.peek();
  keyImages.put(mark("c"));
  keyImages.move(after, before);
  assert.deepEqual([...keyImages.all.value.keys()], ["1/a/1", "1/c/1"]);
});

test("a document lets through the frames that it names, or all of an image", () => {
  const keyImages = new KeyImages();
  const images = [
    { series: "1.1", instance: "a", frames: [2, 3] },
    { series: "1.1", instance: "b", frames: [] },
  ];
  const about = { study: "1", series: "1.9", ours: false, superseded: false, isOfMarks: false };
  keyImages.documents.value = [{ ...about, instance: "9.1", images }];
  const passes = keyImages.test("9.1");
  const of = (instance: string, frame: number) => passes?.({ ...mark(instance), frame });
  assert.deepEqual([of("a", 1), of("a", 3), of("b", 7), of("c", 1)], [false, true, true, false]);
  assert.equal(keyImages.test("9.2"), null);
});

test("a pile with pictures left out knows where they are in the whole", () => {
  const filtered = filteredSource(pile, [1, 4]);
  assert.equal(filtered.count, 2);
  assert.deepEqual(filtered.at(1)?.source, { instance: "i4", frame: 1 });
  assert.equal(filtered.at(2), null);
  assert.equal(filtered.wholeIndex?.(1), 4);
  assert.deepEqual(
    [0, 2, 3, 9].map((index) => nearestOf([1, 4], index)),
    [0, 0, 1, 1],
  );
});

test("the slider has a tick where a key image is", () => {
  assert.deepEqual(keyMarks(mapOf(mark("elsewhere")), pile), {});
  const { "--keys": image } = keyMarks(mapOf(mark("i0"), mark("i4")), pile);
  assert.equal(image?.match(/var\(--finding\)/g)?.length, 4);
  assert.match(image ?? "", /\* 1\.0000\) \+ 1\.5px/);
});
