/** The findings of the page: an unchanging map in a signal, and the few ways to change it. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Finding } from "./model";

/** Findings by their id, in the order in which they were made. */
export type FindingMap = ReadonlyMap<string, Finding>;

export class Findings {
  private readonly map = signal<FindingMap>(new Map());

  get all(): ReadonlySignal<FindingMap> {
    return this.map;
  }

  /** Add a finding, or put another version in the place of the one with its id. */
  put(...findings: readonly Finding[]): void {
    const next = new Map(this.map.peek());
    for (const finding of findings) next.set(finding.id, finding);
    this.map.value = next;
  }

  /** Change some of a finding; nothing happens where it is gone by now. */
  change(id: string, some: Partial<Omit<Finding, "id">>): void {
    const before = this.map.peek().get(id);
    if (before) this.put({ ...before, ...some });
  }

  remove(...ids: readonly string[]): void {
    const next = new Map(this.map.peek());
    for (const id of ids) next.delete(id);
    this.map.value = next;
  }

  /**
   * Take one change back, or make it again: whatever differs between two states gets its value of `to`. Findings that
   * others changed meanwhile stay as they are.
   */
  move(from: FindingMap, to: FindingMap): void {
    const next = new Map(this.map.peek());
    for (const id of new Set([...from.keys(), ...to.keys()])) {
      const wanted = to.get(id);
      if (from.get(id) === wanted || next.get(id) !== from.get(id)) continue;
      if (wanted) next.set(id, wanted);
      else next.delete(id);
    }
    this.map.value = next;
  }
}
