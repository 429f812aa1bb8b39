import assert from "node:assert/strict";
import test from "node:test";
import { ByteCache } from "../src/study/cache";
import { PictureLoader, type Lane } from "../src/study/loader";

/** A network whose answers the test gives. */
class Network {
  readonly open = new Map<string, { finish: () => void; fail: () => void; aborted: boolean }>();
  readonly asked: string[] = [];
  readonly ahead: string[] = [];
  most = 0;
  time = 0;

  readonly now = (): number => this.time;

  readonly fetch = (
    path: string,
    signal: AbortSignal,
    ahead: boolean,
  ): Promise<{ picture: string; bytes: number }> =>
    new Promise((resolve, reject) => {
      this.asked.push(path);
      if (ahead) this.ahead.push(path);
      const entry = {
        aborted: false,
        finish: () => this.end(path, () => resolve({ picture: `picture ${path}`, bytes: 10 })),
        fail: () => this.end(path, () => reject(new Error(`no ${path}`))),
      };
      this.open.set(path, entry);
      this.most = Math.max(this.most, this.open.size);
      signal.addEventListener("abort", () => {
        entry.aborted = true;
        this.end(path, () => reject(new Error("aborted")));
      });
    });

  /** Finish a request and let its consequences happen. */
  async finish(path: string): Promise<void> {
    this.open.get(path)?.finish();
    await settle();
  }

  private end(path: string, then: () => void): void {
    this.open.delete(path);
    then();
  }
}

class Screen implements Lane<string> {
  readonly shown: string[] = [];
  readonly problems: string[] = [];

  onPicture(path: string): void {
    this.shown.push(path);
  }

  onProblem(path: string): void {
    this.problems.push(path);
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(capacity = 1000): { network: Network; loader: PictureLoader<string>; screen: Screen } {
  const network = new Network();
  return {
    network,
    loader: new PictureLoader(network, new ByteCache<string>(capacity)),
    screen: new Screen(),
  };
}

test("fast scrolling has two requests under way at most, and ends with the newest picture", async () => {
  const { network, loader, screen } = setUp();
  for (let slice = 1; slice <= 100; slice += 1) loader.want(screen, `${slice}`);
  assert.deepEqual(network.asked, ["1", "2"]);
  await network.finish("1");
  assert.deepEqual(network.asked, ["1", "2", "100"]);
  await network.finish("2");
  await network.finish("100");
  assert.deepEqual(screen.shown, ["1", "2", "100"]);
  assert.equal(network.most, 2);
});

test("a slow stale request is given up for the newest wish", async () => {
  const { network, loader, screen } = setUp();
  loader.want(screen, "1");
  loader.want(screen, "2");
  network.time = 1000;
  loader.want(screen, "3");
  await settle();
  assert.deepEqual(network.asked, ["1", "2", "3"]);
  assert.ok(!network.open.has("2"));
  assert.deepEqual(screen.problems, []);
});

test("a picture that is at hand is shown at once and asks for nothing", async () => {
  const { network, loader, screen } = setUp();
  loader.want(screen, "1");
  await network.finish("1");
  loader.want(screen, "2");
  await network.finish("2");
  loader.want(screen, "1");
  assert.deepEqual(screen.shown, ["1", "2", "1"]);
  assert.equal(network.asked.length, 2);
});

test("neighbours are fetched one at a time, and only when nobody waits", async () => {
  const { network, loader, screen } = setUp();
  loader.want(screen, "5");
  loader.fetchAhead(["6", "4", "7"]);
  assert.deepEqual(network.asked, ["5"]);
  await network.finish("5");
  assert.deepEqual(network.asked, ["5", "6"]);
  loader.want(screen, "9");
  await network.finish("6");
  assert.deepEqual(network.asked, ["5", "6", "9"]);
  await network.finish("9");
  assert.deepEqual(network.asked, ["5", "6", "9", "4"]);
  assert.deepEqual(network.ahead, ["6", "4"]);
  assert.deepEqual(screen.shown, ["5", "9"]);
});

test("a wish for what is just being fetched ahead is not asked for twice", async () => {
  const { network, loader, screen } = setUp();
  loader.fetchAhead(["6"]);
  loader.want(screen, "6");
  await network.finish("6");
  assert.deepEqual(screen.shown, ["6"]);
  assert.deepEqual(network.asked, ["6"]);
});

test("what is under way is not fetched ahead once more", async () => {
  const { network, loader } = setUp();
  loader.fetchAhead(["6", "7"]);
  loader.fetchAhead(["6", "7"]);
  await network.finish("6");
  assert.deepEqual(network.asked, ["6", "7"]);
});

test("a failure is told only while the picture is still wanted", async () => {
  const { network, loader, screen } = setUp();
  loader.want(screen, "1");
  network.open.get("1")?.fail();
  await settle();
  assert.deepEqual(screen.problems, ["1"]);
  loader.want(screen, "2");
  loader.want(screen, "3");
  loader.want(screen, "4");
  network.open.get("2")?.fail();
  await settle();
  assert.deepEqual(screen.problems, ["1"]);
});

test("two viewports share the slots and both get their pictures", async () => {
  const { network, loader, screen } = setUp();
  const other = new Screen();
  loader.want(screen, "a");
  loader.want(other, "b");
  loader.want(screen, "c");
  await network.finish("a");
  await network.finish("b");
  await network.finish("c");
  assert.deepEqual(screen.shown, ["a", "c"]);
  assert.deepEqual(other.shown, ["b"]);
});

test("the cache holds no more bytes than it may, and forgets what was used longest ago", () => {
  const cache = new ByteCache<string>(30);
  cache.set("a", "A", 10);
  cache.set("b", "B", 10);
  cache.set("c", "C", 10);
  cache.get("a");
  cache.set("d", "D", 10);
  assert.deepEqual(
    ["a", "b", "c", "d"].filter((key) => cache.has(key)),
    ["a", "c", "d"],
  );
  assert.equal(cache.bytes, 30);
  cache.set("huge", "H", 31);
  assert.ok(!cache.has("huge"));
  cache.set("a", "A", 25);
  assert.equal(cache.bytes, 25);
});
