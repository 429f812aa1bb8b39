/** A cube with the patient's sides on it, turned as the picture is. No DOM here. */
import type { Turn } from "../geometry";
import type { Cosines } from "../study/data";

/** A side of the cube that is seen. Points are of a square from -1 to 1, y down. */
export interface Face {
  readonly letter: string;
  readonly corners: readonly (readonly [number, number])[];
  readonly middle: readonly [number, number];
  /** How much of it faces the reader, 0 to 1. */
  readonly facing: number;
}

type Triple = readonly [number, number, number];

/** Seen a little from above and from the right: straight on, only one side would be seen. */
const TILT = (18 * Math.PI) / 180;
const SIDES: readonly (readonly [letter: string, normal: Triple, across: Triple, down: Triple])[] = [
  ["L", [1, 0, 0], [0, 1, 0], [0, 0, 1]],
  ["R", [-1, 0, 0], [0, 1, 0], [0, 0, 1]],
  ["P", [0, 1, 0], [1, 0, 0], [0, 0, 1]],
  ["A", [0, -1, 0], [1, 0, 0], [0, 0, 1]],
  ["H", [0, 0, 1], [1, 0, 0], [0, 1, 0]],
  ["F", [0, 0, -1], [1, 0, 0], [0, 1, 0]],
];
const HALF = 0.62;

/** The sides that are seen, the one that faces the reader most last. */
export function cubeFaces(orientation: Cosines, turn: Turn): readonly Face[] {
  const project = projection(orientation, turn);
  const faces: Face[] = [];
  for (const [letter, normal, across, down] of SIDES) {
    // Towards the reader is against the direction of sight.
    const facing = -project(normal)[2];
    if (facing <= 0.02) continue;
    const corners = [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ].map(([a = 0, b = 0]) => flat(project(sum(normal, across, down, a, b)), HALF));
    faces.push({ letter, corners, middle: flat(project(normal), HALF), facing });
  }
  return faces.sort((a, b) => a.facing - b.facing);
}

/** From patient directions to the screen: right, down, and away from the reader. */
function projection([a, b, c, d, e, f]: Cosines, turn: Turn): (vector: Triple) => Triple {
  let [right, down]: readonly [Triple, Triple] = [
    [a, b, c],
    [d, e, f],
  ];
  // What the reader looks along does not change when the picture is mirrored: only what stands left and right does.
  const away: Triple = [b * f - c * e, c * d - a * f, a * e - b * d];
  if (turn.mirrored) right = negative(right);
  for (let quarter = 0; quarter < turn.quarters; quarter += 1) [right, down] = [negative(down), right];
  const [sine, cosine] = [Math.sin(TILT), Math.cos(TILT)];
  return (vector) => {
    const [x, y, z] = [dot(vector, right), dot(vector, down), dot(vector, away)];
    const [turnedX, turnedZ] = [x * cosine + z * sine, z * cosine - x * sine];
    return [turnedX, y * cosine - turnedZ * sine, turnedZ * cosine + y * sine];
  };
}

function flat([x, y]: Triple, scale: number): readonly [number, number] {
  return [x * scale, y * scale];
}

function sum(normal: Triple, across: Triple, down: Triple, a: number, b: number): Triple {
  const at = (axis: 0 | 1 | 2): number => normal[axis] + across[axis] * a + down[axis] * b;
  return [at(0), at(1), at(2)];
}

function negative([x, y, z]: Triple): Triple {
  return [-x, -y, -z];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
