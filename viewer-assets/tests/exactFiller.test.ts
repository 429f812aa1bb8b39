import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import test from "node:test";
import { NoDecoder } from "../src/exact/decoder";
import type { ExactFrame } from "../src/exact/exactFrame";
import { FrameFiller, type FillerPorts } from "../src/exact/filler";
import type { Pile } from "../src/exact/plan";
import { FrameStore } from "../src/exact/store";

const BYTES = 100;
const FREE = { busy: false, throughput: null };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Refused extends Error {}

/** A server that answers when it is told to. */
class Server implements FillerPorts {
  readonly open = new Map<string, { finish: () => void; fail: (error: Error) => void }>();
  readonly asked: string[] = [];
  readonly timers: (() => void)[] = [];
  most = 0;
  time = 0;
  sampleBytes = BYTES;

  fetch(path: string, abort: AbortSignal): Promise<ArrayBuffer> {
    this.asked.push(path);
    return new Promise((resolve, reject) => {
      const end = (then: () => void): void => {
        this.open.delete(path);
        then();
      };
      this.open.set(path, {
        finish: () => end(() => resolve(new ArrayBuffer(40))),
        fail: (error) => end(() => reject(error)),
      });
      abort.addEventListener("abort", () => end(() => reject(new Error("aborted"))));
      this.most = Math.max(this.most, this.open.size);
    });
  }

  async decode(): Promise<ExactFrame> {
    const samples = new Uint8Array(this.sampleBytes);
    return { rows: 1, columns: samples.length, samples, rescale: null, padding: null, inverse: false };
  }

  now(): number {
    return this.time;
  }

  after(_milliseconds: number, run: () => void): void {
    this.timers.push(run);
  }

  isFinal(error: unknown): boolean {
    return error instanceof Refused;
  }

  async finish(path: string): Promise<void> {
    this.open.get(path)?.finish();
    await settle();
  }

  async fail(path: string, error: Error): Promise<void> {
    this.open.get(path)?.fail(error);
    await settle();
  }
}

const pile = (index: number, count = 20): Pile => ({
  frames: Array.from({ length: count }, (_, at) => ({ key: `k${at}`, path: `${at}`, bytes: BYTES })),
  index,
  direction: 1,
});

function setUp(capacity = 1e6) {
  const server = new Server();
  const store = new FrameStore(signal(capacity));
  const state = { disappointments: 0 };
  const filler = new FrameFiller(server, store, () => (state.disappointments += 1));
  const expects = (at: number): boolean => filler.expects({ key: `k${at}`, path: `${at}`, bytes: BYTES });
  return { server, store, filler, state, expects };
}

test("frames come two at a time, the nearest first, until all are here", async () => {
  const { server, store, filler } = setUp();
  filler.share(FREE);
  filler.follow([pile(3, 6)], true);
  assert.deepEqual(server.asked, ["3", "4"]);
  for (const path of ["3", "4", "2", "5", "1", "0"]) await server.finish(path);
  assert.deepEqual(server.asked, ["3", "4", "2", "5", "1", "0"]);
  assert.equal(server.most, 2);
  assert.equal(store.bytes, 6 * BYTES);
});

test("nothing is fetched while somebody waits for a picture", async () => {
  const { server, filler } = setUp();
  filler.follow([pile(3)], true);
  assert.deepEqual(server.asked, []);
  filler.share(FREE);
  filler.share({ ...FREE, busy: true });
  await server.finish("3");
  assert.deepEqual(server.asked, ["3", "4"]);
  filler.share(FREE);
  assert.deepEqual(server.asked, ["3", "4", "2"]);
});

test("on a slow line what is under way makes way for a picture that somebody waits for, on a quick one it ends", async () => {
  const { server, filler } = setUp();
  filler.share(FREE);
  filler.follow([pile(3)], true);
  server.time = 20;
  await server.finish("3");
  filler.share({ ...FREE, busy: true });
  assert.equal(server.open.size, 2);
  filler.share(FREE);
  server.time = 9000;
  await server.finish("4");
  filler.share({ ...FREE, busy: true });
  await settle();
  assert.equal(server.open.size, 0);
});

test("nothing is fetched without permission, and what is under way ends with it", async () => {
  const { server, filler, expects } = setUp();
  filler.share(FREE);
  filler.follow([pile(3)], false);
  assert.deepEqual(server.asked, []);
  assert.ok(!expects(3));
  filler.follow([pile(3)], true);
  assert.ok(expects(3));
  filler.follow([pile(3)], false);
  await settle();
  assert.equal(server.open.size, 0);
  assert.equal(server.asked.length, 2);
});

test("the reader's way is followed, and what is far by then is given up", async () => {
  const { server, filler } = setUp(5 * BYTES);
  filler.share(FREE);
  filler.follow([pile(3)], true);
  filler.follow([pile(15)], true);
  await settle();
  assert.deepEqual(server.asked, ["3", "4", "15", "16"]);
  assert.deepEqual([...server.open.keys()], ["15", "16"]);
});

test("a frame that cannot be had is not asked for again, and the others come", async () => {
  const { server, filler, expects, state } = setUp();
  filler.share(FREE);
  filler.follow([pile(3)], true);
  await server.fail("3", new Refused());
  assert.ok(!expects(3));
  assert.ok(expects(4));
  assert.equal(state.disappointments, 1);
  filler.follow([pile(3)], true);
  assert.deepEqual(server.asked, ["3", "4", "2"]);
});

test("a file that was stored anew since the page was loaded is left to the server", async () => {
  const { server, store, filler, expects } = setUp();
  server.sampleBytes = BYTES + 2;
  filler.share(FREE);
  filler.follow([pile(3)], true);
  await server.finish("3");
  assert.ok(!store.has("k3"));
  assert.ok(!expects(3));
});

test("trouble of the line is waited out, and then everything goes on", async () => {
  const { server, filler, expects } = setUp();
  filler.share(FREE);
  filler.follow([pile(3)], true);
  await server.fail("3", new Error("offline"));
  assert.ok(!expects(3));
  await server.finish("4");
  assert.deepEqual(server.asked, ["3", "4"]);
  server.timers[0]?.();
  assert.deepEqual(server.asked, ["3", "4", "3", "2"]);
  assert.ok(expects(3));
});

test("without a decoder nothing more is fetched", async () => {
  const { server, filler, expects } = setUp();
  server.decode = () => Promise.reject(new NoDecoder());
  filler.share(FREE);
  filler.follow([pile(3)], true);
  await server.finish("3");
  await server.finish("4");
  assert.deepEqual(server.asked.length, 2);
  assert.ok(!expects(5));
});

test("frames that would keep a slow line busy for long are not fetched", () => {
  const { server, filler, expects } = setUp();
  filler.share({ busy: false, throughput: 0.001 });
  filler.follow([pile(3)], true);
  assert.deepEqual(server.asked, []);
  assert.ok(!expects(3));
});
