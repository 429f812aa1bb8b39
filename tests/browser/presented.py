"""How long it takes from somebody's hand to the screen, measured in the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page

_WATCH = """(kinds) => {
  const waiting = [];
  const delays = [];
  const stop = new AbortController();
  const note = (event) => waiting.push(event.timeStamp);
  for (const kind of kinds)
    document.addEventListener(kind, note, { capture: true, passive: true, signal: stop.signal });
  const observer = new MutationObserver(() => {
    // The picture has been drawn. When the frame after it begins, the one that it is in has been handed to the screen.
    const begun = waiting.splice(0);
    requestAnimationFrame(() => {
      const now = performance.now();
      delays.push(...begun.map((since) => now - since));
    });
  });
  for (const picture of document.querySelectorAll(".picture"))
    observer.observe(picture, { attributes: true, attributeFilter: ["data-view", "data-slice"] });
  window.inputToPaint = () => {
    observer.disconnect();
    stop.abort();
    return delays;
  };
}"""


@dataclass
class Delays:
    """Milliseconds from events to the frame that shows what came of them."""

    milliseconds: list[float] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """Return the delay that so many percent of all events did not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@contextmanager
def input_to_paint(page: Page, *kinds: str) -> Iterator[Delays]:
    """Measure events of these kinds (all that change a picture by default) until the block ends.

    Each is up to one frame too long: it ends when the browser begins the frame after the one that has the picture.
    Events that changed nothing are counted from their own time to the next change.
    """
    delays = Delays()
    page.evaluate(_WATCH, list(kinds) or ["pointermove", "wheel", "keydown"])
    yield delays
    page.wait_for_timeout(100)
    delays.milliseconds = page.evaluate("() => window.inputToPaint()")
