/** What the server says of the study list; `plugin/sightline/viewer/search.py` and `study_rows.py` write it. */
import type { Session, Study } from "../study/data";
import type { Filters } from "./filters";

/** One study as the list shows it. */
export interface StudyRow extends Study {
  readonly labels: readonly string[];
  readonly bodyParts: readonly string[];
  /** When this user last opened it, ISO 8601; null for never. */
  readonly opened: string | null;
  /** Recent, and never opened by this user. */
  readonly isNew: boolean;
  /** Whether a report is stored with it. */
  readonly isReported: boolean;
}

/** One page of the list. `token` asks later what has come since. */
export interface ListAnswer {
  readonly studies: readonly StudyRow[];
  readonly offset: number;
  readonly total: number;
  readonly token: string;
}

export interface Site {
  readonly aet: string;
  readonly dicomPort: number;
  readonly stow: string;
  /** Path of the DICOMweb routes below Orthanc's root; null where they are switched off. */
  readonly dicomweb: string | null;
  /** How long a link to a study may live. */
  readonly linkHours: { readonly default: number; readonly maximum: number };
}

export interface ListPageData {
  readonly session: Session;
  readonly filters: Partial<Filters>;
  readonly result: ListAnswer;
  readonly labels: readonly string[];
  readonly site: Site;
}
