/**
 * Sizes of shapes of image points, each with how it changes when a point moves by a pixel: what half a pixel at each point
 * makes uncertain follows from that. `plugin/sightline/kernels/measures.py` computes the same. No DOM here.
 */
import type { ImagePoint } from "./model";

/** Height and width of a pixel: distance between rows, then between columns. */
export type Spacing = readonly [down: number, across: number];

/** A size; `slopes` are its derivatives by column and row of each point in turn. */
export interface Sized {
  readonly value: number;
  readonly slopes: readonly number[];
}

type Vector = readonly [x: number, y: number];

const RIGHT_ANGLE = 1e-6;

/** From one point to another. */
export function distance(points: readonly ImagePoint[], spacing: Spacing, from: number, to: number): Sized {
  const slopes = zeros(points);
  return { value: addStep(points, spacing, from, to, slopes), slopes };
}

/** Along all points, and back to the first where the outline is closed. */
export function along(points: readonly ImagePoint[], spacing: Spacing, isClosed: boolean): Sized {
  const slopes = zeros(points);
  let value = 0;
  for (let index = 1; index < points.length; index += 1)
    value += addStep(points, spacing, index - 1, index, slopes);
  if (isClosed) value += addStep(points, spacing, points.length - 1, 0, slopes);
  return { value, slopes };
}

/** What an outline encloses; one that crosses itself has no area, see `crosses`. */
export function enclosed(points: readonly ImagePoint[], [down, across]: Spacing): Sized {
  const slopes = zeros(points);
  const count = points.length;
  let twice = 0;
  for (let index = 0; index < count; index += 1) {
    const [column, row] = fromFirst(points, index);
    const [next, below] = fromFirst(points, (index + 1) % count);
    const [last, above] = fromFirst(points, (index + count - 1) % count);
    twice += column * below - next * row;
    slopes[2 * index] = (below - above) / 2;
    slopes[2 * index + 1] = (last - next) / 2;
  }
  return scaled({ value: twice / 2, slopes }, (twice < 0 ? -1 : 1) * down * across);
}

/** How far two points lie apart across (0) or down (1) the image. */
export function extent(points: readonly ImagePoint[], spacing: Spacing, axis: 0 | 1): Sized {
  const slopes = zeros(points);
  const step = spacing[1 - axis] as number;
  const difference = (points[1] as ImagePoint)[axis] - (points[0] as ImagePoint)[axis];
  const sign = difference < 0 ? -1 : 1;
  slopes[axis] = -sign * step;
  slopes[2 + axis] = sign * step;
  return { value: Math.abs(difference) * step, slopes };
}

/** Long and short axis of an ellipse that is given by the ends of two diameters, and its area. */
export function ellipse(points: readonly ImagePoint[], spacing: Spacing): readonly [Sized, Sized, Sized] {
  const first = distance(points, spacing, 0, 1);
  const second = distance(points, spacing, 2, 3);
  const p = between(points, spacing, 0, 1);
  const q = between(points, spacing, 2, 3);
  const cross = p[0] * q[1] - p[1] * q[0];
  const sign = cross < 0 ? -1 : 1;
  // By what is added to the ends of both diameters, in units of the axes.
  const slopes = ofEnds([sign * q[1], -sign * q[0]], [-sign * p[1], sign * p[0]], spacing);
  const area = scaled({ value: Math.abs(cross), slopes }, Math.PI / 4);
  const dot = p[0] * q[0] + p[1] * q[1];
  if (Math.abs(dot) <= RIGHT_ANGLE * first.value * second.value)
    return first.value >= second.value ? [first, second, area] : [second, first, area];
  // Diameters that are not at right angles, as of an ellipse drawn where pixels have another shape: the axes are the
  // singular values of both.
  const axis = (way: 1 | -1): Sized => {
    const squares = first.value ** 2 + second.value ** 2;
    const root = Math.sqrt(squares ** 2 - 4 * cross ** 2);
    const value = Math.sqrt(Math.max(0, (squares + way * root) / 2));
    const slope = (own: number, crossed: number): number =>
      value > 0 ? (2 * own + (way * (2 * squares * own - 4 * cross * crossed)) / root) / 4 / value : 0;
    const byP: Vector = [slope(p[0], q[1]), slope(p[1], -q[0])];
    const byQ: Vector = [slope(q[0], -p[1]), slope(q[1], p[0])];
    return { value, slopes: ofEnds(byP, byQ, spacing) };
  };
  return [axis(1), axis(-1), area];
}

/** At the second point between both others, in degrees; null where two of them are one. */
export function angle(points: readonly ImagePoint[], spacing: Spacing): Sized | null {
  const u = between(points, spacing, 1, 0);
  const w = between(points, spacing, 1, 2);
  const turned = turn(u, w);
  if (!turned) return null;
  const [byU, byW] = turned.slopes as [Vector, Vector];
  const byVertex: Vector = [-byU[0] - byW[0], -byU[1] - byW[1]];
  return { value: turned.value, slopes: perPixel([byU, byVertex, byW], spacing) };
}

/**
 * Between two lines as Cobb measured it, in degrees: at the point where both meet when they are made longer, between its
 * directions to the middles of both. So it does not matter which end of a line comes first, and it can be above 90°.
 */
