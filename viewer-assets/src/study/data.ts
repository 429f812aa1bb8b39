/** What the server says of a study; `plugin/sightline/viewer/studies.py` and `series_json.py` write it. */
import type { VoiFunction, VoiWindow } from "../address";
import type { ImageGeometry } from "../geometry";

export interface Study {
  readonly uid: string;
  readonly name: string;
  readonly id: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly date: string;
  readonly time: string;
  readonly description: string;
  readonly accession: string;
  readonly modalities: readonly string[];
  /** Whether any of its series may hold pictures. */
  readonly pictures: boolean;
  readonly series: number | null;
  readonly instances: number | null;
}

export interface Series {
  readonly uid: string;
  readonly number: number | null;
  readonly description: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly laterality: string;
  readonly instances: number | null;
  readonly pictures: boolean;
  /** All its frames. */
  readonly stack: Stack | null;
  readonly error: string | null;
  /** How it falls into several stacks; absent where it is one. The server's `?stack=` counts them in this order. */
  readonly stacks?: readonly StackPart[];
  /** Which of these form a grid: time points, echoes, b-values of the same places. */
  readonly grids?: readonly StackGrid[];
  /** What is read or played rather than looked at: in a series without pictures, and videos beside pictures. */
  readonly documents?: readonly StudyDocument[];
}

/**
 * A `report` (HTML) and a `pdf` are at `GET …/instances/<uid>/document`, a `video` at `…/instances/<uid>/video`, in parts as
 * the player asks for. Others are only named.
 */
export interface StudyDocument {
  readonly instance: string;
  readonly kind: "pdf" | "report" | "video" | "other";
  readonly title: string;
  /** YYYYMMDD, or empty. */
  readonly date: string;
  /** Of a report: complete or partial, and verified or unverified. */
  readonly status: string;
}

/** What a reader leafs through from one stack to another. `stack` is a Stack ID of the file, `clip` an instance,
 * `pass` a run of Instance Numbers through all places. */
export type Dimension =
  | "time"
  | "echo"
  | "b-value"
  | "direction"
  | "inversion"
  | "component"
  | "acquisition"
  | "pass"
  | "stack"
  | "clip";

/** Some frames of a series, by their index in its whole stack. `by` is what tells it from others of the same places. */
export interface StackPart {
  readonly label: string;
  readonly by: readonly Dimension[];
  readonly frames: readonly number[];
}

/** Stacks by one or two dimensions; `stacks` are their indices, the last dimension varying fastest. */
export interface StackGrid {
  readonly dimensions: readonly { readonly kind: Dimension; readonly labels: readonly string[] }[];
  readonly stacks: readonly number[];
}

/** Left, right, top, bottom. */
export type Letters = readonly [string, string, string, string];

/** What many frames share. `spacingOrigin` is the attribute that the pixel size comes from. */
export interface Kind extends ImageGeometry {
  readonly spacingOrigin: string;
  readonly letters: Letters | null;
  readonly colour: boolean;
  readonly lossy: boolean;
  readonly unit: string;
  readonly voiLut: boolean;
  /** Bytes of a sample of its exact frames; 0 where only the server can make the pictures. */
  readonly exactBytes: number;
  /** Whether the least value is meant to be white. */
  readonly inverse?: boolean;
  /** Image Orientation (Patient): where columns, then rows, go in patient space (LPS). Absent where it is not known. */
  readonly orientation?: Cosines;
  /** Frame of Reference UID: only positions of the same one can be compared. Absent where a series has several. */
  readonly frameOfReference?: string;
  /** Slice Thickness, mm. */
  readonly thickness?: number;
  /** L, R or B. */
  readonly laterality?: string;
  /** As AP, PA, LL, CC or MLO. */
  readonly view?: string;
  /** FOR PRESENTATION or FOR PROCESSING. */
  readonly intent?: string;
  readonly contrast?: boolean;
  /** What else makes distances true, or keeps them from being told; absent where there is nothing. */
  readonly calibration?: Calibration;
  readonly cine?: Cine;
  /** For PET: modality value times `factor` is SUV related to body weight in g/ml, or the `reason` why there is none. */
  readonly suv?:
    { readonly factor: number; readonly reason: "" } | { readonly factor: null; readonly reason: string };
}

