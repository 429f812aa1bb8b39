/** Pointing without a pointer: Alt and the arrows move it, Enter sets the corners of a rectangle. */
import { columnScale, clamp, type Point } from "../geometry";
import type { PointingTool } from "../study/gestures";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { takeRegion } from "./regions";

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** With Shift, so many pixels of the image at once. */
const LEAP = 10;

/** Listen until the returned function is called. */
export function listenForPointerKeys(reader: Reader, viewport: Viewport, tool: PointingTool): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, textarea, select, dialog[open]")) return;
    const step = event.altKey ? STEPS[event.key] : undefined;
    if (step) move(step, event.shiftKey ? LEAP : 1);
    else if (event.key === "Enter" && tool.startsWith("region") && !target?.closest("button, a")) corner();
    else return;
    event.preventDefault();
  };
  const here = () => (reader.pointer.peek()?.viewport === viewport ? reader.pointer.peek() : null);
  const middle = (): Point => {
    const { width, height } = viewport.size.peek();
    return { x: width / 2, y: height / 2 };
  };
  /** By whole pixels of the image, or of the screen where those are smaller. */
  const move = ([x, y]: readonly [number, number], times: number): void => {
    const geometry = viewport.shown.peek()?.place.geometry;
    const pose = viewport.pose();
    if (!geometry || !pose) return;
    const by = Math.max(1, columnScale(geometry, pose)) * times;
    const before = here();
    const from = before?.point ?? middle();
    const { width, height } = viewport.size.peek();
    const point = { x: clamp(from.x + x * by, 0, width), y: clamp(from.y + y * by, 0, height) };
    reader.pointer.value = { viewport, tool, point, start: before?.start ?? null, isTouch: false };
  };
  const corner = (): void => {
    const pointer = here() ?? { viewport, tool, point: middle(), start: null, isTouch: false };
    if (pointer.start) {
      reader.pointer.value = { ...pointer, start: null };
      void takeRegion(reader, pointer);
    } else reader.pointer.value = { ...pointer, start: pointer.point };
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
