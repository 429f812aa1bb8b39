/** Findings by keys: Alt and the arrows point, Enter and Space draw; on a finding or a handle that has the focus arrows move it. */
import { clamp, toImage, toScreen, type Point } from "../geometry";
import { t } from "../messages";
import { isFindingTool } from "../study/gestures";
import type { Viewport } from "../study/viewport";
import { removeFinding } from "./acts";
import type { ImagePoint } from "./model";
import type { Pencil } from "./pencil";
import type { Sight } from "./sights";

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** With Shift, so many pixels of the image at once. */
const LEAP = 10;

/** Listen until the returned function is called. Before the page's own shortcuts: what is being drawn has its keys first. */
export function listenForPencilKeys(pencil: Pencil, viewport: Viewport): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target instanceof Element ? event.target : null;
    // Also where nothing in a panel has the focus: all keys are the panel's.
    if (target?.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
    if (!pressed(pencil, viewport, event, target)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", onKey, { capture: true });
  return () => document.removeEventListener("keydown", onKey, { capture: true });
}

/** Do what a key stands for; false if it is not for the pencil. */
function pressed(pencil: Pencil, viewport: Viewport, event: KeyboardEvent, target: Element | null): boolean {
  if (event.key === "Escape") return leave(pencil);
  if (event.key === "Backspace") return pencil.control("back");
  const isOnControl = Boolean(target?.closest("button, a, summary, [role=button]"));
  if (!isFindingTool(pencil.reader.tool.peek()) || isOnControl) return false;
  const step = event.altKey ? STEPS[event.key] : undefined;
  if (step) return point(pencil, viewport, step, event.shiftKey ? LEAP : 1);
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const cursor = pencil.cursor.peek();
  if (event.key === "Enter" && !cursor) return pencil.control("end") || point(pencil, viewport, [0, 0], 0);
  if (event.key !== "Enter" && !(event.key === " " && cursor)) return false;
  return set(pencil, viewport);
}

/** Whatever is under way is left; then what is chosen; then nothing is. */
function leave(pencil: Pencil): boolean {
  if (pencil.cancel()) return true;
  const { selectedFinding } = pencil.reader;
  const { cursor } = pencil;
  if (selectedFinding.peek() === null && cursor.peek() === null) return false;
  selectedFinding.value = null;
  cursor.value = null;
  return true;
}

/** The cursor goes by pixels of the image, from their middles to their middles; at first it is in the middle of the picture. */
function point(pencil: Pencil, viewport: Viewport, step: readonly [number, number], times: number): boolean {
  const sight = pencil.sightOf(viewport).current.peek();
  if (!sight) return false;
  const { columns, rows } = sight.place.geometry;
  const before = pencil.cursor.peek();
  const from = before?.viewport === viewport ? before.point : middleOf(viewport);
  const [column, row] = imageAt(sight, from);
  const [across, down] = imageStep(sight, step);
  const at: ImagePoint = [
    clamp(Math.floor(column) + across * times, 0, columns - 1) + 0.5,
    clamp(Math.floor(row) + down * times, 0, rows - 1) + 0.5,
  ];
  const [x, y] = at;
  pencil.cursor.value = { viewport, point: toScreen({ x, y }, sight.place.geometry, sight.pose) };
  pencil.aim(viewport, at);
  pencil.reader.said.value = t("draw.said.cursor", { column: Math.ceil(x), row: Math.ceil(y) });
  return true;
}

function set(pencil: Pencil, viewport: Viewport): boolean {
  const cursor = pencil.cursor.peek();
  const sight = pencil.sightOf(viewport).current.peek();
  if (!cursor || !sight || cursor.viewport !== viewport) return false;
  pencil.press(viewport, imageAt(sight, cursor.point));
  return true;
}

function middleOf(viewport: Viewport): Point {
  const { width, height } = viewport.size.peek();
  return { x: width / 2, y: height / 2 };
}

function imageAt({ place: { geometry }, pose }: Sight, at: Point): ImagePoint {
  const { x, y } = toImage(at, geometry, pose);
  return [x, y];
}

/** One step to the right on the screen is one column or row of the image, on or back, however it is turned. */
export function imageStep(
  sight: Pick<Sight, "place" | "pose">,
  [x, y]: readonly [number, number],
): ImagePoint {
  const { geometry } = sight.place;
  const [from, to] = [
    { x: 0, y: 0 },
    { x, y },
  ].map((at) => toImage(at, geometry, sight.pose)) as [Point, Point];
  return [sign(to.x - from.x), sign(to.y - from.y)];
}

function sign(value: number): number {
  return Math.abs(value) < 1e-9 ? 0 : Math.sign(value);
}

/** A key on a finding, or on one of its handles. */
export function keysOnFinding(pencil: Pencil, id: string, handle: number | null, event: KeyboardEvent): void {
  const viewport = pencil.reader.active.peek();
  const sight = viewport && pencil.sightOf(viewport).current.peek();
  const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : STEPS[event.key];
  if (step && sight) {
    const times = event.shiftKey ? LEAP : 1;
    const [columns, rows] = imageStep(sight, step);
    pencil.nudge(id, handle, [columns * times, rows * times]);
  } else if (event.key === "Delete" || event.key === "Backspace") removeFinding(pencil.reader, id);
  else if ((event.key === "Enter" || event.key === "F2") && viewport) pencil.write(viewport, id);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
