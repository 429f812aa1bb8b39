/** The three planes of one series, linked by a crosshair. */
import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { getJson } from "../api";
import type { Plane } from "../address";
import { isConnectionProblem } from "../connection";
import { clamp, toImage, type Point } from "../geometry";
import type { Hold, Press } from "../study/gestures";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { Place } from "../study/source";
import { Viewport } from "../study/viewport";
import { cross, type Vector } from "../vectors";
import { crossLines, pointUnder } from "./crossLines";
import { candidatesFor, fusedWith } from "./fusing";
import {
  middleOf,
  movedToPlane,
  planeOfSlice,
  planeSource,
  PLANES,
  toGrid,
  toPatient,
  type PlaneGrid,
  type PlanesAnswer,
} from "./plan";
import { about, after, angleAround, turnedGrid } from "./rotating";
import { suited } from "./turning";

const PROGRESS_EVERY_MS = 400;
/** CSS pixels from the end of a line within which it is taken hold of. */
const POINTER_REACH = 14;
const TOUCH_REACH = 26;

/** How far the volume is. */
export interface Progress {
  readonly loaded: number;
  readonly total: number;
}

/** One of the three viewports; `grid` is `straight` as the reader has turned it. */
export interface PlaneView {
  readonly plane: Plane;
  readonly straight: PlaneGrid;
  readonly grid: ReadonlySignal<PlaneGrid>;
  readonly viewport: Viewport;
}

export class LinkedPlanes {
  readonly refusal = signal<string | null>(null);
  readonly warnings = signal<readonly string[]>([]);
  readonly views = signal<readonly PlaneView[]>([]);
  readonly crosshair = signal<Vector>([0, 0, 0]);
  readonly progress = signal<Progress | null>(null);
  /** What can be laid over them. */
  readonly candidates = computed(() => candidatesFor(this.reading.tile, this.reader.tiles.value));
  /** What is; null also while nothing is known of it yet. */
  private readonly fused = computed(() => {
    const { value: fusion } = this.reader.fusion;
    const found = this.candidates.value.find(({ tile }) => tile.series.uid === fusion?.series);
    return fusion && found ? fusedWith(fusion, found) : null;
  });
  private readonly overlay = computed(() => this.fused.value?.series ?? null);
  private readonly stops: (() => void)[] = [];
  private ownWarnings: readonly string[] = [];
  private closed = false;

  constructor(
    private readonly reader: Reader,
    private readonly reading: Reading,
  ) {}

  /** Get the plan, then start all three. */
  async start(): Promise<void> {
    const path = this.path;
    try {
      const answer = await getJson<PlanesAnswer>(`${path}/planes${this.stackQuery}`);
      if (this.closed) return;
      if (answer.refusal === null) this.lay(answer);
      else this.refusal.value = answer.refusal;
    } catch (error) {
      this.refusal.value = error instanceof Error ? error.message : String(error);
    }
    if (this.views.value.length > 0) void this.watchProgress();
  }

  /** Put all three away. */
  close(): void {
    this.closed = true;
    for (const stop of this.stops) stop();
    for (const { viewport } of this.views.value) viewport.sleep();
  }

  /** Move the crosshair to a point of a plane's picture, in CSS pixels of its viewport. */
  pointAt(view: PlaneView, point: Point): void {
    const pose = view.viewport.pose(view.viewport.source.at(view.viewport.index.value));
    if (!pose) return;
    const grid = view.grid.value;
    const pixel = toImage(point, grid, pose);
    this.crosshair.value = toPatient(grid, {
      plane: view.viewport.index.value,
      row: clamp(pixel.y - 0.5, 0, grid.rows - 1),
      column: clamp(pixel.x - 0.5, 0, grid.columns - 1),
    });
  }

  /** The other two planes. */
  othersOf(view: PlaneView): readonly PlaneGrid[] {
    return this.views.value.filter((other) => other !== view).map(({ grid }) => grid.value);
  }

  /** Turn the other two around the crosshair, within this plane: by degrees from its columns towards its rows. */
  turnOthers(view: PlaneView, degrees: number): void {
    const { columnDirection, rowDirection } = view.grid.value;
    const { turned } = this.reader;
    turned.value = after(about(cross(columnDirection, rowDirection), degrees), turned.value);
  }

  /** Who presses on the end of a line turns it. */
  hold(view: PlaneView, { point, isTouch }: Press): Hold | null {
    const { reader, crosshair } = this;
    const pose = view.viewport.pose();
    if (!pose || reader.tool.value !== "crosshair") return null;
    const grid = view.grid.value;
    const { handles } = crossLines(grid, this.othersOf(view), crosshair.value, pose);
    const reach = isTouch ? TOUCH_REACH : POINTER_REACH;
    if (!handles.some(({ x, y }) => Math.hypot(x - point.x, y - point.y) <= reach)) return null;
    const under = (at: Point): Vector => pointUnder(view.grid.value, crosshair.value, at, pose);
    let last = under(point);
    reader.begin("command.turnPlanes");
    reader.hurry.value = true;
    const end = (): void => {
      reader.hurry.value = false;
      reader.commit(true);
    };
    return {
      move: ({ point: at }) => {
        const next = under(at);
        this.turnOthers(view, angleAround(view.grid.value, crosshair.value, last, next));
        last = next;
      },
      up: end,
      cancel: end,
    };
  }

