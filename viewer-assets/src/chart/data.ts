/** What the server tells of a chart. */

export interface ChartPatient {
  /** DICOM PN. */
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly number: string;
  /** What the number is as DICOM PatientID. */
  readonly patientId: string;
}

export interface ChartDocument {
  readonly id: string;
  readonly name: string;
  readonly date: string;
}

export interface FoundStudy {
  readonly patientName: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly study: string;
  readonly studyDate: string;
  readonly description: string;
  readonly modality: string;
  readonly files: number;
  /** How many of them the archive has. */
  readonly here: number;
  /** Why it cannot be copied, as a code; empty: it can. */
  readonly reason: "" | "patient-name" | "birth-date" | "unverified" | "study";
  /** The patient id that its files would be given; null: they have it. */
  readonly becomes: string | null;
}

export interface Pull {
  readonly id: string;
  readonly patientId: string;
  readonly user: string;
  readonly pulled: string;
  readonly undone: string | null;
  readonly files: number;
  readonly studies: readonly string[];
}

export interface Preview {
  readonly studies: readonly FoundStudy[];
  readonly others: number;
}

export interface Copied {
  readonly stored: number;
  readonly existed: number;
  readonly refused: number;
  readonly held: number;
}

export interface ChartPageData {
  readonly user: string;
  readonly isOn: boolean;
  readonly pulls: readonly Pull[];
}
