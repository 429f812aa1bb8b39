/**
 * Where an image lies on the screen. Image space: pixels, (0, 0) the outer corner of the first one. Screen space: CSS
 * pixels of the viewport, (0, 0) its top left corner. No DOM here.
 */

/** Width and height. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A point or a shift. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An image's pixels and their size in mm, (between rows, between columns); null when unknown. */
export interface ImageGeometry {
  readonly columns: number;
  readonly rows: number;
  readonly spacing: readonly [number, number] | null;
}

/** How the image is turned: first mirrored left to right, then turned clockwise by quarters. */
export interface Turn {
  readonly quarters: 0 | 1 | 2 | 3;
  readonly mirrored: boolean;
}

/** As the file has it. */
export const UPRIGHT: Turn = { quarters: 0, mirrored: false };

/**
 * How the user moved and turned the image: `zoom` 1 fits it into the viewport, `pan` shifts it by parts of the viewport's
 * width and height, so that a viewport of another size shows the same.
 */
export interface Placement {
  readonly zoom: number;
  readonly pan: Point;
  readonly turn: Turn;
  /** The edge of the viewport that the image lies at, instead of in its middle; for breasts hung back to back. */
  readonly side?: "left" | "right";
}

/** An image that fits, is centred and not turned. */
export const FITTED: Placement = { zoom: 1, pan: { x: 0, y: 0 }, turn: UPRIGHT };

/** Most and least enlargement against the fitted image. */
export const ZOOM_LIMITS = [0.2, 40] as const;

/** A rectangle on the screen. */
export interface Rectangle extends Point, Size {}

/** Where the whole image lies on the screen, and how it is turned there. */
export interface Pose extends Rectangle {
  readonly turn: Turn;
}

/** Whether rows have become columns. */
export function isSideways({ quarters }: Turn): boolean {
  return quarters % 2 === 1;
}

/** `turn`, and then another quarter clockwise. */
export function turnedRight(turn: Turn, quarters = 1): Turn {
  return { ...turn, quarters: ((turn.quarters + quarters + 4) % 4) as Turn["quarters"] };
}

/** `turn`, and then what is left on the screen becomes right. */
export function mirrored({ quarters, mirrored: before }: Turn): Turn {
  return { quarters: ((4 - quarters) % 4) as Turn["quarters"], mirrored: !before };
}

/** Width and height of one image pixel relative to each other: a pixel is never drawn in another shape. */
export function pixelShape({ spacing }: ImageGeometry): Size {
  if (!spacing) return { width: 1, height: 1 };
  const smallest = Math.min(spacing[0], spacing[1]);
  return { width: spacing[1] / smallest, height: spacing[0] / smallest };
}

/** Width and height of the turned image, in units of {@link pixelShape}. */
function shapeOf(image: ImageGeometry, turn: Turn): Size {
  const shape = pixelShape(image);
  const [width, height] = [image.columns * shape.width, image.rows * shape.height];
  return isSideways(turn) ? { width: height, height: width } : { width, height };
}

/** CSS pixels per unit of {@link pixelShape} when the image fits the viewport. */
export function fitScale(image: ImageGeometry, viewport: Size, turn: Turn): number {
  const { width, height } = shapeOf(image, turn);
  return Math.min(viewport.width / width, viewport.height / height);
}

/** How much of the free width lies left of the image. */
const SIDES = { left: 0, middle: 0.5, right: 1 } as const;

/** Where the whole image lies on the screen. */
export function imagePose(image: ImageGeometry, viewport: Size, placement: Placement): Pose {
  const { zoom, pan, turn, side } = placement;
  const shape = shapeOf(image, turn);
  const scale = fitScale(image, viewport, turn) * zoom;
  const [width, height] = [shape.width * scale, shape.height * scale];
  return {
    x: (viewport.width - width) * SIDES[side ?? "middle"] + pan.x * viewport.width,
    y: (viewport.height - height) / 2 + pan.y * viewport.height,
    width,
    height,
    turn,
  };
}

/** The pose in a square of that side whose middle shows what is under `point`, enlarged by `factor`. */
export function magnified(pose: Pose, point: Point, factor: number, side: number): Pose {
  return {
    x: side / 2 + (pose.x - point.x) * factor,
    y: side / 2 + (pose.y - point.y) * factor,
    width: pose.width * factor,
    height: pose.height * factor,
    turn: pose.turn,
  };
}

/** The image point under a screen point. */
export function toImage(point: Point, image: ImageGeometry, pose: Pose): Point {
  let u = (point.x - pose.x) / pose.width;
  let v = (point.y - pose.y) / pose.height;
  for (let quarter = 0; quarter < pose.turn.quarters; quarter += 1) [u, v] = [v, 1 - u];
  if (pose.turn.mirrored) u = 1 - u;
  return { x: u * image.columns, y: v * image.rows };
}

