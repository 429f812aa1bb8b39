/** The key images of the page: what the reader marked, as an unchanging map in a signal, and what others did. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { FindingPlace } from "../findings/model";
import { chooses, keyOf, type KeyDocument, type KeyImage, type OthersKeyImage } from "./model";

/** The reader's own, by {@link keyOf}, in the order in which they were marked. */
export type KeyImageMap = ReadonlyMap<string, KeyImage>;

/** What a pane may be reduced to: `own`, all marks of the reader, or the UID of a document, what that one chooses. */
export type KeyFilter = string;

export class KeyImages {
  private readonly map = signal<KeyImageMap>(new Map());
  /** Those of other readers that are not the reader's to change. */
  readonly others = signal<readonly OthersKeyImage[]>([]);
  readonly documents = signal<readonly KeyDocument[]>([]);
  /** Whether what is marked here is kept; undefined until the server said so. */
  readonly isKept = signal<boolean | undefined>(undefined);
  /** Whether all of it is stored as documents. */
  readonly isSaved = signal(true);
  /** Why something could not be had or kept. */
  readonly problem = signal<string | null>(null);

  get all(): ReadonlySignal<KeyImageMap> {
    return this.map;
  }

  put(...marks: readonly KeyImage[]): void {
    const next = new Map(this.map.peek());
    for (const mark of marks) next.set(keyOf(mark), mark);
    this.map.value = next;
  }

  remove(...places: readonly FindingPlace[]): void {
    const next = new Map(this.map.peek());
    for (const place of places) next.delete(keyOf(place));
    this.map.value = next;
  }

  /** Take one change back, or make it again; what changed otherwise since stays. */
  move(from: KeyImageMap, to: KeyImageMap): void {
    const next = new Map(this.map.peek());
    for (const key of new Set([...from.keys(), ...to.keys()])) {
      const wanted = to.get(key);
      if (from.get(key) === wanted || next.get(key) !== from.get(key)) continue;
      if (wanted) next.set(key, wanted);
      else next.delete(key);
    }
    this.map.value = next;
  }

  /** Who else marked that frame. */
  othersOf(place: FindingPlace): readonly string[] {
    const key = keyOf(place);
    return this.others.value.filter((mark) => keyOf(mark) === key).map(({ author }) => author);
  }

  /** Which frames a filter lets through; null while that is not known. */
  test(filter: KeyFilter): ((place: FindingPlace) => boolean) | null {
    if (filter === "own") {
      const { value: own } = this.map;
      return (place) => own.has(keyOf(place));
    }
    const document = this.documents.value.find(({ instance }) => filter === instance);
    if (!document) return null;
    return ({ instance, frame }) => chooses(document, instance, frame);
  }
}
