/** What a reader marks on an image, as a value: nothing here of how it is drawn, measured or kept. */

/** A point of the image, counted from the outer corner of its first pixel (PS3.3 C.18.6.1.2): column, row. */
export type ImagePoint = readonly [column: number, row: number];

/** The place of every finding: one frame of one stored instance. `frame` counts from 1. */
export interface FindingPlace {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly frame: number;
}

/** One mark of a reader. */
export interface Finding extends FindingPlace {
  /** Its own, as a UUID in lower case; a copy has another. */
  readonly id: string;
  /** Tracking Unique Identifier: the same for the same finding in other studies, and in every version of a report. */
  readonly tracking: string;
  readonly tool: FindingTool;
  readonly points: readonly ImagePoint[];
  /** What the reader calls it; for `text` what is written there. May be empty. */
  readonly label: string;
  /** Which of the colours for findings, from 0. */
  readonly colour: number;
  readonly hidden: boolean;
  /** Of a `calibration`: how long its line is in truth, in mm. */
  readonly knownLength?: number;
}

export type FindingTool =
  | "length"
  | "polyline"
  | "bidirectional"
  | "angle"
  | "cobb"
  | "rectangle"
  | "ellipse"
  | "circle"
  | "polygon"
  | "freehand"
  | "point"
  | "arrow"
  | "text"
  | "calibration";

/** How a tool's points are given. */
export interface ToolShape {
  /** Fewest and most points. */
  readonly points: readonly [number, number];
  /** Whether it encloses pixels whose values can be told. */
  readonly isRegion: boolean;
}

/** More points of an outline are refused, as the server does. */
export const MOST_POINTS = 10_000;

/**
 * What the points of each tool are.
 *
 * `length`, `calibration`: both ends. `polyline`: its corners. `bidirectional`: ends of the long axis, then of the short
 * one. `angle`: end, vertex, end. `cobb`: ends of the one line, then of the other. `rectangle`: two opposite corners, its
 * sides along rows and columns. `ellipse`: ends of the one axis, then of the other (as SCOORD ELLIPSE). `circle`: centre,
 * then a point of it (as SCOORD CIRCLE). `polygon`, `freehand`: the outline, closed from its last point to the first.
 * `point`, `text`: where it is. `arrow`: its tip, then its tail, where the words are.
 */
export const TOOLS: Readonly<Record<FindingTool, ToolShape>> = {
  length: { points: [2, 2], isRegion: false },
  polyline: { points: [2, MOST_POINTS], isRegion: false },
  bidirectional: { points: [4, 4], isRegion: false },
  angle: { points: [3, 3], isRegion: false },
  cobb: { points: [4, 4], isRegion: false },
  rectangle: { points: [2, 2], isRegion: true },
  ellipse: { points: [4, 4], isRegion: true },
  circle: { points: [2, 2], isRegion: true },
  polygon: { points: [3, MOST_POINTS], isRegion: true },
  freehand: { points: [3, MOST_POINTS], isRegion: true },
  point: { points: [1, 1], isRegion: false },
  arrow: { points: [2, 2], isRegion: false },
  text: { points: [1, 1], isRegion: false },
  calibration: { points: [2, 2], isRegion: false },
};

/** How many colours there are for findings. */
export const COLOURS = 6;

/** A Tracking Unique Identifier for a new finding: a UUID as a UID (PS3.5 B.2). */
export function uidOf(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll("-", "")}`)}`;
}

/** Whether both lie on the same frame of the same file. */
export function isSamePlace(a: FindingPlace, b: FindingPlace): boolean {
  return a.instance === b.instance && a.frame === b.frame && a.series === b.series && a.study === b.study;
}
