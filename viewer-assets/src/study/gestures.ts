/** Mouse, touch, pen and wheel on an image, turned into the same few actions that commands use. */
import type { Point } from "../geometry";
import { scrollReversed, zoomReversed } from "../settings";

export type Tool = "window" | "scroll" | "pan" | "zoom" | "crosshair";

/** What can be done by pointing. Points are CSS pixels of the element. */
export interface PointerActions {
  tool(): Tool;
  scrollBy(slices: number): void;
  /** CSS pixels of a drag for one slice. */
  pixelsPerSlice(): number;
  /** A drag with that tool begins, or another gesture that does the same. */
  begin(tool: Tool): void;
  /** What began last has ended. */
  end(): void;
  windowBy(dx: number, dy: number): void;
  panBy(by: Point): void;
  zoomAt(factor: number, anchor: Point): void;
  crosshairTo(point: Point): void;
  reset(): void;
  /** A quick stroke to the left (1) or to the right (-1) with one finger that scrolls. */
  swipe(step: 1 | -1): void;
  activate(): void;
}

const WHEEL_PIXELS_PER_SLICE = 40;
const DOUBLE_TAP_MS = 300;
const TAP_PIXELS = 8;
const SWIPE_MS = 500;
const SWIPE_PIXELS = 80;

interface Drag {
  readonly tool: Tool;
  readonly since: number;
  readonly start: Point;
  last: Point;
  remainder: number;
}

/** Listen on `element` until the returned function is called. */
export function listen(element: HTMLElement, actions: PointerActions): () => void {
  const gestures = new Gestures(element, actions);
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener("pointerdown", (event) => gestures.down(event), { signal });
  element.addEventListener("pointermove", (event) => gestures.move(event), { signal });
  element.addEventListener("pointerup", (event) => gestures.up(event), { signal });
  element.addEventListener("pointercancel", (event) => gestures.up(event), { signal });
  element.addEventListener("dblclick", () => actions.reset(), { signal });
  element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  element.addEventListener("wheel", (event) => gestures.wheel(event), { signal, passive: false });
  return () => stop.abort();
}

class Gestures {
  private readonly pointers = new Map<number, Point>();
  private drag: Drag | null = null;
  private wheelRest = 0;
  private lastTap = 0;

  constructor(
    private readonly element: HTMLElement,
    private readonly actions: PointerActions,
  ) {}

  down(event: PointerEvent): void {
    this.actions.activate();
    const point = this.pointOf(event);
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, point);
    if (this.pointers.size > 1) {
      this.endDrag();
      if (this.pointers.size === 2) this.actions.begin("zoom");
      return;
    }
    const tool = event.button === 1 ? "pan" : event.button === 2 ? "zoom" : this.actions.tool();
    if (event.button === 1) event.preventDefault();
    this.drag = { tool, since: event.timeStamp, start: point, last: point, remainder: 0 };
    this.actions.begin(tool);
    if (tool === "crosshair") this.actions.crosshairTo(point);
  }

  move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const point = this.pointOf(event);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, point);
    this.pointers.set(event.pointerId, point);
    if (this.drag) this.dragTo(this.drag, point);
  }

  up(event: PointerEvent): void {
    const { drag } = this;
    const wasPinch = this.pointers.size === 2;
    this.pointers.delete(event.pointerId);
    if (wasPinch) this.actions.end();
    this.endDrag();
    if (!drag || event.pointerType === "mouse") return;
    this.tap(drag, event.timeStamp);
    this.swipe(drag, event.timeStamp);
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    this.actions.activate();
    if (event.ctrlKey || event.metaKey) {
      this.actions.begin("zoom");
      const towards = zoomReversed.value ? 1 : -1;
      this.actions.zoomAt(Math.exp((towards * event.deltaY) / 300), this.pointOf(event));
      this.actions.end();
      return;
    }
    const delta = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 40;
    // One notch of a mouse wheel is one slice, whatever number of pixels the system makes of it.
    const notch = Math.abs(delta) >= 80 && Number.isInteger(delta);
    this.wheelRest += notch ? Math.sign(delta) : delta / WHEEL_PIXELS_PER_SLICE;
    const slices = Math.trunc(this.wheelRest);
    this.wheelRest -= slices;
    this.scrollBy(slices);
  }

  private scrollBy(slices: number): void {
    if (slices !== 0) this.actions.scrollBy(scrollReversed.value ? -slices : slices);
  }

  private dragTo(drag: Drag, point: Point): void {
    const by = { x: point.x - drag.last.x, y: point.y - drag.last.y };
    drag.last = point;
    if (drag.tool === "pan") this.actions.panBy(by);
    else if (drag.tool === "zoom") this.actions.zoomAt(Math.exp(-by.y / 150), drag.start);
    else if (drag.tool === "crosshair") this.actions.crosshairTo(point);
    else if (drag.tool === "window") this.actions.windowBy(point.x - drag.start.x, point.y - drag.start.y);
    else {
      drag.remainder += by.y / this.actions.pixelsPerSlice();
      const slices = Math.trunc(drag.remainder);
      drag.remainder -= slices;
      this.scrollBy(slices);
    }
  }

  /** Two fingers: their distance zooms about their middle, their middle moves the image. */
  private pinch(moved: number, before: Point, after: Point): void {
    const other = [...this.pointers].find(([id]) => id !== moved)?.[1];
    if (!other) return;
    const distance = (a: Point): number => Math.hypot(a.x - other.x, a.y - other.y);
    this.actions.panBy({ x: (after.x - before.x) / 2, y: (after.y - before.y) / 2 });
    const middle = { x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 };
    if (distance(before) > 10) this.actions.zoomAt(distance(after) / distance(before), middle);
  }

  private tap(drag: Drag, time: number): void {
    const moved = Math.hypot(drag.last.x - drag.start.x, drag.last.y - drag.start.y);
    if (moved > TAP_PIXELS) return;
    if (time - this.lastTap < DOUBLE_TAP_MS) this.actions.reset();
    this.lastTap = time;
  }

  private swipe({ tool, since, start, last }: Drag, time: number): void {
    const [across, down] = [last.x - start.x, last.y - start.y];
    if (tool !== "scroll" || time - since > SWIPE_MS) return;
    if (Math.abs(across) < SWIPE_PIXELS || Math.abs(down) > Math.abs(across) / 3) return;
    this.actions.swipe(across < 0 ? 1 : -1);
  }

  private endDrag(): void {
    if (this.drag) this.actions.end();
    this.drag = null;
  }

  private pointOf(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
