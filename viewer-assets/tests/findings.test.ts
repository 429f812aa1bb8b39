import assert from "node:assert/strict";
import test from "node:test";
import { Findings } from "../src/findings/findings";
import { isSamePlace, TOOLS, uidOf, type Finding } from "../src/findings/model";
import { axial, readerOf, seriesOf } from "./studies";

const PLACE = { study: "1.2", series: "1.2.3", instance: "1.2.3.4", frame: 1 };
const LINE: Finding = {
  ...PLACE,
  id: "00000000-0000-4000-8000-000000000001",
  tracking: "2.25.1",
  tool: "length",
  points: [
    [1, 2],
    [4, 6],
  ],
  label: "",
  colour: 0,
  hidden: false,
};
const OTHER: Finding = { ...LINE, id: "00000000-0000-4000-8000-000000000002" };

test("a UUID becomes the UID that PS3.5 B.2 makes of it", () => {
  assert.equal(uidOf("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), "2.25.329800735698586629295641978511506172918");
});

test("findings lie on the same frame only if everything of the place is the same", () => {
  assert.ok(isSamePlace(LINE, { ...OTHER }));
  assert.ok(!isSamePlace(LINE, { ...LINE, frame: 2 }));
});

test("regions are the tools whose pixels have values", () => {
  const regions = Object.entries(TOOLS).flatMap(([name, { isRegion }]) => (isRegion ? [name] : []));
  assert.deepEqual(regions, ["rectangle", "ellipse", "circle", "polygon", "freehand"]);
});

test("going back and forth leaves what others changed meanwhile", () => {
  const findings = new Findings();
  const before = findings.all.value;
  findings.put(LINE);
  const after = findings.all.value;
  findings.put(OTHER);
  findings.move(after, before);
  assert.deepEqual([...findings.all.value.keys()], [OTHER.id]);
  findings.move(before, after);
  findings.change(LINE.id, { label: "by somebody else" });
  findings.move(after, before);
  assert.equal(findings.all.value.get(LINE.id)?.label, "by somebody else");
});

test("a finding that is gone is not changed back to life", () => {
  const findings = new Findings();
  findings.put(LINE);
  findings.remove(LINE.id);
  findings.change(LINE.id, { label: "late" });
  assert.equal(findings.all.value.size, 0);
});

test("drawing is taken back and made again, and the window stays what it was set to later", () => {
  const reader = readerOf([seriesOf("1.1.1", axial(3, 1))]);
  reader.open("1.1.1");
  reader.change("command.toolProbe", () => reader.findings.put(LINE));
  reader.setWindow({ center: 40, width: 400 });
  reader.undo();
  assert.equal(reader.findings.all.value.size, 0);
  assert.deepEqual(reader.current.value?.window.value, { center: 40, width: 400 });
  reader.redo();
  assert.deepEqual(reader.findings.all.value.get(LINE.id), LINE);
});

test("a finding is gone to in the pane that shows its series, and the way is a step", () => {
  const reader = readerOf([seriesOf("1.1.1", axial(3, 1)), seriesOf("1.1.2", axial(5, 1))]);
  reader.open("1.1.1");
  const place = (series: string, slice: number) => {
    const stack = reader.tiles.value.find(({ key }) => key === series)?.stack;
    return { study: "1.1", series, instance: `${stack?.prefix}${stack?.frames[slice]?.[0]}`, frame: 1 };
  };
  const shown = () => [reader.current.value?.tile.key, reader.active.value?.index.value];
  assert.ok(reader.goToFinding(place("1.1.2", 4)));
  assert.deepEqual(shown(), ["1.1.2", 4]);
  reader.undo();
  assert.equal(reader.current.value?.tile.key, "1.1.1");
  reader.setLayout("1x2", false);
  reader.open("1.1.2", 0, 1);
  reader.activePane.value = 0;
  assert.ok(reader.goToFinding(place("1.1.2", 3)));
  assert.deepEqual([reader.activePane.value, ...shown()], [1, "1.1.2", 3]);
  assert.equal(reader.panes.value[0]?.reading.value?.tile.key, "1.1.1");
  assert.ok(!reader.goToFinding({ ...place("1.1.2", 3), instance: "1.2.3" }));
});
