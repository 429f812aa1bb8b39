import assert from "node:assert/strict";
import test from "node:test";
import {
  addPreset,
  movePreset,
  presetsFor,
  removePreset,
  resetPresets,
  windowsFor,
} from "../src/study/presetStore";
import { ownPresets, presetOf, scaleOf, windowOf, type Preset, type Subject } from "../src/study/presets";

const OWN = { center: 500, width: 800 };
const CT: Subject = { modality: "CT", unit: "HU", suvFactor: null, own: OWN, inverse: false };
const MR: Subject = { ...CT, modality: "MR", unit: "" };
const PET: Subject = { ...CT, modality: "PT", unit: "BQML", suvFactor: 0.0002 };

/** The preset of that number. */
function presetAt(subject: Subject, index: number): Preset {
  const preset = presetsFor(subject).at(index);
  assert.ok(preset);
  return preset;
}

test("Hounsfield presets are for computed tomography in Hounsfield units only", () => {
  assert.equal(scaleOf(CT), "HU");
  assert.equal(scaleOf({ ...CT, unit: "" }), "HU");
  assert.equal(scaleOf({ ...CT, unit: "US" }), "file");
  assert.equal(scaleOf({ ...MR, unit: "HU" }), "file");
  assert.deepEqual(windowOf(presetAt(CT, 1), CT), { center: -600, width: 1500 });
});

test("windows without a common unit are relative to the file's own", () => {
  for (const modality of ["MR", "CR", "DX", "MG", "US", "PT"]) {
    const windows = ownPresets({ ...MR, modality }).map((preset) => windowOf(preset, { ...MR, modality }));
    assert.deepEqual(
      windows.map((window) => [window?.center, window?.width]),
      [
        [500, 400],
        [500, 1600],
        [300, 800],
        [700, 800],
      ],
    );
  }
});

test("brighter is brighter where high values are dark, too", () => {
  const brighter = presetAt(MR, 2);
  assert.equal(windowOf(brighter, { ...MR, inverse: true })?.center, 700);
});

test("nothing is offered that would be relative to an unknown window", () => {
  assert.deepEqual(windowsFor({ ...MR, own: null }), []);
});

test("uptake presets are in SUV where there is a factor, else relative", () => {
  const first = presetAt(PET, 0);
  assert.equal(first.scale, "SUV");
  assert.deepEqual(windowOf(first, PET), { center: 12500, width: 25000, voiFunction: "LINEAR_EXACT" });
  assert.equal(ownPresets({ ...PET, suvFactor: null })[0]?.scale, "file");
});

test("a window that is kept comes back in the scale of its modality", () => {
  for (const subject of [CT, MR, PET, { ...MR, inverse: true }]) {
    const window = { center: 700, width: 100 };
    const kept = presetOf("mine", window, subject);
    assert.ok(kept);
    const { center, width } = windowOf({ id: "1", ...kept }, subject) ?? { center: 0, width: 0 };
    assert.ok(Math.abs(center - 700) < 1e-9 && Math.abs(width - 100) < 1e-9, subject.modality);
  }
  const kept = presetOf("mine", { center: 700, width: 100 }, MR);
  assert.ok(kept);
  assert.deepEqual(windowOf({ id: "1", ...kept }, { ...MR, own: { center: 5, width: 8 } })?.width, 1);
});

test("presets are added, ordered, removed, and reset by modality", () => {
  const before = presetsFor(CT).map(({ name }) => name);
  addPreset(CT, { name: " Kidney ", scale: "HU", center: 30, width: 300 });
  assert.deepEqual(
    presetsFor(CT).map(({ name }) => name),
    [...before, "Kidney"],
  );
  const { id } = presetAt(CT, -1);
  movePreset(CT, id, -1);
  assert.equal(presetsFor(CT).at(-2)?.name, "Kidney");
  removePreset(CT, presetAt(CT, 0).id);
  assert.equal(presetsFor(CT)[0]?.name, before[1]);
  assert.equal(presetsFor(MR).length, 4);
  resetPresets(CT);
  assert.deepEqual(
    presetsFor(CT).map(({ name }) => name),
    before,
  );
});
