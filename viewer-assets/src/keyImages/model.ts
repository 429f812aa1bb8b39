/** Frames that readers marked with a star, and documents that choose images; `plugin/sightline/viewer/key_images.py` writes them. */
import type { FindingPlace } from "../findings/model";

/** Why an image is one: code values of PS3.16 CID 7010, in the order in which they are offered. */
export const TITLES = [
  "113000",
  "113002",
  "113003",
  "113004",
  "113005",
  "113006",
  "113007",
  "113008",
  "113009",
  "113018",
  "113020",
  "113010",
  "113001",
] as const;

export type KeyTitle = (typeof TITLES)[number];

/** "Of Interest". */
export const DEFAULT_TITLE: KeyTitle = "113000";

/** One mark of the reader. `frame` counts from 1. */
export interface KeyImage extends FindingPlace {
  readonly title: KeyTitle;
}

/** A mark of somebody else. */
export interface OthersKeyImage extends KeyImage {
  readonly author: string;
}

/** Some frames of an image, all of them where none is named. */
export interface ChosenImage {
  readonly series: string;
  readonly instance: string;
  readonly frames: readonly number[];
}

/** A Key Object Selection document of anybody. */
export interface KeyDocument {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  /** Why it cannot be read; nothing else is told then. */
  readonly problem?: string;
  readonly title?: { readonly code: string; readonly scheme: string; readonly meaning: string };
  readonly description?: string;
  readonly author?: string;
  /** As DICOM has it. */
  readonly date?: string;
  readonly time?: string;
  readonly software?: string;
  readonly images?: readonly ChosenImage[];
  readonly ours: boolean;
  /** Whether a later one took its place. */
  readonly superseded: boolean;
  /** Whether it holds what is among the marks. */
  readonly isOfMarks: boolean;
}

/** `GET …/studies/<uid>/keys`, and the answer to a change. */
export interface KeysAnswer {
  readonly mayAnnotate: boolean;
  readonly marks: readonly (Omit<OthersKeyImage, "study"> & { readonly own: boolean })[];
  /** Whether all marks of the reader are stored as documents. */
  readonly saved: boolean;
  readonly documents: readonly Omit<KeyDocument, "study">[];
}

/** Names a frame among the key images. */
export function keyOf({ study, instance, frame }: FindingPlace): string {
  return `${study}/${instance}/${frame}`;
}

/** Whether a document chooses that frame. */
export function chooses({ images = [] }: KeyDocument, instance: string, frame: number): boolean {
  return images.some(
    (image) => image.instance === instance && (image.frames.length === 0 || image.frames.includes(frame)),
  );
}
