import assert from "node:assert/strict";
import test from "node:test";
import { decodeExactFrame } from "../src/exact/exactFrame";
import vectors from "./exactFrames.json";

/** The bytes of a text in base64, in a buffer of their own. */
function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, "base64")).buffer;
}

const KINDS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array };

for (const vector of vectors) {
  test(`the server's frame is decoded exactly: ${vector.name}`, async () => {
    const frame = await decodeExactFrame(bytesOf(vector.frame));
    const expected = new KINDS[vector.dtype as keyof typeof KINDS](bytesOf(vector.samples));
    assert.equal(expected.length, vector.rows * vector.columns);
    assert.deepEqual(frame.samples, expected);
    const rescale = vector.rescale && { slope: vector.rescale[0], intercept: vector.rescale[1] };
    assert.deepEqual(
      [frame.rows, frame.columns, frame.rescale, frame.padding, frame.inverse],
      [vector.rows, vector.columns, rescale, vector.padding, vector.inverse],
    );
  });
}

test("what is damaged or something else is no frame", async () => {
  const whole = bytesOf(vectors.at(4)?.frame ?? "");
  const damaged = whole.slice(0);
  new Uint8Array(damaged).fill(0, damaged.byteLength - 20, damaged.byteLength - 16);
  const larger = whole.slice(0);
  new DataView(larger).setUint32(8, 71, true);
  const huge = whole.slice(0);
  new DataView(huge).setUint32(8, 2 ** 31, true);
  for (const content of [
    damaged,
    larger,
    huge,
    whole.slice(0, 30),
    whole.slice(0, 60),
    new ArrayBuffer(100),
  ]) {
    await assert.rejects(decodeExactFrame(content));
  }
});
