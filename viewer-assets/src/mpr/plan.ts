/** The plan of the three planes: mm mapping and crosshair. Patient space is LPS in mm; see docs/coordinates.md. */
import {
  slabSettings,
  type FusedWith,
  type OtherOf,
  type Plane,
  type PlaneOf,
  type VoiFunction,
} from "../address";
import type { Letters } from "../study/data";
import { THIN, type Slab } from "../study/slab";
import type { PictureSource } from "../study/source";
import type { Tile } from "../study/tiles";
import { cross, dot, type Vector } from "../vectors";
import { planeText } from "./seen";

/** All planes of one orientation. `origin` is the centre of the first pixel of plane 0. */
export interface PlaneGrid {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly spacing: readonly [number, number];
  readonly step: number;
  readonly origin: Vector;
  readonly columnDirection: Vector;
  readonly rowDirection: Vector;
  readonly normal: Vector;
  readonly letters: Letters;
  readonly exact: boolean;
  /** Whether they are turned out of the patient's axes; then they are cut one by one. */
  readonly turned?: boolean;
}

/** What the server says: the grids, or why there are none. */
export interface PlanesAnswer {
  readonly refusal: string | null;
  readonly warnings: readonly string[];
  readonly window: readonly [number, number, VoiFunction] | null;
  readonly planes: Readonly<Partial<Record<Plane, PlaneGrid>>>;
}

export const PLANES: readonly Plane[] = ["axial", "coronal", "sagittal"];

/** Plane, row and column of a point, fractions allowed; whole numbers are pixel centres. */
export interface GridPoint {
  readonly plane: number;
  readonly row: number;
  readonly column: number;
}

/** Patient mm of a point of the grid. */
export function toPatient(grid: PlaneGrid, point: GridPoint): Vector {
  const [along, down, across] = [
    point.plane * grid.step,
    point.row * grid.spacing[0],
    point.column * grid.spacing[1],
  ];
  const axis = (index: 0 | 1 | 2): number =>
    grid.origin[index] +
    grid.normal[index] * along +
    grid.rowDirection[index] * down +
    grid.columnDirection[index] * across;
  return [axis(0), axis(1), axis(2)];
}

/** The point of the grid at patient mm. The directions of a grid are unit vectors at right angles. */
export function toGrid(grid: PlaneGrid, patient: Vector): GridPoint {
  const from: Vector = [
    patient[0] - grid.origin[0],
    patient[1] - grid.origin[1],
    patient[2] - grid.origin[2],
  ];
  return {
    plane: dot(from, grid.normal) / grid.step,
    row: dot(from, grid.rowDirection) / grid.spacing[0],
    column: dot(from, grid.columnDirection) / grid.spacing[1],
  };
}

/**
 * Which plane of `grid` a slice of the stack lies in; null unless the stack has the grid's very orientation, by the letters
 * of its edges. `location` is mm along the stack's own normal, from its columns' to its rows' direction.
 */
export function planeOfSlice(
  grid: PlaneGrid,
  letters: Letters | null,
  location: number | null,
): number | null {
  if (!letters || location === null || letters.some((letter, edge) => letter !== grid.letters[edge]))
    return null;
  const along = location * dot(cross(grid.columnDirection, grid.rowDirection), grid.normal);
  const index = Math.round((along - dot(grid.origin, grid.normal)) / grid.step);
  return index >= 0 && index < grid.count ? index : null;
}

/** The middle of the volume. */
export function middleOf(grid: PlaneGrid): Vector {
  return toPatient(grid, {
    plane: Math.floor(grid.count / 2),
    row: (grid.rows - 1) / 2,
    column: (grid.columns - 1) / 2,
  });
}

/** `point` with what lies along the grid's normal taken from plane `index`. */
export function movedToPlane(grid: PlaneGrid, point: Vector, index: number): Vector {
  return toPatient(grid, { ...toGrid(grid, point), plane: index });
}

/** The planes of one orientation, or slabs around them, as a pile of pictures; with `fusion` laid over. */
export function planeSource(
  { study, series, part }: Pick<Tile, "study" | "series" | "part">,
  plane: Plane,
  grid: PlaneGrid,
  unit: string,
  slab: Slab = THIN,
  fusion: FusedWith | null = null,
): PictureSource {
  const thickness = slab.mm > 0 ? { slab: slab.mm, blend: slab.blend } : {};
  const own = { ...(part > 0 && { stack: part }), ...thickness, ...(fusion && { fusion }) };
  const sourceAt = (index: number): PlaneOf | OtherOf =>
    grid.turned ? cutOf(grid, index, own) : { plane, index, ...own };
  const geometry = { columns: grid.columns, rows: grid.rows, spacing: grid.spacing };
  return {
    study: study.uid,
    series: series.uid,
    count: grid.count,
    at: (index) =>
      index < 0 || index >= grid.count
        ? null
        : {
            source: sourceAt(index),
            geometry,
            spacingOrigin: "PixelSpacing",
            letters: grid.letters,
            colour: false,
            storedLossy: false,
            voiLut: false,
            unit,
            location: dot(grid.origin, grid.normal) + index * grid.step,
            plane: null,
            windows: [],
            exact: null,
            orientation: [...grid.columnDirection, ...grid.rowDirection],
            position: toPatient(grid, { plane: index, row: 0, column: 0 }),
            resampled: !grid.exact || slab.mm > 0 || fusion !== null,
            inverse: false,
            suv: null,
            cine: null,
          },
  };
}

/** One of the turned planes, as the server has it. */
function cutOf(grid: PlaneGrid, index: number, own: Omit<PlaneOf, "plane" | "index">): OtherOf {
  const { columnDirection, rowDirection, spacing, rows, columns } = grid;
  const origin = toPatient(grid, { plane: index, row: 0, column: 0 });
  return {
    ...own,
    at: `cut/${planeText({ origin, columnDirection, rowDirection, spacing, rows, columns })}`,
    settings: [...slabSettings(own), ...(own.stack ? [`stack=${own.stack}`] : [])],
  };
}

/** Where along its axis a plane lies, as a letter and a distance without sign: "H 123.4". */
export function planePosition(
  plane: Plane,
  location: number,
): { readonly letter: string; readonly mm: number } {
  const [positive, negative] = ({ axial: ["H", "F"], coronal: ["P", "A"], sagittal: ["L", "R"] } as const)[
    plane
  ];
  return { letter: location >= 0 ? positive : negative, mm: Math.abs(location) };
}
