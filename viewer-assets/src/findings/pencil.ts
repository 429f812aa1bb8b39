/** What a hand does to the findings on the images: it draws, chooses and moves them. Mouse, finger and keys share it. */
import { signal } from "@preact/signals";
import { columnScale, toImage, type Point } from "../geometry";
import { t } from "../messages";
import { measureOnce } from "../settings";
import type { Hold, Press } from "../study/gestures";
import { isFindingTool } from "../study/gestures";
import { usualTool, type Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { draw, isComplete, newDrawing, preview, type Drawing, type DrawingEvent } from "./drawing";
import { metricOf, type Metric } from "./drawingShapes";
import { handleMoved, handlesOf, movedBy, settled } from "./editing";
import { newFinding } from "./making";
import { targetAt, type Target } from "./marks";
import { isSamePlace, type Finding, type FindingPlace, type FindingTool, type ImagePoint } from "./model";
import { placeOf, SightOf, type Shifts, type Sight } from "./sights";

/** What is being drawn, and where. */
export interface Draft {
  readonly viewport: Viewport;
  readonly where: FindingPlace;
  /** What it becomes. */
  readonly tool: FindingTool;
  readonly drawing: Drawing;
  readonly metric: Metric;
}

/** Words or a number that are being written on the image. */
export interface Entry {
  readonly viewport: Viewport;
  readonly finding: Finding;
  /** Whether the finding is there only once it is written. */
  readonly isNew: boolean;
  readonly what: "label" | "length";
}

/** Where keys point. */
export interface KeyCursor {
  readonly viewport: Viewport;
  readonly point: Point;
}

/** A press that moves less is a click. */
const CLICK_PIXELS = 3;
const NOTICE_MS = 8000;

export class Pencil {
  readonly draft = signal<Draft | null>(null);
  /** A finding as it is while it is moved. */
  readonly edited = signal<Finding | null>(null);
  readonly hovered = signal<string | null>(null);
  readonly entry = signal<Entry | null>(null);
  /** Under which finger to look closer. */
  readonly loupe = signal<KeyCursor | null>(null);
  readonly cursor = signal<KeyCursor | null>(null);
  readonly shifts = signal<Shifts>(new Map());
  private readonly sights = new WeakMap<Viewport, SightOf>();
  /** Presses since something was drawn: a double click whose first half drew it is none on what was drawn. */
  private presses = 2;

  constructor(readonly reader: Reader) {}

  sightOf(viewport: Viewport): SightOf {
    const sight = this.sights.get(viewport) ?? new SightOf(this.reader, viewport, this.shifts);
    this.sights.set(viewport, sight);
    return sight;
  }

  /** Whether a press is for a finding or for drawing one; null leaves it to the tool. */
  take(viewport: Viewport, press: Press): Hold | null {
    this.cursor.value = null;
    this.presses += 1;
    const tool = this.reader.tool.peek();
    const sight = this.sightOf(viewport).current.peek();
    if (!sight) {
      if (isFindingTool(tool)) this.refuse(viewport);
      return null;
    }
    const isDrawing = this.draftIn(viewport, sight) !== null;
    const target = isDrawing ? null : this.targetAt(sight, press);
    const isChosen = target !== null && target.id === this.reader.selectedFinding.peek();
    if (target && (isFindingTool(tool) || isChosen || target.part === "label"))
      return this.holdTarget(viewport, sight, target, press);
    return isFindingTool(tool) ? this.holdDrawing(viewport, sight, tool, press) : null;
  }

  /** A click that was for no tool: it chooses what is there, or nothing. */
  click(viewport: Viewport, press: Press): void {
    const sight = this.sightOf(viewport).current.peek();
    const target = sight && this.targetAt(sight, press);
    if (target) this.select(target.id);
    else this.reader.selectedFinding.value = null;
  }

  /** A double click. True: it was for a finding, or for a tool that draws. */
  doubleClick(viewport: Viewport, press: Press): boolean {
    const sight = this.sightOf(viewport).current.peek();
    if (this.presses < 2) return true;
    const target = sight && !this.draft.peek() && this.targetAt(sight, press);
    if (target) this.write(viewport, target.id);
    return Boolean(target) || isFindingTool(this.reader.tool.peek());
  }

  /** The pointer is there without being pressed; null: it has left. */
  hover(viewport: Viewport, press: Press | null): void {
    const sight = this.sightOf(viewport).current.peek();
    const draft = sight && this.draftIn(viewport, sight);
    if (sight && draft && press) {
      this.go(draft, { kind: "move", at: imagePoint(sight, press.point), isStraight: press.isShift });
      return;
    }
    const target = sight && press && sight.marks.length > 0 ? this.targetAt(sight, press) : null;
    this.hovered.value = target?.id ?? null;
  }

  select(id: string): void {
    const finding = this.reader.findings.all.peek().get(id);
    if (!finding) return;
    this.reader.selectedFinding.value = id;
    this.say(finding);
  }

  /** Write what a finding is called, or how long a calibration's line is. */
  write(viewport: Viewport, id: string): void {
    const finding = this.reader.findings.all.peek().get(id);
    if (!finding) return;
    const what = finding.tool === "calibration" ? "length" : "label";
    this.reader.selectedFinding.value = id;
    this.entry.value = { viewport, finding, isNew: false, what };
  }

  /** What was written is taken over; null: nothing was. Words that a text tool was to set are not set then. */
  written(some: Partial<Pick<Finding, "label" | "knownLength">> | null): void {
    const entry = this.entry.peek();
    this.entry.value = null;
    if (!entry || !some) return;
    const { finding, isNew } = entry;
    if (isNew) this.add({ ...finding, ...some });
    else this.reader.change("draw.change.write", () => this.reader.findings.change(finding.id, some), true);
  }

  /** Stop drawing; true if there was anything to stop. */
  cancel(): boolean {
    const was = this.draft.peek() ?? this.edited.peek();
    this.draft.value = null;
    this.edited.value = null;
    this.loupe.value = null;
    if (was) this.reader.said.value = t("draw.said.cancelled");
    return was !== null;
  }

  /** Take the last point back, or say that it was the last. True if something is being drawn. */
  control(kind: "back" | "end"): boolean {
    const draft = this.draft.peek();
    if (!draft) return false;
    this.go(draft, { kind });
    return true;
  }

  /** Draw on, at a point of the image that keys chose. */
  press(viewport: Viewport, at: ImagePoint): void {
    const tool = this.reader.tool.peek();
    const sight = this.sightOf(viewport).current.peek();
    if (!sight || !isFindingTool(tool)) return;
    // An outline by keys is a polygon: nobody holds a key down for it.
    const kind = tool === "freehand" ? "polygon" : tool;
    const old = this.draftIn(viewport, sight);
    const metric = { ...this.metric(sight, false), reach: 0 };
    const draft = old ?? { viewport, where: sight.where, tool, drawing: newDrawing(kind), metric };
    const pressed = this.go({ ...draft, metric }, { kind: "press", at });
    const next = pressed && this.go(pressed, { kind: "release", at });
    if (next) this.reader.said.value = t("draw.said.points", { count: next.drawing.points.length });
  }

  /** Show where the next point would be. */
  aim(viewport: Viewport, at: ImagePoint): void {
    const sight = this.sightOf(viewport).current.peek();
    const draft = sight && this.draftIn(viewport, sight);
    if (draft) this.go(draft, { kind: "move", at });
  }

  /** Move a finding, or one of its handles, by so many columns and rows. */
  nudge(id: string, handle: number | null, by: ImagePoint): void {
    const finding = this.reader.findings.all.peek().get(id);
    const viewport = this.reader.active.peek();
    const sight = viewport && this.sightOf(viewport).current.peek();
    if (!finding || !sight) return;
    const metric = this.metric(sight, false);
    const from = handle === null ? null : handlesOf(finding)[handle];
    const points =
      handle === null || !from
        ? movedBy(finding, by, metric)
        : handleMoved(finding, handle, [from[0] + by[0], from[1] + by[1]], metric);
    this.reader.change("draw.change.nudge", () => this.reader.findings.change(id, { points }));
    this.say({ ...finding, points });
  }

  /** What is being drawn as a finding, with the points that it would have by now. */
  drafted({ tool, where, drawing, metric }: Draft): Finding {
    return { ...newFinding(this.reader, where, tool, preview(drawing, metric)), id: "draft" };
  }

  /** Whether the draft has all that its tool needs. */
  isDraftComplete({ drawing }: Draft): boolean {
    return isComplete(drawing);
  }

  private draftIn(viewport: Viewport, { where }: Sight): Draft | null {
    const draft = this.draft.peek();
    const isHere = draft && draft.viewport === viewport && isSamePlace(draft.where, where);
    return isHere && draft.tool === this.reader.tool.peek() ? draft : null;
  }

  private metric({ place: { geometry }, pose }: Sight, isTouch: boolean): Metric {
    return metricOf(geometry, columnScale(geometry, pose), isTouch);
  }

  private targetAt({ marks, labels }: Sight, { point, isTouch }: Press): Target | null {
    return targetAt(marks, labels, point, isTouch ? "touch" : "mouse", this.reader.selectedFinding.peek());
  }

  /** One step of the drawing; what it is by then, null once it is done or gone. */
  private go(draft: Draft, event: DrawingEvent): Draft | null {
    const { drawing, done } = draw(draft.drawing, event, draft.metric);
    const next = drawing && { ...draft, drawing };
    this.draft.value = next;
    if (done) this.complete(draft, done);
    return next;
  }

  private complete({ viewport, where, tool }: Draft, points: readonly ImagePoint[]): void {
    const finding = newFinding(this.reader, where, tool, points);
    this.presses = 0;
    const isWritten = tool === "text" || tool === "calibration";
    if (!isWritten) this.add(finding);
    if (isWritten || tool === "arrow") {
      const what = tool === "calibration" ? "length" : "label";
      this.entry.value = { viewport, finding, isNew: isWritten, what };
    }
    if (measureOnce.peek()) this.reader.tool.value = usualTool();
  }

  private add(finding: Finding): void {
    this.reader.change("draw.change.draw", () => this.reader.findings.put(finding), true);
    this.reader.selectedFinding.value = finding.id;
    this.say(finding);
  }

  private say(finding: Finding): void {
    const viewport = this.reader.active.peek();
    const sightOf = viewport && this.sightOf(viewport);
    const sight = sightOf?.current.peek();
    if (sightOf && sight && isSamePlace(sight.where, finding))
      this.reader.said.value = sightOf.spoken(finding, sight.place);
  }

  /** Say why nothing can be drawn here. */
  private refuse(viewport: Viewport): void {
    const text = t(
      placeOf(viewport) || !viewport.shown.peek() ? "draw.refused.picture" : "draw.refused.planes",
    );
    viewport.notice.value = text;
    setTimeout(() => {
      if (viewport.notice.peek() === text) viewport.notice.value = null;
    }, NOTICE_MS);
  }

  private look(viewport: Viewport, { point, isTouch }: Press): void {
    this.loupe.value = isTouch ? { viewport, point } : null;
  }

  private holdDrawing(viewport: Viewport, sight: Sight, tool: FindingTool, press: Press): Hold {
    const before = this.draftIn(viewport, sight);
    if (!before) this.leaveDraft();
    this.reader.selectedFinding.value = null;
    const metric = this.metric(sight, press.isTouch);
    const start = before ?? { viewport, where: sight.where, tool, drawing: newDrawing(tool), metric };
    const stroke = ({ point, isShift }: Press) => ({ at: imagePoint(sight, point), isStraight: isShift });
    let current = this.go({ ...start, metric }, { kind: "press", ...stroke(press) });
    this.look(viewport, press);
    return {
      move: (at) => {
        this.look(viewport, at);
        current &&= this.go(current, { kind: "move", ...stroke(at) });
      },
      up: (at) => {
        this.loupe.value = null;
        current &&= this.go(current, { kind: "release", ...stroke(at) });
      },
      cancel: () => {
        this.loupe.value = null;
        // Another finger came, or the system took this one: as if it had never been there.
        if (current) this.draft.value = before;
      },
    };
  }

  /** What was begun elsewhere is kept if it is something already. */
  private leaveDraft(): void {
    const draft = this.draft.peek();
    if (draft) this.go(draft, { kind: "end" });
    this.draft.value = null;
  }

  private holdTarget(viewport: Viewport, sight: Sight, target: Target, press: Press): Hold | null {
    const finding = this.reader.findings.all.peek().get(target.id);
    if (!finding) return null;
    this.select(finding.id);
    return target.part === "label" && finding.tool !== "text"
      ? this.holdLabel(sight, finding, press)
      : this.holdFinding(viewport, sight, finding, target.part === "handle" ? target.handle : null, press);
  }

  private holdFinding(
    viewport: Viewport,
    sight: Sight,
    finding: Finding,
    handle: number | null,
    press: Press,
  ): Hold {
    const metric = this.metric(sight, press.isTouch);
    const start = imagePoint(sight, press.point);
    const from = handle === null ? null : handlesOf(finding)[handle];
    let isMoved = false;
    if (handle !== null) this.look(viewport, press);
    return {
      move: (at) => {
        isMoved ||= isFar(press.point, at.point);
        if (!isMoved) return;
        const here = imagePoint(sight, at.point);
        const by: ImagePoint = [here[0] - start[0], here[1] - start[1]];
        const points =
          handle === null || !from
            ? movedBy(finding, by, metric)
            : handleMoved(finding, handle, [from[0] + by[0], from[1] + by[1]], metric);
        if (handle !== null) this.look(viewport, at);
        this.edited.value = { ...finding, points };
      },
      up: () => {
        const edited = this.edited.peek();
        this.edited.value = null;
        this.loupe.value = null;
        if (!edited) return;
        const points = settled(edited, metric);
        this.reader.change(
          "draw.change.move",
          () => this.reader.findings.change(finding.id, { points }),
          true,
        );
        this.say({ ...finding, points });
      },
      cancel: () => {
        this.edited.value = null;
        this.loupe.value = null;
      },
    };
  }

  private holdLabel(sight: Sight, { id }: Finding, press: Press): Hold {
    const mark = sight.marks.find(({ finding }) => finding.id === id);
    const label = sight.labels.get(id);
    const before = this.shifts.peek();
    return {
      move: (at) => {
        if (!mark || !label || !isFar(press.point, at.point)) return;
        const shift = {
          x: label.x + label.width / 2 - (mark.box.x + mark.box.width / 2) + at.point.x - press.point.x,
          y: label.y + label.height / 2 - (mark.box.y + mark.box.height / 2) + at.point.y - press.point.y,
        };
        this.shifts.value = new Map(before).set(id, shift);
      },
      up: () => undefined,
      cancel: () => {
        this.shifts.value = before;
      },
    };
  }
}

function isFar(a: Point, b: Point): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) > CLICK_PIXELS;
}

/** The point of the image that lies there on the screen. */
export function imagePoint({ place: { geometry }, pose }: Sight, point: Point): ImagePoint {
  const { x, y } = toImage(point, geometry, pose);
  return [x, y];
}

const pencils = new WeakMap<Reader, Pencil>();

/** The one pencil of a page. */
export function pencilOf(reader: Reader): Pencil {
  const pencil = pencils.get(reader) ?? new Pencil(reader);
  pencils.set(reader, pencil);
  return pencil;
}
