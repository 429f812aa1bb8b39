/** Whether somebody is at the page: what asks the server by itself stops for those who went away. */

/** Less than a session lasts without a request: a page that was left alone must not keep it alive. */
const IDLE_MS = 5 * 60_000;

/** Watch from now on; tells whether the page is seen and was touched lately. */
export function watchPresence(): () => boolean {
  let lastTouch = Date.now();
  const touch = (): void => {
    lastTouch = Date.now();
  };
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"] as const)
    addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", touch);
  return () => !document.hidden && Date.now() - lastTouch <= IDLE_MS;
}
