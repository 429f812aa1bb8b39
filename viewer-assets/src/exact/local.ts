/** Pictures made on the device: store, fetching and painting put together. The page loads this after its first picture. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { request, RequestError } from "../api";
import { cacheBytes } from "../settings";
import type { Appearance, Coverage, LocalPictures, Painted, Watched } from "../study/localPictures";
import type { PictureLoader } from "../study/loader";
import type { Picture } from "../study/picture";
import type { ExactAddress, PictureSource, Place } from "../study/source";
import { watchConditions } from "./conditions";
import { FrameDecoder } from "./decoder";
import { FrameFiller, type FillerPorts } from "./filler";
import { FramePainter } from "./painter";
import { FrameStore } from "./store";

/** Answers that will be the same the next time: not for this caller, not there, or no such form. */
const FINAL = new Set([400, 403, 404, 406, 410, 422]);

/** Start. `loader` is the page's own, to which frames leave the line whenever it needs it. */
export async function startLocalPictures(loader: PictureLoader<Picture>): Promise<LocalPictures> {
  // A file of its own: the worker is that file again, and needs nothing else of the page.
  const { startWorker } = await import("./worker");
  const decoder = new FrameDecoder(startWorker());
  const ports: FillerPorts = {
    fetch: async (path, abort) => {
      const headers = { "Sightline-Prefetch": "1" };
      return (await request(path, { signal: abort, headers })).arrayBuffer();
    },
    decode: (content) => decoder.decode(content),
    now: () => performance.now(),
    after: (milliseconds, run) => void setTimeout(run, milliseconds),
    isFinal: (error) => error instanceof RequestError && FINAL.has(error.status),
  };
  return new Local(ports, loader);
}

class Local implements LocalPictures {
  private readonly store = new FrameStore(cacheBytes);
  private readonly painter = new FramePainter();
  private readonly filler: FrameFiller;
  private readonly watched = signal<readonly Watched[]>([]);
  private readonly disappointments = signal(0);
  private readonly permitted = watchConditions();
  private readonly addresses = new WeakMap<PictureSource, readonly (ExactAddress | null)[]>();
  private readonly coverages = new WeakMap<PictureSource, { version: number; coverage: Coverage }>();
  readonly version = computed(() => this.store.version.value + this.disappointments.value);

  constructor(ports: FillerPorts, loader: PictureLoader<Picture>) {
    this.filler = new FrameFiller(ports, this.store, () => {
      this.disappointments.value += 1;
    });
    effect(() => {
      const busy = loader.busy.value;
      untracked(() => this.filler.share({ busy, throughput: loader.throughput }));
    });
    effect(() => {
      void cacheBytes.value;
      const piles = this.watched.value.map((one) => ({
        frames: this.addressesOf(one.source),
        index: one.index.value,
        direction: one.direction,
      }));
      const permitted = this.permitted.value;
      untracked(() => this.filler.follow(piles, permitted));
    });
  }

  has(place: Place, appearance: Appearance): boolean {
    return place.exact !== null && isPaintable(place, appearance) && this.store.has(place.exact.key);
  }

  expects(place: Place, appearance: Appearance): boolean {
    return place.exact !== null && isPaintable(place, appearance) && this.filler.expects(place.exact);
  }

  paint(place: Place, appearance: Appearance, canvas: OffscreenCanvas): Painted | null {
    const frame = place.exact && this.store.get(place.exact.key);
    return frame && this.painter.paint(frame, place, appearance, canvas);
  }

  coverage(source: PictureSource): Coverage {
    const version = this.version.value;
    const known = this.coverages.get(source);
    if (known?.version === version) return known.coverage;
    const coverage = this.covered(source);
    this.coverages.set(source, { version, coverage });
    return coverage;
  }

  private covered(source: PictureSource): Coverage {
    const runs: [number, number][] = [];
    let [loaded, total] = [0, 0];
    for (const [index, address] of this.addressesOf(source).entries()) {
      if (!address) continue;
      total += 1;
      if (!this.store.has(address.key)) continue;
      loaded += 1;
      const last = runs.at(-1);
      if (last?.[1] === index - 1) last[1] = index;
      else runs.push([index, index]);
    }
    return { loaded, total, runs };
  }

  watch(watched: Watched): () => void {
    this.watched.value = [...this.watched.peek(), watched];
    return () => {
      this.watched.value = this.watched.peek().filter((one) => one !== watched);
    };
  }

  private addressesOf(source: PictureSource): readonly (ExactAddress | null)[] {
    let known = this.addresses.get(source);
    if (!known) {
      known = Array.from({ length: source.count }, (_, index) => source.at(index)?.exact ?? null);
      this.addresses.set(source, known);
    }
    return known;
  }
}

/** Whether a look needs nothing but stored values: a VOI LUT stays on the server. */
function isPaintable(place: Place, { window }: Appearance): boolean {
  return window !== null || !place.voiLut;
}
