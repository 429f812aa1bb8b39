/** Drawing: the one place that writes pixels to the screen. */
import { isSideways, type Pose, type Size } from "../geometry";

/** How well what lies between pixels is drawn; null: not at all, pixels are squares. */
export type Smoothing = "medium" | "high" | null;

/** Draw a picture as `pose` says (CSS pixels) on a canvas of `size`, `ratio` pixels for each, black around it. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  size: Size,
  picture: ImageBitmap | OffscreenCanvas | HTMLCanvasElement | null,
  pose: Pose | null,
  smoothing: Smoothing = "high",
  ratio = globalThis.devicePixelRatio || 1,
): void {
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  // Just so large that one of its pixels is one of the screen, also where CSS pixels are no whole ones of it.
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return;
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  if (!picture || !pose) return;
  context.imageSmoothingEnabled = smoothing !== null;
  if (smoothing) context.imageSmoothingQuality = smoothing;
  let [x, y, wide, high] = [pose.x * ratio, pose.y * ratio, pose.width * ratio, pose.height * ratio];
  const [columns, rows] = isSideways(pose.turn)
    ? [picture.height, picture.width]
    : [picture.width, picture.height];
  if (Math.abs(wide - columns) < 0.5 && Math.abs(high - rows) < 0.5) {
    // One pixel of the picture is one of the screen: exactly that one, not a mixture of two.
    context.imageSmoothingEnabled = false;
    [x, y, wide, high] = [Math.round(x), Math.round(y), columns, rows];
  }
  if (pose.turn.quarters === 0 && !pose.turn.mirrored) {
    context.drawImage(picture, x, y, wide, high);
    return;
  }
  const [across, down] = isSideways(pose.turn) ? [high, wide] : [wide, high];
  context.translate(x + wide / 2, y + high / 2);
  context.rotate((pose.turn.quarters * Math.PI) / 2);
  if (pose.turn.mirrored) context.scale(-1, 1);
  context.drawImage(picture, -across / 2, -down / 2, across, down);
  context.resetTransform();
}
