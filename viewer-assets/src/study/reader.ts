/** The reading page's state: which series, which layout, which tool; one object that commands and views share. */
import { computed, signal, type Signal } from "@preact/signals";
import { parseWindow, windowText, type VoiWindow } from "../address";
import { panBy, zoomAt, FITTED, type Point } from "../geometry";
import { dragWindow, presetsFor } from "../window";
import { ByteCache } from "./cache";
import type { NamedWindow, Series, StudyPageData } from "./data";
import type { Tool } from "./gestures";
import { PictureLoader } from "./loader";
import { fetchPicture, type Picture } from "./picture";
import { stackSource } from "./source";
import { Viewport } from "./viewport";

export type Layout = "stack" | "planes";
export type Panel = "none" | "help" | "presets" | "more" | "series";

const CACHE_BYTES = 48 << 20;

/** One series being read, with what the reader set for it. */
export class Reading {
  readonly window = signal<VoiWindow | null>(null);
  readonly invert = signal(false);
  readonly viewport: Viewport;

  constructor(
    readonly reader: Reader,
    readonly series: Series,
    stack: NonNullable<Series["stack"]>,
  ) {
    const source = stackSource(reader.data.study.uid, series.uid, stack);
    const manners = { exactOnRest: true, ahead: 10, behind: 4 };
    this.viewport = new Viewport(source, reader.loader, this.settings(), manners);
  }

  /** The settings that every viewport of this series follows. */
  settings() {
    const { exact, hurry } = this.reader;
    return { window: this.window, invert: this.invert, exact, hurry };
  }

  /** Windows on offer: the file's own, then those of the modality. */
  get presets(): { own: readonly NamedWindow[]; named: ReturnType<typeof presetsFor>; colour: boolean } {
    const place = this.viewport.source.at(this.viewport.index.value);
    return {
      own: place?.windows ?? [],
      named: presetsFor(this.series.modality, place?.unit ?? ""),
      colour: place?.colour ?? false,
    };
  }
}

export class Reader {
  readonly series: Signal<readonly Series[]>;
  readonly current = signal<Reading | null>(null);
  readonly layout = signal<Layout>("stack");
  readonly tool = signal<Tool>(prefersTouch() ? "scroll" : "window");
  readonly panel = signal<Panel>("none");
  readonly exact = signal(false);
  readonly hurry = signal(false);
  readonly shortcuts = signal(true);
  readonly fullScreen = signal(false);
  /** Whether the first picture is there, or never will be: whatever can wait waits for it. */
  readonly started = signal(false);
  /** Why the other series could not be listed. */
  readonly seriesProblem = signal<string | null>(null);
  /** The viewport that keys and tool buttons act on. */
  readonly active = signal<Viewport | null>(null);
  readonly loader: PictureLoader<Picture>;
  readonly readable = computed(() => this.series.value.filter((series) => series.pictures));
  private readonly readings = new Map<string, Reading>();
  private dragStart: VoiWindow | null = null;

  constructor(readonly data: StudyPageData) {
    this.series = signal(data.series);
    const ports = { fetch: fetchPicture, now: () => performance.now() };
    this.loader = new PictureLoader(ports, new ByteCache<Picture>(CACHE_BYTES));
  }

  /** Open a series where it was left, or in its middle. */
  open(uid: string, frame?: number): void {
    const series = this.series.value.find((one) => one.uid === uid);
    if (!series?.stack) return;
    const reading = this.readings.get(uid) ?? new Reading(this, series, series.stack);
    const isNew = !this.readings.has(uid);
    this.readings.set(uid, reading);
    const before = this.current.value;
    if (before === reading) return;
    this.layout.value = "stack";
    before?.viewport.sleep();
    if (isNew || frame !== undefined) {
      reading.viewport.goTo(frame ?? Math.floor(series.stack.frames.length / 2));
    }
    this.current.value = reading;
    this.active.value = reading.viewport;
    reading.viewport.wake();
  }

  /** Open the series after, or before, the current one. */
  openNeighbour(step: 1 | -1): void {
    const list = this.readable.value.filter((series) => series.stack);
    const here = list.findIndex((series) => series.uid === this.current.value?.series.uid);
    const next = list[here + step];
    if (next) this.open(next.uid);
  }

  /** Switch between the stack and the three planes. */
  setLayout(layout: Layout): void {
    const reading = this.current.value;
    if (!reading || this.layout.value === layout) return;
    this.layout.value = layout;
    if (layout === "stack") {
      this.active.value = reading.viewport;
      if (this.tool.value === "crosshair") this.tool.value = prefersTouch() ? "scroll" : "window";
      reading.viewport.wake();
    } else {
      reading.viewport.sleep();
      this.tool.value = "crosshair";
    }
  }

  setWindow(window: VoiWindow | null): void {
    if (this.current.value) this.current.value.window.value = window;
  }

  /** A window drag begins: it starts from the window that is on the screen. */
  startWindowDrag(viewport: Viewport): void {
    this.dragStart = viewport.shown.value?.window ?? this.current.value?.window.value ?? null;
    this.hurry.value = this.dragStart !== null;
  }

  dragWindowBy(dx: number, dy: number): void {
    if (this.dragStart && (dx !== 0 || dy !== 0)) this.setWindow(dragWindow(this.dragStart, dx, dy));
  }

  endWindowDrag(): void {
    this.dragStart = null;
    this.hurry.value = false;
  }

  scrollBy(slices: number): void {
    const viewport = this.active.value;
    viewport?.goTo(viewport.index.value + slices);
  }

  panBy(viewport: Viewport, by: Point): void {
    viewport.placement.value = panBy(viewport.placement.value, by, viewport.size.value);
  }

  zoomAt(viewport: Viewport, factor: number, anchor?: Point): void {
    const { width, height } = viewport.size.value;
    const point = anchor ?? { x: width / 2, y: height / 2 };
    viewport.placement.value = zoomAt(viewport.placement.value, factor, point, viewport.size.value);
  }

  /** Back to the file's window, fitted, not inverted. */
  reset(): void {
    const reading = this.current.value;
    if (!reading) return;
    reading.window.value = null;
    reading.invert.value = false;
    if (this.active.value) this.active.value.placement.value = FITTED;
  }

  /** What of the state belongs into the URL: no patient data, only where one is. */
  get urlState(): string {
    const reading = this.current.value;
    if (!reading) return "";
    const query = [`series=${reading.series.uid}`, `slice=${reading.viewport.index.value + 1}`];
    if (this.layout.value === "planes") query.push("layout=planes");
    if (reading.window.value) query.push(`window=${windowText(reading.window.value)}`);
    if (reading.invert.value) query.push("invert=1");
    return `?${query.join("&")}`;
  }

  /** Take over what a URL says beside series and slice, which the server already followed. */
  followUrl(search: string): void {
    const query = new URLSearchParams(search);
    const reading = this.current.value;
    if (!reading || query.get("series") !== reading.series.uid) return;
    reading.window.value = parseWindow(query.get("window"));
    reading.invert.value = query.get("invert") === "1";
    if (query.get("layout") === "planes") this.setLayout("planes");
  }
}

/** Whether fingers are the main pointer: then one finger scrolls. */
function prefersTouch(): boolean {
  return globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
}
