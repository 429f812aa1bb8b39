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

/** How the user moved the image: `zoom` 1 fits it into the viewport, `pan` shifts it in CSS pixels. */
export interface Placement {
  readonly zoom: number;
  readonly pan: Point;
}

/** An image that fits and is centred. */
export const FITTED: Placement = { zoom: 1, pan: { x: 0, y: 0 } };

/** Most and least enlargement against the fitted image. */
export const ZOOM_LIMITS = [0.2, 40] as const;

/** A rectangle on the screen. */
export interface Rectangle extends Point, Size {}

/** Width and height of one image pixel relative to each other: a pixel is never drawn in another shape. */
export function pixelShape({ spacing }: ImageGeometry): Size {
  if (!spacing) return { width: 1, height: 1 };
  const smallest = Math.min(spacing[0], spacing[1]);
  return { width: spacing[1] / smallest, height: spacing[0] / smallest };
}

/** CSS pixels per unit of {@link pixelShape} when the image fits the viewport. */
export function fitScale(image: ImageGeometry, viewport: Size): number {
  const shape = pixelShape(image);
  return Math.min(
    viewport.width / (image.columns * shape.width),
    viewport.height / (image.rows * shape.height),
  );
}

/** Where the whole image lies on the screen. */
export function imageRectangle(image: ImageGeometry, viewport: Size, placement: Placement): Rectangle {
  const shape = pixelShape(image);
  const scale = fitScale(image, viewport) * placement.zoom;
  const width = image.columns * shape.width * scale;
  const height = image.rows * shape.height * scale;
  return {
    x: (viewport.width - width) / 2 + placement.pan.x,
    y: (viewport.height - height) / 2 + placement.pan.y,
    width,
    height,
  };
}

/** The image point under a screen point. */
export function toImage(point: Point, image: ImageGeometry, rectangle: Rectangle): Point {
  return {
    x: ((point.x - rectangle.x) / rectangle.width) * image.columns,
    y: ((point.y - rectangle.y) / rectangle.height) * image.rows,
  };
}

/** The screen point of an image point. */
export function toScreen(point: Point, image: ImageGeometry, rectangle: Rectangle): Point {
  return {
    x: rectangle.x + (point.x / image.columns) * rectangle.width,
    y: rectangle.y + (point.y / image.rows) * rectangle.height,
  };
}

/** Enlarge by `factor` while the image point under `anchor` stays where it is. */
export function zoomAt(placement: Placement, factor: number, anchor: Point, viewport: Size): Placement {
  const zoom = clamp(placement.zoom * factor, ZOOM_LIMITS[0], ZOOM_LIMITS[1]);
  const ratio = zoom / placement.zoom;
  const fromCentre = { x: anchor.x - viewport.width / 2, y: anchor.y - viewport.height / 2 };
  return {
    zoom,
    pan: {
      x: fromCentre.x - (fromCentre.x - placement.pan.x) * ratio,
      y: fromCentre.y - (fromCentre.y - placement.pan.y) * ratio,
    },
  };
}

/** Shift by CSS pixels, but keep the image's middle inside the viewport so that it is never lost. */
export function panBy(placement: Placement, by: Point, viewport: Size): Placement {
  const [halfWidth, halfHeight] = [viewport.width / 2, viewport.height / 2];
  const reach = Math.max(1, placement.zoom);
  return {
    zoom: placement.zoom,
    pan: {
      x: clamp(placement.pan.x + by.x, -halfWidth * reach, halfWidth * reach),
      y: clamp(placement.pan.y + by.y, -halfHeight * reach, halfHeight * reach),
    },
  };
}

/** CSS pixels per millimetre across the screen; null where the pixel size is unknown. */
export function screenScale(image: ImageGeometry, rectangle: Rectangle): number | null {
  return image.spacing ? rectangle.width / (image.columns * image.spacing[1]) : null;
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
