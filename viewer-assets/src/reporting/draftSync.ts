/**
 * Keeps a draft on the server while it is written. What is on the page and what the server has are compared, so that no
 * change is ever taken for sent that was not; where another window of the same reader wrote too, both texts stay until the
 * reader has chosen. Requests and time come in as ports.
 */
import { batch, signal } from "@preact/signals";
import { RequestError } from "../api";
import type { Draft, KeepAnswer, KeptDraft } from "./model";

/** A pause so long in writing, and the draft is kept. */
export const PAUSE_MS = 2000;
const RETRY_MS = 5000;

export type DraftState =
  | { readonly kind: "new" | "writing" | "lost" | "conflict" }
  | { readonly kind: "kept"; readonly time: Date }
  | { readonly kind: "refused"; readonly reason: string };

export interface DraftPorts {
  readonly send: (base: number, draft: Draft, keepalive: boolean) => Promise<KeepAnswer>;
  readonly later: (act: () => void, milliseconds: number) => unknown;
  readonly cancel: (timer: unknown) => void;
  readonly now: () => Date;
  /** The draft was signed, or thrown away, elsewhere. */
  readonly onGone: () => void;
}

export class DraftSync {
  readonly draft = signal<Draft | null>(null);
  readonly state = signal<DraftState>({ kind: "new" });
  /** What another window has kept meanwhile. */
  readonly conflict = signal<KeptDraft | null>(null);
  /** Up to which revision the server is known; 0: it has none. */
  revision = 0;
  /** What the server has, as JSON; null: nothing. */
  private kept: string | null = null;
  private keptAt = new Date(0);
  /** Whether the reader has written anything: a template alone is no draft. */
  private isTouched = false;
  private timer: unknown = null;
  private sending: Promise<void> | null = null;

  constructor(private readonly ports: DraftPorts) {}

  /** Whether the page has something that the server has not. */
  get isBehind(): boolean {
    return this.isTouched && JSON.stringify(this.draft.peek()) !== this.kept;
  }

  /** Whether the draft is what a template said, and the reader has written nothing yet. */
  get isFresh(): boolean {
    return this.draft.peek() !== null && !this.isTouched;
  }

  /** Begin with a draft that nobody has kept; it is kept once something is changed. */
  begin(draft: Draft): void {
    this.forget();
    this.draft.value = draft;
  }

  /** Go on with what the server has. */
  adopt({ draft, revision, changed }: KeptDraft): void {
    this.forget();
    batch(() => {
      this.draft.value = draft;
      this.revision = revision;
      this.isTouched = true;
      this.note(draft, new Date(changed));
      this.settle();
    });
  }

  /** There is no draft any more. */
  forget(): void {
    this.stop();
    batch(() => {
      this.draft.value = null;
      this.conflict.value = null;
      this.state.value = { kind: "new" };
      this.revision = 0;
      this.kept = null;
      this.isTouched = false;
    });
  }

  /** The reader has written. */
  change(draft: Draft): void {
    batch(() => {
      this.isTouched = true;
      this.draft.value = draft;
      if (this.state.peek().kind !== "conflict") this.state.value = { kind: "writing" };
    });
    this.schedule(PAUSE_MS);
  }

  /** The reader takes what is on the page for their own, a template that is left as it is too. */
  touch(): void {
    this.isTouched = this.draft.peek() !== null;
  }

  /** Keep it now; whether the server has all of it afterwards. */
  async flush(keepalive = false): Promise<boolean> {
    this.stop();
    // What is on its way may be older than what is on the page.
    for (let round = 0; round < 3 && this.isBehind && this.conflict.peek() === null; round += 1) {
      this.sending ??= this.send(keepalive);
      // oxlint-disable-next-line no-await-in-loop -- each round sends what the one before left
      await this.sending;
      if (this.state.peek().kind === "lost" || this.state.peek().kind === "refused") break;
    }
    if (this.state.peek().kind === "writing") this.settle();
    return !this.isBehind && this.conflict.peek() === null;
  }

  /** What is on the page stays, in the place of what the other window wrote. */
  async keepMine(): Promise<void> {
    const there = this.conflict.peek();
    if (!there) return;
    this.revision = there.revision;
    this.conflict.value = null;
    this.state.value = { kind: "writing" };
    await this.flush();
  }

  /** What the other window wrote stays; what was on the page is returned. */
  takeTheirs(): Draft | null {
    const there = this.conflict.peek();
    const mine = this.draft.peek();
    if (there) this.adopt(there);
    return mine;
  }

  private async send(keepalive: boolean): Promise<void> {
    const draft = this.draft.peek();
    try {
      if (draft) await this.exchange(draft, keepalive);
    } catch (error) {
      const isRefused = error instanceof RequestError && error.status >= 400 && error.status < 500;
      const reason = error instanceof Error ? error.message : String(error);
      this.state.value = isRefused ? { kind: "refused", reason } : { kind: "lost" };
      if (!isRefused) this.schedule(RETRY_MS);
    } finally {
      this.sending = null;
    }
  }

  private async exchange(draft: Draft, keepalive: boolean): Promise<void> {
    const answer = await this.ports.send(this.revision, draft, keepalive);
    if (answer.gone) {
      this.revision = 0;
      this.kept = null;
      this.ports.onGone();
      return;
    }
    if (answer.conflict) {
      batch(() => {
        this.conflict.value = answer.conflict ?? null;
        this.state.value = { kind: "conflict" };
      });
      return;
    }
    batch(() => {
      this.revision = answer.revision;
      this.note(draft, this.ports.now());
      this.settle();
      if (this.isBehind) this.schedule(PAUSE_MS);
    });
  }

  /** The server has that. */
  private note(draft: Draft, time: Date): void {
    this.kept = JSON.stringify(draft);
    this.keptAt = time;
  }

  /** Say whether all is kept. */
  private settle(): void {
    if (this.draft.peek() === null) return;
    this.state.value = this.isBehind ? { kind: "writing" } : { kind: "kept", time: this.keptAt };
  }

  private schedule(milliseconds: number): void {
    this.stop();
    this.timer = this.ports.later(() => void this.flush(), milliseconds);
  }

  private stop(): void {
    if (this.timer !== null) this.ports.cancel(this.timer);
    this.timer = null;
  }
}
