import { effect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t, type MessageKey } from "../messages";
import { keyMarks } from "../keyImages/keyMarks";
import { Icon } from "../ui/Icon";
import { drawPicture } from "./draw";
import { localTrack } from "./localTrack";
import { findingsCode, loadFindings } from "./findingsCode";
import { isFindingTool, isPointingTool, listen, type PointerActions, type Tool } from "./gestures";
import { putOnScreen } from "./onScreen";
import { Pace } from "./pace";
import type { FindingTool } from "../findings/model";
import type { Pointer, Reader } from "./reader";
import { later } from "../ui/later";
import type { Viewport } from "./viewport";

/** What tools lay over the picture; it comes when one of them is first used. */
const ToolLayer = later(async () => (await import("../tools/all")).ToolLayer);

/** The findings of the slice, and what is drawn; it comes when there are some, or are to be. */
const FindingsLayer = later(async () => (await loadFindings()).FindingsLayer);

const PlayerBar = later(async () => (await import("../tools/all")).PlayerBar);

interface StageProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
  readonly label: string;
  /** Whether keys act on it, where there are others beside it. */
  readonly isActive: boolean;
  readonly onActivate: () => void;
  readonly onCrosshair?: PointerActions["crosshairTo"];
  /** What pointing does here instead of what it does everywhere. */
  readonly actions?: Partial<PointerActions>;
  readonly children?: ComponentChildren;
}

/** One viewport on the screen: the picture, what is laid over it, and its slider. */
export function Stage(props: StageProps) {
  const { reader, viewport, label, isActive, onActivate, onCrosshair, actions, children } = props;
  const area = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => watchSize(area.current, viewport), [viewport]);
  useEffect(() => (area.current ? putOnScreen(viewport, area.current) : undefined), [viewport]);
  useEffect(() => {
    const pace = new Pace();
    const stop = effect(() => {
      const shown = viewport.shown.value;
      const pose = viewport.pose(shown?.place);
      const { smooth } = viewport.settings.shading.value;
      const size = viewport.size.value;
      pace.draw((isQuick) => {
        const smoothing = smooth ? (isQuick ? "medium" : "high") : null;
        if (canvas.current) drawPicture(canvas.current, size, shown?.bitmap ?? null, pose, smoothing);
      });
    });
    return () => {
      stop();
      pace.stop();
    };
  }, [viewport]);
  useEffect(
    () =>
      area.current
        ? listen(area.current, withOwn(actionsFor(reader, viewport, onActivate, onCrosshair), actions))
        : undefined,
    [reader, viewport, onActivate, onCrosshair, actions],
  );
  const shown = viewport.shown.value;
  const player = reader.players.value.get(viewport);
  return (
    <section class={`stage${isActive ? " is-active" : ""}`} aria-label={label}>
      <div
        ref={area}
        class={`picture tool-${reader.tool.value}`}
        data-view={shown?.path ?? ""}
        data-slice={shown ? shown.index + 1 : ""}
        data-quality={shown ? (shown.lossy ? "lossy" : "exact") : ""}
      >
        <canvas ref={canvas} role="img" aria-label={pictureLabel(viewport)} />
        {children}
        <WaitLine viewport={viewport} />
        {needsFindings(reader) && <FindingsLayer reader={reader} viewport={viewport} />}
        {needsLayer(reader, viewport) && <ToolLayer reader={reader} viewport={viewport} />}
        <Notice viewport={viewport} />
        <Problem viewport={viewport} />
      </div>
      <SliceSlider reader={reader} viewport={viewport} onActivate={onActivate} />
      {player && <PlayerBar reader={reader} viewport={viewport} player={player} />}
    </section>
  );
}

function needsLayer(reader: Reader, viewport: Viewport): boolean {
  const isPointed = reader.pointer.value?.viewport === viewport;
  const isPointing = isPointingTool(reader.tool.value) && reader.active.value === viewport;
  return isPointed || isPointing || viewport.settings.shading.value.colourMap !== "grey";
}

function needsFindings(reader: Reader): boolean {
  return (
    reader.hasFindings.value || reader.reportFindings.value.length > 0 || isFindingTool(reader.tool.value)
  );
}

/** What a screen reader says of the picture. */
function pictureLabel(viewport: Viewport): string {
  const shown = viewport.shown.value;
  if (!shown) return t("study.imageLabel", { what: "" }).trim();
  const what = t("study.sliceLabel", { number: shown.index + 1, count: viewport.source.count });
  return t("study.imageLabel", { what });
}

/** There while the picture on the screen is not the one that is wanted; it shows itself only after a moment. */
function WaitLine({ viewport }: { viewport: Viewport }) {
  const isWaiting = viewport.shown.value?.index !== viewport.index.value;
  return isWaiting && viewport.problem.value === null ? <div class="wait-line" aria-hidden="true" /> : null;
}

/** What a tool could not do, and why. */
function Notice({ viewport }: { viewport: Viewport }) {
  const { notice } = viewport;
  return (
    <p class="notice-line" role="status">
      {notice.value}
    </p>
  );
}