export function cobb(points: readonly ImagePoint[], spacing: Spacing): Sized | null {
  let u = between(points, spacing, 0, 1);
  let w = between(points, spacing, 2, 3);
  const [middle, other] = [middleOf(points, spacing, 0), middleOf(points, spacing, 2)];
  const m: Vector = [other[0] - middle[0], other[1] - middle[1]];
  const cross = u[0] * w[1] - u[1] * w[0];
  // How far the meeting point lies along each line from its middle.
  const [alongU, alongW] = [(m[0] * w[1] - m[1] * w[0]) / cross, (m[0] * u[1] - m[1] * u[0]) / cross];
  const isClear = Number.isFinite(alongU) && Number.isFinite(alongW) && alongU !== 0 && alongW !== 0;
  const isOpposed = isClear ? alongU > 0 !== alongW > 0 : u[0] * w[0] + u[1] * w[1] < 0;
  if (isOpposed) w = [-w[0], -w[1]];
  const turned = turn(u, w);
  if (!turned) return null;
  const [byU, back] = turned.slopes as [Vector, Vector];
  const byW: Vector = isOpposed ? [-back[0], -back[1]] : back;
  return { value: turned.value, slopes: ofEnds(byU, byW, spacing) };
}

/** Found once for each outline, which never changes: findings are measured again whenever anything of them does. */
const crossed = new WeakMap<readonly ImagePoint[], boolean>();

/** Whether an outline crosses itself; sides that only touch do not. */
export function crosses(points: readonly ImagePoint[]): boolean {
  const before = crossed.get(points);
  if (before !== undefined) return before;
  const found = findCrossing(points);
  crossed.set(points, found);
  return found;
}

/** Compare each side only with those that begin, from left to right, before it ends: few in an outline of many points. */
function findCrossing(points: readonly ImagePoint[]): boolean {
  const sides = points.map((a, index) => {
    const b = points[(index + 1) % points.length] as ImagePoint;
    return { a, b, left: Math.min(a[0], b[0]), right: Math.max(a[0], b[0]) };
  });
  sides.sort((one, other) => one.left - other.left);
  for (const [index, { a, b, right }] of sides.entries()) {
    for (let next = index + 1; next < sides.length; next += 1) {
      const { a: c, b: d, left } = sides[next] as (typeof sides)[number];
      if (left > right) break;
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
    }
  }
  return false;
}

/** A size times a number. */
export function scaled({ value, slopes }: Sized, factor: number): Sized {
  return { value: value * factor, slopes: slopes.map((slope) => slope * factor) };
}

/** The product of two sizes of the same points. */
export function product(a: Sized, b: Sized): Sized {
  return {
    value: a.value * b.value,
    slopes: a.slopes.map((slope, index) => slope * b.value + a.value * (b.slopes[index] as number)),
  };
}

/** By how much a size may be wrong when each point may lie half a pixel off in both directions, independently. */
export function halfPixel({ slopes }: Sized): number {
  return Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0)) / 2;
}

function zeros(points: readonly ImagePoint[]): number[] {
  return Array.from({ length: 2 * points.length }, () => 0);
}

/** Add what a step changes to `slopes`, and return its length. */
function addStep(
  points: readonly ImagePoint[],
  spacing: Spacing,
  from: number,
  to: number,
  slopes: number[],
): number {
  const [x, y] = between(points, spacing, from, to);
  const length = Math.hypot(x, y);
  // A step of no length grows in whatever direction its end moves: half of it each way.
  const [dx, dy] = length > 0 ? [x / length, y / length] : [Math.SQRT1_2, Math.SQRT1_2];
  slopes[2 * from] = (slopes[2 * from] as number) - dx * spacing[1];
  slopes[2 * from + 1] = (slopes[2 * from + 1] as number) - dy * spacing[0];
  slopes[2 * to] = (slopes[2 * to] as number) + dx * spacing[1];
  slopes[2 * to + 1] = (slopes[2 * to + 1] as number) + dy * spacing[0];
  return length;
}

function between(points: readonly ImagePoint[], [down, across]: Spacing, from: number, to: number): Vector {
  const [a, b] = [points[from], points[to]] as [ImagePoint, ImagePoint];
  return [(b[0] - a[0]) * across, (b[1] - a[1]) * down];
}

/** From the first point, so that a place far from the corner costs no digits. */
function fromFirst(points: readonly ImagePoint[], index: number): Vector {
  return between(points, [1, 1], 0, index);
}

function middleOf(points: readonly ImagePoint[], [down, across]: Spacing, from: number): Vector {
  const [a, b] = [points[from], points[from + 1]] as [ImagePoint, ImagePoint];
  return [((a[0] + b[0]) / 2) * across, ((a[1] + b[1]) / 2) * down];
}

/** Degrees between two vectors, and its slopes by each of them; null where one has no length. */
function turn(u: Vector, w: Vector): { value: number; slopes: readonly [Vector, Vector] } | null {
  const [uu, ww] = [u[0] ** 2 + u[1] ** 2, w[0] ** 2 + w[1] ** 2];
  if (uu === 0 || ww === 0) return null;
  const cross = u[0] * w[1] - u[1] * w[0];
  const degrees = 180 / Math.PI;
  const way = cross < 0 ? -degrees : degrees;
  return {
    value: Math.atan2(Math.abs(cross), u[0] * w[0] + u[1] * w[1]) * degrees,
    slopes: [
      [(way * u[1]) / uu, (-way * u[0]) / uu],
      [(-way * w[1]) / ww, (way * w[0]) / ww],
    ],
  };
}

/** Slopes by four points, of what depends on the vectors from the first to the second and the third to the fourth. */
function ofEnds(byFirst: Vector, bySecond: Vector, spacing: Spacing): number[] {
  const back = ([x, y]: Vector): Vector => [-x, -y];
  return perPixel([back(byFirst), byFirst, back(bySecond), bySecond], spacing);
}

function perPixel(slopes: readonly Vector[], [down, across]: Spacing): number[] {
  return slopes.flatMap(([x, y]) => [x * across, y * down]);
}

/** On which side of the line from `a` to `b` a point lies, as a sign. */
function side(a: ImagePoint, b: ImagePoint, point: ImagePoint): number {
  return Math.sign((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]));
}
