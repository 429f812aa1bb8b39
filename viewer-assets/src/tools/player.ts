/** Plays the pile of one viewport. It never runs ahead of what is shown: pictures that come too late are left out. */
import { effect, signal, type Signal } from "@preact/signals";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { rateOf, RateMeter, stepped, type PlayMode, type Step } from "./playback";

export class Player {
  readonly playing = signal(false);
  readonly mode = signal<PlayMode>("loop");
  /** Pictures a second that are wanted. */
  readonly rate: Signal<number>;
  /** Pictures a second that were shown; null until that can be told. */
  readonly achieved = signal<number | null>(null);
  /** Of the file, where it says one. */
  readonly ownRate: number | null;
  private readonly meter = new RateMeter();
  private step: Step = { index: 0, direction: 1, ended: false };
  private due = 0;
  private seen = -1;
  private stops: (() => void)[] = [];

  constructor(
    private readonly reader: Reader,
    private readonly viewport: Viewport,
  ) {
    const cine = viewport.source.at(viewport.index.peek())?.cine ?? null;
    this.ownRate = cine && rateOf(cine);
    this.rate = signal(rateOf(cine));
    if (cine?.sweeps) this.mode.value = "swing";
  }

  toggle(): void {
    if (this.playing.peek()) this.stop();
    else this.play();
  }

  play(): void {
    const { index, source } = this.viewport;
    if (this.playing.peek() || source.count < 2) return;
    const isAtEnd = this.mode.peek() === "once" && index.peek() >= source.count - 1;
    this.step = { index: isAtEnd ? 0 : index.peek(), direction: 1, ended: false };
    if (isAtEnd) this.viewport.goTo(0);
    this.meter.forget();
    this.achieved.value = null;
    this.playing.value = true;
    this.due = performance.now() + 1000 / this.rate.peek();
    this.stops = [...this.watchPerson()];
    requestAnimationFrame((now) => this.tick(now));
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.playing.value = false;
  }

  private tick(now: number): void {
    if (!this.playing.peek()) return;
    this.advance(now);
    requestAnimationFrame((next) => this.tick(next));
  }

  /** Go on as far as time asks for, once what was asked for last is on the screen. */
  private advance(now: number): void {
    const { viewport } = this;
    if (viewport.shown.peek()?.index !== this.step.index) {
      if (viewport.problem.peek() !== null) this.stop();
      return;
    }
    if (this.seen !== this.step.index) {
      this.seen = this.step.index;
      this.meter.shown(now);
      this.achieved.value = this.meter.rate;
    }
    if (now < this.due) return;
    const interval = 1000 / this.rate.peek();
    const late = Math.floor((now - this.due) / interval);
    this.due += (late + 1) * interval;
    this.step = stepped(this.step, late + 1, viewport.source.count, this.mode.peek());
    viewport.goTo(this.step.index);
    if (this.step.ended) this.stop();
  }

  /** A person who does something with the picture wants it to stand still; so does one who looks away. */
  private watchPerson(): readonly (() => void)[] {
    const listening = new AbortController();
    const { signal: until } = listening;
    document.addEventListener(
      "pointerdown",
      ({ target }) => {
        const isPicture = target instanceof Element && target.closest(".picture");
        if (isPicture && this.reader.active.peek() === this.viewport) this.stop();
      },
      { signal: until },
    );
    document.addEventListener("visibilitychange", () => document.hidden && this.stop(), { signal: until });
    const moved = effect(() => {
      const isElsewhere = this.viewport.index.value !== this.step.index;
      const isAsleep = this.viewport.shown.value === null;
      if (isElsewhere || isAsleep) queueMicrotask(() => this.stop());
    });
    return [() => listening.abort(), moved];
  }
}

/** Put the player of a viewport away. */
export function closePlayer(reader: Reader, viewport: Viewport): void {
  reader.players.peek().get(viewport)?.stop();
  reader.players.value = new Map([...reader.players.peek()].filter(([one]) => one !== viewport));
}

/** The player of a viewport; it gets one when it is first asked for. */
export function playerOf(reader: Reader, viewport: Viewport): Player {
  const known = reader.players.peek().get(viewport);
  if (known) return known;
  const player = new Player(reader, viewport);
  reader.players.value = new Map([...reader.players.peek(), [viewport, player]]);
  return player;
}
