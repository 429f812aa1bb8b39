/** Planes that are turned out of the patient's axes, all three together. LPS in mm. */
import type { Rotation } from "../study/rotation";
import { cross, dot, minus, plus, scaled, type Vector } from "../vectors";
import { lettersOf } from "./body";
import { toPatient, type PlaneGrid } from "./plan";

/** The cosine of an angle differs by less from 1 where it is rounding: a few thousandths of a degree. */
const SAME = 1e-9;

/** A rotation about a unit vector by degrees, anticlockwise for whom it points to. */
export function about([x, y, z]: Vector, degrees: number): Rotation {
  const half = (degrees * Math.PI) / 360;
  const sine = Math.sin(half);
  return [Math.cos(half), x * sine, y * sine, z * sine];
}

/** One rotation after another one. */
export function after([a, b, c, d]: Rotation, [w, x, y, z]: Rotation): Rotation {
  return [
    a * w - b * x - c * y - d * z,
    a * x + b * w + c * z - d * y,
    a * y - b * z + c * w + d * x,
    a * z + b * y - c * x + d * w,
  ];
}

export function rotated([w, x, y, z]: Rotation, vector: Vector): Vector {
  const axis: Vector = [x, y, z];
  const twice = scaled(cross(axis, vector), 2);
  return plus(plus(vector, twice, w), cross(axis, twice));
}

/** The rotation that takes one unit vector to another on the shortest way, so that nothing is twisted. */
function swing(from: Vector, to: Vector): Rotation {
  const [x, y, z] = cross(from, to);
  const w = 1 + dot(from, to);
  const length = Math.hypot(w, x, y, z);
  if (length > 1e-6) return [w / length, x / length, y / length, z / length];
  const [a, b, c] = Math.abs(from[0]) < 0.9 ? cross(from, [1, 0, 0]) : cross(from, [0, 1, 0]);
  const side = Math.hypot(a, b, c);
  return [0, a / side, b / side, c / side];
}

/**
 * The planes of an orientation after all three were turned: across the turned normal, as many as the volume is deep there,
 * and as large as it is wide. Pictures do not twist: only what turns the normal turns them.
 */
export function turnedGrid(grid: PlaneGrid, rotation: Rotation): PlaneGrid {
  const normal = rotated(rotation, grid.normal);
  // Turning within a plane changes the others only.
  if (dot(normal, grid.normal) > 1 - SAME) return grid;
  const turn = swing(grid.normal, normal);
  const columnDirection = rotated(turn, grid.columnDirection);
  const rowDirection = rotated(turn, grid.rowDirection);
  const fine = Math.min(grid.step, ...grid.spacing);
  const corners = cornersOf(grid);
  const reach = (axis: Vector): readonly [number, number] => {
    const along = corners.map((corner) => dot(corner, axis));
    return [Math.min(...along), Math.max(...along)];
  };
  const [across, down, through] = [reach(columnDirection), reach(rowDirection), reach(normal)];
  const count = ([low, high]: readonly [number, number]): number =>
    Math.floor((high - low) / fine + 1e-6) + 1;
  const origin = plus(plus(scaled(columnDirection, across[0]), rowDirection, down[0]), normal, through[0]);
  return {
    count: count(through),
    rows: count(down),
    columns: count(across),
    spacing: [fine, fine],
    step: fine,
    origin,
    columnDirection,
    rowDirection,
    normal,
    letters: lettersOf(columnDirection, rowDirection),
    exact: false,
    turned: true,
  };
}

/** Centres of the outermost voxels. */
function cornersOf(grid: PlaneGrid): readonly Vector[] {
  const ends = [0, 1].flatMap((plane) =>
    [0, 1].flatMap((row) => [0, 1].map((column) => [plane, row, column] as const)),
  );
  return ends.map(([plane, row, column]) =>
    toPatient(grid, {
      plane: plane * (grid.count - 1),
      row: row * (grid.rows - 1),
      column: column * (grid.columns - 1),
    }),
  );
}

/** In mm, where another plane of the same turn cuts this one: a unit vector across and down. */
export function cutDirection(grid: PlaneGrid, other: PlaneGrid): readonly [across: number, down: number] {
  const line = cross(grid.normal, other.normal);
  const [across, down] = [dot(line, grid.columnDirection), dot(line, grid.rowDirection)];
  const length = Math.hypot(across, down) || 1;
  return [across / length, down / length];
}

/** Degrees from one point of a plane to another around a third, in mm: from its columns' towards its rows' direction. */
export function angleAround(grid: PlaneGrid, centre: Vector, from: Vector, to: Vector): number {
  const angle = (point: Vector): number => {
    const away = minus(point, centre);
    return Math.atan2(dot(away, grid.rowDirection), dot(away, grid.columnDirection));
  };
  const degrees = ((angle(to) - angle(from)) * 180) / Math.PI;
  return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}
