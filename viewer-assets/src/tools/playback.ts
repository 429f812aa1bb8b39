/** Which picture a cine shows next. No clock and no DOM here. */
import type { Cine } from "../study/data";

export type PlayMode = "loop" | "swing" | "once";
export const PLAY_MODES: readonly PlayMode[] = ["loop", "swing", "once"];

/** Pictures a second where the file says nothing. */
export const USUAL_RATE = 15;
export const LEAST_RATE = 1;
export const GREATEST_RATE = 60;

/** Pictures a second as the file wants them: recommended for display, else as they were taken. */
export function rateOf(cine: Cine | null): number {
  const rate = cine ? (cine.displayRate ?? 1000 / cine.frameTime) : USUAL_RATE;
  return Math.min(Math.max(Math.round(rate * 10) / 10, LEAST_RATE), GREATEST_RATE);
}

/** A place in the pile and the direction of travel. */
export interface Step {
  readonly index: number;
  readonly direction: 1 | -1;
  /** Whether it was the last one. */
  readonly ended: boolean;
}

/** Where so many pictures further leads. */
export function stepped({ index, direction }: Step, by: number, count: number, mode: PlayMode): Step {
  const last = count - 1;
  if (last < 1) return { index: 0, direction, ended: true };
  if (mode === "once") {
    const target = Math.min(index + by, last);
    return { index: target, direction: 1, ended: target === last };
  }
  if (mode === "loop") return { index: (index + by) % count, direction: 1, ended: false };
  const round = 2 * last;
  const along = ((direction === 1 ? index : round - index) + by) % round;
  return along < last
    ? { index: along, direction: 1, ended: false }
    : { index: round - along, direction: -1, ended: false };
}

/** How many pictures a second have been shown of late. */
export class RateMeter {
  private times: number[] = [];

  constructor(private readonly span = 2000) {}

  /** A picture was shown at that time in ms. */
  shown(now: number): void {
    this.times.push(now);
    this.times = this.times.filter((time) => now - time <= this.span);
  }

  /** Null until there are enough to tell. */
  get rate(): number | null {
    const [first, last] = [this.times[0], this.times.at(-1)];
    if (first === undefined || last === undefined || this.times.length < 4 || last <= first) return null;
    return ((this.times.length - 1) * 1000) / (last - first);
  }

  forget(): void {
    this.times = [];
  }
}
