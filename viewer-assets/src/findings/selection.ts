/** Which findings of the list are chosen: one that keys act on, and others with it. */
import { signal } from "@preact/signals";
import type { Reader } from "../study/reader";

export class Selection {
  readonly ids = signal<ReadonlySet<string>>(new Set());
  /** Whose name is being written. */
  readonly renaming = signal<string | null>(null);
  /** From where a range is chosen. */
  private anchor: string | null = null;

  constructor(private readonly reader: Reader) {}

  /** The one that was chosen last, here or on the image. */
  get cursor(): string | null {
    return this.reader.selectedFinding.value;
  }

  only(id: string | null): void {
    this.anchor = id;
    this.ids.value = new Set(id === null ? [] : [id]);
    this.reader.selectedFinding.value = id;
  }

  toggle(id: string): void {
    const next = new Set(this.ids.peek());
    if (!next.delete(id)) next.add(id);
    this.anchor = id;
    this.ids.value = next;
    this.reader.selectedFinding.value = next.has(id) ? id : ([...next].at(-1) ?? null);
  }

  /** From the last that was chosen alone to that one. */
  to(id: string, order: readonly string[]): void {
    const [a, b] = [order.indexOf(this.anchor ?? id), order.indexOf(id)].sort((x, y) => x - y);
    this.ids.value = new Set(order.slice(Math.max(0, a ?? 0), (b ?? 0) + 1));
    this.reader.selectedFinding.value = id;
  }

  all(order: readonly string[]): void {
    this.ids.value = new Set(order);
  }

  /** What was chosen on the image is chosen here, and what is gone is not. */
  follow(order: readonly string[]): void {
    const cursor = this.reader.selectedFinding.value;
    const there = new Set([...this.ids.peek()].filter((id) => order.includes(id)));
    if (cursor !== null && order.includes(cursor) && !there.has(cursor)) {
      this.anchor = cursor;
      this.ids.value = new Set([cursor]);
    } else if (cursor === null && there.size > 0) this.ids.value = new Set();
    else if (there.size < this.ids.peek().size) this.ids.value = there;
  }
}

/**
 * The finding so many places further in the list, not beyond its ends; without a chosen one, the first or the last. An
 * infinite step goes to an end.
 */
export function neighbour(order: readonly string[], cursor: string | null, step: number): string | null {
  const here = cursor === null ? -1 : order.indexOf(cursor);
  const last = order.length - 1;
  const isNew = here < 0 && Number.isFinite(step);
  const next = isNew ? (step > 0 ? 0 : last) : here + step;
  return order[Math.min(last, Math.max(0, next))] ?? null;
}
