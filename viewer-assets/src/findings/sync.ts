/** Keeps the page's findings and the server's in step: one study, one request at a time. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { RequestError } from "../api";
import { isConnectionProblem } from "../connection";
import type { Findings } from "./findings";
import { type Change, type ChangesAnswer, type FindingsAnswer, type Kept, type Saved } from "./kept";
import type { Finding } from "./model";
import { Outbox, type Conflict, type Outcome } from "./outbox";

/** What the outside world does for it. */
export interface SyncPorts {
  /** Everything, or what changed after a revision. */
  readonly ask: (study: string, since: number | null) => Promise<FindingsAnswer>;
  readonly send: (study: string, changes: readonly Change[], how: SendingWay) => Promise<ChangesAnswer>;
  readonly now: () => Date;
  readonly later: (act: () => void, milliseconds: number) => unknown;
  readonly cancel: (timer: unknown) => void;
  /** Resolves once the reader holds nothing in the hand. */
  readonly rest: () => Promise<void>;
  readonly copyOf: (mine: Finding) => Finding;
  readonly user: string;
}

/** `leaving`: nobody reads any more; `keepalive`: the browser sends it even if the page ends. */
export interface SendingWay {
  readonly leaving: boolean;
  readonly keepalive: boolean;
  /** Reports of others that the next one follows. */
  readonly predecessors: readonly string[];
}

export type SyncState =
  | { readonly kind: "loading" | "looking" | "empty" | "keeping" | "lost" }
  | {
      readonly kind: "kept";
      readonly time: Date;
      /** Why there is no report of it yet, where one should be there. */
      readonly problem: string | null;
    }
  | { readonly kind: "stored"; readonly saved: Saved }
  | { readonly kind: "problem"; readonly reason: string };

const GATHER_MS = 300;
const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
/** Browsers let no more than 64 KiB outlive a page; the server takes larger bodies while it is there. */
const LEAVING_BYTES = 60_000;
const MOST_BYTES = 500_000;
/** The server will not take a body like that, whenever it comes. */
const REFUSALS = new Set([400, 404, 413, 422]);

export class StudySync {
  readonly outbox: Outbox;
  readonly state: ReadonlySignal<SyncState>;
  readonly conflicts = signal<readonly Conflict[]>([]);
  /** Whether the server keeps what is marked here; null while that is not known. */
  readonly mayAnnotate = signal<boolean | null>(null);
  private readonly trouble = signal<"lost" | { readonly reason: string } | null>(null);
  /** Whether the page has something that the server does not know yet. */
  readonly isBehind = signal(false);
  private readonly keptAt = signal<Date | null>(null);
  private readonly saved = signal<Saved | null>(null);
  private readonly problem = signal<string | null>(null);
  /** The last revision that was made here. */
  private own = 0;
  private predecessors: readonly string[] = [];
  private isBusy = false;
  private isAsked = true;
  /** After a refusal, changes go one by one: the others are not lost with the one that is bad. */
  private isCareful = false;
  private hasRefused = false;
  private isRetrying = false;
  private attempts = 0;
  private timer: unknown;

  constructor(
    readonly study: string,
    private readonly findings: Findings,
    private readonly ports: SyncPorts,
    private readonly onSent: (study: string) => void = () => {},
  ) {
    this.outbox = new Outbox(study, ports.copyOf);
    this.state = computed(() => this.current());
  }

  /** Something changed on the page. */
  noticeChange(): void {
    if (this.mayAnnotate.peek() === false) return;
    this.isBehind.value = this.pending.length > 0;
    if (this.isBehind.peek()) this.hasRefused = false;
    if (this.isBehind.peek() && !this.isBusy && !this.isRetrying) this.wake(GATHER_MS);
  }

  /** The next report is a new version of that one. */
  follow(report: string): void {
    this.predecessors = [...new Set([...this.predecessors, report])];
  }

  /** Ask what others changed. */
  ask(): void {
    this.isAsked = true;
    this.wake(0);
  }

  /** Try again at once what did not succeed. */
  revive(): void {
    this.attempts = 0;
    this.wake(0);
  }

  /** The page is hidden, or ends: what can still be sent is. */
  leave(): void {
    if (!this.mayAnnotate.peek()) return;
    let changes = this.pending;
    const isStored = (this.saved.peek()?.revision ?? 0) >= this.own;
    if (changes.length === 0 && isStored) return;
    do {
      const part = this.outbox.begin(changes, LEAVING_BYTES);
      changes = changes.slice(part.length);
      const isLast = changes.length === 0;
      const isSmall = isLast && JSON.stringify(part).length < LEAVING_BYTES;
      // Whatever the answer is, the comparison with the server tells what is still to be done.
      this.deliver(part, { leaving: isLast, keepalive: isSmall }).catch(() => this.ask());
    } while (changes.length > 0);
  }

  /** Somebody decided about a conflict. */
  settle(conflict: Conflict): void {
    this.conflicts.value = this.conflicts.peek().filter((one) => one !== conflict);
  }

