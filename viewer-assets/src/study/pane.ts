/** One pane of the desk: the series it shows, and those it showed before. */
import { signal } from "@preact/signals";
import type { PaneState } from "./deskState";
import { OWN_LOOK } from "./look";
import { FITTED } from "../geometry";
import type { DocumentTile } from "./documents";
import type { Reader } from "./reader";
import { Reading } from "./reading";
import { groupOf, tileOf, type Tile } from "./tiles";

let panes = 0;

export class Pane {
  /** Tells panes apart, wherever they are. */
  readonly id = (panes += 1);
  readonly reading = signal<Reading | null>(null);
  /** The document that is shown instead of pictures. */
  readonly document = signal<DocumentTile | null>(null);
  /** What it is to show as soon as that tile's frames are known. */
  private readonly wanted = signal<PaneState | null>(null);
  private readonly readings = new Map<string, Reading>();
  private isSeen = false;

  constructor(private readonly reader: Reader) {}

  /** Open a tile where it was left in this pane, or in its middle. */
  open(tile: Tile, slice?: number): void {
    if (!tile.stack) return;
    this.wanted.value = null;
    this.document.value = null;
    const reading = this.readings.get(groupOf(tile)) ?? new Reading(this.reader, tile, tile.stack);
    this.readings.set(groupOf(tile), reading);
    reading.select(tile);
    if (slice !== undefined) reading.goTo(slice);
    const before = this.reading.value;
    if (before === reading) return;
    before?.viewport.sleep();
    this.reading.value = reading;
    if (this.isSeen) reading.viewport.wake();
  }

  /** Show a document. */
  openDocument(tile: DocumentTile): void {
    this.clear();
    this.document.value = tile;
  }

  /** Show nothing. */
  clear(): void {
    this.wanted.value = null;
    this.document.value = null;
    this.reading.value?.viewport.sleep();
    this.reading.value = null;
  }

  /** Start to fetch and show, or stop and give the picture's memory back. */
  see(isSeen: boolean): void {
    this.isSeen = isSeen;
    const viewport = this.reading.value?.viewport;
    if (isSeen) viewport?.wake();
    else viewport?.sleep();
  }

  get state(): PaneState | null {
    const { value: tile } = this.document;
    if (tile) return { tile: tile.key, slice: 0, look: OWN_LOOK, placement: FITTED };
    return this.wanted.value ?? this.reading.value?.state ?? null;
  }

  /** Show that, now or once its frames are known. With `keepSlice`, a tile that is open already stays where it is. */
  restore(state: PaneState | null, tiles: readonly Tile[], keepSlice = false): void {
    if (!state) {
      this.clear();
      return;
    }
    const document = this.reader.documents.peek().find((one) => one.key === state.tile);
    if (document) {
      this.openDocument(document);
      return;
    }
    const tile = tileOf(tiles, state.tile);
    if (!tile?.stack) {
      this.wanted.value = state;
      return;
    }
    const before = this.reading.peek()?.tile;
    const isOpen = before !== undefined && groupOf(before) === groupOf(tile);
    this.open(tile, keepSlice && isOpen ? undefined : state.slice);
    const reading = this.reading.peek();
    if (!reading) return;
    reading.look = state.look;
    reading.only.value = state.only ?? null;
    reading.restorePresentation(state.presentation ?? null);
    reading.viewport.placement.value = state.placement;
  }

  /** Show what was wanted, if its frames are known by now; never again if they never will be. */
  settle(tiles: readonly Tile[], isFinal: boolean): void {
    const wanted = this.wanted.peek();
    if (!wanted) return;
    this.restore(wanted, tiles);
    if (isFinal) this.wanted.value = null;
  }
}
