/** Putting viewports and their texts onto one canvas. */
import { isSideways, type Pose, type Size } from "../geometry";
import { plural, t } from "../messages";
import { drawPicture } from "../study/draw";
import type { FindingsPainter } from "./findings";
import type { Shown, Viewport } from "../study/viewport";
import { captionsOf, type Captions, type Corner, type Texts } from "./captions";

/** A viewport with the element that shows it, and where it lies in the whole, in CSS pixels. */
export interface Part {
  readonly viewport: Viewport;
  readonly picture: HTMLElement;
  readonly x: number;
  readonly y: number;
}

const FONT = "system-ui, sans-serif";
const MARGIN = 8;

/** All parts as they are on the screen, `scale` pixels for each CSS pixel. */
export async function composeScreen(
  parts: readonly Part[],
  size: Size,
  scale: number,
  texts: Texts,
  paint: FindingsPainter,
): Promise<HTMLCanvasElement> {
  const { canvas, context } = blank(size.width * scale, size.height * scale);
  for (const { viewport, picture, x, y } of parts) {
    const shown = viewport.shown.value;
    if (!shown) continue;
    const own = document.createElement("canvas");
    const { smooth } = shown.shading;
    const smoothing = smooth ? "high" : null;
    drawPicture(own, viewport.size.value, shown.bitmap, viewport.pose(shown.place), smoothing, scale);
    context.drawImage(own, Math.round(x * scale), Math.round(y * scale));
    context.save();
    context.translate(Math.round(x * scale), Math.round(y * scale));
    if (texts !== "none") await drawMarks(context, picture, scale);
    const pose = viewport.pose(shown.place);
    const count = pose ? paint(context, viewport, { pose, size: viewport.size.value, scale }) : 0;
    drawCaptions(context, withFindings(captionsOf(picture, texts), count, texts), own, scale);
    context.restore();
  }
  return canvas;
}

/** One image with a pixel for each of its own, turned as on the screen; texts as large as the image allows. */
export function composeWhole(
  viewport: Viewport,
  shown: Shown,
  turn: Pose["turn"],
  bitmap: ImageBitmap,
  picture: HTMLElement,
  texts: Texts,
  paint: FindingsPainter,
): HTMLCanvasElement {
  const { columns, rows } = shown.place.geometry;
  const shape = shown.place.geometry.spacing ?? [1, 1];
  // A pixel that is not square becomes several of its shorter side's length, so that nothing is lost.
  const [high, wide] = shape.map((length) => length / Math.min(shape[0], shape[1]));
  const own = { width: Math.round(columns * (wide ?? 1)), height: Math.round(rows * (high ?? 1)) };
  const size = isSideways(turn) ? { width: own.height, height: own.width } : own;
  const { canvas, context } = blank(size.width, size.height);
  drawPicture(canvas, size, bitmap, { x: 0, y: 0, ...size, turn }, "high", 1);
  const scale = Math.max(0.75, Math.min(size.width, size.height) / 700);
  const small = { width: size.width / scale, height: size.height / scale };
  const count = paint(context, viewport, { pose: { x: 0, y: 0, ...small, turn }, size: small, scale });
  const captions = { ...captionsOf(picture, texts), scaleBar: 0 };
  drawCaptions(context, withFindings(captions, count, texts), size, scale);
  return canvas;
}

function blank(width: number, height: number) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width), Math.round(height)];
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error(t("export.tooLarge"));
  return { canvas, context };
}

/** The captions with a line that says what was drawn on the image. */
function withFindings(captions: Captions, count: number, texts: Texts): Captions {
  if (count === 0) return captions;
  const line = plural(texts === "anonymous" ? "export.numbersOnly" : "export.findings", count);
  const { corners } = captions;
  return { ...captions, corners: { ...corners, "bottom-left": [...corners["bottom-left"], line] } };
}

function drawCaptions(
  context: CanvasRenderingContext2D,
  { corners, edges, scaleBar }: Captions,
  { width, height }: Size,
  scale: number,
): void {
  const line = 17 * scale;
  const margin = MARGIN * scale;
  context.textBaseline = "alphabetic";
  for (const [corner, lines] of Object.entries(corners) as [Corner, readonly string[]][]) {
    const isTop = corner.startsWith("top");
    const isLeft = corner.endsWith("left");
    context.textAlign = isLeft ? "left" : "right";
    lines.forEach((text, index) => {
      const fromEdge = isTop ? index : lines.length - 1 - index;
      const y = isTop ? margin + line * (fromEdge + 0.75) : height - margin - line * (fromEdge + 0.25);
      write(context, text, isLeft ? margin : width - margin, y, scale, index === 0, width / 2 - margin);
    });
  }
  context.textAlign = "center";
  const [left, right, top, bottom] = edges;
  write(context, left, margin + line / 2, height / 2, scale, true);
  write(context, right, width - margin - line / 2, height / 2, scale, true);
  write(context, top, width / 2, margin + line * 0.75, scale, true);
  write(context, bottom, width / 2, height - margin - line * 0.25, scale, true);
  if (scaleBar > 0) {
    const y = height - margin - line * (corners["bottom-right"].length + 0.25);
    context.strokeStyle = "#fff";
    context.lineWidth = Math.max(1, 1.5 * scale);
    context.beginPath();
    context.moveTo(width - margin - scaleBar * scale, y - 5 * scale);
    context.lineTo(width - margin - scaleBar * scale, y);
    context.lineTo(width - margin, y);
    context.lineTo(width - margin, y - 5 * scale);
    context.stroke();
  }
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  scale: number,
  isStrong: boolean,
  room?: number,
): void {
  if (!text) return;
  context.font = `${isStrong ? 600 : 400} ${(isStrong ? 13 : 12) * scale}px ${FONT}`;
  context.lineJoin = "round";
  context.lineWidth = 3 * scale;
  context.strokeStyle = "rgb(0 0 0 / 75%)";
  context.fillStyle = "#fff";
  context.strokeText(text, x, y, room);
  context.fillText(text, x, y, room);
}

/** Lines over the picture are SVG: drawn with the styles that they have on the page. */
async function drawMarks(
  context: CanvasRenderingContext2D,
  picture: HTMLElement,
  scale: number,
): Promise<void> {
  for (const svg of picture.querySelectorAll<SVGSVGElement>(":scope > svg:not(.findings)")) {
    const box = svg.getBoundingClientRect();
    const around = picture.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const url = URL.createObjectURL(new Blob([standalone(svg, box)], { type: "image/svg+xml" }));
    try {
      const image = new Image();
      image.src = url;
      await image.decode();
      const [x, y] = [(box.x - around.x) * scale, (box.y - around.y) * scale];
      context.drawImage(image, x, y, box.width * scale, box.height * scale);
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "opacity",
  "font-size",
  "font-family",
  "font-weight",
  "text-anchor",
  "paint-order",
];

/** The drawing as a file of its own. */
function standalone(svg: SVGSVGElement, { width, height }: Size): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [sources, targets] = [svg, copy].map((root) => root.querySelectorAll("*"));
  targets?.forEach((target, index) => {
    const source = sources?.[index];
    if (!source) return;
    const style = getComputedStyle(source);
    for (const name of STYLES) target.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  return new XMLSerializer().serializeToString(copy);
}
