/** One viewport: what it should show, what it shows, and how it gets from one to the other. */
import {
  batch,
  computed,
  effect,
  type ReadonlySignal,
  signal,
  type Signal,
  untracked,
} from "@preact/signals";
import type { VoiWindow } from "../address";
import { clamp, FITTED, imagePose, loosened, type Placement, type Pose, type Size } from "../geometry";
import { isConnectionProblem, revivals } from "../connection";
import type { ExactFrame } from "../exact/exactFrame";
import { afterFrame } from "./afterFrame";
import type { Lane, PictureLoader } from "./loader";
import type { Appearance, Coverage, LocalPictures, Watched } from "./localPictures";
import { mayLookAhead } from "./lookAhead";
import { OWN_SHADING, type ColourTable, type Shading } from "./look";
import type { Picture } from "./picture";
import { isSameShading, pictureAddress, type Stage } from "./pictureAddress";
import type { PictureSource, Place } from "./source";

/** How pictures of one series are asked for; shared by the viewports that show it. */
export interface PictureSettings {
  /** The reader's window; null means the file's own. */
  readonly window: ReadonlySignal<VoiWindow | null>;
  readonly invert: ReadonlySignal<boolean>;
  readonly shading: ReadonlySignal<Shading>;
  /** The colours of the map that was asked for last, once they are here. */
  readonly colours: ReadonlySignal<ColourTable | null>;
  /** Ask for exact pictures at once, instead of when the reader rests. */
  readonly exact: ReadonlySignal<boolean>;
  /** A drag is changing the window: quick small pictures are better than late good ones. */
  readonly hurry: ReadonlySignal<boolean>;
  /** Pictures that are made on the device: undefined while that is still to come, null where it never will. */
  readonly local: ReadonlySignal<LocalPictures | null | undefined>;
}

/**
 * The picture on the screen, and what is true of it. Annotations come from here, never from what was asked for. `path` is
 * where the server has the same pixels. `frame` has the stored values where the picture was made of them here.
 */
export interface Shown {
  readonly path: string;
  readonly index: number;
  readonly place: Place;
  readonly bitmap: ImageBitmap | OffscreenCanvas;
  readonly frame: ExactFrame | null;
  readonly window: VoiWindow | null;
  readonly inverted: boolean;
  readonly lossy: boolean;
  /** Whether it is a small quick one that a better one will follow. */
  readonly draft: boolean;
  readonly shading: Shading;
}

/** What a request was for. */
interface Asked {
  readonly index: number;
  readonly place: Place;
  readonly stage: Stage;
  readonly inverted: boolean;
  readonly shading: Shading;
}

/** How a viewport may use the line. */
export interface Manners {
  /** Its pictures take longer than others, which says nothing of the line. */
  readonly isSlow?: boolean;
  /** Fetch an exact picture when the reader rests. */
  readonly exactOnRest: boolean;
  /** Neighbours to fetch in the direction of travel, and against it. */
  readonly ahead: number;
  readonly behind: number;
}

const SETTLE_MS = 160;
const REST_MS = 700;
/** A picture that takes longer than this on average is preceded by a draft while scrolling. */
const SLOW_MS = 220;
/** Exact pictures are not fetched unasked where one would take longer than this. */
const LONGEST_EXACT_MS = 6000;

export class Viewport implements Lane<Picture>, Watched {
  readonly index = signal(0);
  readonly placement = signal<Placement>(FITTED);
  readonly size = signal<Size>({ width: 0, height: 0 });
  readonly shown = signal<Shown | null>(null);
  readonly problem = signal<string | null>(null);
  /** What can wait waits for the first picture. */
  private readonly isShowing = computed(() => this.shown.value !== null);
  /** What a tool has to say of the picture; it goes with the next one. */
  readonly notice = signal<string | null>(null);
  private readonly asked = new Map<string, Asked>();
  private shownOrder = 0;
  direction = 1;
  private canvas: OffscreenCanvas | null = null;
  private paintAt = 0;
  private isAwake = false;
  private isDrawn = false;
  private isAheadDue = false;
  private hasTravelled = false;
  private held = false;
  private heldIndex = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopWatching: (() => void) | null = null;

  private readonly pile: Signal<PictureSource>;

  get isSlow(): boolean {
    return this.manners.isSlow ?? false;
  }

