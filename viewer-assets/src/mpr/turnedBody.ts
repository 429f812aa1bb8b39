/** The body beside its planes, as the reader turns it. */
import { effect, signal, untracked } from "@preact/signals";
import type { Hold, PointerActions, Press } from "../study/gestures";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { Rendering } from "../study/rendering";
import type { PictureSource } from "../study/source";
import { Viewport } from "../study/viewport";
import { bodyOf, bodySource } from "./body";
import type { PlaneGrid } from "./plan";
import { turnedBy } from "./turning";

/** Degrees for each CSS pixel of a drag. */
const DEGREES = 0.5;
/** A notch of the wheel enlarges, or reduces, by so much. */
const NOTCH = 1.15;

export class TurnedBody {
  readonly viewport: Viewport;
  private readonly isMoving = signal(false);
  private readonly source: (rendering: Rendering) => PictureSource;
  private stop: (() => void) | null = null;

  /** `grid` is of any orientation. */
  constructor(
    private readonly reader: Reader,
    reading: Reading,
    grid: PlaneGrid,
    first: Rendering,
  ) {
    const [body, { tile }] = [bodyOf(grid), reading];
    this.source = (rendering) => bodySource(tile, body, rendering);
    const settings = { ...reading.settings(), hurry: this.isMoving };
    const manners = { exactOnRest: true, ahead: 0, behind: 0, isSlow: true };
    this.viewport = new Viewport(this.source(first), reader.loader, settings, manners);
  }

  /** Show it, and follow what the reader wants to see. */
  wake(): void {
    this.viewport.wake();
    this.stop = effect(() => {
      const rendering = this.reader.rendering.value;
      untracked(() => {
        if (rendering) this.viewport.source = this.source(rendering);
      });
    });
  }

  sleep(): void {
    this.stop?.();
    this.viewport.sleep();
  }

  /** A drag turns it and the wheel enlarges it; two fingers and the other buttons do what they do everywhere. */
  readonly actions: Partial<PointerActions> = {
    take: (press) => this.hold(press),
    hover: () => {},
    click: () => {},
    scrollBy: (steps) =>
      this.reader.change("command.toolZoom", () => this.reader.zoomAt(this.viewport, NOTCH ** -steps)),
  };

  private hold({ point }: Press): Hold {
    const { reader } = this;
    let last = point;
    reader.begin("command.turn");
    const end = (): void => {
      this.isMoving.value = false;
      reader.commit(true);
    };
    return {
      move: ({ point: next }) => {
        this.isMoving.value = true;
        const { value: was } = reader.rendering;
        if (was)
          reader.rendering.value = turnedBy(was, (next.x - last.x) * DEGREES, (next.y - last.y) * DEGREES);
        last = next;
      },
      up: end,
      cancel: end,
    };
  }
}
