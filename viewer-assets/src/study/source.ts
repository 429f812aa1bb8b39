/** A pile of pictures that a viewport leafs through: the frames of a series, or the planes of a volume. */
import { viewPath, type FrameOf, type OtherOf, type PlaneOf, type PresentedOf, type View } from "../address";
import type { ImageGeometry } from "../geometry";
import type { Stage, Wanted } from "./pictureAddress";
import { planeOf, type PatientPlane } from "../linked/patientPlane";
import {
  frameAt,
  type Calibration,
  type Cine,
  type Cosines,
  type Frame,
  type Kind,
  type Letters,
  type NamedWindow,
  type PatientPoint,
  type Stack,
} from "./data";

/** One picture of the pile, before anything of it was fetched. */
export interface Place {
  readonly source: FrameOf | PlaneOf | PresentedOf | OtherOf;
  /** Where it is not the same that is asked for while a hand moves and at rest: what, with how many pixels of use. */
  readonly asked?: (
    stage: Stage,
    useful: number,
    wanted: Wanted,
  ) => Pick<View, "source" | "window" | "invert" | "format">;
  readonly geometry: ImageGeometry;
  readonly spacingOrigin: string;
  readonly letters: Letters | null;
  readonly colour: boolean;
  /** Whether the stored file itself lost something. */
  readonly storedLossy: boolean;
  /** Whether a VOI LUT of the file decides the grey scale unless the reader does. */
  readonly voiLut: boolean;
  readonly unit: string;
  readonly location: number | null;
  /** Where it lies in the patient; null where that cannot be compared with others. */
  readonly plane: PatientPlane | null;
  readonly windows: readonly NamedWindow[];
  /** Where the picture can be made here from stored values: which ones. Null where only the server can. */
  readonly exact: ExactAddress | null;
  /** Where columns, then rows, go in the patient, and where the centre of the first pixel lies; null where not known. */
  readonly orientation: Cosines | null;
  readonly position: PatientPoint | null;
  /** Whether its values lie between those that are stored. */
  readonly resampled: boolean;
  /** Whether the least value is meant to be white. */
  readonly inverse: boolean;
  readonly suv: Kind["suv"] | null;
  readonly cine: Cine | null;
  /** What makes its distances true; absent where nothing is said. */
  readonly calibration?: Calibration;
}

/** An exact frame. Its key changes with the stored files, so that no old value is ever shown for a new one. */
export interface ExactAddress {
  readonly key: string;
  readonly path: string;
  /** Bytes of its samples. */
  readonly bytes: number;
}

export interface PictureSource {
  readonly study: string;
  readonly series: string;
  readonly count: number;
  at(index: number): Place | null;
  /** Of a pile with some pictures left out: where that picture is in the whole one. */
  wholeIndex?(index: number): number;
}

/** The frames of a series. */
export function stackSource(study: string, series: string, stack: Stack): PictureSource {
  return {
    study,
    series,
    count: stack.frames.length,
    at(index) {
      const frame = frameAt(stack, index);
      if (!frame) return null;
      const { kind } = frame;
      return {
        source: { instance: frame.instance, frame: frame.frame },
        geometry: kind,
        spacingOrigin: kind.spacingOrigin,
        letters: kind.letters,
        colour: kind.colour,
        storedLossy: kind.lossy,
        voiLut: kind.voiLut,
        unit: kind.unit,
        location: frame.location,
        plane: planeOf(frame),
        windows: frame.windows,
        exact: exactAddress(study, series, stack.identity, frame),
        orientation: kind.orientation ?? null,
        position: frame.position,
        resampled: false,
        inverse: kind.inverse ?? false,
        suv: kind.suv ?? null,
        cine: kind.cine ?? null,
        ...(kind.calibration && { calibration: kind.calibration }),
      };
    },
  };
}

function exactAddress(study: string, series: string, identity: string, stored: Frame): ExactAddress | null {
  const { instance, frame, kind } = stored;
  if (kind.exactBytes === 0) return null;
  return {
    key: `${identity}/${instance}/${frame}`,
    path: viewPath({ study, series, source: { instance, frame }, format: "exact" }),
    bytes: kind.rows * kind.columns * kind.exactBytes,
  };
}
