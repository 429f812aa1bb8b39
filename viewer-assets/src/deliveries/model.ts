/** The state of the page of deliveries. */
import { signal } from "@preact/signals";
import { getJson, request } from "../api";
import { watchPresence } from "../presence";
import type { DeliveriesPageData, Delivery, DeliveryList, News, State } from "./data";

const API = "sightline/api/deliveries";
const LOOK_MS = 5000;
/** So many the server sends at once. */
const PAGE = 100;

export class DeliveriesModel {
  readonly list;
  readonly filter = signal<State | "">("");
  readonly problem = signal("");
  /** The delivery that is to be marked as delivered, if its person is sure. */
  readonly closing = signal<Delivery | null>(null);
  private wanted = 0;

  constructor(readonly data: DeliveriesPageData) {
    this.list = signal<DeliveryList>(data);
  }

  /** Look from time to time whether anything has changed, for as long as the page is seen. */
  watch(): void {
    const isThere = watchPresence();
    const look = (): void => {
      if (isThere()) void this.look();
    };
    setInterval(look, LOOK_MS);
    document.addEventListener("visibilitychange", look);
  }

  private async look(): Promise<void> {
    try {
      const news = await getJson<News>(`${API}/news`);
      const list = this.list.peek();
      const isSame =
        news.changed === list.changed && JSON.stringify(news.counts) === JSON.stringify(list.counts);
      if (isSame) return;
      // Who has gone further down is not thrown back to the top.
      if (list.deliveries.length > PAGE) this.list.value = { ...list, ...news };
      else await this.load();
    } catch {
      // What is on the page stays; the next look may succeed.
    }
  }

  choose(state: State | ""): void {
    this.filter.value = state;
    void this.attempt(() => this.load());
  }

  more(): void {
    void this.attempt(() => this.load(this.list.peek().deliveries.length));
  }

  retry(delivery: Delivery): void {
    void this.act(`${API}/${delivery.id}/retry`);
  }

  close(delivery: Delivery): void {
    this.closing.value = null;
    void this.act(`${API}/${delivery.id}/close`);
  }

  private async act(path: string): Promise<void> {
    await this.attempt(async () => {
      await request(path, { method: "POST" });
      await this.load();
    });
  }

  private async load(offset = 0): Promise<void> {
    this.wanted += 1;
    const asked = this.wanted;
    const state = this.filter.peek();
    const answer = await getJson<DeliveryList>(`${API}?offset=${offset}${state && `&state=${state}`}`);
    if (asked !== this.wanted) return;
    const before = offset ? this.list.peek().deliveries : [];
    this.list.value = { ...answer, deliveries: [...before, ...answer.deliveries] };
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.problem.value = "";
    try {
      await work();
    } catch (error) {
      this.problem.value = error instanceof Error ? error.message : String(error);
    }
  }
}