/** What went wrong, where it went wrong, and a way to try again. */
function Problem({ viewport }: { viewport: Viewport }) {
  const problem = viewport.problem.value;
  if (problem === null) return null;
  return (
    <div class="problem-card" role="alert">
      <Icon name="icon:circle-alert" />
      <div>
        <strong>{t("study.problem.title")}</strong>
        <p>{problem}</p>
        <button type="button" onClick={() => viewport.retry()}>
          {t("action.retry")}
        </button>
      </div>
    </div>
  );
}

type SliderProps = Pick<StageProps, "reader" | "viewport" | "onActivate">;

/** A slider beside the picture. It follows the picture that is wanted; the number in the corner the one that is shown. */
function SliceSlider({ reader, viewport, onActivate }: SliderProps) {
  const { source } = viewport;
  const { count } = source;
  const stars = reader.keyImages.all.value;
  const marks = useMemo(() => keyMarks(stars, source), [stars, source]);
  if (count < 2) return null;
  const local = localTrack(viewport.coverage, count);
  const number = viewport.index.value + 1;
  return (
    <input
      class="slices"
      type="range"
      {...local}
      style={{ ...local.style, ...marks }}
      min={1}
      max={count}
      step={1}
      value={number}
      aria-label={t("study.sliceSlider")}
      aria-valuetext={t("study.sliceLabel", { number, count })}
      onFocus={onActivate}
      onInput={(event) => viewport.goTo(event.currentTarget.valueAsNumber - 1)}
    />
  );
}

/** The viewport's size follows the element; it is drawn anew on a screen of another pixel density, too. */
function watchSize(element: HTMLElement | null, viewport: Viewport): (() => void) | undefined {
  if (!element) return undefined;
  let drawnFor = 0;
  const measure = (): void => {
    const { clientWidth: width, clientHeight: height } = element;
    const { devicePixelRatio: ratio } = globalThis;
    const old = viewport.size.peek();
    if (old.width === width && old.height === height && drawnFor === ratio) return;
    drawnFor = ratio;
    viewport.size.value = { width, height };
  };
  const observer = new ResizeObserver(measure);
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    // Safari knows CSS pixels only.
    observer.observe(element);
  }
  measure();
  return () => observer.disconnect();
}

const CHANGES = {
  window: "command.toolWindow",
  scroll: "command.toolScroll",
  pan: "command.toolPan",
  zoom: "command.toolZoom",
  crosshair: "command.toolCrosshair",
  probe: "command.toolProbe",
  magnify: "command.toolMagnify",
  regionWindow: "command.toolRegionWindow",
  regionZoom: "command.toolRegionZoom",
} as const satisfies Record<Exclude<Tool, FindingTool>, MessageKey>;

/** A rectangle is drawn: do what it is for. */
async function finishRegion(reader: Reader, pointer: Pointer): Promise<void> {
  reader.pointer.value = null;
  const { takeRegion } = await import("../tools/all");
  await takeRegion(reader, pointer);
}

/** What is done otherwise here; a press that nothing here takes is everybody's. */
function withOwn(usual: PointerActions, own: Partial<PointerActions> = {}): PointerActions {
  return { ...usual, ...own, take: (press) => own.take?.(press) ?? usual.take(press) };
}

/** What pointing does here. */
function actionsFor(
  reader: Reader,
  viewport: Viewport,
  activate: () => void,
  onCrosshair: PointerActions["crosshairTo"] | undefined,
): PointerActions {
  const pencil = () => findingsCode.peek()?.pencilOf(reader);
  return {
    tool: () => (reader.tool.value === "crosshair" && !onCrosshair ? "scroll" : reader.tool.value),
    activate,
    begin: (tool) => {
      if (!isFindingTool(tool)) reader.begin(CHANGES[tool]);
      if (tool === "window") reader.startWindowDrag(viewport);
    },
    end: () => {
      reader.endWindowDrag();
      reader.commit();
      const pointer = reader.pointer.peek();
      if (pointer?.start && pointer.tool.startsWith("region")) void finishRegion(reader, pointer);
    },
    pointAt: (place) => {
      reader.pointer.value = place && { ...place, viewport };
    },
    scrollBy: (slices) => viewport.goTo(viewport.index.value + slices),
    pixelsPerSlice: () =>
      Math.max(4, Math.min(24, (viewport.size.value.height * 0.8) / viewport.source.count)),
    windowBy: (dx, dy) => reader.dragWindowBy(dx, dy),
    panBy: (by) => reader.panBy(viewport, by),
    zoomAt: (factor, anchor) => reader.zoomAt(viewport, factor, anchor),
    crosshairTo: (point) => onCrosshair?.(point),
    take: (press) => pencil()?.take(viewport, press) ?? null,
    click: (press) => pencil()?.click(viewport, press),
    hover: (press) => pencil()?.hover(viewport, press),
    doubleClick: (press) => {
      const isTaken = pencil()?.doubleClick(viewport, press) ?? isFindingTool(reader.tool.peek());
      if (!isTaken) reader.change("command.reset", () => reader.reset());
    },
    swipe: (step) => {
      if (!reader.planes.value) reader.change("command.open", () => reader.openNeighbour(step));
    },
  };
}
