/** Sends many files, two at a time, and keeps what became of each. */
import { batch, computed, signal, type Signal } from "@preact/signals";
import type { Outcome } from "./stow";

export interface Item {
  readonly file: File;
  readonly state: Signal<"waiting" | "sending" | Outcome["state"]>;
  readonly reason: Signal<string>;
}

export type Send = (file: File, signal: AbortSignal) => Promise<Outcome>;

const AT_ONCE = 2;

export class UploadQueue {
  readonly items = signal<readonly Item[]>([]);
  readonly doneFiles = signal(0);
  readonly doneBytes = signal(0);
  readonly totalBytes = computed(() => this.items.value.reduce((sum, item) => sum + item.file.size, 0));
  readonly isRunning = signal(false);
  private abort = new AbortController();

  constructor(private readonly send: Send) {}

  /** How many files ended so. */
  count(state: Outcome["state"]): number {
    return this.items.value.filter((item) => item.state.value === state).length;
  }

  /** Add files and send them. */
  async add(files: readonly File[]): Promise<void> {
    const items = files.map(
      (file) => ({ file, state: signal("waiting" as const), reason: signal("") }) as Item,
    );
    this.items.value = [...this.items.value, ...items];
    await this.run();
  }

  /** Send again what was refused. */
  async again(): Promise<void> {
    for (const item of this.items.value) {
      if (item.state.value !== "refused") continue;
      this.doneFiles.value -= 1;
      this.doneBytes.value -= item.file.size;
      item.state.value = "waiting";
    }
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
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(this.abort.signal)));
    this.isRunning.value = false;
  }

  private async work(signalled: AbortSignal): Promise<void> {
    for (;;) {
      const item = this.items.value.find((one) => one.state.value === "waiting");
      if (!item || signalled.aborted) return;
      item.state.value = "sending";
      try {
        this.finish(item, await this.send(item.file, signalled));
      } catch (error) {
        if (signalled.aborted) item.state.value = "waiting";
        else
          this.finish(item, {
            state: "refused",
            reason: error instanceof Error ? error.message : String(error),
          });
      }
    }
  }

  private finish(item: Item, outcome: Outcome): void {
    batch(() => {
      item.state.value = outcome.state;
      item.reason.value = outcome.reason;
      this.doneFiles.value += 1;
      this.doneBytes.value += item.file.size;
    });
  }
}
