import assert from "node:assert/strict";
import test from "node:test";
import { UploadQueue } from "../src/upload/queue";
import { isSystemFile, readAnswer, storeBody, type Outcome } from "../src/upload/stow";

const STORED: Outcome = { state: "stored", reason: "" };

test("the body of a store request has one part of type application/dicom", async () => {
  const body = await storeBody(new Blob(["DICM"]), "b").text();
  assert.equal(body, "--b\r\nContent-Type: application/dicom\r\n\r\nDICM\r\n--b--\r\n");
});

test("a failed item is told with its reason", () => {
  const failed = { "00081198": { Value: [{ "00081197": { Value: [0xa900] } }] } };
  assert.deepEqual(readAnswer(failed), { state: "refused", reason: "the server refused it (code A900)" });
  assert.deepEqual(readAnswer({ "00081199": { Value: [{}] } }), STORED);
});

test("what lies among DICOM files but is none is skipped", () => {
  for (const name of [".DS_Store", "DICOMDIR", "Thumbs.db"]) assert.ok(isSystemFile(name));
  assert.ok(!isSystemFile("IM0001"));
});

test("two files are sent at once, every one has its result, refused ones can be sent again", async () => {
  let running = 0;
  let most = 0;
  let refuse = true;
  const queue = new UploadQueue(async (file) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return refuse && file.name === "bad" ? { state: "refused", reason: "no" } : STORED;
  });
  await queue.add(["a", "bad", "c", "d"].map((name) => new File(["12"], name)));
  assert.equal(most, 2);
  assert.deepEqual([queue.count("stored"), queue.count("refused"), queue.doneBytes.value], [3, 1, 8]);
  refuse = false;
  await queue.again();
  assert.deepEqual([queue.count("stored"), queue.count("refused"), queue.doneFiles.value], [4, 0, 4]);
});

test("stopping leaves the rest waiting", async () => {
  const queue = new UploadQueue(async (file, signal) => {
    if (file.name === "b") queue.stop();
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    return STORED;
  });
  await queue.add(["a", "b", "c", "d"].map((name) => new File(["12"], name)));
  assert.ok(queue.count("stored") < 4);
  assert.ok(queue.items.value.some((item) => item.state.value === "waiting"));
});
