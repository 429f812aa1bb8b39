/** What the server says of a launch; `plugin/sightline/viewer/timeline.py` writes it. */
import type { Session, Study } from "../study/data";

/** Something to be read that belongs to a study. `signed` is null for what came with the images. */
export interface TimelineReport {
  readonly instance: string;
  readonly title: string;
  readonly signed: string | null;
  readonly author: string;
  readonly version: number | null;
}

export interface TimelineStudy extends Study {
  readonly bodyParts: readonly string[];
  readonly standing: "confirmed" | "unverified";
  /** Why it is not confirmed. */
  readonly reason: string;
  readonly reports: readonly TimelineReport[];
}

export interface TimelinePatient {
  /** DICOM PN. */
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly id: string;
}

export interface TimelineData {
  readonly session: Session;
  /** Until the session ends in any case; null where it does not. */
  readonly secondsLeft: number | null;
  /** Of the launch. */
  readonly id: string;
  /** Host of the EHR. */
  readonly issuer: string;
  readonly patient: TimelinePatient;
  /** Newest first. */
  readonly studies: readonly TimelineStudy[];
  /** Why each study under the patient's number that is held back is so. */
  readonly held: readonly string[];
}
