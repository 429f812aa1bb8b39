import assert from "node:assert/strict";
import test from "node:test";
import { FrameDecoder, NoDecoder, type Port } from "../src/exact/decoder";

type Listener = (event: { data?: unknown }) => void;

/** A worker that answers when it is told to. */
class Worker implements Port {
  readonly listeners = new Map<string, Listener>();
  readonly questions: { id: number }[] = [];

  postMessage(message: unknown): void {
    this.questions.push(message as { id: number });
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener);
  }

  say(data?: unknown, type = "message"): void {
    this.listeners.get(type)?.({ data });
  }
}

test("answers find their questions in any order", async () => {
  const worker = new Worker();
  const decoder = new FrameDecoder(worker);
  const [first, second] = [decoder.decode(new ArrayBuffer(1)), decoder.decode(new ArrayBuffer(2))];
  const [one, two] = worker.questions;
  worker.say({ id: two?.id, frame: "the second" });
  worker.say({ id: one?.id, problem: "no exact frame" });
  assert.equal(await second, "the second");
  await assert.rejects(first, /no exact frame/);
});

test("when the worker ends, whoever waits is told, and nobody waits in vain afterwards", async () => {
  const worker = new Worker();
  const decoder = new FrameDecoder(worker);
  const waiting = decoder.decode(new ArrayBuffer(1));
  worker.say(undefined, "error");
  await assert.rejects(waiting, NoDecoder);
  await assert.rejects(decoder.decode(new ArrayBuffer(1)), NoDecoder);
});