/** What decides how far a distance on the image is one in the patient. */
export interface Calibration {
  /** `x-ray` enlarges, `planar` images of nuclear medicine add up all depths, and so do the `localizer` images of CT. */
  readonly projection?: "x-ray" | "planar" | "localizer";
  /** Pixel Spacing Calibration Type and Description (0028,0A02 and 0A04). */
  readonly type?: "FIDUCIAL" | "GEOMETRY";
  readonly description?: string;
  /** How Imager Pixel Spacing compares with Pixel Spacing, where a file has both. */
  readonly detector?: "same" | "other";
  /** Estimated Radiographic Magnification Factor (0018,1114). */
  readonly magnification?: number;
  /** Height and width of a pixel in an unknown unit, where it has no size and is not square. */
  readonly aspect?: readonly [number, number];
  /** Sequence of Ultrasound Regions (0018,6011). */
  readonly regions?: readonly RegionRow[];
}

/** One calibrated region (PS3.3 C.8.5.5): bounds are pixels from 0 and belong to it, the reference pixel counts from them. */
export type RegionRow = readonly [
  spatialFormat: number,
  dataType: number,
  flags: number,
  minX: number,
  minY: number,
  maxX: number,
  maxY: number,
  unitX: number,
  unitY: number,
  deltaX: number | null,
  deltaY: number | null,
  referenceX: number | null,
  referenceY: number | null,
  valueX: number | null,
  valueY: number | null,
];

export type Cosines = readonly [number, number, number, number, number, number];

/** A point of the patient in mm, LPS. */
export type PatientPoint = readonly [number, number, number];

/** How frames follow each other. */
export interface Cine {
  /** ms from one frame to the next. */
  readonly frameTime: number;
  /** Frames per second at which to show them, where the file recommends one. */
  readonly displayRate: number | null;
  /** To be played to and fro. */
  readonly sweeps: boolean;
}

type FrameRow = readonly [
  rest: string,
  frame: number,
  kind: number,
  windows: number,
  position: PatientPoint | null,
];
type WindowRow = readonly [center: number, width: number, voiFunction: VoiFunction, explanation: string];

/** The frames of a series in display order. */
export interface Stack {
  readonly identity: string;
  readonly prefix: string;
  readonly kinds: readonly Kind[];
  readonly windows: readonly (readonly WindowRow[])[];
  readonly frames: readonly FrameRow[];
  readonly unreadable: readonly [number, string] | null;
}

export interface StudyAnswer {
  readonly study: Study;
  readonly series: readonly Series[];
}

export interface Session {
  readonly link: boolean;
  /** Which launch by an EHR has led here; the page of its patient is the way back. */
  readonly launch: string | null;
  readonly user: string;
  readonly verbs: readonly string[];
  /** When the session ends in any case, ISO 8601; null without a session. */
  readonly expires: string | null;
}

export interface StudyPageData extends StudyAnswer {
  readonly session: Session;
  readonly opening: { readonly series: string; readonly frame: number; readonly view: string } | null;
}

/** One frame, put together from the compact rows. */
export interface Frame {
  readonly instance: string;
  readonly frame: number;
  readonly kind: Kind;
  readonly windows: readonly NamedWindow[];
  /** Image Position (Patient): where the centre of the first pixel lies. */
  readonly position: PatientPoint | null;
  /** Where the frame lies along its normal, in mm of the patient. */
  readonly location: number | null;
}

/** A window that the file proposes. */
export interface NamedWindow {
  readonly window: VoiWindow;
  readonly explanation: string;
}

/** The frame at `index`; null outside the stack. */
export function frameAt(stack: Stack, index: number): Frame | null {
  const row = stack.frames[index];
  const kind = row && stack.kinds[row[2]];
  if (!row || !kind) return null;
  return {
    instance: stack.prefix + row[0],
    frame: row[1],
    kind,
    windows: (stack.windows[row[3]] ?? []).map(([center, width, voiFunction, explanation]) => ({
      window: { center, width, voiFunction },
      explanation,
    })),
    position: row[4],
    location: slicePlace(kind.orientation, row[4]),
  };
}

