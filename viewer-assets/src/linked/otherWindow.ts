/**
 * Two windows on one study, on two screens: each with series and layout of its own, both going to the same place. They talk
 * over a channel of the browser that is named by an id in both addresses, so that both find each other after a reload. What
 * is said is where slices lie and how they are seen; it goes from memory to memory.
 */
import { batch, effect, untracked } from "@preact/signals";
import { t } from "../messages";
import type { Links } from "../study/links";
import type { Look } from "../study/look";
import { isSamePatient } from "../study/patient";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import { shelfOf } from "../study/tiles";
import type { LinkedViewports } from "./LinkedViewports";
import { centreOf, isAligned, nearest, type Mark, type PatientPlane } from "./patientPlane";

/** What windows tell each other: that they are there, and what the reader has just done. */
type News = Presence | Doing;

type Presence = { readonly kind: "hello" } | { readonly kind: "here" } | { readonly kind: "bye" };

type Doing =
  | {
      readonly kind: "slice";
      readonly plane: PatientPlane;
      readonly ends: readonly PatientPlane[];
      readonly leads: boolean;
    }
  | { readonly kind: "mark"; readonly mark: Mark }
  | { readonly kind: "look"; readonly modality: string; readonly unit: string; readonly look: Look }
  | { readonly kind: "links"; readonly links: Links };

interface Letter {
  /** Of which study the sender's page is: others are not listened to. */
  readonly study: string;
  /** When it was written, ms since 1970: what is older than the reader's own last doing here is not followed. */
  readonly time: number;
  readonly news: News;
}

/** A window that is gone for so long was closed rather than loaded again. */
const GONE_MS = 3000;
const LOOK_EVERY_MS = 2000;