/** The screen point of an image point. */
export function toScreen(point: Point, image: ImageGeometry, pose: Pose): Point {
  let u = point.x / image.columns;
  let v = point.y / image.rows;
  if (pose.turn.mirrored) u = 1 - u;
  for (let quarter = 0; quarter < pose.turn.quarters; quarter += 1) [u, v] = [1 - v, u];
  return { x: pose.x + u * pose.width, y: pose.y + v * pose.height };
}

/** The same place without a side to lie at, so that it can be moved freely from there. */
export function loosened(placement: Placement, image: ImageGeometry, viewport: Size): Placement {
  if (!placement.side) return placement;
  const { zoom, pan, turn } = placement;
  const pose = imagePose(image, viewport, placement);
  return { zoom, turn, pan: { ...pan, x: (pose.x + pose.width / 2) / viewport.width - 0.5 } };
}

/** Enlarge by `factor` while the image point under `anchor` stays where it is. */
export function zoomAt(placement: Placement, factor: number, anchor: Point, viewport: Size): Placement {
  const zoom = clamp(placement.zoom * factor, ZOOM_LIMITS[0], ZOOM_LIMITS[1]);
  const ratio = zoom / placement.zoom;
  const fromCentre = { x: anchor.x / viewport.width - 0.5, y: anchor.y / viewport.height - 0.5 };
  return {
    ...placement,
    zoom,
    pan: {
      x: fromCentre.x - (fromCentre.x - placement.pan.x) * ratio,
      y: fromCentre.y - (fromCentre.y - placement.pan.y) * ratio,
    },
  };
}

/** Enlarge until the rectangle between two corners fills the viewport, its middle in the viewport's. */
export function zoomToRectangle(placement: Placement, a: Point, b: Point, viewport: Size): Placement {
  const factor = Math.min(viewport.width / Math.abs(a.x - b.x), viewport.height / Math.abs(a.y - b.y));
  const zoom = clamp(placement.zoom * factor, ZOOM_LIMITS[0], ZOOM_LIMITS[1]);
  const ratio = zoom / placement.zoom;
  const middle = { x: (a.x + b.x) / 2 / viewport.width - 0.5, y: (a.y + b.y) / 2 / viewport.height - 0.5 };
  return {
    ...placement,
    zoom,
    pan: { x: (placement.pan.x - middle.x) * ratio, y: (placement.pan.y - middle.y) * ratio },
  };
}

/** Shift by CSS pixels, but keep the image's middle inside the viewport so that it is never lost. */
export function panBy(placement: Placement, by: Point, viewport: Size): Placement {
  const reach = Math.max(1, placement.zoom) / 2;
  return {
    ...placement,
    pan: {
      x: clamp(placement.pan.x + by.x / viewport.width, -reach, reach),
      y: clamp(placement.pan.y + by.y / viewport.height, -reach, reach),
    },
  };
}

/** Screen units per image column: CSS pixels of the screen for one pixel of a row. */
export function columnScale(image: ImageGeometry, pose: Pose): number {
  return (isSideways(pose.turn) ? pose.height : pose.width) / image.columns;
}

/** The zoom at which one image pixel takes one pixel of the device. */
export function actualZoom(image: ImageGeometry, viewport: Size, turn: Turn, pixelRatio: number): number {
  return 1 / pixelRatio / fitScale(image, viewport, turn);
}

/** CSS pixels per millimetre across the screen; null where the pixel size is unknown. */
export function screenScale(image: ImageGeometry, pose: Pose): number | null {
  return image.spacing ? columnScale(image, pose) / image.spacing[1] : null;
}

/** What stands at the four edges once the image is turned: left, right, top, bottom. */
export function turnedEdges<Edge>(
  edges: readonly [Edge, Edge, Edge, Edge],
  turn: Turn,
): readonly [Edge, Edge, Edge, Edge] {
  let [left, right, top, bottom] = edges;
  if (turn.mirrored) [left, right] = [right, left];
  for (let quarter = 0; quarter < turn.quarters; quarter += 1)
    [left, right, top, bottom] = [bottom, top, left, right];
  return [left, right, top, bottom];
}

/** A scale bar: a round length in mm and its CSS pixels, at most `longest` of them. */
export function scaleBar(pixelsPerMm: number, longest: number): { mm: number; pixels: number } {
  const limit = longest / pixelsPerMm;
  const decade = 10 ** Math.floor(Math.log10(limit));
  const mm = ([5, 2, 1].find((step) => step * decade <= limit) ?? 1) * decade;
  return { mm, pixels: mm * pixelsPerMm };
}

/** The longest side, in image pixels, that is worth asking for: powers of two from 256; undefined means all of them. */
export function usefulSize(image: ImageGeometry, rectangle: Size, pixelRatio: number): number | undefined {
  const longest = Math.max(image.columns, image.rows);
  const shown = Math.max(rectangle.width, rectangle.height) * pixelRatio;
  const size = 2 ** Math.ceil(Math.log2(Math.max(256, shown)));
  return size >= longest ? undefined : size;
}

/** `value`, but within the limits. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
