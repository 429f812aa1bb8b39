/** Keeps the findings of all studies that are open, from the first picture to the end of the page. */
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { getJson, postJson, request } from "../api";
import { revivals } from "../connection";
import { t } from "../messages";
import { watchPresence } from "../presence";
import type { Reader } from "../study/reader";
import { watchForNews } from "./attention";
import type { ChangesAnswer, FindingsAnswer, Kept } from "./kept";
import { uidOf, type Finding } from "./model";
import type { Conflict } from "./outbox";
import { StudySync, type SyncPorts, type SyncState } from "./sync";
import { newUuid } from "./uuid";

const ASK_EVERY_MS = 15_000;
/** A hand that holds a finding for longer is taken for one that was forgotten there. */
const LONGEST_REST_MS = 20_000;
const LOOK_MS = 100;
const CHANNEL = "sightline-findings";

/** From the state that matters most to the one that matters least. */
const STATES: readonly SyncState["kind"][] = [
  "problem",
  "lost",
  "keeping",
  "looking",
  "loading",
  "kept",
  "stored",
  "empty",
];

function rankOf({ kind }: SyncState): number {
  return STATES.indexOf(kind);
}

export type Choice = "mine" | "theirs" | "both";

/** Null until the first picture is there. */
export const keeper = signal<Keeper | null>(null);

export class Keeper {
  private readonly syncs = signal<ReadonlyMap<string, StudySync>>(new Map());
  private readonly channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  readonly conflicts: ReadonlySignal<readonly Conflict[]> = computed(() =>
    [...this.syncs.value.values()].flatMap(({ conflicts }) => conflicts.value),
  );
  /** Of several studies' the state that a reader has to know of. */
  readonly state: ReadonlySignal<SyncState | null> = computed(() => {
    const states = [...this.syncs.value.values()].map(({ state }) => state.value);
    return states.sort((a, b) => rankOf(a) - rankOf(b))[0] ?? null;
  });

  constructor(private readonly reader: Reader) {
    effect(() => this.open(reader.studies.value.map(({ study }) => study.uid)));
    effect(() => {
      void reader.findings.all.value;
      untracked(() => this.each((sync) => sync.noticeChange()));
    });
    effect(() => {
      if (revivals.value > 0) untracked(() => this.each((sync) => sync.revive()));
    });
    this.channel?.addEventListener("message", ({ data }: MessageEvent<string>) =>
      this.syncs.peek().get(data)?.ask(),
    );
    this.listen();
  }

  /** Who changed a finding last, and when; undefined where no server knows it. */
  about({ study, id }: Finding): Kept | undefined {
    return this.syncs.peek().get(study)?.outbox.about(id);
  }

  /** Whether the server keeps what is marked in that study; null while that is not known. */
  mayAnnotate(study: string): boolean | null {
    return this.syncs.value.get(study)?.mayAnnotate.value ?? null;
  }

  /** The study's next report is a new version of that one. */
  follow(study: string, report: string): void {
    this.syncs.peek().get(study)?.follow(report);
  }

  /** Try again now. */
  retry(): void {
    this.each((sync) => sync.revive());
  }

  /** Decide which version stays; the other one is removed, and can be had back by undo. */
  settle(conflict: Conflict, choice: Choice): void {
    const { findings } = this.reader;
    const { id, mine, copy, theirs } = conflict;
    this.reader.change(
      "findings.settled",
      () => {
        batch(() => {
          if (choice === "theirs" && copy) findings.remove(copy);
          if (choice !== "mine") return;
          if (!mine) findings.remove(id);
          else if (copy && !theirs) findings.change(copy, { label: mine.label });
          else if (copy) {
            const { label: _, id: __, tracking: ___, ...now } = findings.all.peek().get(copy) ?? mine;
            findings.put({ ...mine, ...now });
            findings.remove(copy);
          }
        });
      },
      true,
    );
    this.each((sync) => sync.settle(conflict));
  }

  private each(act: (sync: StudySync) => void): void {
    for (const sync of this.syncs.peek().values()) act(sync);
  }

  /** Follow the studies that are open by now. */
  private open(studies: readonly string[]): void {
    const known = this.syncs.peek();
    const fresh = studies.filter((study) => !known.has(study));
    if (fresh.length === 0) return;
    const ports = portsOf(this.reader);
    const tell = (study: string): void => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has one origin only
      this.channel?.postMessage(study);
    };
    const made = fresh.map(
      (study) => [study, new StudySync(study, this.reader.findings, ports, tell)] as const,
    );
    this.syncs.value = new Map([...known, ...made]);
    for (const [, sync] of made) sync.ask();
  }

  private listen(): void {
    const leave = (): void => this.each((sync) => sync.leave());
    const isThere = watchPresence();
    const ask = (): void => {
      if (isThere()) this.each((sync) => sync.ask());
    };
    addEventListener("pagehide", leave);
    addEventListener("pageshow", ({ persisted }) => persisted && ask());
    document.addEventListener("visibilitychange", () => (document.hidden ? leave() : ask()));
    addEventListener("beforeunload", (event) => {
      const kind = this.state.peek()?.kind;
      const isUnsent = [...this.syncs.peek().values()].some((sync) => sync.isBehind.peek());
      // Nothing may be kept on the device: what the server cannot be told would be gone.
      if (isUnsent && (kind === "lost" || kind === "problem")) event.preventDefault();
    });
    setInterval(ask, ASK_EVERY_MS);
  }
}

/** Begin to keep the reader's findings. */
export function startKeeping(reader: Reader): void {
  if (keeper.peek()) return;
  keeper.value = new Keeper(reader);
  watchForNews(reader, keeper.value);
}

function pathOf(study: string): string {
  return `sightline/api/studies/${study}/findings`;
}

function portsOf(reader: Reader): SyncPorts {
  return {
    ask: (study, since) =>
      getJson<FindingsAnswer>(pathOf(study) + (since === null ? "" : `?since=${since}`), patience()),
    send: async (study, changes, { leaving, keepalive, predecessors }) => {
      const body = { changes, leaving, ...(predecessors.length > 0 && { predecessors }) };
      if (!keepalive) return postJson<ChangesAnswer>(pathOf(study), body, patience());
      const headers = { "Content-Type": "application/json", Accept: "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(body), keepalive };
      return (await (await request(pathOf(study), init)).json()) as ChangesAnswer;
    },
    now: () => new Date(),
    later: (act, milliseconds) => setTimeout(act, milliseconds),
    cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    rest: () => restOf(reader),
    copyOf: (mine) => {
      const id = newUuid();
      return { ...mine, id, tracking: uidOf(id), label: copyName(mine) };
    },
    user: reader.session.user,
  };
}

/** A server that says nothing for so long is as good as gone. */
function patience(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

async function restOf(reader: Reader): Promise<void> {
  const until = Date.now() + LONGEST_REST_MS;
  while (reader.isChanging && Date.now() < until)
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
}

function copyName({ label, tool }: Finding): string {
  return t("findings.copyName", { name: label || t(`draw.tool.${tool}`) });
}
