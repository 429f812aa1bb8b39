/** One series being read in one pane, with what the reader set for it. */
import { signal } from "@preact/signals";
import { presetsFor } from "../window";
import type { NamedWindow, Stack } from "./data";
import { OWN_LOOK, type Look, type PaneState } from "./deskState";
import type { Reader } from "./reader";
import { stackSource } from "./source";
import type { Tile } from "./tiles";
import { Viewport } from "./viewport";

export class Reading {
  readonly window = signal(OWN_LOOK.window);
  readonly invert = signal(OWN_LOOK.invert);
  readonly viewport: Viewport;

  constructor(
    private readonly reader: Reader,
    readonly tile: Tile,
    stack: Stack,
  ) {
    const source = stackSource(tile.study.uid, tile.series.uid, stack);
    const manners = { exactOnRest: true, ahead: 10, behind: 4 };
    this.viewport = new Viewport(source, reader.loader, this.settings(), manners);
    this.viewport.goTo(Math.floor(stack.frames.length / 2));
  }

  get series() {
    return this.tile.series;
  }

  /** The settings that every viewport of this reading follows. */
  settings() {
    const { exact, hurry, local } = this.reader;
    return { window: this.window, invert: this.invert, exact, hurry, local };
  }

  /** How its pictures look. */
  get look(): Look {
    return { window: this.window.value, invert: this.invert.value };
  }

  set look({ window, invert }: Look) {
    this.window.value = window;
    this.invert.value = invert;
  }

  /** What is shown and how, as a value. */
  get state(): PaneState {
    const { index, placement } = this.viewport;
    return { tile: this.tile.key, slice: index.value, look: this.look, placement: placement.value };
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