  constructor(
    source: PictureSource,
    private readonly loader: PictureLoader<Picture>,
    readonly settings: PictureSettings,
    private readonly manners: Manners,
  ) {
    this.pile = signal(source);
  }

  /** What it leafs through. Another pile takes its place on the screen when its picture is there. */
  get source(): PictureSource {
    return this.pile.value;
  }

  set source(source: PictureSource) {
    this.pile.value = source;
    this.index.value = clamp(this.index.peek(), 0, source.count - 1);
  }

  /** Leaf through another pile, at that index of it. A picture that both hold stays on the screen. */
  replace(source: PictureSource, index: number): void {
    const shown = this.shown.peek();
    batch(() => {
      this.source = source;
      this.goTo(index);
      const place = source.at(this.index.peek());
      if (shown && place && isSamePicture(shown.place, place))
        this.shown.value = { ...shown, place, index: this.index.peek() };
    });
  }

  /** Wait with the first request: the page's own first picture is on its way. */
  hold(): void {
    this.held = true;
    this.heldIndex = this.index.value;
  }

  /** Go on as usual. */
  release(): void {
    this.held = false;
    if (this.isAwake && !this.shown.value) this.refresh();
  }

  /** Start to fetch and show. */
  wake(): void {
    if (this.isAwake) return;
    this.isAwake = true;
    const stops = [
      effect(() => {
        const { width, height } = this.size.value;
        const { window, invert, shading, colours, exact, hurry } = this.settings;
        const look = [window, invert, shading, colours, exact, hurry];
        for (const cause of [this.pile, this.index, this.placement, revivals, ...look]) void cause.value;
        if (width > 0 && height > 0) untracked(() => this.refresh());
      }),
      effect(() => (this.isShowing.value ? afterFrame(() => this.lookAhead()) : undefined)),
      effect(() => {
        const local = this.settings.local.value;
        return local && this.isShowing.value ? afterFrame(() => local.watch(this)) : undefined;
      }),
      effect(() => {
        void this.settings.local.value?.version.value;
        untracked(() => this.onLocalChange());
      }),
    ];
    this.stopWatching = () => stops.forEach((stop) => stop());
  }

  /** Stop, and give the picture's memory back. */
  sleep(): void {
    this.isAwake = false;
    this.stopWatching?.();
    this.stopWatching = null;
    this.clearTimer();
    if (this.paintAt !== 0) cancelAnimationFrame(this.paintAt);
    this.paintAt = 0;
    this.loader.leave(this);
    this.show(null);
    this.canvas = null;
  }

  /** Go to a picture of the pile; beyond its ends is the end. */
  goTo(index: number): void {
    const target = clamp(Math.round(index), 0, this.source.count - 1);
    if (target !== this.index.value) {
      this.direction = target > this.index.value ? 1 : -1;
      this.hasTravelled = this.isAwake;
    }
    this.index.value = target;
  }

  /** Take over a picture that the page already loaded. */
  async adopt(image: HTMLImageElement, path: string, index: number): Promise<void> {
    const place = this.source.at(index);
    if (!place) return;
    const bitmap = await createImageBitmap(image);
    this.held = false;
    if (this.shown.value || index !== this.index.value) {
      bitmap.close();
      return;
    }
    const own = place.voiLut || place.colour ? null : (place.windows[0]?.window ?? null);
    const asStored = { inverted: false, shading: OWN_SHADING, frame: null };
    this.show({ path, index, place, bitmap, window: own, lossy: true, draft: false, ...asStored });
    this.rest("exact", REST_MS * 2);
  }

  /** Which of its pictures can be made on the device; null before anything can. */
  get coverage(): Coverage | null {
    return this.settings.local.value?.coverage(this.source) ?? null;
  }

  /** Where the image lies on the screen now. */
  pose(place: Place | null = this.shown.value?.place ?? null): Pose | null {
    return place && imagePose(place.geometry, this.size.value, this.placement.value);
  }

  /** How it lies, to be moved from there. */
  get loose(): Placement {
    const place = this.source.at(this.index.peek());
    const placement = this.placement.peek();
    return place ? loosened(placement, place.geometry, this.size.peek()) : placement;
  }

  /** Forget the problem and ask again. */
  retry(): void {
    this.problem.value = null;
    this.refresh();
  }

