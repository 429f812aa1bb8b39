/** Where the other planes cut one of the three, on its screen, and what they can be turned by. */
import { toImage, toScreen, type Point, type Pose } from "../geometry";
import { plus, scaled, type Vector } from "../vectors";
import { toGrid, toPatient, type PlaneGrid } from "./plan";
import { cutDirection } from "./rotating";

/** Points in CSS pixels of the viewport. */
export interface CrossLines {
  readonly centre: Point;
  /** A unit vector along each line. */
  readonly directions: readonly Point[];
  /** On the lines, to be taken hold of. */
  readonly handles: readonly Point[];
}

/** Of the shorter side of the picture, from the crosshair to a handle. */
const HANDLE_AT = 0.36;

export function crossLines(
  grid: PlaneGrid,
  others: readonly PlaneGrid[],
  crosshair: Vector,
  pose: Pose,
): CrossLines {
  const screen = (patient: Vector): Point => {
    const { row, column } = toGrid(grid, patient);
    return toScreen({ x: column + 0.5, y: row + 0.5 }, grid, pose);
  };
  const centre = screen(crosshair);
  const directions = others.map((other) => {
    const [across, down] = cutDirection(grid, other);
    const line = plus(scaled(grid.columnDirection, across), grid.rowDirection, down);
    const ahead = screen(plus(crosshair, line, grid.spacing[1]));
    const [x, y] = [ahead.x - centre.x, ahead.y - centre.y];
    const length = Math.hypot(x, y) || 1;
    return { x: x / length, y: y / length };
  });
  const reach = HANDLE_AT * Math.min(pose.width, pose.height);
  const handles = directions.flatMap(({ x, y }) =>
    [reach, -reach].map((by) => ({ x: centre.x + x * by, y: centre.y + y * by })),
  );
  return { centre, directions, handles };
}

/** The patient's point under a point of the screen, in the plane of the crosshair. */
export function pointUnder(grid: PlaneGrid, crosshair: Vector, point: Point, pose: Pose): Vector {
  const { x, y } = toImage(point, grid, pose);
  return toPatient(grid, { plane: toGrid(grid, crosshair).plane, row: y - 0.5, column: x - 0.5 });
}
