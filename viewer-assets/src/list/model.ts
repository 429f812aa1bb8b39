/** The study list's state and its searches. */
import { batch, computed, signal } from "@preact/signals";
import { getJson, postJson, RequestError } from "../api";
import type { ListAnswer, ListPageData, StudyRow } from "./data";
import { fromUrl, isFiltered, NO_FILTERS, urlQuery, type Filters } from "./filters";
import { PAGE, StudyPages } from "./pages";

export type ListState = "ready" | "loading" | "failed";

/** What can be done with one study beyond opening it. */
export type DialogKind = "compare" | "labels" | "link" | "download" | "delete";

const TYPING_MS = 220;

export class ListModel {
  readonly filters = signal<Filters>(NO_FILTERS);
  readonly pages = new StudyPages();
  readonly state = signal<ListState>("ready");
  readonly problem = signal("");
  /** Labels in use anywhere. */
  readonly labels = signal<readonly string[]>([]);
  /** Number of the row that the keyboard is at. */
  readonly active = signal(0);
  /** How many studies have come that match and are not shown yet. */
  readonly arrived = signal(0);
  /** Studies that were just put in, to be marked for a moment. */
  readonly fresh = signal<ReadonlySet<string>>(new Set());
  readonly dialog = signal<{ readonly kind: DialogKind; readonly study: StudyRow } | null>(null);
  /** What happened last, in a sentence, for everybody to see and hear. */
  readonly notice = signal("");
  /** The upload panel, with what was dropped on the page. */
  readonly upload = signal<DataTransfer | "open" | null>(null);
  readonly isEmpty = computed(
    () => this.state.value === "ready" && this.pages.total.value === 0 && !isFiltered(this.filters.value),
  );
  /** Names the moment of the search, see `ListAnswer`. */
  token = "";
  private abort = new AbortController();
  private readonly asked = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly data: ListPageData) {
    this.filters.value = { ...NO_FILTERS, ...data.filters };
    this.labels.value = data.labels;
    this.begin(data.result);
  }

  /** Whether the user may do that on the whole archive. */
  may(verb: string): boolean {
    return this.data.session.verbs.includes(verb);
  }

  /** Begin: what was typed before a reload comes back from the history entry, never from the URL. */
  start(): void {
    const { text, top } = entryOf(history.state);
    if (text) this.narrow({ text });
    else if (top > 0) requestAnimationFrame(() => scrollTo(0, top));
    addEventListener("popstate", () => {
      this.filters.value = fromUrl(location.search, entryOf(history.state).text);
      void this.search();
    });
    // The way back leads to the same rows.
    addEventListener("pagehide", () =>
      history.replaceState({ text: this.filters.value.text, top: scrollY }, ""),
    );
  }

  /** Change filters and search; what is typed waits for a pause. */
  narrow(change: Partial<Filters>): void {
    const filters = { ...this.filters.value, ...change };
    this.filters.value = filters;
    const typed = "text" in change && Object.keys(change).length === 1;
    const url = location.pathname + urlQuery(filters);
    if (typed) history.replaceState({ text: filters.text }, "", url);
    else history.pushState({ text: filters.text }, "", url);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), typed ? TYPING_MS : 0);
  }

  /** Take all filters off; the order stays. */
  clear(): void {
    this.narrow({ ...NO_FILTERS, sort: this.filters.value.sort });
  }

  /** Search from the start. */
  async search(): Promise<void> {
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    this.asked.clear();
    this.state.value = "loading";
    try {
      const answer = await this.find({ offset: 0 }, abort.signal);
      if (!abort.signal.aborted) this.begin(answer);
    } catch (error) {
      if (!abort.signal.aborted) this.fail(error);
    }
  }

  /** See to it that these rows are there or come. */
  async need(first: number, last: number): Promise<void> {
    const { signal: aborted } = this.abort;
    if (this.state.value !== "ready") return;
    const pages = this.pages.missing(first, last).filter((page) => !this.asked.has(page));
    for (const page of pages) this.asked.add(page);
    await Promise.all(
      pages.map(async (page) => {
        try {
          const answer = await this.find({ offset: page * PAGE }, aborted);
          if (!aborted.aborted) this.pages.put(page, answer.studies, answer.total);
        } catch (error) {
          if (!aborted.aborted) this.fail(error);
        } finally {
          if (!aborted.aborted) this.asked.delete(page);
        }
      }),
    );
  }

  /** Ask how many have come since the last search and match. */
  async countArrived(): Promise<void> {
    const { signal: aborted } = this.abort;
    const { total } = await this.find({ since: this.token, limit: 1 }, aborted);
    if (!aborted.aborted) this.arrived.value = total;
  }

  /** Put in what has come. */
  async showArrived(): Promise<void> {
    const { signal: aborted } = this.abort;
    const came = await this.find({ since: this.token }, aborted);
    if (aborted.aborted) return;
    await this.search();
    this.fresh.value = new Set(came.studies.map(({ uid }) => uid));
    scrollTo(0, 0);
  }

  /** One page of the list. What is typed may be a name: it goes into a body, everything else may stand in a URL. */
  find(more: Readonly<Record<string, string | number>>, aborted: AbortSignal): Promise<ListAnswer> {
    const filters = this.filters.value;
    if (filters.text) return postJson("sightline/api/studies", { ...filters, ...more }, aborted);
    const query = new URLSearchParams(urlQuery(filters));
    for (const [name, value] of Object.entries(more)) query.set(name, String(value));
    return getJson(`sightline/api/studies?${query.toString().replaceAll("%2C", ",")}`, aborted);
  }

  private begin({ studies, total, token }: ListAnswer): void {
    this.token = token;
    batch(() => {
      this.pages.start(studies, total);
      this.active.value = 0;
      this.arrived.value = 0;
      this.fresh.value = new Set();
      this.state.value = "ready";
    });
  }

  private fail(error: unknown): void {
    if (error instanceof RequestError && error.status === 401) location.reload();
    batch(() => {
      this.problem.value = error instanceof Error ? error.message : String(error);
      this.state.value = "failed";
    });
  }
}

/** What the history entry keeps: the typed text, and how far the page was scrolled. */
function entryOf(state: unknown): { readonly text: string; readonly top: number } {
  const { text, top } = (state ?? {}) as { text?: unknown; top?: unknown };
  return { text: typeof text === "string" ? text : "", top: typeof top === "number" ? top : 0 };
}
