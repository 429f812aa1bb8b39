/** After so long without another drawing nothing moves any more. */
const REST_MS = 150;

/** Draws quickly while one drawing follows another, as in a hand or a cine, and finely what is to be looked at. */
export class Pace {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Draw now: finely after a rest; else quickly, and once more when nothing has followed for a moment. */
  draw(work: (isQuick: boolean) => void): void {
    const isQuick = this.timer !== undefined;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (isQuick) work(false);
    }, REST_MS);
    work(isQuick);
  }

  /** Draw no more. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
