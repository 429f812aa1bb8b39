/**
 * Which picture is fetched next. At most two requests are under way. Each lane (one viewport) wants only its newest
 * picture: what it wanted before is dropped, and given up on where it is slow. When nobody wants anything, neighbours
 * are fetched ahead, one at a time.
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import { ByteCache } from "./cache";

/** A fetched picture, still encoded. */
export interface Loaded<Picture> {
  readonly picture: Picture;
  readonly bytes: number;
}

/** What the loader needs from outside: the network and a clock in ms. */
export interface LoaderPorts<Picture> {
  /** `ahead` says that nobody waits for the picture yet. */
  fetch(path: string, signal: AbortSignal, ahead: boolean): Promise<Loaded<Picture>>;
  now(): number;
}

/** Who receives a lane's pictures. */
export interface Lane<Picture> {
  /** Whether its pictures take longer than others: they say nothing of the line then. */
  readonly isSlow?: boolean;
  /** A picture of this lane arrived; `order` grows with every wish, so that an older one never replaces a newer. */
  onPicture(path: string, picture: Picture, order: number): void;
  /** The picture that is still wanted could not be had. */
  onProblem(path: string, error: unknown): void;
}

interface Wish<Picture> {
  readonly path: string;
  readonly lane: Lane<Picture> | null;
  readonly order: number;
}

interface Running<Picture> extends Wish<Picture> {
  readonly abort: AbortController;
  readonly since: number;
}

const SLOTS = 2;
/** A stale request is given up only when it is older than this: cutting a quick one costs a connection for nothing. */
const STALE_AFTER_MS = 250;

export class PictureLoader<Picture> {
  private readonly wishes = new Map<Lane<Picture>, Wish<Picture>>();
  private readonly running = new Set<Running<Picture>>();
  private ahead: string[] = [];
  private order = 0;
  private readonly isBusy = signal(false);
  /** Moving average of what a picture takes, in ms, and of bytes per ms; null before the first one. */
  pace: number | null = null;
  throughput: number | null = null;

  constructor(
    private readonly ports: LoaderPorts<Picture>,
    private readonly cache: ByteCache<Picture>,
  ) {}

  /** Requests under way. */
  get inFlight(): number {
    return this.running.size;
  }

  /** Whether anything is under way or waited for: then the line is not free for what nobody asked for. */
  get busy(): ReadonlySignal<boolean> {
    return this.isBusy;
  }

  /** Whether a picture is at hand. */
  has(path: string): boolean {
    return this.cache.has(path);
  }

  /** Ask for the picture that `lane` wants now; a cached one is handed over at once. */
  want(lane: Lane<Picture>, path: string): void {
    this.order += 1;
    const wish = { path, lane, order: this.order };
    this.wishes.delete(lane);
    const cached = this.cache.get(path);
    if (cached !== undefined) {
      lane.onPicture(path, cached, wish.order);
      return;
    }
    this.wishes.set(lane, wish);
    this.giveUpStale(lane);
    this.pump();
  }

  /** Forget what a lane wanted. Returns an order later than that of all its wishes. */
  leave(lane: Lane<Picture>): number {
    this.wishes.delete(lane);
    for (const running of this.running) if (running.lane === lane) running.abort.abort();
    this.order += 1;
    this.pump();
    return this.order;
  }

  /** Replace the pictures that are fetched when nothing else is to do, nearest first. */
  fetchAhead(paths: readonly string[]): void {
    this.ahead = paths.filter((path) => !this.cache.has(path));
    this.pump();
  }

  private pump(): void {
    this.begin();
    this.isBusy.value = this.running.size > 0 || this.wishes.size > 0;
  }

  private begin(): void {
    for (const [lane, wish] of this.wishes) {
      if (this.running.size >= SLOTS) return;
      if (this.isRunning(wish.path)) continue;
      this.wishes.delete(lane);
      void this.run(wish);
    }
    if (this.running.size > 0 || this.wishes.size > 0) return;
    // What was under way when it was asked for ahead may be here by now.
    let next = this.ahead.shift();
    while (next !== undefined && this.cache.has(next)) next = this.ahead.shift();
    if (next !== undefined) void this.run({ path: next, lane: null, order: 0 });
  }

  private isRunning(path: string): boolean {
    return [...this.running].some((running) => running.path === path);
  }

  /** Make room for a lane's newest wish where its older ones, or a fetch ahead, hold all slots for too long. */
  private giveUpStale(lane: Lane<Picture>): void {
    if (this.running.size < SLOTS) return;
    const stale = [...this.running].filter((running) => running.lane === lane || running.lane === null);
    const youngest = stale.at(-1);
    if (youngest && this.ports.now() - youngest.since > STALE_AFTER_MS) youngest.abort.abort();
  }

  private async run(wish: Wish<Picture>): Promise<void> {
    const running = { ...wish, abort: new AbortController(), since: this.ports.now() };
    this.running.add(running);
    try {
      const { picture, bytes } = await this.ports.fetch(wish.path, running.abort.signal, wish.lane === null);
      if (!wish.lane?.isSlow) this.measure(this.ports.now() - running.since, bytes);
      this.cache.set(wish.path, picture, bytes);
      this.deliver(wish, picture);
    } catch (error) {
      if (!running.abort.signal.aborted && wish.lane && !this.wishes.has(wish.lane)) {
        wish.lane.onProblem(wish.path, error);
      }
    } finally {
      this.running.delete(running);
      this.pump();
    }
  }

  /** Hand over to whoever asked, and to a lane that has come to want what was fetched for another reason. */
  private deliver(wish: Wish<Picture>, picture: Picture): void {
    wish.lane?.onPicture(wish.path, picture, wish.order);
    for (const [lane, other] of this.wishes) {
      if (other.path !== wish.path) continue;
      this.wishes.delete(lane);
      lane.onPicture(other.path, picture, other.order);
    }
  }

  private measure(milliseconds: number, bytes: number): void {
    this.pace = mixed(this.pace, milliseconds);
    this.throughput = mixed(this.throughput, bytes / Math.max(1, milliseconds));
  }
}

/** A moving average that forgets quickly. */
function mixed(old: number | null, value: number): number {
  return old === null ? value : old * 0.7 + value * 0.3;
}