  private get path(): string {
    const { source } = this.reading.viewport;
    return `sightline/api/studies/${source.study}/series/${source.series}`;
  }

  /** Which stack of the series; the first one needs no name. */
  private get stackQuery(): string {
    const { part } = this.reading.tile;
    return part > 0 ? `?stack=${part}` : "";
  }

  private lay({ planes, warnings }: PlanesAnswer): void {
    const { reader } = this;
    const { tile, viewport, presets } = this.reading;
    const place = viewport.source.at(viewport.index.value);
    const manners = { exactOnRest: false, ahead: 2, behind: 1 };
    const unit = place?.unit ?? "";
    const views: PlaneView[] = [];
    for (const plane of PLANES) {
      const grid = planes[plane];
      if (!grid) continue;
      const turned = computed(() => turnedGrid(grid, reader.turned.value));
      const source = planeSource(tile, plane, turned.peek(), unit, reader.slab.peek(), this.fused.peek());
      const settings = this.reading.settings();
      const shown = new Viewport(source, reader.loader, settings, manners);
      views.push({ plane, straight: grid, grid: turned, viewport: shown });
    }
    const [first] = views;
    if (!first) return;
    this.ownWarnings = warnings;
    this.warnings.value = warnings;
    this.crosshair.value = this.startingPoint(views, place);
    for (const view of views) this.link(view);
    const change = effect(() => {
      const [slab, fused] = [reader.slab.value, this.fused.value];
      for (const { plane, grid, viewport: pane } of views) {
        const pile = planeSource(tile, plane, grid.value, unit, slab, fused);
        untracked(() => pane.replace(pile, toGrid(grid.value, this.crosshair.value).plane));
      }
    });
    const tell = effect(() => {
      const over = this.overlay.value;
      untracked(() => void this.tellOf(over));
    });
    reader.turnPlanes = (degrees) => {
      const view = views.find((one) => one.viewport === reader.activePlane.value);
      if (view) this.turnOthers(view, degrees);
    };
    this.stops.push(change, tell);
    const rendering = reader.rendering.peek();
    if (rendering) reader.rendering.value = suited(rendering, presets.subject);
    this.views.value = views;
    reader.activePlane.value = first.viewport;
  }

  /** The middle of the volume, but on the slice that was being read. */
  private startingPoint([first, ...others]: readonly PlaneView[], place: Place | null): Vector {
    if (!first) return [0, 0, 0];
    let point = middleOf(first.straight);
    for (const { straight } of [first, ...others]) {
      const index = planeOfSlice(straight, place?.letters ?? null, place?.location ?? null);
      if (index !== null) point = movedToPlane(straight, point, index);
    }
    return point;
  }

  /** The crosshair moves the plane, and leafing through the plane moves the crosshair. */
  private link({ grid, viewport }: PlaneView): void {
    const follow = effect(() => {
      const { plane } = toGrid(grid.peek(), this.crosshair.value);
      untracked(() => viewport.goTo(plane));
    });
    const lead = effect(() => {
      const index = viewport.index.value;
      untracked(() => {
        const at = this.crosshair.value;
        if (Math.round(toGrid(grid.value, at).plane) !== index)
          this.crosshair.value = movedToPlane(grid.value, at, index);
      });
    });
    this.stops.push(follow, lead);
    viewport.wake();
  }

  /** Say what is to be known of what is laid over; what cannot be, is taken away again. */
  private async tellOf(overlay: string | null): Promise<void> {
    if (overlay === null) {
      this.warnings.value = this.ownWarnings;
      return;
    }
    const query = this.stackQuery ? `${this.stackQuery}&` : "?";
    try {
      const { warnings } = await getJson<PlanesAnswer>(`${this.path}/planes${query}fusion=${overlay}`);
      if (!this.closed && this.overlay.peek() === overlay) this.warnings.value = warnings;
    } catch (error) {
      // What is wrong with the connection says nothing of the pair.
      if (this.closed || this.overlay.peek() !== overlay || isConnectionProblem(error)) return;
      this.reader.fusion.value = null;
      this.reader.notice.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** Ask how far the volume is until it is there. */
  private async watchProgress(): Promise<void> {
    while (!this.closed) {
      await new Promise((resolve) => setTimeout(resolve, PROGRESS_EVERY_MS));
      const allShown = this.views.value.every(
        ({ viewport }) => viewport.size.value.width === 0 || viewport.shown.value || viewport.problem.value,
      );
      if (allShown || this.closed) break;
      try {
        this.progress.value = await getJson<Progress>(`${this.path}/progress${this.stackQuery}`);
      } catch {
        // The pictures themselves say what is wrong.
        break;
      }
    }
    this.progress.value = null;
  }
}
