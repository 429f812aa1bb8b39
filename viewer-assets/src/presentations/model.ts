/** Presentation states of a study; `plugin/sightline/viewer/presentations.py` writes them. */
import type { ChosenImage } from "../keyImages/model";

/** An image, or some frames of it, that a presentation is for; `rows` and `columns` are those of its picture in full size. */
export interface PresentedImage extends ChosenImage {
  readonly rows: number;
  readonly columns: number;
  /** Centre and width; null where a table decides the grey scale. */
  readonly window: readonly [number, number] | null;
}

export interface Presentation {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly label: string;
  readonly description?: string;
  readonly author?: string;
  /** As DICOM has it. */
  readonly date?: string;
  readonly ours: boolean;
  /** Why it cannot be shown; null where it can. */
  readonly reason: string | null;
  /** Degrees clockwise, and then from left to right. */
  readonly rotation?: 0 | 90 | 180 | 270;
  readonly flip?: boolean;
  /** SCALE TO FIT, TRUE SIZE or MAGNIFY. */
  readonly mode?: string;
  readonly images: readonly PresentedImage[];
}

/** `GET …/studies/<uid>/presentations`. */
export interface PresentationsAnswer {
  readonly mayAnnotate: boolean;
  readonly presentations: readonly Omit<Presentation, "study">[];
}

/** What people call it. */
export function presentationName({ description, label }: Presentation): string {
  return description || label;
}

/** The image of a presentation that a frame is of; null where it is not for that frame. */
export function imageOf({ images }: Presentation, instance: string, frame: number): PresentedImage | null {
  return (
    images.find(
      (image) => image.instance === instance && (image.frames.length === 0 || image.frames.includes(frame)),
    ) ?? null
  );
}
