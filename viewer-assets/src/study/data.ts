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
  readonly stack: Stack | null;
  readonly error: string | null;
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
}

type FrameRow = readonly [
  rest: string,
  frame: number,
  kind: number,
  windows: number,
  location: number | null,
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
    location: row[4],
  };
}