  private get pending(): readonly Change[] {
    return this.outbox.pending(this.findings.all.peek());
  }

  private current(): SyncState {
    const trouble = this.trouble.value;
    const [saved, time] = [this.saved.value, this.keptAt.value];
    if (this.mayAnnotate.value === false) return { kind: "looking" };
    if (trouble === "lost") return { kind: "lost" };
    if (trouble) return { kind: "problem", reason: trouble.reason };
    if (this.mayAnnotate.value === null) return { kind: "loading" };
    if (this.isBehind.value) return { kind: "keeping" };
    if (saved && saved.revision >= this.own) return { kind: "stored", saved };
    if (!time) return { kind: "empty" };
    return { kind: "kept", time, problem: this.problem.value };
  }

  private wake(milliseconds: number): void {
    this.ports.cancel(this.timer);
    this.timer = this.ports.later(() => void this.work(), milliseconds);
  }

  /** Do what is to be done until nothing is. */
  private async work(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.isRetrying = false;
    try {
      while (await this.step());
      if (!this.hasRefused || this.trouble.peek() === "lost") this.trouble.value = null;
      this.attempts = 0;
    } catch (error) {
      this.fail(error);
    } finally {
      this.isBusy = false;
      this.isBehind.value = this.mayAnnotate.peek() !== false && this.pending.length > 0;
    }
  }

  /** One request; false where there was nothing to do. */
  private async step(): Promise<boolean> {
    if (this.mayAnnotate.peek() === null || this.isAsked) {
      this.isAsked = false;
      await this.load();
      return true;
    }
    const changes = this.mayAnnotate.peek() ? this.pending : [];
    if (changes.length === 0) {
      this.isCareful = false;
      return false;
    }
    const part = this.outbox.begin(changes, this.isCareful ? 0 : MOST_BYTES);
    try {
      await this.deliver(part, { leaving: false, keepalive: false });
    } catch (error) {
      if (!(error instanceof RequestError) || !REFUSALS.has(error.status)) throw error;
      this.onRefusal(part, error.message);
    }
    return true;
  }

  private onRefusal(part: readonly Change[], reason: string): void {
    const [only] = part;
    if (part.length > 1 || !only) {
      this.isCareful = true;
      return;
    }
    this.outbox.refuse(only);
    this.hasRefused = true;
    this.trouble.value = { reason };
  }

  private async load(): Promise<void> {
    const isFirst = this.mayAnnotate.peek() === null;
    const answer = await this.ports.ask(this.study, isFirst ? null : this.outbox.revision);
    await this.ports.rest();
    this.apply(this.outbox.take(answer, this.findings.all.peek()));
    this.mayAnnotate.value = answer.mayAnnotate;
    this.saved.value = answer.saved;
    this.problem.value = answer.problem ?? null;
    this.own = Math.max(this.own, this.saved.peek() ? answer.revision : 0);
    if (this.keptAt.peek() === null && answer.findings.length > 0) {
      const latest = answer.findings.map(({ changed }) => Date.parse(changed)).filter(Number.isFinite);
      if (latest.length > 0) this.keptAt.value = new Date(Math.max(...latest));
    }
  }

  private async deliver(
    part: readonly Change[],
    way: Pick<SendingWay, "leaving" | "keepalive">,
  ): Promise<void> {
    const { predecessors } = this;
    const answer = await this.ports.send(this.study, part, { ...way, predecessors });
    this.predecessors = this.predecessors.filter((one) => !predecessors.includes(one));
    await this.ports.rest();
    const time = this.ports.now();
    const by: Pick<Kept, "author" | "changed"> = { author: this.ports.user, changed: time.toISOString() };
    this.apply(this.outbox.end(part, answer, this.findings.all.peek(), by));
    this.own = Math.max(this.own, answer.revision);
    if (answer.saved !== undefined) this.saved.value = answer.saved;
    this.keptAt.value = time;
    this.isBehind.value = this.pending.length > 0;
    if (part.length > 0) this.onSent(this.study);
  }

  private apply({ put, remove, conflicts }: Outcome): void {
    if (put.length > 0) this.findings.put(...put);
    if (remove.length > 0) this.findings.remove(...remove);
    if (conflicts.length > 0) this.conflicts.value = [...this.conflicts.peek(), ...conflicts];
  }

  /** Nothing is lost: it is still different from what the server has. */
  private fail(error: unknown): void {
    if (error instanceof RequestError && error.status === 403) {
      this.mayAnnotate.value = false;
      return;
    }
    this.isAsked = true;
    if (isConnectionProblem(error)) this.trouble.value = "lost";
    else this.trouble.value = { reason: error instanceof Error ? error.message : String(error) };
    const pause = PAUSES_MS[Math.min(this.attempts, PAUSES_MS.length - 1)] ?? 0;
    this.attempts += 1;
    // Without anything to send, asking anew has time until somebody is there, or the connection is back.
    this.isRetrying = this.pending.length > 0 || this.mayAnnotate.peek() === null;
    if (this.isRetrying) this.wake(pause);
  }
}
