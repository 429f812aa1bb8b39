/** Drawing: the one place that writes pixels to the screen. */
import type { Rectangle, Size } from "../geometry";

/** Draw a picture into `rectangle` (CSS pixels) of a canvas of `size`, black around it. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  size: Size,
  picture: ImageBitmap | null,
  rectangle: Rectangle | null,
): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return;
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  if (!picture || !rectangle) return;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const { x, y } = rectangle;
  context.drawImage(picture, x * ratio, y * ratio, rectangle.width * ratio, rectangle.height * ratio);
}
