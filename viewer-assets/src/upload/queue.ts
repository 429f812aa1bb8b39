/** Sends many files, some at a time, and keeps what became of each. */
import { batch, computed, signal, type Signal } from "@preact/signals";
import type { Outcome } from "./send";
import type { Source } from "./sources";

export interface Item {
  readonly source: Source;
  readonly state: Signal<"waiting" | "sending" | Outcome["state"]>;
  readonly reason: Signal<string>;
  study: string;
}

export type Send = (
  source: Source,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
) => Promise<Outcome>;

const AT_ONCE = 2;

export class UploadQueue {
  readonly items = signal<readonly Item[]>([]);
  readonly doneFiles = signal(0);
  readonly doneBytes = computed(() => this.ended.value + this.leaving.value);
  readonly totalBytes = computed(() => this.items.value.reduce((sum, { source }) => sum + source.size, 0));
  readonly isRunning = signal(false);
  private readonly ended = signal(0);
  /** Bytes of files that are being sent. */
  private readonly leaving = signal(0);
  private abort = new AbortController();

  constructor(private readonly send: Send) {}

  /** How many files ended so. */
  count(state: Outcome["state"]): number {
    return this.items.value.filter((item) => item.state.value === state).length;
  }

  /** The studies that something of this upload is in. */
  get studies(): readonly string[] {
    return [...new Set(this.items.value.map(({ study }) => study).filter(Boolean))];
  }

  /** Add files and send them. */
  async add(sources: readonly Source[]): Promise<void> {
    const items = sources.map(
      (source) => ({ source, state: signal("waiting" as const), reason: signal(""), study: "" }) as Item,
    );
    this.items.value = [...this.items.value, ...items];
    await this.run();
  }

  /** Send again what was refused. */
  async again(): Promise<void> {
    for (const item of this.items.value) {
      if (item.state.value !== "refused") continue;
      this.doneFiles.value -= 1;
      this.ended.value -= item.source.size;
      item.state.value = "waiting";
    }
    await this.run();
  }

  /** Go on after a stop. */
  async resume(): Promise<void> {
    await this.run();
  }

  /** Stop; what was stored stays stored. */
  stop(): void {
    this.abort.abort();
  }

  private async run(): Promise<void> {
    if (this.isRunning.value) return;
    this.isRunning.value = true;
    this.abort = new AbortController();
    const waiting = this.items.value.values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(waiting, this.abort.signal)));
    this.isRunning.value = false;
    // Files that were added while the last ones were on their way.
    if (!this.abort.signal.aborted && this.items.value.some((item) => item.state.value === "waiting"))
      await this.run();
  }

  private async work(items: IterableIterator<Item>, signalled: AbortSignal): Promise<void> {
    for (const item of items) {
      if (signalled.aborted) return;
      if (item.state.value !== "waiting") continue;
      item.state.value = "sending";
      let left = 0;
      const onProgress = (bytes: number): void => {
        this.leaving.value += Math.min(bytes, item.source.size) - left;
        left = Math.min(bytes, item.source.size);
      };
      try {
        this.finish(item, await this.send(item.source, signalled, onProgress), left);
      } catch (error) {
        this.leaving.value -= left;
        if (signalled.aborted) item.state.value = "waiting";
        else this.finish(item, { state: "refused", reason: String(error) }, 0);
      }
    }
  }

  private finish(item: Item, outcome: Outcome, left: number): void {
    batch(() => {
      item.state.value = outcome.state;
      item.reason.value = outcome.reason;
      item.study = outcome.study ?? "";
      this.doneFiles.value += 1;
      this.leaving.value -= left;
      this.ended.value += item.source.size;
    });
  }
}
