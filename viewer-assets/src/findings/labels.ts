/** Where the words of findings go: beside their shape, not over it, nor over each other or what stands in the corners. */
import type { Point, Rectangle, Size } from "../geometry";
import { nearestOnSegment, type Mark } from "./marks";

/** Words that look for a place. */
export interface LabelWish {
  readonly mark: Mark;
  readonly size: Size;
  /** Where the reader put them: from the middle of the shape to that of the words. */
  readonly shift: Point | null;
}

export interface LabelPlace extends Rectangle {
  /** The line from the shape to the words; null where they lie close to each other. */
  readonly leader: readonly [Point, Point] | null;
}

const GAPS = [10, 32, 64, 110] as const;
const LEADER_FROM = 14;
/** Where there are more, words are looked for only near by: the image has to follow the hand. */
const MANY = 60;
/** The worst is to be off the screen, then to lie over other words, over the own shape, over another one. */
const COSTS = { outside: 1000, label: 400, own: 150, shape: 12, ring: 1 } as const;

/** A place for each, in their order; `taken` is where nothing may lie. */
export function placeLabels(
  wishes: readonly LabelWish[],
  viewport: Size,
  taken: readonly Rectangle[],
): ReadonlyMap<string, LabelPlace> {
  const places = new Map<string, LabelPlace>();
  const used: Rectangle[] = [...taken];
  const isFixed = ({ shift, mark: { finding } }: LabelWish): boolean =>
    shift !== null || finding.tool === "text";
  // What was put somewhere by hand is there before the rest looks for room.
  for (const wish of [...wishes].sort((a, b) => Number(isFixed(b)) - Number(isFixed(a)))) {
    const shift = wish.shift ?? (wish.mark.finding.tool === "text" ? { x: wish.size.width / 2, y: 0 } : null);
    const box = shift ? shiftedBox(wish, shift) : bestBox(wish, wishes, viewport, used);
    used.push(box);
    places.set(wish.mark.finding.id, { ...box, leader: leaderOf(wish.mark, box) });
  }
  return places;
}

function shiftedBox({ mark: { box }, size }: LabelWish, shift: Point): Rectangle {
  const [x, y] = [box.x + box.width / 2 + shift.x, box.y + box.height / 2 + shift.y];
  return { x: x - size.width / 2, y: y - size.height / 2, ...size };
}

function bestBox(
  wish: LabelWish,
  wishes: readonly LabelWish[],
  viewport: Size,
  used: readonly Rectangle[],
): Rectangle {
  let [best, least]: [Rectangle | null, number] = [null, Infinity];
  const gaps = wishes.length > MANY ? GAPS.slice(0, 2) : GAPS;
  for (const [ring, box] of candidates(wish, gaps)) {
    const cost = costOf(ring, box, wish, wishes, viewport, used, least);
    if (cost < least) [best, least] = [box, cost];
    if (least < COSTS.ring * (ring + 1)) break;
  }
  return best ?? { x: 0, y: 0, ...wish.size };
}

/** How bad a place is; no further than that it is no better than `least`. */
function costOf(
  ring: number,
  box: Rectangle,
  { mark }: LabelWish,
  wishes: readonly LabelWish[],
  viewport: Size,
  used: readonly Rectangle[],
  least: number,
): number {
  let cost = ring * COSTS.ring + (contains(viewport, box) ? 0 : COSTS.outside);
  if (cost < least && overlaps(mark.box, box) && crossesMark(mark, box)) cost += COSTS.own;
  for (let index = 0; index < used.length && cost < least; index += 1)
    if (overlaps(used[index] as Rectangle, box)) cost += COSTS.label;
  for (let index = 0; index < wishes.length && cost < least; index += 1) {
    const other = (wishes[index] as LabelWish).mark;
    if (other !== mark && overlaps(other.box, box)) cost += COSTS.shape;
  }
  return cost;
}

/** Boxes beside the shape, the nearest first; at the end some within a shape that fills the screen. */
function* candidates(
  { mark, size }: LabelWish,
  gaps: readonly number[],
): Generator<readonly [ring: number, box: Rectangle]> {
  const { box } = mark;
  const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
  for (const [ring, gap] of gaps.entries()) {
    const [left, right] = [box.x - gap - size.width, box.x + box.width + gap];
    const [above, below] = [box.y - gap - size.height, box.y + box.height + gap];
    const [centreX, centreY] = [middleX - size.width / 2, middleY - size.height / 2];
    const corners: readonly (readonly [number, number])[] = [
      [right, centreY],
      [right, below - gap],
      [centreX, below],
      [right, above + gap],
      [left, centreY],
      [centreX, above],
      [left, below - gap],
      [left, above + gap],
    ];
    for (const [x, y] of corners) yield [ring, { x, y, ...size }];
  }
  for (const { x, y } of [{ x: middleX, y: middleY }, ...mark.handles.slice(0, 8)]) {
    yield [gaps.length, { x: x + 12, y: y + 12, ...size }];
    yield [gaps.length, { x: x - 12 - size.width, y: y - 12 - size.height, ...size }];
  }
}

function contains({ width, height }: Size, box: Rectangle): boolean {
  return box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

export function overlaps(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Whether a line of the shape runs through the box. */
function crossesMark({ lines }: Mark, box: Rectangle): boolean {
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return lines.some(({ points, isClosed }) => {
    const count = isClosed ? points.length : points.length - 1;
    for (let index = 0; index < count; index += 1) {
      const [a, b] = [points[index], points[(index + 1) % points.length]];
      if (!a || !b) continue;
      const { x, y } = nearestOnSegment(centre, a, b);
      if (Math.abs(x - centre.x) < box.width / 2 && Math.abs(y - centre.y) < box.height / 2) return true;
    }
    return false;
  });
}

/** From the nearest point of the shape to the nearest one of the words. */
function leaderOf({ lines, handles }: Mark, box: Rectangle): LabelPlace["leader"] {
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const points = [...handles, ...lines.flatMap((line) => line.points)];
  let [from, least]: [Point | null, number] = [null, Infinity];
  for (const point of points) {
    const away = Math.hypot(point.x - centre.x, point.y - centre.y);
    if (away < least) [from, least] = [point, away];
  }
  if (!from) return null;
  const to = {
    x: Math.min(Math.max(from.x, box.x), box.x + box.width),
    y: Math.min(Math.max(from.y, box.y), box.y + box.height),
  };
  return Math.hypot(to.x - from.x, to.y - from.y) > LEADER_FROM ? [from, to] : null;
}
