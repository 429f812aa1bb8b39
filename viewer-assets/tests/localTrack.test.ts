import assert from "node:assert/strict";
import test from "node:test";
import { localTrack, trackImage } from "../src/study/localTrack";

test("the track is bright where slices are on the device", () => {
  const image = trackImage([[0, 4]], 11);
  assert.match(image, /^linear-gradient\(#0000 calc\(14px \+ \(100% - 28px\) \* 0\.0000\), var\(--faint\)/);
  assert.match(image, /var\(--faint\) calc\(14px \+ \(100% - 28px\) \* 0\.4500\), #0000/);
  assert.equal(
    trackImage(
      [
        [0, 1],
        [5, 10],
      ],
      11,
    ).match(/faint/g)?.length,
    4,
  );
});

test("it says how many there are, and nothing before there are any", () => {
  assert.deepEqual(localTrack(null, 11), {});
  assert.deepEqual(localTrack({ loaded: 0, total: 11, runs: [] }, 11), {});
  const { title } = localTrack({ loaded: 5, total: 11, runs: [[0, 4]] }, 11);
  assert.equal(title, "5 of 11 slices are on this device");
});
