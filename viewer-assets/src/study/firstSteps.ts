/** When the first steps are shown by themselves: to whom was never shown any, and who does nothing yet. */
import { effect } from "@preact/signals";
import { introduced } from "../settings";
import type { Reader } from "./reader";

const REST_MS = 1500;
const INPUTS = ["pointerdown", "keydown", "wheel"] as const;

/** Show them some time after the first picture, unless somebody has begun to do something by then. */
export function offerFirstSteps(reader: Reader): void {
  if (introduced.peek()) return;
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const forget = (): void => {
    clearTimeout(timer);
    stop.abort();
  };
  for (const input of INPUTS) {
    document.addEventListener(input, forget, { signal: stop.signal, capture: true, passive: true });
  }
  const unwatch = effect(() => {
    const isThere = reader.started.value && reader.current.value?.viewport.shown.value;
    if (!isThere || timer !== undefined || stop.signal.aborted) return;
    timer = setTimeout(() => {
      stop.abort();
      unwatch();
      reader.introducing.value = true;
    }, REST_MS);
  });
}
