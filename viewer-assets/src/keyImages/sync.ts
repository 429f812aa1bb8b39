/** Keeps key images on the server, and brings those that are there. */
import { effect, untracked } from "@preact/signals";
import { getJson, postJson, RequestError } from "../api";
import { isConnectionProblem, revivals } from "../connection";
import { urlOf } from "../page";
import type { Reader } from "../study/reader";
import type { KeyImageMap } from "./keyImages";
import { keyOf, type KeyImage, type KeysAnswer } from "./model";

const SOON_MS = 300;
const AGAIN_MS = 5000;
/** As many as one request may hold. */
const MOST_CHANGES = 200;

type Change =
  { readonly key: Omit<KeyImage, "study"> } | { readonly remove: Pick<KeyImage, "instance" | "frame"> };

/** What differs between what the server has of a study and what the page has. */
export function changesOf(study: string, server: KeyImageMap, page: KeyImageMap): readonly Change[] {
  const changes: Change[] = [];
  for (const [key, { instance, frame }] of server)
    if (!page.has(key)) changes.push({ remove: { instance, frame } });
  for (const [key, { series, instance, frame, title, ...rest }] of page) {
    if (rest.study !== study || server.get(key)?.title === title) continue;
    changes.push({ key: { series, instance, frame, title } });
  }
  return changes;
}

/** What the server has of a study once it has taken in these changes. */
export function changed(study: string, server: KeyImageMap, changes: readonly Change[]): KeyImageMap {
  const next = new Map(server);
  for (const change of changes) {
    if ("remove" in change) next.delete(keyOf({ study, series: "", ...change.remove }));
    else next.set(keyOf({ study, ...change.key }), { study, ...change.key });
  }
  return next;
}

/** What the page has to show once the server's marks went from `before` to `after`: its own changes meanwhile stay. */
export function merged(page: KeyImageMap, before: KeyImageMap, after: KeyImageMap): KeyImageMap {
  const next = new Map(page);
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)];
    if (old?.title === now?.title || page.get(key)?.title !== old?.title) continue;
    if (now) next.set(key, now);
    else next.delete(key);
  }
  return next;
}

class KeyImagesSync {
  /** What the server has of each study that was asked for. */
  private readonly known = new Map<string, KeyImageMap>();
  private readonly unsaved = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSending = false;
  /** One request after the other: an answer that is overtaken by another would bring back what was before it. */
  private line: Promise<unknown> = Promise.resolve();

  constructor(private readonly reader: Reader) {}

  start(): void {
    effect(() => {
      void revivals.value;
      const studies = this.reader.studies.value.map(({ study }) => study.uid);
      untracked(() =>
        studies.filter((study) => !this.known.has(study)).forEach((study) => void this.fetch(study)),
      );
    });
    effect(() => {
      void this.reader.keyImages.all.value;
      void revivals.value;
      untracked(() => this.sendIn(SOON_MS));
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.leave();
      else for (const study of this.known.keys()) void this.fetch(study);
    });
    addEventListener("pagehide", () => this.leave());
  }

  /** Get what the server has of a study. */
  async fetch(study: string): Promise<void> {
    try {
      await this.inLine(async () =>
        this.take(study, await getJson<KeysAnswer>(address(study)), this.have(study)),
      );
      this.sendIn(0);
    } catch (error) {
      this.tell(error);
    }
  }

  private inLine<Result>(act: () => Promise<Result>): Promise<Result> {
    const next = this.line.then(act, act);
    this.line = next.catch(() => undefined);
    return next;
  }

  private have(study: string): KeyImageMap {
    return this.known.get(study) ?? new Map<string, KeyImage>();
  }

  /** `before` is what the page had told by then; what it has changed since is kept. */
  private take(study: string, answer: KeysAnswer, before: KeyImageMap): void {
    const { keyImages } = this.reader;
    const own = new Map<string, KeyImage>();
    for (const { series, instance, frame, title } of answer.marks.filter((mark) => mark.own)) {
      const mark = { study, series, instance, frame, title };
      own.set(keyOf(mark), mark);
    }
    this.known.set(study, own);
    const page = keyImages.all.peek();
    const next = merged(page, before, own);
    const gone = [...page].filter(([key]) => !next.has(key)).map(([, mark]) => mark);
    const come = [...next]
      .filter(([key, mark]) => page.get(key)?.title !== mark.title)
      .map(([, mark]) => mark);
    if (gone.length > 0) keyImages.remove(...gone);
    if (come.length > 0) keyImages.put(...come);
    const others = answer.marks.filter((mark) => !mark.own).map((mark) => ({ ...mark, study }));
    keyImages.others.value = [...keyImages.others.peek().filter((mark) => mark.study !== study), ...others];
    const documents = answer.documents.map((document) => ({ ...document, study }));
    keyImages.documents.value = [
      ...keyImages.documents.peek().filter((one) => one.study !== study),
      ...documents,
    ];
    if (answer.saved) this.unsaved.delete(study);
    else this.unsaved.add(study);
    keyImages.isSaved.value = this.unsaved.size === 0;
    // A study that is open beside this one may not be the reader's to annotate; one that is speaks for all.
    keyImages.isKept.value = (keyImages.isKept.peek() ?? true) && answer.mayAnnotate;
    keyImages.problem.value = null;
  }

  private sendIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), milliseconds);
  }

  /** Send what the server does not have yet, study by study. */
  private async send(): Promise<void> {
    if (this.isSending || this.reader.keyImages.isKept.peek() !== true) return;
    this.isSending = true;
    try {
      for (const [study] of this.known) {
        await this.inLine(async () => {
          const changes = this.changes(study);
          if (changes.length === 0) return;
          const told = changed(study, this.have(study), changes);
          this.take(study, await postJson<KeysAnswer>(address(study), { changes, leaving: false }), told);
        });
      }
    } catch (error) {
      this.tell(error);
      if (!isConnectionProblem(error)) this.sendIn(AGAIN_MS);
      return;
    } finally {
      this.isSending = false;
    }
    if ([...this.known.keys()].some((study) => this.changes(study).length > 0)) this.sendIn(0);
  }

  private changes(study: string): readonly Change[] {
    return changesOf(study, this.have(study), this.reader.keyImages.all.peek()).slice(0, MOST_CHANGES);
  }

  /** The page may end any moment: what is left is sent, and stored as documents. */
  private leave(): void {
    if (this.reader.keyImages.isKept.peek() !== true) return;
    for (const study of this.known.keys()) {
      const changes = this.changes(study);
      if (changes.length === 0 && !this.unsaved.has(study)) continue;
      void fetch(urlOf(address(study)), {
        method: "POST",
        keepalive: true,
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ changes, leaving: true }),
      }).catch(() => undefined);
    }
  }

  private tell(error: unknown): void {
    const { keyImages } = this.reader;
    if (isConnectionProblem(error)) return;
    if (error instanceof RequestError && error.status === 403) keyImages.isKept.value = false;
    else keyImages.problem.value = error instanceof Error ? error.message : String(error);
  }
}

/** Begin, once the first picture is there. */
export function startKeyImages(reader: Reader): void {
  new KeyImagesSync(reader).start();
}

function address(study: string): string {
  return `sightline/api/studies/${study}/keys`;
}
