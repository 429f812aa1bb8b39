/** What the orders page shows, and how it stays new. */
import { signal, type Signal } from "@preact/signals";
import { getJson, postJson, request } from "../api";
import { plural, t } from "../messages";
import type {
  Code,
  CodesAnswer,
  Counts,
  Held,
  Order,
  OrdersAnswer,
  OrdersPageData,
  Tab,
  Waiting,
} from "./data";

const EVERY_MS = 5000;
const TYPING_MS = 250;

const TABS: readonly Tab[] = ["", "scheduled", "needs-modality", "completed", "cancelled", "held", "codes"];

/** State of the page, and what changes it. */
export class OrdersModel {
  readonly tab = signal<Tab>(tabOf(location.hash));
  readonly text = signal("");
  readonly counts: Signal<Counts>;
  /** Null until the first answer. */
  readonly orders = signal<readonly Order[] | null>(null);
  readonly more = signal(false);
  readonly held = signal<readonly Held[] | null>(null);
  readonly codes = signal<CodesAnswer | null>(null);
  /** Why the list may be old. */
  readonly problem = signal("");
  /** What was done last, for everybody to hear. */
  readonly notice = signal("");
  /** The row of the map that is edited. */
  readonly edited = signal<Code | null>(null);
  #asked = 0;
  #typing = 0;

  constructor(readonly data: OrdersPageData) {
    this.counts = signal(data.counts);
  }

  /** Load, and load again every few seconds while somebody looks. */
  watch(): void {
    void this.load();
    setInterval(() => {
      if (document.visibilityState === "visible") void this.load();
    }, EVERY_MS);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.load();
    });
    addEventListener("hashchange", () => this.#go(tabOf(location.hash)));
  }

  /** Show another tab; the address names it. */
  show(tab: Tab): void {
    history.pushState(null, "", tab ? `#${tab}` : location.pathname);
    this.#go(tab);
  }

  /** Search while somebody types. */
  search(text: string): void {
    this.text.value = text;
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => void this.load(), TYPING_MS);
  }

  /** Ask for what the tab shows. An answer that was overtaken by another is left. */
  async load(): Promise<void> {
    const asked = ++this.#asked;
    const tab = this.tab.value;
    try {
      if (tab === "held") await this.#loadHeld();
      else if (tab === "codes") this.codes.value = await getJson<CodesAnswer>("sightline/api/orders/codes");
      const isList = tab !== "held" && tab !== "codes";
      const wanted = { state: isList ? tab : "", text: isList ? this.text.value : "" };
      const answer = await postJson<OrdersAnswer>("sightline/api/orders", wanted);
      if (asked !== this.#asked) return;
      this.counts.value = answer.counts;
      if (isList) {
        this.orders.value = answer.orders;
        this.more.value = answer.more;
      }
      this.problem.value = "";
    } catch (error) {
      if (asked === this.#asked) this.problem.value = sentence(error);
    }
  }

  /** Try a held message once more. */
  async again(held: Held): Promise<void> {
    await this.#do(async () => {
      const path = `sightline/api/orders/held/${held.id}/again`;
      const response = await request(path, { method: "POST" });
      const answer = (await response.json()) as { isTaken: boolean; orders: string[]; reason: string };
      return answer.isTaken
        ? plural("orders.held.taken", answer.orders.length)
        : t("orders.held.still", { reason: answer.reason });
    });
  }

  /** Put a held message aside. */
  async dismiss(held: Held): Promise<void> {
    await this.#do(async () => {
      await request(`sightline/api/orders/held/${held.id}/dismiss`, { method: "POST" });
      return t("orders.held.dismissed");
    });
  }

  /** Begin to say what a code that orders wait for means. */
  map({ code }: Pick<Waiting, "code">): void {
    this.edited.value = { sender: "", code, modality: "", stationAet: "", stationName: "", description: "" };
    if (this.tab.value !== "codes") this.show("codes");
  }

  /** Keep a row of the map. Throws what the server says is wrong with it. */
  async keep(row: Code, before: Code | null): Promise<void> {
    const answer = await request("sightline/api/orders/codes", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(row),
    });
    const isMoved = before && (before.sender !== row.sender || before.code !== row.code);
    if (isMoved && this.codes.value?.codes.includes(before)) await this.#remove(before);
    const { waiting } = (await answer.json()) as { waiting: number };
    this.notice.value = waiting ? plural("orders.codes.kept.waiting", waiting) : t("orders.codes.kept");
    this.edited.value = null;
    await this.load();
  }

  /** Take a row out of the map. */
  async remove(row: Code): Promise<void> {
    await this.#do(async () => {
      await this.#remove(row);
      return t("orders.codes.removed");
    });
  }

  async #remove({ sender, code }: Code): Promise<void> {
    await postJson("sightline/api/orders/codes/removal", { sender, code });
  }

  async #loadHeld(): Promise<void> {
    this.held.value = (await getJson<{ held: Held[] }>("sightline/api/orders/held")).held;
  }

  async #do(work: () => Promise<string>): Promise<void> {
    try {
      this.notice.value = await work();
    } catch (error) {
      this.notice.value = sentence(error);
    }
    await this.load();
  }

  #go(tab: Tab): void {
    if (tab === this.tab.value) return;
    this.tab.value = tab;
    this.orders.value = null;
    this.notice.value = "";
    void this.load();
  }
}

function tabOf(hash: string): Tab {
  return TABS.find((tab) => tab === hash.slice(1)) ?? "";
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
