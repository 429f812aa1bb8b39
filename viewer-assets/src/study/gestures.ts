/** Mouse, touch, pen and wheel on an image, turned into the same few actions that commands use. */
import type { Point } from "../geometry";
import { scrollReversed, zoomReversed } from "../settings";

export type Tool = "window" | "scroll" | "pan" | "zoom" | "crosshair" | PointingTool;

/** Tools that do nothing to the image by themselves: they follow the pointer, pressed or not. */
export type PointingTool = "probe" | "magnify" | "regionWindow" | "regionZoom";

/** Where a pointing tool is. */
export interface PointerPlace {
  readonly tool: PointingTool;
  readonly point: Point;
  /** Where it was pressed; null while it only hovers. */
  readonly start: Point | null;
  /** A finger hides what it points at. */
  readonly isTouch: boolean;
}

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
  /** A pointing tool is there; null: it has left. */
  pointAt(place: PointerPlace | null): void;
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
const LONG_PRESS_MS = 450;
const POINTING: ReadonlySet<Tool> = new Set(["probe", "magnify", "regionWindow", "regionZoom"]);

/** Whether it is one of those that follow the pointer. */
export function isPointingTool(tool: Tool): tool is PointingTool {
  return POINTING.has(tool);
}

interface Drag {
  readonly tool: Tool;
  readonly since: number;
  readonly start: Point;
  last: Point;
  remainder: number;
  readonly isTouch: boolean;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Listen on `element` until the returned function is called. */
export function listen(element: HTMLElement, actions: PointerActions): () => void {
  const gestures = new Gestures(element, actions);
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener("pointerdown", (event) => gestures.down(event), { signal });
  element.addEventListener("pointermove", (event) => gestures.move(event), { signal });
  element.addEventListener("pointerup", (event) => gestures.up(event), { signal });
  element.addEventListener("pointercancel", (event) => gestures.cancel(event), { signal });
  element.addEventListener("pointerleave", () => gestures.leave(), { signal });
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
  private longPress: ReturnType<typeof setTimeout> | undefined;

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
      this.actions.pointAt(null);
      this.endDrag();
      if (this.pointers.size === 2) this.actions.begin("zoom");
      return;
    }
    const tool = event.button === 1 ? "pan" : event.button === 2 ? "zoom" : this.actions.tool();
    if (event.button === 1) event.preventDefault();
    const isTouch = event.pointerType === "touch";
    this.startDrag(tool, point, isTouch, event.timeStamp);
    // A finger that rests wants to see what is under it.
    if (isTouch && !isPointingTool(tool)) {
      this.longPress = setTimeout(() => {
        this.endDrag();
        this.startDrag("magnify", point, true, event.timeStamp);
      }, LONG_PRESS_MS);
    }
  }

  private startDrag(tool: Tool, point: Point, isTouch: boolean, since: number): void {
    this.drag = { tool, since, start: point, last: point, remainder: 0, isTouch };
    this.actions.begin(tool);
    if (tool === "crosshair") this.actions.crosshairTo(point);
    if (isPointingTool(tool)) this.actions.pointAt({ tool, point, start: point, isTouch });
  }

  move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(event);
      return;
    }
    const point = this.pointOf(event);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, point);
    this.pointers.set(event.pointerId, point);
    if (this.drag) this.dragTo(this.drag, point);
  }

  /** The pointer is over the image without being pressed. */
  private hover(event: PointerEvent): void {
    const tool = this.actions.tool();
    if (isPointingTool(tool) && event.pointerType !== "touch")
      this.actions.pointAt({ tool, point: this.pointOf(event), start: null, isTouch: false });
  }

  leave(): void {
    if (!this.drag) this.actions.pointAt(null);
  }

  /** The system took the pointer away: nothing that was begun by it is finished. */
  cancel(event: PointerEvent): void {
    this.actions.pointAt(null);
    this.up(event);
  }

  up(event: PointerEvent): void {
    const { drag } = this;
    const wasPinch = this.pointers.size === 2;
    this.pointers.delete(event.pointerId);
    if (wasPinch) this.actions.end();
    this.endDrag();
    if (drag?.isTouch) this.actions.pointAt(null);
    else if (drag) this.hover(event);
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
    const { tool, start, isTouch } = drag;
    if (distance(start, point) > TAP_PIXELS) clearTimeout(this.longPress);
    if (isPointingTool(tool)) this.actions.pointAt({ tool, point, start, isTouch });
    else if (drag.tool === "pan") this.actions.panBy(by);
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
    this.actions.panBy({ x: (after.x - before.x) / 2, y: (after.y - before.y) / 2 });
    const middle = { x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 };
    const apart = distance(before, other);
    if (apart > 10) this.actions.zoomAt(distance(after, other) / apart, middle);
  }

  private tap(drag: Drag, time: number): void {
    if (isPointingTool(drag.tool) || distance(drag.last, drag.start) > TAP_PIXELS) return;
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
    clearTimeout(this.longPress);
    if (this.drag) this.actions.end();
    this.drag = null;
  }

  private pointOf(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