/** One of the stacks that a series falls into; the whole where it is one. Null outside of them. */
export function stackAt(series: Series, index: number): Stack | null {
  const { stack, stacks } = series;
  if (!stack || !stacks) return index === 0 ? stack : null;
  const part = stacks[index];
  if (!part) return null;
  const frames = part.frames.map((place) => stack.frames[place]).filter((row) => row !== undefined);
  return { ...stack, frames };
}

/** How far `position` lies along the normal, rounded to 0.01 mm. */
function slicePlace(orientation: Cosines | undefined, position: PatientPoint | null): number | null {
  if (!orientation || !position) return null;
  const [a, b, c, d, e, f] = orientation;
  const [x, y, z] = position;
  return Math.round(((b * f - c * e) * x + (c * d - a * f) * y + (a * e - b * d) * z) * 100) / 100;
}

/** One attribute of a file; `GET …/instances/<uid>/tags` lists them. Exactly one of the ways to say what it holds is there. */
export interface Attribute {
  /** Eight hexadecimal digits. */
  readonly tag: string;
  readonly vr: string;
  /** What the standard, or the creator of a private attribute, calls it; empty where nobody knows. */
  readonly name: string;
  readonly keyword?: string;
  /** Whose private attribute it is. */
  readonly creator?: string;
  readonly value?: readonly string[];
  /** What a UID is called. */
  readonly meaning?: string;
  /** Characters of a text that was shortened. */
  readonly length?: number;
  /** Bytes of what is no text. */
  readonly size?: number;
  readonly items?: readonly (readonly Attribute[])[];
  /** How many values or items there are, where not all are given; `first` numbers the first item given, from 1. */
  readonly count?: number;
  readonly first?: number;
  /** Why its value cannot be told. */
  readonly problem?: string;
}

export interface AttributesAnswer {
  /** Of which frame, from 1, the functional groups are told; how many frames have such. */
  readonly frame: number;
  readonly frames: number;
  readonly attributes: readonly Attribute[];
  /** False where the file has more attributes than one answer holds. */
  readonly complete: boolean;
}

/** Another study of the patient to compare with. */
export interface Prior {
  readonly study: Study;
  /** In what it agrees with the current one: body part, modality, side, description or words of it. */
  readonly agrees: readonly string[];
  /** How long before the current study it is; negative: after it. */
  readonly days: number | null;
  /** The same as a sentence without its end. */
  readonly why: string;
}

/** `GET …/studies/<uid>/priors`: the best to compare with first. */
export interface PriorsAnswer {
  readonly priors: readonly Prior[];
  /** Why there can be none; null where they were looked for. */
  readonly reason: string | null;
  /** How many studies have the same Patient ID, but do not say surely that they are of the same patient. */
  readonly withheld: number;
}

/** `GET …/studies/<uid>/priors/<uid>`: which series hang beside each other, and in what they agree. */
export interface PriorSeriesAnswer {
  readonly pairs: readonly (readonly [current: string, prior: string, agrees: readonly string[]])[];
}

/** `GET …/instances/<uid>/frames/<number>/value?row=&column=`, both from 0. */
export interface ValueAnswer {
  readonly row: number;
  readonly column: number;
  /** As stored, or red, green and blue; null where it is not a number. */
  readonly stored: number | readonly number[] | null;
  /** Whether it is no image at all; then nothing else is said. */
  readonly padding: boolean;
  readonly modality: { readonly value: number; readonly unit: string } | null;
  /** For PET: related to body weight, or the `reason` why there is none. */
  readonly suv: { readonly value: number | null; readonly unit: string; readonly reason: string } | null;
}

/**
 * The answer to `POST …/studies/<uid>/captures` with a PNG as its body: where what was seen is stored now. Headers say what
 * it is: `Sightline-Sources: <series>/<instance>/<frame>,…`, `Sightline-Annotated: 1` where something is written into it, and
 * `Sightline-Lossy: 1` where it was made of pictures that lost something.
 */
export interface CaptureAnswer {
  readonly series: string;
  readonly instance: string;
}
