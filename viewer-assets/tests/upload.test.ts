import assert from "node:assert/strict";
import test from "node:test";
import { UploadQueue } from "../src/upload/queue";
import { isSystemFile, refusal, type Outcome } from "../src/upload/send";
import type { Source } from "../src/upload/sources";

const STORED: Outcome = { state: "stored", reason: "", study: "1.2" };

const source = (name: string): Source => ({
  name,
  size: 2,
  content: () => Promise.resolve(new Blob(["12"])),
});

test("a refusal is told in the server's words", () => {
  assert.equal(refusal(422, JSON.stringify({ message: "Not DICOM." })), "Not DICOM.");
  assert.match(refusal(413, "x"), /larger than this server accepts/);
  assert.match(refusal(500, "<html>"), /500/);
});

test("what lies among DICOM files but is none is skipped", () => {
  for (const name of ["a/.DS_Store", "disc/DICOMDIR", "Thumbs.db", "__MACOSX/IM1"])
    assert.ok(isSystemFile(name));
  assert.ok(!isSystemFile("a.b/IM0001"));
});

test("two files are sent at once, every one has its result, refused ones can be sent again", async () => {
  let running = 0;
  let most = 0;
  let refuse = true;
  const queue = new UploadQueue(async ({ name }, _, onProgress) => {
    running += 1;
    most = Math.max(most, running);
    onProgress(1);
    await new Promise((resolve) => setImmediate(resolve));
    onProgress(5);
    running -= 1;
    return refuse && name === "bad" ? { state: "refused", reason: "no" } : STORED;
  });
  await queue.add(["a", "bad", "c", "d"].map(source));
  assert.equal(most, 2);
  assert.deepEqual([queue.count("stored"), queue.count("refused"), queue.doneBytes.value], [3, 1, 8]);
  assert.deepEqual(queue.studies, ["1.2"]);
  refuse = false;
  await queue.again();
  assert.deepEqual([queue.count("stored"), queue.count("refused"), queue.doneFiles.value], [4, 0, 4]);
  assert.equal(queue.doneBytes.value, queue.totalBytes.value);
});

test("what was stopped waits, and can go on", async () => {
  const queue: UploadQueue = new UploadQueue(async (_, signal) => {
    if (!signal.aborted && queue.doneFiles.value === 1) queue.stop();
    if (signal.aborted) throw new DOMException("Stopped", "AbortError");
    return STORED;
  });
  await queue.add(["a", "b", "c"].map(source));
  assert.ok(queue.doneFiles.value < 3 && !queue.isRunning.value);
  assert.ok(queue.doneBytes.value === 2 * queue.doneFiles.value);
  await queue.resume();
  assert.ok(queue.doneFiles.value >= 1);
});
