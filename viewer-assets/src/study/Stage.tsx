import { effect, useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { drawPicture } from "./draw";
import { listen, type PointerActions } from "./gestures";
import type { Reader } from "./reader";
import type { Viewport } from "./viewport";

interface StageProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
  readonly label: string;
  readonly onCrosshair?: PointerActions["crosshairTo"];
  readonly children?: ComponentChildren;
}

/** One viewport on the screen: the picture, what is laid over it, and its slider. */
export function Stage({ reader, viewport, label, onCrosshair, children }: StageProps) {
  const area = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => watchSize(area.current, viewport), [viewport]);
  useEffect(
    () =>
      effect(() => {
        const shown = viewport.shown.value;
        const rectangle = viewport.rectangle(shown?.place);
        if (canvas.current)
          drawPicture(canvas.current, viewport.size.value, shown?.bitmap ?? null, rectangle);
      }),
    [viewport],
  );
  useEffect(
    () => (area.current ? listen(area.current, actionsFor(reader, viewport, onCrosshair)) : undefined),
    [reader, viewport, onCrosshair],
  );
  const shown = viewport.shown.value;
  const active = useComputed(() => reader.layout.value === "planes" && reader.active.value === viewport);
  return (
    <section class={`stage${active.value ? " is-active" : ""}`} aria-label={label}>
      <div
        ref={area}
        class={`picture tool-${reader.tool.value}`}
        data-view={shown?.path ?? ""}
        data-slice={shown ? shown.index + 1 : ""}
        data-quality={shown ? (shown.lossy ? "lossy" : "exact") : ""}
      >
        <canvas ref={canvas} role="img" aria-label={pictureLabel(viewport)} />
        {children}
        <Problem viewport={viewport} />
      </div>
      <SliceSlider viewport={viewport} reader={reader} />
    </section>
  );
}

/** What a screen reader says of the picture. */
function pictureLabel(viewport: Viewport): string {
  const shown = viewport.shown.value;
  if (!shown) return t("study.imageLabel", { what: "" }).trim();
  const what = t("study.sliceLabel", { number: shown.index + 1, count: viewport.source.count });
  return t("study.imageLabel", { what });
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

/** A slider beside the picture. It follows the picture that is wanted; the number in the corner the one that is shown. */
function SliceSlider({ viewport, reader }: { viewport: Viewport; reader: Reader }) {
  const { count } = viewport.source;
  if (count < 2) return null;
  const number = viewport.index.value + 1;
  return (
    <input
      class="slices"
      type="range"
      min={1}
      max={count}
      step={1}
      value={number}
      aria-label={t("study.sliceSlider")}
      aria-valuetext={t("study.sliceLabel", { number, count })}
      onFocus={() => {
        reader.active.value = viewport;
      }}
      onInput={(event) => viewport.goTo(event.currentTarget.valueAsNumber - 1)}
    />
  );
}

function watchSize(element: HTMLElement | null, viewport: Viewport): (() => void) | undefined {
  if (!element) return undefined;
  const measure = (): void => {
    const { clientWidth: width, clientHeight: height } = element;
    const old = viewport.size.peek();
    if (old.width !== width || old.height !== height) viewport.size.value = { width, height };
  };
  const observer = new ResizeObserver(measure);
  observer.observe(element);
  measure();
  return () => observer.disconnect();
}

/** What pointing does here. */
function actionsFor(
  reader: Reader,
  viewport: Viewport,
  onCrosshair: PointerActions["crosshairTo"] | undefined,
): PointerActions {
  return {
    tool: () => (reader.tool.value === "crosshair" && !onCrosshair ? "scroll" : reader.tool.value),
    activate: () => {
      reader.active.value = viewport;
    },
    scrollBy: (slices) => viewport.goTo(viewport.index.value + slices),
    pixelsPerSlice: () =>
      Math.max(4, Math.min(24, (viewport.size.value.height * 0.8) / viewport.source.count)),
    windowStart: () => reader.startWindowDrag(viewport),
    windowBy: (dx, dy) => reader.dragWindowBy(dx, dy),
    windowEnd: () => reader.endWindowDrag(),
    panBy: (by) => reader.panBy(viewport, by),
    zoomAt: (factor, anchor) => reader.zoomAt(viewport, factor, anchor),
    crosshairTo: (point) => onCrosshair?.(point),
    reset: () => reader.reset(),
  };
}
