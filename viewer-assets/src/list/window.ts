/** Which rows of a long list are drawn. Pure. */

/** Rows `first` to `end` (not included) are drawn; so much room is left above and below them. */
export interface Drawn {
  readonly first: number;
  readonly end: number;
  readonly above: number;
  readonly below: number;
}

const SPARE = 8;

/**
 * The rows that can be seen, and some more on either side.
 *
 * @param top - how far the first row lies above the upper edge of the screen, CSS pixels; negative while it is below it
 * @param height - of the screen, CSS pixels
 * @param pitch - from one row to the next, CSS pixels
 * @param total - how many rows there are
 */
export function drawnRows(top: number, height: number, pitch: number, total: number): Drawn {
  const first = Math.min(Math.max(0, Math.floor(top / pitch) - SPARE), total);
  const end = Math.max(first, Math.min(total, Math.ceil((top + height) / pitch) + SPARE));
  return { first, end, above: first * pitch, below: (total - end) * pitch };
}

/** The row that a key goes to from `active`; null for keys that go nowhere. `seen` is how many fit on the screen. */
export function rowForKey(key: string, active: number, total: number, seen: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: seen,
    PageUp: -seen,
    Home: -total,
    End: total,
  };
  const step = steps[key];
  if (step === undefined || total === 0) return null;
  return Math.min(total - 1, Math.max(0, active + step));
}
