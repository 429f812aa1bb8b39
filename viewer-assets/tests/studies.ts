/** Studies of known geometry for tests. */
import type { Cosines, Kind, PatientPoint, Series, Stack, Study, StudyAnswer } from "../src/study/data";
import { Reader } from "../src/study/reader";

export const AXIAL: Cosines = [1, 0, 0, 0, 1, 0];
export const SAGITTAL: Cosines = [0, 1, 0, 0, 0, -1];

export const STUDY: Study = {
  uid: "1.1",
  name: "Doe^Jane",
  id: "P1",
  birthDate: "",
  sex: "",
  date: "20260102",
  time: "",
  description: "",
  accession: "",
  modalities: ["CT"],
  pictures: true,
  series: null,
  instances: null,
};

export const KIND: Kind = {
  columns: 100,
  rows: 100,
  spacing: [1, 1],
  spacingOrigin: "PixelSpacing",
  letters: null,
  colour: false,
  lossy: false,
  unit: "HU",
  voiLut: false,
  exactBytes: 20_000,
  orientation: AXIAL,
  frameOfReference: "1.9",
};

/** Frames of one kind at these places. */
export function stackOf(positions: readonly (PatientPoint | null)[], kind: Partial<Kind> = {}): Stack {
  return {
    identity: "i",
    prefix: "1.5.",
    kinds: [{ ...KIND, ...kind }],
    windows: [],
    frames: positions.map((position, index) => [String(index), 1, 0, -1, position]),
    unreadable: null,
  };
}

/** So many axial slices upwards from `start`. */
export function axial(count: number, distance: number, start = 0, kind: Partial<Kind> = {}): Stack {
  const places = Array.from({ length: count }, (_, index) => [-50, -50, start + index * distance] as const);
  return stackOf(places, kind);
}

/** So many sagittal slices to the left of the patient. */
export function sagittal(count: number, distance: number, kind: Partial<Kind> = {}): Stack {
  const places = Array.from({ length: count }, (_, index) => [-50 + index * distance, -50, 100] as const);
  return stackOf(places, { orientation: SAGITTAL, ...kind });
}

export function seriesOf(uid: string, stack: Stack | null, more: Partial<Series> = {}): Series {
  return {
    uid,
    number: 1,
    description: "",
    modality: "CT",
    bodyPart: "",
    laterality: "",
    instances: stack?.frames.length ?? null,
    pictures: true,
    stack,
    error: null,
    ...more,
  };
}

/** A reader with a study of these series, and others beside it. */
export function readerOf(series: readonly Series[], beside: readonly StudyAnswer[] = []): Reader {
  const session = { link: false, launch: null, user: "reader", verbs: ["view"], expires: null };
  const reader = new Reader({ study: STUDY, series, session, opening: null });
  reader.started.value = true;
  for (const answer of beside) reader.take(answer);
  return reader;
}
