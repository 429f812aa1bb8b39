/** Which viewports are on the screen, and the elements that show them. */
import type { Viewport } from "./viewport";

const elements = new Map<Viewport, HTMLElement>();

/** Say that `element` shows a viewport, until the returned function is called. */
export function putOnScreen(viewport: Viewport, element: HTMLElement): () => void {
  elements.set(viewport, element);
  return () => {
    if (elements.get(viewport) === element) elements.delete(viewport);
  };
}

/** All of them. */
export function onScreen(): readonly (readonly [Viewport, HTMLElement])[] {
  return [...elements];
}
