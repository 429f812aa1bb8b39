/** One study's report on the page: what is written, what was signed, and what the server knows of both. */
import { computed, signal } from "@preact/signals";
import { getJson, postJson, request } from "../api";
import { fullDate } from "../format";
import { t } from "../messages";
import { watchPresence } from "../presence";
import type { Reader } from "../study/reader";
import { DraftSync } from "./draftSync";
import { findingTexts } from "./findingTexts";
import {
  afterTemplate,
  asAddendum,
  hasText,
  together,
  type Draft,
  type FilledTemplate,
  type KeepAnswer,
  type KeptDraft,
  type PriorReports,
  type ReportAnswer,
  type Section,
  type Version,
} from "./model";

const ASK_EVERY_MS = 15_000;
const ASK_SOON_MS = 2000;
const REFILL_MS = 300;
/** A browser sends no more than that of a page that is left. */
const MOST_KEEPALIVE_CHARACTERS = 20_000;

export class ReportDesk {
  readonly answer = signal<ReportAnswer | null>(null);
  /** Why the report could not be asked for. */
  readonly problem = signal<string | null>(null);
  readonly sync: DraftSync;
  /** What was replaced or thrown away last, to be had back. */
  readonly replaced = signal<Draft | null>(null);
  readonly priors = signal<PriorReports | null>(null);
  readonly priorsProblem = signal<string | null>(null);
  readonly versions = computed<readonly Version[]>(() => this.answer.value?.versions ?? []);
  private filled: readonly Section[] = [];
  private readonly path: string;