  onPicture(path: string, picture: Picture, order: number): void {
    void this.decode(path, picture, order);
  }

  onProblem(_path: string, error: unknown): void {
    // What is wrong with the connection is said once, for the whole page; it asks again when it is back.
    if (isConnectionProblem(error)) return;
    this.problem.value = error instanceof Error ? error.message : String(error);
  }

  private async decode(path: string, picture: Picture, order: number): Promise<void> {
    const asked = this.asked.get(path);
    if (!asked || order < this.shownOrder || !this.isAwake) return;
    let bitmap: ImageBitmap;
    try {
      bitmap = await createImageBitmap(picture.blob);
    } catch (error) {
      this.onProblem(path, error);
      return;
    }
    if (order < this.shownOrder || !this.isAwake) {
      bitmap.close();
      return;
    }
    this.shownOrder = order;
    const { stage, ...about } = asked;
    const { window, lossy } = picture;
    this.show({ ...about, path, bitmap, frame: null, window, lossy, draft: stage === "draft" });
    this.next(stage, about.index);
  }

  /** After a picture: a better one, and its neighbours. */
  private next(stage: Stage, index: number): void {
    if (index !== this.index.value || this.settings.hurry.value) return;
    if (stage !== "draft") this.fetchNeighbours();
    if (this.hasLocal(this.source.at(index))) this.refresh();
    else if (stage === "full" && this.exactIsWorthIt()) this.rest("exact", REST_MS);
  }

  /** The first picture is on the screen; now its neighbours may come. */
  private lookAhead(): () => void {
    this.isDrawn = true;
    if (this.isAheadDue) this.fetchNeighbours();
    return () => {
      this.isDrawn = false;
    };
  }

  private show(shown: Shown | null): void {
    const before = this.shown.value;
    batch(() => {
      this.shown.value = shown;
      if (shown) this.problem.value = null;
      if (shown?.index !== before?.index) this.notice.value = null;
    });
    if (before && before.bitmap instanceof ImageBitmap) before.bitmap.close();
  }

  /** The stored values of the wanted picture came, or will not come. */
  private onLocalChange(): void {
    const shown = this.shown.peek();
    const isShown = shown?.index === this.index.peek();
    if (isShown && (shown.frame || !shown.lossy)) return;
    if (this.hasLocal(this.source.at(this.index.peek()))) this.refresh();
    else if (isShown && this.timer === undefined && this.exactIsWorthIt()) this.rest("exact", REST_MS);
  }

  /** How the picture is to be made here; null where only the server can. */
  private get appearance(): Appearance | null {
    const { filter, colourMap } = this.settings.shading.peek();
    const table = this.settings.colours.peek();
    const isGrey = colourMap === "grey";
    if (filter !== null || !(isGrey || table?.name === colourMap)) return null;
    const colours = isGrey || !table ? null : table.colours;
    return { window: this.settings.window.peek(), invert: this.settings.invert.peek(), colours };
  }

  private hasLocal(place: Place | null): boolean {
    const { appearance } = this;
    const local = this.settings.local.peek();
    return place !== null && appearance !== null && (local?.has(place, appearance) ?? false);
  }

  private expectsLocal(place: Place | null = this.source.at(this.index.peek())): boolean {
    const { appearance } = this;
    const local = this.settings.local.peek();
    if (!place?.exact || appearance === null || local === null) return false;
    return local === undefined || local.expects(place, appearance);
  }

  /** Make the picture here in the screen's next frame, where that is possible; else ask the server for it. */
  private paint(): void {
    this.paintAt = 0;
    if (this.isAwake && !this.paintNow()) this.askServer();
  }

  private paintNow(): boolean {
    const index = this.index.peek();
    const place = this.source.at(index);
    if (!place) return false;
    const path = this.pathOf(place, "exact");
    const shown = this.shown.peek();
    if (shown?.path !== path || !shown.frame) {
      const { appearance } = this;
      if (!appearance) return false;
      this.canvas ??= new OffscreenCanvas(1, 1);
      const painted = this.settings.local.peek()?.paint(place, appearance, this.canvas);
      if (!painted) return false;
      // Whatever the server still sends of earlier wishes is older than this.
      this.shownOrder = this.loader.leave(this);
      const about = { index, place, inverted: appearance.invert, shading: this.settings.shading.peek() };
      this.show({ ...painted, ...about, path, lossy: place.storedLossy, draft: false });
    }
    this.fetchNeighbours((neighbour) => this.hasLocal(neighbour) || this.expectsLocal(neighbour));
    return true;
  }

