/** Mouse, touch, pen and wheel on an image, turned into the same few actions that commands use. */
import { TOOLS, type FindingTool } from "../findings/model";
import type { Point } from "../geometry";
import { scrollReversed, zoomReversed } from "../settings";

export type Tool = "window" | "scroll" | "pan" | "zoom" | "crosshair" | PointingTool | FindingTool;

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

/** Where something is pressed, or only pointed at. */
export interface Press {
  readonly point: Point;
  readonly isTouch: boolean;
  readonly isShift: boolean;
}

/** Who takes a press for itself gets all of it, until the pointer is let go or taken away. */
export interface Hold {
  move(at: Press): void;
  up(at: Press): void;
  cancel(): void;
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
  /** Whether a press of the main button is for something that lies on the image, instead of the tool. */
  take(press: Press): Hold | null;
  /** A press that no tool made anything of. */
  click(press: Press): void;
  /** A pointer that is not pressed is there; null: it has left. */
  hover(press: Press | null): void;
  /** A double click or a double tap. */
  doubleClick(press: Press): void;
  /** A quick stroke to the left (1) or to the right (-1) with one finger that scrolls. */
  swipe(step: 1 | -1): void;
  activate(): void;
}

const WHEEL_PIXELS_PER_SLICE = 40;
const DOUBLE_TAP_MS = 300;
const TAP_PIXELS = 8;
const CLICK_PIXELS = 3;
const SWIPE_MS = 500;
const SWIPE_PIXELS = 80;
const LONG_PRESS_MS = 450;
const POINTING: ReadonlySet<Tool> = new Set(["probe", "magnify", "regionWindow", "regionZoom"]);

/** Whether it is one of those that follow the pointer. */
export function isPointingTool(tool: Tool): tool is PointingTool {
  return POINTING.has(tool);
}

/** Whether it draws findings. */
export function isFindingTool(tool: Tool): tool is FindingTool {
  return tool in TOOLS;
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

/** Movements before the next frame of the screen are followed no more often than this. */
const EARLY_MS = 8;

/** Listen on `element` until the returned function is called. */
export function listen(element: HTMLElement, actions: PointerActions): () => void {
  const gestures = new Gestures(element, actions);
  const stop = new AbortController();
  const { signal } = stop;
  const on = <Type extends keyof HTMLElementEventMap>(
    type: Type,
    act: (event: HTMLElementEventMap[Type]) => void,
  ): void => {
    // What is written over the picture has its own pointer.
    const listener = (event: HTMLElementEventMap[Type]): void => {
      if (!(event.target instanceof Element && event.target.closest("form"))) act(event);
    };
    element.addEventListener(type, listener, { signal, passive: false });
  };
  on("pointerdown", (event) => gestures.down(event));
  on("pointermove", (event) => gestures.move(event));
  on("pointerrawupdate", (event) => event instanceof PointerEvent && gestures.moveEarly(event));
  on("pointerup", (event) => gestures.up(event));
  on("pointercancel", (event) => gestures.cancel(event));
  on("pointerleave", () => gestures.leave());
  on("mousedown", (event) => gestures.mouseDown(event));
  on("dblclick", (event) => actions.doubleClick(gestures.pressOf(event)));
  on("contextmenu", (event) => event.preventDefault());
  on("wheel", (event) => gestures.wheel(event));
  return () => stop.abort();
}

class Gestures {
  private readonly pointers = new Map<number, Point>();
  private drag: Drag | null = null;
  private hold: Hold | null = null;
  private isHeldByTouch = false;
  private wheelRest = 0;
  private movedEarly = 0;
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
      this.letGo();
      this.endDrag();
      if (this.pointers.size === 2) this.actions.begin("zoom");
      return;
    }
    this.hold = event.button === 0 ? this.actions.take(this.pressOf(event)) : null;
    this.isHeldByTouch = this.hold !== null && event.pointerType === "touch";
    if (this.hold) return;
    const tool = event.button === 1 ? "pan" : event.button === 2 ? "zoom" : this.actions.tool();
    if (event.button === 1) event.preventDefault();
    if (isFindingTool(tool)) return;
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
    this.hold?.move(this.pressOf(event));
    if (this.drag) this.dragTo(this.drag, point);
  }

  /**
   * A movement at once, which else comes with the next frame of the screen: in time to ask the server meanwhile. Not
   * each of the thousand that some mice send in a second.
   */
  moveEarly(event: PointerEvent): void {
    if (this.drag?.tool !== "window" || event.timeStamp - this.movedEarly < EARLY_MS) return;
    this.movedEarly = event.timeStamp;
    this.move(event);
  }

  /** The pointer is over the image without being pressed. */
  private hover(event: PointerEvent): void {
    const tool = this.actions.tool();
    if (event.pointerType !== "touch") this.actions.hover(this.pressOf(event));
    if (isPointingTool(tool) && event.pointerType !== "touch")
      this.actions.pointAt({ tool, point: this.pointOf(event), start: null, isTouch: false });
  }

  leave(): void {
    this.actions.hover(null);
    if (!this.drag) this.actions.pointAt(null);
  }

  /** The system took the pointer away: nothing that was begun by it is finished. */
  cancel(event: PointerEvent): void {
    this.actions.pointAt(null);
    this.letGo();
    this.up(event);
  }

  /** What browsers send after a touch would take the focus from a field that the touch has opened. */
  mouseDown(event: MouseEvent): void {
    if (this.isHeldByTouch) event.preventDefault();
    this.isHeldByTouch = false;
  }

  /** What took the press loses it. */
  private letGo(): void {
    this.hold?.cancel();
    this.hold = null;
  }

  up(event: PointerEvent): void {
    const { drag } = this;
    this.hold?.up(this.pressOf(event));
    this.hold = null;
    const wasPinch = this.pointers.size === 2;
    this.pointers.delete(event.pointerId);
    if (wasPinch) this.actions.end();
    this.endDrag();
    if (drag?.isTouch) this.actions.pointAt(null);
    else if (drag) this.hover(event);
    if (drag && event.button === 0 && distance(drag.last, drag.start) <= CLICK_PIXELS)
      this.actions.click(this.pressOf(event));
    if (!drag || event.pointerType === "mouse") return;
    this.tap(drag, event);
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

  private tap(drag: Drag, event: PointerEvent): void {
    if (isPointingTool(drag.tool) || distance(drag.last, drag.start) > TAP_PIXELS) return;
    if (event.timeStamp - this.lastTap < DOUBLE_TAP_MS) this.actions.doubleClick(this.pressOf(event));
    this.lastTap = event.timeStamp;
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

  pressOf(event: MouseEvent): Press {
    const isTouch = "pointerType" in event && event.pointerType === "touch";
    return { point: this.pointOf(event), isTouch, isShift: event.shiftKey };
  }

  private pointOf(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
