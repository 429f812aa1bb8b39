/**
 * Fills the store with exact frames, the nearest first. It fetches only while nobody waits for anything else, two frames
 * at a time, and gives way at once where a frame takes long.
 */
import type { ExactAddress } from "../study/source";
import { NoDecoder } from "./decoder";
import type { ExactFrame } from "./exactFrame";
import { planFrames, type Pile } from "./plan";
import type { FrameStore } from "./store";

/** What the filler needs from outside. */
export interface FillerPorts {
  /** Fetch a frame's bytes; nobody waits for them. */
  fetch(path: string, signal: AbortSignal): Promise<ArrayBuffer>;
  decode(content: ArrayBuffer): Promise<ExactFrame>;
  /** A clock in ms. */
  now(): number;
  after(milliseconds: number, run: () => void): void;
  /** Whether a failure will be the same the next time. */
  isFinal(error: unknown): boolean;
}

/** The line as pictures see it that people wait for: whether one is under way, and bytes per ms. */
export interface Line {
  readonly busy: boolean;
  readonly throughput: number | null;
}

const SLOTS = 2;
/** Frames that take longer make way for what a person waits for. */
const SLOW_MS = 250;
/** Bytes on the line for one in memory, as measured for CT, MR and radiographs. */
const PACKED = 0.35;
/** Nothing is fetched where one frame would keep the line busy for longer. */
const LONGEST_MS = 6000;
const BACK_OFF_MS = [2000, 10_000, 60_000];

export class FrameFiller {
  private readonly running = new Map<string, AbortController>();
  private readonly refused = new Set<string>();
  private order: readonly ExactAddress[] = [];
  private planned: ReadonlySet<string> = new Set();
  private permitted = false;
  private line: Line = { busy: true, throughput: null };
  private failures = 0;
  private resting = false;
  private ended = false;
  /** Moving averages: ms for a frame, and bytes of the line for each; null before the first. */
  private pace: number | null = null;
  private throughput: number | null = null;

  constructor(
    private readonly ports: FillerPorts,
    private readonly store: FrameStore,
    private readonly onDisappointment: () => void,
  ) {}

  /** Whether a frame is on its way, or soon will be. */
  expects({ key }: ExactAddress): boolean {
    const goesOn = this.permitted && !this.ended && !this.resting;
    return goesOn && this.planned.has(key) && !this.store.has(key);
  }

  /** Follow the reader: what is looked at, and whether frames of it may be fetched at all. */
  follow(piles: readonly Pile[], permitted: boolean): void {
    this.permitted = permitted;
    const { keep, order } = planFrames(piles, this.store.capacity.peek());
    this.store.prefer(keep);
    this.intend(order.filter((frame) => !this.refused.has(frame.key) && this.isQuick(frame)));
    for (const [key, abort] of this.running) if (!permitted || !keep.has(key)) abort.abort();
    this.pump();
  }

  /** Go on, or wait, as the line is free or not; what takes long is given up for what somebody waits for. */
  share(line: Line): void {
    this.line = line;
    if (line.busy && (this.pace ?? 0) > SLOW_MS) for (const abort of this.running.values()) abort.abort();
    this.pump();
  }

  /** Begin what there is room for. */
  private pump(): void {
    if (!this.permitted || this.line.busy || this.ended || this.resting) return;
    for (const frame of this.order) {
      if (this.running.size >= SLOTS) return;
      if (!this.store.has(frame.key) && !this.running.has(frame.key)) void this.run(frame);
    }
  }

  private intend(order: readonly ExactAddress[]): void {
    this.order = order;
    this.planned = new Set(order.map((frame) => frame.key));
  }

  private isQuick({ bytes }: ExactAddress): boolean {
    const throughput = this.throughput ?? this.line.throughput;
    return throughput === null || (bytes * PACKED) / throughput < LONGEST_MS;
  }

  private async run({ key, path, bytes }: ExactAddress): Promise<void> {
    const abort = new AbortController();
    this.running.set(key, abort);
    const since = this.ports.now();
    try {
      const content = await this.ports.fetch(path, abort.signal);
      this.measure(Math.max(1, this.ports.now() - since), content.byteLength);
      const frame = await this.ports.decode(content);
      this.running.delete(key);
      this.failures = 0;
      // Another size is another file, stored since the page was loaded.
      if (frame.samples.byteLength === bytes) this.store.put(key, frame);
      else this.refuse(key);
    } catch (error) {
      this.running.delete(key);
      if (!abort.signal.aborted) this.fail(key, error);
    }
    this.pump();
  }

  private fail(key: string, error: unknown): void {
    if (this.ports.isFinal(error)) {
      this.refuse(key);
      return;
    }
    if (error instanceof NoDecoder) this.ended = true;
    else this.rest();
    this.onDisappointment();
  }

  private refuse(key: string): void {
    this.refused.add(key);
    this.intend(this.order.filter((frame) => frame.key !== key));
    this.onDisappointment();
  }

  /** The server or the line has trouble: try again later, and less and less often. */
  private rest(): void {
    this.resting = true;
    const pause = BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)] as number;
    this.failures += 1;
    this.ports.after(pause, () => {
      this.resting = false;
      this.pump();
    });
  }

  private measure(milliseconds: number, bytes: number): void {
    this.pace = mixed(this.pace, milliseconds);
    this.throughput = mixed(this.throughput, bytes / milliseconds);
  }
}

function mixed(old: number | null, value: number): number {
  return old === null ? value : old * 0.7 + value * 0.3;
}