  private refresh(): void {
    this.clearTimer();
    if (!this.hasLocal(this.source.at(this.index.peek()))) this.askServer();
    else if (this.paintAt === 0) this.paintAt = requestAnimationFrame(() => this.paint());
  }

  private askServer(): void {
    if (this.held && !this.hasMoved()) return;
    const wanted = this.settings.exact.value || this.hasExact() ? "exact" : "full";
    const slow = (this.loader.pace ?? 0) > SLOW_MS;
    if (!this.settings.hurry.value && (!slow || this.shown.value === null)) {
      this.ask(wanted);
      return;
    }
    this.ask("draft");
    if (!this.settings.hurry.value) this.rest(wanted, SETTLE_MS);
  }

  /** Whether something else than the page's first picture is wanted by now. */
  private hasMoved(): boolean {
    const { window, invert, shading } = this.settings;
    const isOwn = window.value === null && !invert.value && isSameShading(shading.value, OWN_SHADING);
    if (this.index.value === this.heldIndex && isOwn) return false;
    this.held = false;
    return true;
  }

  /** Whether the exact picture is at hand: then nothing less is shown. */
  private hasExact(): boolean {
    const place = this.source.at(this.index.value);
    const path = place && this.pathOf(place, "exact");
    return path !== null && (this.shown.value?.path === path || this.loader.has(path));
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private rest(stage: Stage, milliseconds: number): void {
    this.clearTimer();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (stage !== "exact" || !this.expectsLocal()) this.ask(stage);
    }, milliseconds);
  }

  private ask(stage: Stage): void {
    const index = this.index.peek();
    const place = this.source.at(index);
    if (!place) return;
    const path = this.pathOf(place, stage);
    if (this.shown.peek()?.path === path) {
      this.loader.leave(this);
      this.next(stage, index);
      return;
    }
    if (this.asked.size > 500) this.asked.clear();
    const { invert, shading } = this.settings;
    const isPresented = "state" in place.source;
    const look = isPresented ? OWN_SHADING : shading.peek();
    this.asked.set(path, { index, place, stage, inverted: !isPresented && invert.peek(), shading: look });
    this.loader.want(this, path);
  }

  private pathOf(place: Place, stage: Stage): string {
    const { window, invert, shading, exact } = this.settings;
    const look = { window: window.peek(), invert: invert.peek(), shading: shading.peek() };
    const wanted = { ...look, isLossless: exact.peek() };
    return pictureAddress(this.source, place, stage, wanted, this.size.peek(), this.placement.peek());
  }

  /** Fetch what may be wanted next, but for places that are provided for. */
  private fetchNeighbours(isProvided = (place: Place) => this.hasLocal(place)): void {
    this.isAheadDue = !this.isDrawn;
    if (this.isAheadDue || !mayLookAhead()) return;
    const paths: string[] = [];
    // Somebody who has not moved yet may never do so: only the next few then.
    const { ahead, behind } = this.hasTravelled ? this.manners : { ahead: 2, behind: 2 };
    const stage = this.settings.exact.peek() ? "exact" : "full";
    for (let step = 1; step <= Math.max(ahead, behind); step += 1) {
      for (const [reach, sign] of [
        [ahead, 1],
        [behind, -1],
      ] as const) {
        const place = step <= reach ? this.source.at(this.index.peek() + step * sign * this.direction) : null;
        if (place && !isProvided(place)) paths.push(this.pathOf(place, stage));
      }
    }
    this.loader.fetchAhead(paths);
  }

  private exactIsWorthIt(): boolean {
    if (!this.manners.exactOnRest || !mayLookAhead()) return false;
    const { columns = 0, rows = 0 } = this.source.at(this.index.peek())?.geometry ?? {};
    const expected = (columns * rows * 0.7) / (this.loader.throughput ?? 100);
    return expected < LONGEST_EXACT_MS;
  }
}

/** Whether both are the same picture of a series. */
function isSamePicture({ source: a }: Place, { source: b }: Place): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
