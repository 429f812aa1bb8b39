/** The rows of a long list, page by page: only those near to what is seen are kept. */
import { signal } from "@preact/signals";
import type { StudyRow } from "./data";

export const PAGE = 50;
const MOST_PAGES = 20;

export class StudyPages {
  /** How many rows there are, whether they have been fetched or not. */
  readonly total = signal(0);
  /** Counts changes of rows, so that views know. */
  readonly version = signal(0);
  private readonly pages = new Map<number, readonly StudyRow[]>();

  /** The row at `index`; null while it is not there. */
  row(index: number): StudyRow | null {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  /** How many rows are in memory. */
  get kept(): number {
    return [...this.pages.values()].reduce((sum, page) => sum + page.length, 0);
  }

  /** Begin anew with the first page. */
  start(rows: readonly StudyRow[], total: number): void {
    this.pages.clear();
    this.put(0, rows, total);
  }

  /** Take a page; those farthest from it go when there are too many. */
  put(page: number, rows: readonly StudyRow[], total: number): void {
    this.pages.set(page, rows);
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page));
    for (const key of far.slice(0, Math.max(0, this.pages.size - MOST_PAGES))) this.pages.delete(key);
    this.total.value = total;
    this.version.value += 1;
  }

  /** Pages that are needed to show these rows and are not there. */
  missing(first: number, last: number): readonly number[] {
    const end = Math.min(last, this.total.value - 1);
    const found: number[] = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(end / PAGE); page += 1)
      if (!this.pages.has(page)) found.push(page);
    return found;
  }

  /** Take a study off the list: what follows moves up, and pages behind it are fetched again. */
  remove(uid: string): void {
    for (const [key, rows] of this.pages) {
      if (!rows.some((row) => row.uid === uid)) continue;
      for (const other of this.pages.keys()) if (other > key) this.pages.delete(other);
      const left = rows.filter((row) => row.uid !== uid);
      if (rows.length < PAGE) this.pages.set(key, left);
      else this.pages.delete(key);
      this.total.value -= 1;
    }
    this.version.value += 1;
  }

  /** Put another row in place of the one of the same study. */
  replace(changed: StudyRow): void {
    for (const [key, rows] of this.pages)
      this.pages.set(
        key,
        rows.map((row) => (row.uid === changed.uid ? changed : row)),
      );
    this.version.value += 1;
  }
}
