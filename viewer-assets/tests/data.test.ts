import assert from "node:assert/strict";
import test from "node:test";
import { frameAt, stackAt, type Kind, type Series, type Stack } from "../src/study/data";

const kind: Kind = {
  columns: 4,
  rows: 4,
  spacing: [1, 1],
  spacingOrigin: "PixelSpacing",
  letters: null,
  colour: false,
  lossy: false,
  unit: "HU",
  voiLut: false,
  exactBytes: 2,
  orientation: [1, 0, 0, 0, 0, -1],
};
const { orientation: _, ...placeless } = kind;
const stack: Stack = {
  identity: "a",
  prefix: "1.2.",
  kinds: [kind, placeless],
  windows: [[[40, 400, "LINEAR", "Abdomen"]]],
  frames: [
    ["1", 1, 0, 0, [5, -12.5, 40.126]],
    ["2", 1, 0, 0, [5, -10, 40.126]],
    ["3", 7, 1, -1, null],
  ],
  unreadable: null,
};
const series: Series = {
  uid: "1",
  number: 1,
  description: "",
  modality: "MR",
  bodyPart: "",
  laterality: "",
  instances: 3,
  pictures: true,
  stack,
  error: null,
};

test("a frame says where it lies in the patient and along its normal", () => {
  const frame = frameAt(stack, 0);
  assert.equal(frame?.instance, "1.2.1");
  assert.deepEqual(frame.position, [5, -12.5, 40.126]);
  assert.equal(frame.location, -12.5);
  assert.equal(frame.windows[0]?.explanation, "Abdomen");
  const nowhere = frameAt(stack, 2);
  assert.equal(nowhere?.frame, 7);
  assert.deepEqual([nowhere.position, nowhere.location, nowhere.windows.length], [null, null, 0]);
});

test("a plain series is one stack", () => {
  assert.equal(stackAt(series, 0), stack);
  assert.equal(stackAt(series, 1), null);
});

test("a mixed series falls into stacks of its frames", () => {
  const parts = [
    { label: "Coronal", by: [], frames: [1, 0] },
    { label: "Images without a place", by: [], frames: [2] },
  ];
  const mixed = { ...series, stacks: parts };
  assert.deepEqual(
    [0, 1].map((index) => stackAt(mixed, index)?.frames.map(([rest]) => rest)),
    [["2", "1"], ["3"]],
  );
  assert.equal(stackAt(mixed, 2), null);
});