  constructor(readonly reader: Reader) {
    this.path = `sightline/api/studies/${reader.study.uid}/report`;
    this.sync = new DraftSync({
      send: (base, draft, keepalive) => this.put(base, draft, keepalive),
      later: (act, milliseconds) => setTimeout(act, milliseconds),
      cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
      now: () => new Date(),
      onGone: () => void this.load(),
    });
    const leave = (): void => void this.sync.flush(true);
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => document.hidden && leave());
    addEventListener("beforeunload", (event) => {
      // Nothing may be kept on the device: what the server cannot be told would be gone.
      if (this.sync.isBehind && this.sync.state.peek().kind !== "writing") event.preventDefault();
    });
  }

  /** Ask the server; without a draft, begin one where a report is still to be written. */
  async load(): Promise<void> {
    try {
      const answer = await getJson<ReportAnswer>(this.path);
      this.answer.value = answer;
      this.problem.value = null;
      const { draft, mayReport, versions, suggested } = answer;
      if (draft && draft.revision > this.sync.revision && !this.sync.isBehind) this.sync.adopt(draft);
      const isBlank = this.sync.draft.peek() === null;
      if (!draft && isBlank && mayReport && versions.length === 0 && suggested) await this.begin(suggested);
    } catch (error) {
      this.problem.value = messageOf(error);
    }
  }

  /** Look for news while the panel is open; returns how to stop. */
  follow(): () => void {
    const isThere = watchPresence();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      const isStoring = this.versions.peek().some(({ stored, problem }) => !stored && !problem);
      timer = setTimeout(ask, isStoring ? ASK_SOON_MS : ASK_EVERY_MS);
    };
    const ask = (): void => {
      if (isThere()) void this.load().finally(wait);
      else wait();
    };
    void this.load().finally(wait);
    const stop = this.keepFresh();
    // What has just been signed is asked for soon, however late the next look would have been.
    const unsubscribe = this.versions.subscribe(wait);
    return () => {
      stop();
      unsubscribe();
      clearTimeout(timer);
      void this.sync.flush();
    };
  }

  /** As long as the reader has written nothing, the template follows what is measured and what is open beside. */
  private keepFresh(): () => void {
    const { findings, studies, priors } = this.reader;
    const news = computed(() => [findings.all.value, studies.value, priors.value]);
    let timer: ReturnType<typeof setTimeout>;
    const unsubscribe = news.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.refill().catch(reportError);
      }, REFILL_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }

  private async refill(): Promise<void> {
    const draft = this.sync.draft.peek();
    if (!draft || !this.sync.isFresh || draft.follows > 0) return;
    const { sections } = await this.fill(draft.template);
    if (
      !this.sync.isFresh ||
      this.sync.draft.peek() !== draft ||
      JSON.stringify(sections) === JSON.stringify(draft.sections)
    )
      return;
    this.filled = sections;
    this.sync.begin({ ...draft, sections });
  }

  /** Begin a report with a template. */
  private async begin(template: string): Promise<void> {
    const { sections, title } = await this.fill(template);
    this.filled = sections;
    if (this.sync.draft.peek() === null)
      this.sync.begin({ follows: 0, template, title, sections, keyFrames: [] });
  }

  /** Go on with another template; what the reader wrote stays. */
  async useTemplate(template: string): Promise<void> {
    const next = await this.fill(template);
    const draft = this.sync.draft.peek();
    if (!draft) return;
    if (hasText(draft)) this.replaced.value = draft;
    this.sync.change(afterTemplate(draft, next, this.filled));
    this.filled = next.sections;
  }

  private async fill(template: string): Promise<FilledTemplate> {
    const findings = (await findingTexts(this.reader)).map(({ text }) => text);
    const comparison = comparisonOf(this.reader);
    return postJson<FilledTemplate>(`${this.path}/template`, { template, findings, comparison });
  }

  /** Begin an addendum, or make one of what was written as a report. */
  writeAddendum(): void {
    const draft = this.sync.draft.peek();
    const next = asAddendum(this.versions.peek().length, t("reporting.addendum"), draft);
    if (draft) this.sync.change(next);
    else this.sync.begin(next);
  }

  /** Take what somebody else wrote into the own draft. */
  takeOver({ draft: theirs }: KeptDraft): void {
    const mine = this.sync.draft.peek();
    if (mine) this.replaced.value = mine;
    this.sync.change(mine ? together(mine, theirs) : theirs);
  }

  /** Throw the draft away; it can be had back. */
  async discard(): Promise<void> {
    const draft = this.sync.draft.peek();
    await this.sync.flush();
    await request(`${this.path}/draft`, { method: "DELETE" });
    if (draft && hasText(draft)) this.replaced.value = draft;
    this.sync.forget();
    await this.load();
  }

  /** Have back what was replaced. */
  restore(): void {
    const before = this.replaced.peek();
    if (!before) return;
    this.replaced.value = null;
    this.sync.change(before);
  }

  /** Sign what is on the page. Throws with a sentence for the reader where that is refused. */
  async sign(): Promise<void> {
    this.sync.touch();
    if (!(await this.sync.flush())) throw new Error(t("reporting.sign.notKept"));
    const { versions } = await postJson<{ versions: readonly Version[] }>(`${this.path}/sign`, {
      revision: this.sync.revision,
    });
    this.sync.forget();
    this.replaced.value = null;
    const { value: answer } = this.answer;
    if (answer) this.answer.value = { ...answer, versions, draft: null };
  }

  /** Try again to store what was signed. */
  async retry(): Promise<void> {
    await request(`${this.path}/retry`, { method: "POST" });
    await this.load();
  }

  async loadPriors(): Promise<void> {
    try {
      this.priors.value = await getJson<PriorReports>(`${this.path}/priors`);
      this.priorsProblem.value = null;
    } catch (error) {
      this.priorsProblem.value = messageOf(error);
    }
  }

  /** Where a version is as PDF. */
  pdfPath(version: number): string {
    return `${this.path}/versions/${version}/pdf`;
  }

  private async put(base: number, draft: Draft, keepalive: boolean): Promise<KeepAnswer> {
    const body = JSON.stringify({ base, draft });
    const init = {
      method: "PUT",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body,
      keepalive: keepalive && body.length < MOST_KEEPALIVE_CHARACTERS,
    };
    return (await (await request(`${this.path}/draft`, init)).json()) as KeepAnswer;
  }
}

/** What is open beside the study; that there is nothing to compare with; or nothing, where nobody has looked yet. */
function comparisonOf({ studies, study, priors }: Reader): string {
  const beside = studies.peek().filter((one) => one.study.uid !== study.uid);
  const names = beside.map((one) =>
    [one.study.description, fullDate(one.study.date)].filter(Boolean).join(", "),
  );
  if (names.length > 0) return names.join("; ");
  return priors.peek().length > 0 ? "" : t("reporting.comparison.none");
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const desks = new WeakMap<Reader, ReportDesk>();

/** The page's one desk: what is written stays while the panel is closed. */
export function deskOf(reader: Reader): ReportDesk {
  const desk = desks.get(reader) ?? new ReportDesk(reader);
  desks.set(reader, desk);
  return desk;
}
