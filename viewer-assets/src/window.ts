/** Windows: what a drag makes of them, and which show the same. */
import type { VoiWindow } from "./address";

/** Smallest width that a function allows (PS3.3 C.11.2.1.2). */
function smallestWidth(window: VoiWindow): number {
  return (window.voiFunction ?? "LINEAR") === "LINEAR" ? 1 : 1e-6;
}

/**
 * The window after a drag from where `start` applied: right widens, down raises the centre, which darkens. One step is a
 * share of the width, so that narrow and wide windows feel alike.
 */
export function dragWindow(start: VoiWindow, dx: number, dy: number): VoiWindow {
  const step = Math.max(start.width, smallestWidth(start)) / 300;
  const width = Math.max(smallestWidth(start), start.width * Math.exp(dx / 240));
  return rounded({ ...start, center: start.center + dy * step, width });
}

/** A window of whole numbers where it is wide enough, else with three significant digits of its width. */
export function rounded(window: VoiWindow): VoiWindow {
  const unit = window.width >= 20 ? 1 : 10 ** (Math.floor(Math.log10(window.width)) - 2);
  const round = (value: number): number => Number((Math.round(value / unit) * unit).toPrecision(10));
  return {
    ...window,
    center: round(window.center),
    width: Math.max(smallestWidth(window), round(window.width)),
  };
}

/** Whether two windows show the same. */
export function sameWindow(a: VoiWindow | null | undefined, b: VoiWindow | null | undefined): boolean {
  if (!a || !b) return !a && !b;
  return (
    a.center === b.center &&
    a.width === b.width &&
    (a.voiFunction ?? "LINEAR") === (b.voiFunction ?? "LINEAR")
  );
}
