/** Exact frames in memory, bounded in bytes. It ends with the page. */
import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { ExactFrame } from "./exactFrame";

export class FrameStore {
  private readonly frames = new Map<string, ExactFrame>();
  private readonly changes = signal(0);
  private used = 0;
  private wanted: ReadonlySet<string> = new Set();

  constructor(readonly capacity: ReadonlySignal<number>) {
    effect(() => {
      void capacity.value;
      untracked(() => this.evict());
    });
  }

  /** Grows whenever frames came or went. */
  get version(): ReadonlySignal<number> {
    return this.changes;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.used;
  }

  has(key: string): boolean {
    return this.frames.has(key);
  }

  /** A frame, which by that counts as used just now. */
  get(key: string): ExactFrame | null {
    const frame = this.frames.get(key);
    if (!frame) return null;
    this.frames.delete(key);
    this.frames.set(key, frame);
    return frame;
  }

  /** Which frames are near what is looked at: all others go before them, the longest unused first. */
  prefer(keys: ReadonlySet<string>): void {
    this.wanted = keys;
  }

  /** Keep a frame, unless it alone is larger than all there may be. */
  put(key: string, frame: ExactFrame): void {
    this.remove(key);
    if (frame.samples.byteLength <= this.capacity.peek()) {
      this.frames.set(key, frame);
      this.used += frame.samples.byteLength;
      this.evict();
    }
    this.changes.value += 1;
  }

  private evict(): void {
    const before = this.used;
    for (const isFar of [(key: string) => !this.wanted.has(key), () => true]) {
      for (const key of this.frames.keys()) {
        if (this.used <= this.capacity.peek()) break;
        if (isFar(key)) this.remove(key);
      }
    }
    if (this.used !== before) this.changes.value += 1;
  }

  private remove(key: string): void {
    this.used -= this.frames.get(key)?.samples.byteLength ?? 0;
    this.frames.delete(key);
  }
}
