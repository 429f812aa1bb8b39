/** One series being read in one pane, with what the reader set for it. */
import { effect, signal, untracked, type Signal } from "@preact/signals";
import type { VoiWindow } from "../address";
import { colourMap } from "../colourMaps";
import type { FindingPlace } from "../findings/model";
import { actualZoom, clamp, FITTED, UPRIGHT, type Placement } from "../geometry";
import { filteredSource, nearestOf } from "../keyImages/filtered";
import type { KeyFilter } from "../keyImages/keyImages";
import { placeAt } from "../keyImages/placeOf";
import type { Presentation } from "../presentations/model";
import { presentedSource } from "../presentations/presented";
import type { NamedWindow, Stack } from "./data";
import type { PaneState } from "./deskState";
import { OWN_LOOK, OWN_SHADING, type ColourTable, type Look, type Shading } from "./look";
import type { Subject } from "./presets";
import type { Reader } from "./reader";
import { stackSource, type PictureSource } from "./source";
import { coordinatesOf, keyAt, tileOf, type Tile } from "./tiles";
import { Viewport } from "./viewport";

export class Reading {
  readonly window = signal(OWN_LOOK.window);
  readonly invert = signal(OWN_LOOK.invert);
  readonly shading = signal(OWN_SHADING);
  private readonly colours = signal<ColourTable | null>(null);
  readonly viewport: Viewport;
  /** Which key images alone are leafed through; null means all images. */
  readonly only = signal<KeyFilter | null>(null);
  /** The presentation state, by its instance, that pictures are shown with; null means as they are stored. */
  readonly presentation = signal<string | null>(null);
  /** How they lay, and how they looked, when it was chosen. */
  private unpresented: Unpresented | null = null;
  /** How many these are; null where all are. */
  readonly chosen = signal<number | null>(null);
  private readonly shown: Signal<Tile>;
  private readonly sources = new Map<string, PictureSource>();
  /** The window that was made for pictures of files that have none; null until there was one. */
  private readonly automatic = signal<VoiWindow | null>(null);

  constructor(
    private readonly reader: Reader,
    tile: Tile,
    stack: Stack,
  ) {
    this.shown = signal(tile);
    const source = this.sourceOf(tile, stack);
    const manners = { exactOnRest: true, ahead: 10, behind: 4 };
    this.viewport = new Viewport(source, reader.loader, this.settings(), manners);
    this.viewport.goTo(Math.floor(stack.frames.length / 2));
    effect(() => this.choosePile());
    effect(() => this.leaveOnChange());
    effect(() => void this.getColours());
    effect(() => {
      const shown = this.viewport.shown.value;
      if (shown?.window && !shown.path.includes("window=")) this.automatic.value = shown.window;
    });
  }

  /** The stack that is read: of several at the same places, the one that was chosen last. */
  get tile(): Tile {
    return this.shown.value;
  }

  get series() {
    return this.tile.series;
  }

  /** Show another stack of the same places, at the same slice. */
  select(tile: Tile): void {
    const { stack } = tile;
    if (!stack || tile.key === this.tile.key) return;
    this.shown.value = tile;
  }

  /** Where it is in its stack, also while some of that is left out. */
  get slice(): number {
    const { source, index } = this.viewport;
    return source.wholeIndex?.(index.value) ?? index.value;
  }

  /** Go to an image of the stack. Where it is left out, all images are there again. */
  goTo(slice: number): void {
    if (this.indices && !this.indices.includes(slice)) this.only.value = null;
    this.viewport.goTo(this.indices ? nearestOf(this.indices, slice) : slice);
  }

  /** The images that are not left out; null where all are there, or where that would leave none. */
  private indices: readonly number[] | null = null;

  /** The pile follows the stack that was chosen, and what of it is to be seen. */
  private choosePile(): void {
    const { tile } = this;
    const filter = this.only.value;
    const test = filter === null ? null : this.reader.keyImages.test(filter);
    const state = this.presentation.value;
    const presentation =
      state === null ? undefined : this.reader.presentations.value.find((one) => one.instance === state);
    if (!tile.stack) return;
    const whole = this.sourceOf(tile, tile.stack);
    const indices = test && indicesOf(whole, test);
    untracked(() => {
      const { slice } = this;
      this.chosen.value = indices?.length ?? null;
      this.indices = indices && indices.length > 0 ? indices : null;
      const some = this.indices ? filteredSource(whole, this.indices) : whole;
      const pile = presentation?.reason === null ? presentedSource(some, presentation) : some;
      if (this.viewport.source !== pile)
        this.viewport.replace(pile, this.indices ? nearestOf(this.indices, slice) : slice);
      if (presentation && this.unpresented?.isPlaced === false) this.placePresented(presentation);
    });
  }

  /** Show pictures with a presentation state, or as they are stored, lying as they did before. */
  present(instance: string | null): void {
    const { placement } = this.viewport;
    if (instance === null && this.unpresented) placement.value = this.unpresented.placement;
    this.unpresented =
      instance === null
        ? null
        : {
            placement: this.unpresented?.placement ?? placement.peek(),
            look: JSON.stringify(this.look),
            isPlaced: false,
          };
    this.presentation.value = instance;
  }

