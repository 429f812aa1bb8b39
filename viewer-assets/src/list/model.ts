/** The study list's state and its searches. */
import { batch, computed, signal } from "@preact/signals";
import { getJson, postJson, RequestError } from "../api";
import type { Session, Study } from "../study/data";
import { isFiltered, NO_FILTERS, urlQuery, type Filters } from "./filters";

/** One page of the list. */
export interface ListAnswer {
  readonly studies: readonly Study[];
  readonly offset: number;
  readonly more: boolean;
}

export interface Site {
  readonly aet: string;
  readonly dicomPort: number;
  readonly stow: string;
}

export interface ListPageData {
  readonly session: Session;
  readonly filters: Partial<Filters>;
  readonly result: ListAnswer;
  readonly site: Site;
}

export type ListState = "ready" | "loading" | "loadingMore" | "failed";

const TYPING_MS = 220;

export class ListModel {
  readonly filters = signal<Filters>(NO_FILTERS);
  readonly studies = signal<readonly Study[]>([]);
  readonly more = signal(false);
  readonly state = signal<ListState>("ready");
  readonly problem = signal("");
  /** The upload panel, with what was dropped on the page. */
  readonly upload = signal<DataTransfer | "open" | null>(null);
  readonly canUpload: boolean;
  readonly isEmpty = computed(
    () => this.state.value === "ready" && this.studies.value.length === 0 && !isFiltered(this.filters.value),
  );
  private abort: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly data: ListPageData) {
    this.canUpload = data.session.verbs.includes("upload");
    this.filters.value = { ...NO_FILTERS, ...data.filters };
    this.take(data.result);
  }

  /** Begin: what was typed before a reload comes back from the history entry, never from the URL. */
  start(): void {
    const text = textOf(history.state);
    if (text) this.narrow({ text });
    addEventListener("popstate", () => {
      const query = new URLSearchParams(location.search);
      const named = Object.fromEntries(
        ["from", "to", "modality"].map((name) => [name, query.get(name) ?? ""]),
      );
      this.filters.value = { ...NO_FILTERS, ...named, text: textOf(history.state) };
      void this.search();
    });
  }

  /** Change filters and search; what is typed waits for a pause. */
  narrow(change: Partial<Filters>): void {
    const filters = { ...this.filters.value, ...change };
    this.filters.value = filters;
    const typed = "text" in change;
    const url = location.pathname + urlQuery(filters);
    if (typed) history.replaceState({ text: filters.text }, "", url);
    else history.pushState({ text: filters.text }, "", url);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), typed ? TYPING_MS : 0);
  }

  /** Search from the start. */
  async search(): Promise<void> {
    await this.run("loading", 0);
  }

  /** Get the next page. */
  async loadMore(): Promise<void> {
    if (this.state.value === "ready" && this.more.value)
      await this.run("loadingMore", this.studies.value.length);
  }

  private async run(state: ListState, offset: number): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.state.value = state;
    try {
      const answer = await this.fetch(offset, abort.signal);
      if (!abort.signal.aborted) this.take(answer);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error instanceof RequestError && error.status === 401) location.reload();
      batch(() => {
        this.problem.value = error instanceof Error ? error.message : String(error);
        this.state.value = "failed";
      });
    }
  }

  /** What is typed may be a name: it goes into a body, everything else may stand in a URL. */
  private fetch(offset: number, abort: AbortSignal): Promise<ListAnswer> {
    const filters = this.filters.value;
    if (filters.text) return postJson("sightline/api/studies", { ...filters, offset }, abort);
    const query = urlQuery(filters);
    return getJson(`sightline/api/studies${query}${query ? "&" : "?"}offset=${offset}`, abort);
  }

  private take({ studies, offset, more }: ListAnswer): void {
    batch(() => {
      this.studies.value = offset === 0 ? studies : [...this.studies.value, ...studies];
      this.more.value = more;
      this.state.value = "ready";
    });
  }
}

function textOf(state: unknown): string {
  const text = (state as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : "";
}
