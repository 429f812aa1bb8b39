import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import test from "node:test";
import type { VoiWindow } from "../src/address";
import { ByteCache } from "../src/study/cache";
import { PictureLoader, type Loaded } from "../src/study/loader";
import type { Appearance, LocalPictures, Painted } from "../src/study/localPictures";
import type { Picture } from "../src/study/picture";
import type { Place, PictureSource } from "../src/study/source";
import { OWN_SHADING } from "../src/study/look";
import { Viewport } from "../src/study/viewport";

class Bitmap {
  close(): void {}
}

/** The next frame of the screen, which comes when it is told to. */
const screen = {
  waiting: new Map<number, () => void>(),
  last: 0,
  next(): void {
    const due = [...screen.waiting.values()];
    screen.waiting.clear();
    for (const run of due) run();
  },
};
Object.assign(globalThis, {
  ImageBitmap: Bitmap,
  OffscreenCanvas: class {
    width = 1;
  },
  createImageBitmap: async () => new Bitmap(),
  requestAnimationFrame: (run: () => void) => {
    screen.last += 1;
    screen.waiting.set(screen.last, run);
    return screen.last;
  },
  cancelAnimationFrame: (id: number) => screen.waiting.delete(id),
});

/** The clock itself: a test puts another in its place. */
const { setTimeout: later } = globalThis;
const settle = (): Promise<void> => new Promise((resolve) => later(resolve, 5));

/** A server that answers when it is told to. */
class Network {
  readonly open = new Map<string, (loaded: Loaded<Picture>) => void>();
  readonly asked: string[] = [];
  readonly now = (): number => 0;

