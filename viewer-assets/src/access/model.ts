/** The state of the page that shows who can see images. */
import { signal, type Signal } from "@preact/signals";
import { getJson, request, RequestError } from "../api";
import type { KnownLink } from "../list/links";
import { t } from "../messages";
import { isOpen, type AccessPageData, type Ending, type KnownLaunch } from "./data";

const APIS = { launch: "sightline/smart/launches", link: "sightline/openemr/links" } as const;
/** Stands in the page's address where what has ended is shown, too. */
const ALL = "all";
const GONE = new Set([401, 404, 410]);

/** The rows of a list that are here, and whether there are more. */
export interface Part<Row> {
  readonly rows: readonly Row[];
  readonly more: boolean;
}

export class AccessModel {
  readonly launches;
  readonly links;
  readonly isOpenOnly = signal(true);
  readonly isLoading = signal(false);
  readonly problem = signal("");
  /** What was done last, as a sentence. */
  readonly notice = signal("");
  readonly ending = signal<Ending | null>(null);
  private wanted = 0;

  constructor(readonly data: AccessPageData) {
    this.launches = signal(this.part(data.launches));
    this.links = signal(this.part(data.links));
  }

  /** Show what the page's address says. */
  start(): void {
    if (new URLSearchParams(location.search).has(ALL)) this.showOpenOnly(false);
  }

  showOpenOnly(isOpenOnly: boolean): void {
    this.isOpenOnly.value = isOpenOnly;
    history.replaceState(history.state, "", location.pathname + (isOpenOnly ? "" : `?${ALL}`));
    this.look();
  }

  /** See what there is now. The server writes down each look, so nothing looks by itself. */
  look(): void {
    this.notice.value = "";
    void this.attempt(() => this.load());
  }

  moreLaunches(): void {
    void this.attempt(() => this.add(this.launches, (offset) => this.loadLaunches(offset)));
  }

  moreLinks(): void {
    void this.attempt(() => this.add(this.links, (offset) => this.loadLinks(offset)));
  }

  /** End for good what was asked about. */
  end(ending: Ending): void {
    this.ending.value = null;
    this.notice.value = "";
    void this.attempt(async () => {
      const told = await this.endOnce(ending);
      await this.load();
      this.notice.value = told;
    });
  }

  private async endOnce({ kind, what }: Ending): Promise<string> {
    try {
      await request(`${APIS[kind]}/${what.id}`, { method: "DELETE" });
      return t(`access.done.${kind}`, { name: nameOf({ kind, what } as Ending) });
    } catch (error) {
      // It may have ended by itself, or by another's hand; whose own session is over is told by the next request.
      if (error instanceof RequestError && GONE.has(error.status)) return t("access.gone");
      throw error;
    }
  }

  private async load(): Promise<void> {
    this.wanted += 1;
    const asked = this.wanted;
    const [launches, links] = await Promise.all([this.loadLaunches(0), this.loadLinks(0)]);
    if (asked !== this.wanted) return;
    this.launches.value = launches;
    this.links.value = links;
  }

  /** Put the next rows below those that are here, unless others were asked for meanwhile. */
  private async add<Row extends { readonly id: string }>(
    list: Signal<Part<Row>>,
    load: (offset: number) => Promise<Part<Row>>,
  ): Promise<void> {
    const asked = this.wanted;
    const before = list.peek().rows;
    const { rows, more } = await load(before.length);
    if (asked !== this.wanted) return;
    // What has begun meanwhile has moved the rest down: some rows come twice.
    const known = new Set(before.map(({ id }) => id));
    list.value = { rows: [...before, ...rows.filter(({ id }) => !known.has(id))], more };
  }

  private async loadLaunches(offset: number): Promise<Part<KnownLaunch>> {
    const path = `${APIS.launch}?${this.query(offset)}`;
    return this.part((await getJson<{ launches: readonly KnownLaunch[] }>(path)).launches);
  }

  private async loadLinks(offset: number): Promise<Part<KnownLink>> {
    const path = `${APIS.link}?${this.query(offset)}`;
    return this.part((await getJson<{ links: readonly KnownLink[] }>(path)).links);
  }

  private query(offset: number): string {
    return `limit=${this.data.page + 1}&offset=${offset}${this.isOpenOnly.peek() ? "&state=open" : ""}`;
  }

  /** One row more than is shown was asked for. */
  private part<Row>(rows: readonly Row[]): Part<Row> {
    return { rows: rows.slice(0, this.data.page), more: rows.length > this.data.page };
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.problem.value = "";
    this.isLoading.value = true;
    try {
      await work();
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error);
    }
    this.isLoading.value = false;
  }
}

/** Whom it lets in, as a person would say it. */
export function nameOf({ kind, what }: Ending): string {
  if (kind === "launch") return what.user || t("access.somebody");
  return what.userName || t("list.share.anybody");
}

/** Whether there is anything to end. */
export function canEnd(ending: Ending): boolean {
  return ending.kind === "launch" ? ending.what.state === "open" : isOpen(ending.what);
}