export class OtherWindow {
  private readonly channel: BroadcastChannel;
  private handle: Window | null = null;
  private lastDone = 0;
  private isFollowing = false;
  /** What the other window was told last, and the slice that is read there. */
  private told: { readonly reading?: Reading | null; readonly index?: number | undefined } = {};
  private away: PatientPlane | null = null;
  private goneTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly reader: Reader,
    private readonly linked: LinkedViewports,
    readonly id: string,
  ) {
    this.channel = new BroadcastChannel(`sightline-${id}`);
    this.channel.addEventListener("message", ({ data }: MessageEvent<Letter>) => this.read(data));
    addEventListener("pagehide", () => this.say({ kind: "bye" }));
    addEventListener("pageshow", ({ persisted }) => persisted && this.say({ kind: "hello" }));
    effect(() => this.tellSlice());
    this.tell(() => (linked.mark.value ? { kind: "mark", mark: linked.mark.value } : null));
    this.tell(
      () => this.lookNews(),
      () => reader.current.value,
    );
    this.tell(() => ({ kind: "links", links: reader.links.value }));
    this.say({ kind: "hello" });
  }

  /** Open the window, or bring it to the front. */
  open(): void {
    if (this.handle && !this.handle.closed) {
      this.handle.focus();
      return;
    }
    const { reader } = this;
    const shown = new Set(reader.visible.peek().map(({ tile }) => tile.series.uid));
    const tiles = shelfOf(reader.tiles.peek()).filter(({ stack }) => stack !== null);
    const tile = tiles.find(({ series }) => !shown.has(series.uid)) ?? reader.current.peek()?.tile;
    const query = tile ? `?series=${tile.key}&desk=${this.id}` : `?desk=${this.id}`;
    const { availWidth, availHeight } = screen;
    this.handle = open(
      location.pathname + query,
      "_blank",
      `popup,width=${availWidth},height=${availHeight}`,
    );
    if (!this.handle) reader.notice.value = t("window.blocked");
    else this.watch(this.handle);
  }

  /** Say what changes of one subject, unless it changed because the other window said so. */
  private tell(news: () => News | null, subject: () => unknown = () => null): void {
    let before: unknown;
    effect(() => {
      const now = news();
      const of = subject();
      if (now && of === before && !this.isFollowing) {
        this.lastDone = Date.now();
        untracked(() => this.say(now));
      }
      before = of;
    });
  }

  /** Another slice of the same series leads the other window; another series goes to where that one is. */
  private tellSlice(): void {
    const reading = this.reader.current.value;
    const news = this.sliceNews(true);
    const index = reading?.viewport.index.peek();
    const isSame = this.told.reading === reading;
    const isTold = isSame && this.told.index === index;
    this.told = { reading, index };
    if (!news || isTold || this.isFollowing) return;
    untracked(() => {
      if (isSame) {
        this.lastDone = Date.now();
        this.say(news);
        return;
      }
      if (this.away) this.goTo(this.away);
      this.told = { reading, index: reading?.viewport.index.peek() };
      const here = this.sliceNews(false);
      if (here) this.say(here);
    });
  }

  private say(news: News): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has one origin only
    this.channel.postMessage({ study: this.reader.study.uid, time: Date.now(), news } satisfies Letter);
  }

  private read({ study, time, news }: Letter): void {
    if (study !== this.reader.study.uid) return;
    if (news.kind === "bye") {
      clearTimeout(this.goneTimer);
      this.goneTimer = setTimeout(() => this.leave(), GONE_MS);
      return;
    }
    clearTimeout(this.goneTimer);
    this.reader.otherWindow.value = true;
    if (news.kind === "hello") {
      this.say({ kind: "here" });
      this.say({ kind: "links", links: this.reader.links.peek() });
    }
    if (news.kind !== "hello" && news.kind !== "here") {
      if (time >= this.lastDone) this.follow(news);
      return;
    }
    const slice = untracked(() => this.sliceNews(false));
    if (slice) this.say(slice);
  }

  /** Do here what was done there. */
  private follow(news: Doing): void {
    const { reader, linked } = this;
    this.isFollowing = true;
    try {
      if (news.kind === "links") reader.links.value = news.links;
      else if (news.kind === "mark") linked.show(news.mark);
      else if (news.kind === "slice") this.followSlice(news);
      else if (reader.links.peek().window) this.followLook(news);
    } finally {
      this.isFollowing = false;
    }
  }

  private followSlice({ plane, ends, leads }: Extract<Doing, { kind: "slice" }>): void {
    this.away = plane;
    this.linked.elsewhere.value = [
      ...ends.map((other) => ({ other, isEnd: true })),
      { other: plane, isEnd: false },
    ];
    if (leads) this.goTo(plane);
  }

  /** Go to the slices at the place of one that is read in the other window. */
  private goTo(plane: PatientPlane): void {
    const { linked, reader } = this;
    if (reader.links.peek().scroll !== "position") return;
    linked.arrange(() => {
      for (const { viewport } of reader.visible.peek()) {
        const planes = linked.planesOf(viewport.source);
        const own = planes[viewport.index.peek()];
        if (!own || !isAligned(own, plane)) continue;
        const along = planes.map((one) => (one && isAligned(one, plane) ? one : null));
        const found = nearest(along, plane.frameOfReference, centreOf(plane));
        if (found) viewport.goTo(found.index);
      }
    });
  }

  private followLook({ modality, unit, look }: Extract<Doing, { kind: "look" }>): void {
    for (const reading of this.reader.visible.peek()) {
      const place = reading.viewport.source.at(reading.viewport.index.peek());
      const isAlike = reading.series.modality === modality && place?.unit === unit && !place.colour;
      if (isAlike && this.isOfPatient(reading))
        reading.look = { ...reading.look, window: look.window, invert: look.invert };
    }
  }

  private sliceNews(leads: boolean): News | null {
    const reading = this.reader.current.value;
    if (!reading || !this.isOfPatient(reading)) return null;
    const { index, source } = reading.viewport;
    const planes = this.linked.planesOf(source);
    const plane = planes[index.value];
    if (!plane) return null;
    const ends = [planes[0], planes.at(-1)].filter((one) => one != null && isAligned(one, plane));
    return { kind: "slice", plane, ends: ends as PatientPlane[], leads };
  }

  private lookNews(): News | null {
    const reading = this.reader.current.value;
    if (!reading || !this.isOfPatient(reading)) return null;
    const { look, series, viewport } = reading;
    const place = viewport.source.at(viewport.index.peek());
    return place && { kind: "look", modality: series.modality, unit: place.unit, look };
  }

  /** Both windows are of the page's patient; what lies beside may be another's. */
  private isOfPatient({ tile }: Reading): boolean {
    return isSamePatient(tile.study, this.reader.study);
  }

  /** A window that ended without a word is noticed too. */
  private watch(handle: Window): void {
    const timer = setInterval(() => {
      if (!handle.closed) return;
      clearInterval(timer);
      if (this.handle === handle) this.leave();
    }, LOOK_EVERY_MS);
  }

  private leave(): void {
    if (!this.reader.otherWindow.peek()) return;
    batch(() => {
      this.reader.otherWindow.value = false;
      this.linked.elsewhere.value = [];
      this.away = null;
      this.reader.notice.value = t("window.closed");
    });
  }
}

/** An id that nobody can guess; `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