  readonly fetch = (path: string, abort: AbortSignal): Promise<Loaded<Picture>> => {
    this.asked.push(path);
    return new Promise((resolve, reject) => {
      this.open.set(path, resolve);
      abort.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };

  async finish(path: string): Promise<void> {
    this.open.get(path)?.({ picture: { blob: new Blob(), window: null, lossy: true }, bytes: 10 });
    await settle();
  }
}

/** Exact frames that come when they are told to. */
class Frames implements LocalPictures {
  readonly version = signal(0);
  readonly here = new Set<string>();
  readonly painted: string[] = [];
  watched = 0;
  hopeful = true;

  arrive(...keys: string[]): void {
    for (const key of keys) this.here.add(key);
    this.version.value += 1;
  }

  has(place: Place): boolean {
    return this.here.has(place.exact?.key ?? "");
  }

  expects(place: Place): boolean {
    return this.hopeful && !this.has(place);
  }

  paint(place: Place, { window, invert }: Appearance, canvas: OffscreenCanvas): Painted {
    this.painted.push(`${place.exact?.key} ${window?.width ?? "own"}${invert ? " inverse" : ""}`);
    const [samples, own] = [new Int16Array(1), { center: 0, width: 1 }];
    const frame = { rows: 1, columns: 1, samples, rescale: null, padding: null, inverse: false };
    return { bitmap: canvas, window: window ?? own, frame };
  }

  coverage() {
    return { loaded: 0, total: 0, runs: [] };
  }

  watch(): () => void {
    this.watched += 1;
    return () => {
      this.watched -= 1;
    };
  }
}

const source: PictureSource = {
  study: "1",
  series: "2",
  count: 10,
  at: (index) =>
    ({
      source: { instance: `3.${index}`, frame: 1 },
      geometry: { columns: 64, rows: 64, spacing: null },
      windows: [],
      storedLossy: false,
      exact: { key: `${index}`, path: `${index}?format=exact`, bytes: 8192 },
    }) as unknown as Place,
};
const pictureOf = (index: number): string => `sightline/view/1/2/3.${index}/1`;

function setUp() {
  const network = new Network();
  const frames = new Frames();
  const window = signal<VoiWindow | null>(null);
  const settings = {
    window,
    invert: signal(false),
    shading: signal(OWN_SHADING),
    colours: signal(null),
    exact: signal(false),
    hurry: signal(false),
    local: signal<LocalPictures | null>(frames),
  };
  const manners = { exactOnRest: true, ahead: 2, behind: 1 };
  const viewport = new Viewport(source, new PictureLoader(network, new ByteCache(1e6)), settings, manners);
  viewport.size.value = { width: 64, height: 64 };
  viewport.goTo(5);
  return { network, frames, window, settings, viewport };
}

test("the server's picture comes first, and frames are fetched once it is on the screen", async () => {
  const { network, frames, viewport } = setUp();
  viewport.wake();
  assert.equal(frames.watched, 0);
  assert.deepEqual(network.asked, [pictureOf(5)]);
  await network.finish(pictureOf(5));
  assert.equal(viewport.shown.value?.lossy, true);
  assert.equal(frames.watched, 0);
  screen.next();
  await settle();
  assert.equal(frames.watched, 1);
  viewport.sleep();
  assert.equal(frames.watched, 0);
});

test("a frame that comes takes the place of the server's picture", async () => {
  const { network, frames, viewport } = setUp();
  viewport.wake();
  await network.finish(pictureOf(5));
  frames.arrive("5");
  screen.next();
  assert.equal(viewport.shown.value?.path, `${pictureOf(5)}?format=png`);
  assert.equal(viewport.shown.value?.lossy, false);
  assert.ok(viewport.shown.value?.frame);
  viewport.sleep();
});

test("however much changes between two frames of the screen, one picture is made: the newest", async () => {
  const { network, frames, window, settings, viewport } = setUp();
  frames.arrive("5", "6", "7");
  viewport.wake();
  screen.next();
  for (const width of [10, 20, 30]) window.value = { center: 0, width };
  settings.invert.value = true;
  viewport.goTo(6);
  viewport.goTo(7);
  screen.next();
  assert.deepEqual(frames.painted, ["5 own", "7 30 inverse"]);
  assert.equal(viewport.shown.value?.index, 7);
  viewport.placement.value = { ...viewport.placement.value, zoom: 2 };
  screen.next();
  assert.equal(frames.painted.length, 2);
  assert.deepEqual(
    network.asked.filter((path) => !path.includes("3.8")),
    [],
  );
  viewport.sleep();
});

test("what the server sends late never replaces a newer picture", async () => {
  const { network, frames, viewport } = setUp();
  frames.arrive("6");
  viewport.wake();
  viewport.goTo(6);
  screen.next();
  assert.equal(viewport.shown.value?.index, 6);
  await network.finish(pictureOf(5));
  assert.equal(viewport.shown.value?.index, 6);
  viewport.sleep();
});

test("beyond the frames that are here the server goes on, and back among them nothing is asked for", async () => {
  const { network, frames, viewport } = setUp();
  frames.arrive("4", "5");
  viewport.wake();
  screen.next();
  viewport.goTo(6);
  await network.finish(pictureOf(6));
  assert.equal(viewport.shown.value?.index, 6);
  assert.equal(viewport.shown.value?.frame, null);
  const before = network.asked.length;
  viewport.goTo(5);
  screen.next();
  assert.equal(viewport.shown.value?.index, 5);
  assert.ok(!network.asked.slice(before).includes(pictureOf(5)));
  viewport.sleep();
});

test("the server makes an exact picture at rest only where no frame is to be expected", async (context) => {
  const { network, frames, viewport } = setUp();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  viewport.wake();
  await network.finish(pictureOf(5));
  context.mock.timers.tick(5000);
  const exact = (): number => network.asked.filter((path) => path.includes("format=png")).length;
  assert.equal(exact(), 0);
  frames.hopeful = false;
  frames.version.value += 1;
  context.mock.timers.tick(5000);
  assert.equal(exact(), 1);
  viewport.sleep();
});