  /** Show them as a state says that was kept; how they lie is part of that. */
  restorePresentation(instance: string | null): void {
    const look = JSON.stringify(this.look);
    const before = this.unpresented?.placement ?? FITTED;
    this.unpresented = instance === null ? null : { placement: before, look, isPlaced: true };
    this.presentation.value = instance;
  }

  /** The whole picture; where the presentation wants so, one of its pixels for each of the screen. */
  private placePresented({ mode, images: [image] }: Presentation): void {
    const { viewport } = this;
    if (this.unpresented) this.unpresented = { ...this.unpresented, isPlaced: true };
    const size = viewport.size.peek();
    const ratio = globalThis.devicePixelRatio || 1;
    const isMagnified = mode === "MAGNIFY" && image && size.width > 0;
    const zoom = isMagnified ? actualZoom({ ...image, spacing: null }, size, UPRIGHT, ratio) : 1;
    viewport.placement.value = { ...FITTED, zoom };
  }

  /** A presentation says all of how pictures look: whoever changes that leaves it. */
  private leaveOnChange(): void {
    const look = JSON.stringify(this.look);
    if (this.presentation.peek() !== null && this.unpresented && look !== this.unpresented.look)
      untracked(() => this.present(null));
  }

  /** Go so many steps along a dimension of the grid, such as time; from its end to its beginning with `around`. */
  step(dimension: number, by: number, around = false): void {
    const { grid } = this.tile;
    const count = grid?.dimensions[dimension]?.labels.length ?? 0;
    const at = (coordinatesOf(this.tile)[dimension] ?? 0) + by;
    if (count > 0) this.goAlong(dimension, around ? ((at % count) + count) % count : clamp(at, 0, count - 1));
  }

  /** Go to a value of a dimension, by its number. */
  goAlong(dimension: number, value: number): void {
    const { grid } = this.tile;
    const coordinates = coordinatesOf(this.tile).map((old, index) => (index === dimension ? value : old));
    const key = grid && keyAt(grid, coordinates);
    const tile = key ? tileOf(this.reader.tiles.peek(), key) : undefined;
    if (tile) this.select(tile);
  }

  /** The settings that every viewport of this reading follows. */
  settings() {
    const { exact, hurry, local } = this.reader;
    const { window, invert, shading, colours } = this;
    return { window, invert, shading, colours, exact, hurry, local };
  }

  /** How its pictures look. */
  get look(): Look {
    return { window: this.window.value, invert: this.invert.value, ...this.shading.value };
  }

  set look({ window, invert, ...shading }: Look) {
    this.window.value = window;
    this.invert.value = invert;
    this.shading.value = shading;
  }

  /** Pictures are coloured here too once the colours are. */
  private async getColours(): Promise<void> {
    const { colourMap: name } = this.shading.value;
    if (name !== "grey") this.colours.value = { name, colours: await colourMap(name) };
  }

  /** Change some of how values become visible. */
  shade(some: Partial<Shading>): void {
    this.shading.value = { ...this.shading.value, ...some };
  }

  /** What is shown and how, as a value. */
  get state(): PaneState {
    const { placement } = this.viewport;
    const { slice, look } = this;
    const [only, presentation] = [this.only.value, this.presentation.value];
    return { tile: this.tile.key, slice, look, placement: placement.value, only, presentation };
  }

  /** One pile for each stack, always the same one. */
  private sourceOf({ key, study, series }: Tile, stack: Stack): PictureSource {
    const known = this.sources.get(key) ?? stackSource(study.uid, series.uid, stack);
    this.sources.set(key, known);
    return known;
  }

  /** Windows on offer: the file's own, and what decides which of the modality's there are. */
  get presets(): Windows {
    const place = this.viewport.source.at(this.viewport.index.value);
    const { suv } = place ?? {};
    return {
      own: place?.windows ?? [],
      subject: {
        modality: this.series.modality,
        unit: place?.unit ?? "",
        suvFactor: suv?.factor ?? null,
        own: place?.windows[0]?.window ?? this.automatic.value,
        inverse: place?.inverse ?? false,
      },
      colour: place?.colour ?? false,
      note: suv?.factor === null ? suv.reason : "",
    };
  }
}

function indicesOf(pile: PictureSource, test: (place: FindingPlace) => boolean): readonly number[] {
  return Array.from({ length: pile.count }, (_, index) => index).filter((index) => {
    const place = placeAt(pile, index);
    return place !== null && test(place);
  });
}

/** What there was before a presentation; `isPlaced` once its pictures lie as it wants them. */
interface Unpresented {
  readonly placement: Placement;
  readonly look: string;
  readonly isPlaced: boolean;
}

/** Windows for the picture of a reading. */
export interface Windows {
  readonly own: readonly NamedWindow[];
  readonly subject: Subject;
  readonly colour: boolean;
  /** Why there are no presets in the unit that one would expect. */
  readonly note: string;
}
