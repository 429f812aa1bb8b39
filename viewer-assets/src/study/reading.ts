/** One series being read in one pane, with what the reader set for it. */
import { batch, effect, signal, type Signal } from "@preact/signals";
import type { VoiWindow } from "../address";
import { colourMap } from "../colourMaps";
import { clamp } from "../geometry";
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
    batch(() => {
      this.shown.value = tile;
      this.viewport.source = this.sourceOf(tile, stack);
    });
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
    const { index, placement } = this.viewport;
    return { tile: this.tile.key, slice: index.value, look: this.look, placement: placement.value };
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

/** Windows for the picture of a reading. */
export interface Windows {
  readonly own: readonly NamedWindow[];
  readonly subject: Subject;
  readonly colour: boolean;
  /** Why there are no presets in the unit that one would expect. */
  readonly note: string;
}
