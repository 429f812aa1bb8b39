/** A body and the pixels that it is seen by: an image plane in the patient (LPS, mm; docs/coordinates.md). No perspective. */
import type { Letters } from "../study/data";
import type { Rendering } from "../study/rendering";
import type { PictureSource } from "../study/source";
import type { Tile } from "../study/tiles";
import { plus, scaled, type Vector } from "../vectors";
import { toPatient, type PlaneGrid } from "./plan";
import { addressOf, seenAt, type ImagePlane, type Seen } from "./seen";

/** What there is to be seen: its middle, and its longest side in mm. */
export interface Body {
  readonly middle: Vector;
  readonly length: number;
}

/** Air at the edges of what is fitted. */
const MARGIN = 1.06;
/** Pixels along a side: as fine as most volumes are. */
const PIXELS = 640;

/** The body that planes of one orientation cut. */
export function bodyOf(grid: PlaneGrid): Body {
  const { count, rows, columns } = grid;
  return {
    middle: toPatient(grid, { plane: (count - 1) / 2, row: (rows - 1) / 2, column: (columns - 1) / 2 }),
    length: Math.max(count * grid.step, rows * grid.spacing[0], columns * grid.spacing[1]),
  };
}

/** The body, seen so, as a pile of one picture. */
export function bodySource(
  { study, series, part }: Pick<Tile, "study" | "series" | "part">,
  body: Body,
  rendering: Rendering,
): PictureSource {
  const plane = planeOf(body, rendering);
  const seen: Seen = { plane, look: rendering.look, ...(part > 0 && { stack: part }) };
  return {
    study: study.uid,
    series: series.uid,
    count: 1,
    at: (index) =>
      index === 0
        ? {
            source: addressOf(seen, null),
            asked: (stage, useful, wanted) => seenAt(seen, stage, useful, wanted),
            geometry: { columns: plane.columns, rows: plane.rows, spacing: plane.spacing },
            spacingOrigin: "PixelSpacing",
            letters: lettersOf(plane.columnDirection, plane.rowDirection),
            colour: rendering.look !== "mip",
            storedLossy: false,
            voiLut: false,
            unit: "",
            location: null,
            plane: null,
            windows: [],
            exact: null,
            orientation: [...plane.columnDirection, ...plane.rowDirection],
            position: null,
            resampled: false,
            inverse: false,
            suv: null,
            cine: null,
          }
        : null,
  };
}

/** The square through the middle of a body whose normal is looked along. */
export function planeOf(body: Body, rendering: Pick<Rendering, "turn" | "tilt">): ImagePlane {
  const [sine, cosine] = ofDegrees(rendering.turn);
  const [raised, level] = ofDegrees(rendering.tilt);
  const columnDirection: Vector = [cosine, sine, 0];
  const rowDirection: Vector = [raised * sine, -raised * cosine, -level];
  const spacing = (body.length * MARGIN) / PIXELS;
  const half = (-(PIXELS - 1) / 2) * spacing;
  return {
    origin: plus(plus(body.middle, columnDirection, half), rowDirection, half),
    columnDirection,
    rowDirection,
    spacing: [spacing, spacing],
    rows: PIXELS,
    columns: PIXELS,
  };
}

/** Letters of the patient's sides at the picture's edges: left, right, top, bottom. */
export function lettersOf(across: Vector, down: Vector): Letters {
  return [letters(scaled(across, -1)), letters(across), letters(scaled(down, -1)), letters(down)];
}

/** The sides that a unit vector points to, the strongest first; one of less than a tenth is not told. */
function letters(direction: Vector): string {
  const parts = (["RL", "AP", "FH"] as const).map((names, axis) => [direction[axis] ?? 0, names] as const);
  return parts
    .filter(([part]) => Math.abs(part) >= 0.1)
    .sort(([a], [b]) => Math.abs(b) - Math.abs(a))
    .map(([part, names]) => names[part > 0 ? 1 : 0])
    .join("");
}

/** Sine and cosine, exact at right angles. */
function ofDegrees(degrees: number): readonly [number, number] {
  const angle = (degrees * Math.PI) / 180;
  return [tidy(Math.sin(angle)), tidy(Math.cos(angle))];
}

function tidy(value: number): number {
  return Math.abs(value) < 1e-12 ? 0 : value;
}
