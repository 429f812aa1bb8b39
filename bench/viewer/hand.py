"""How long a hand waits: from a movement, a key or a notch of the wheel, until the changed image has been painted."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright

from bench.viewer.figures import BY_KEY, BY_WHEEL, DWV, EXACT, PREVIEW, WINDOW, Hand, percentile_95
from bench.viewer.line import Speed
from bench.viewer.sites import Viewer
from bench.viewer.visit import opened, wait_for_image, wait_for_quiet

_SCRIPT = (Path(__file__).parent / "page" / "inputToPaint.js").read_text(encoding="utf-8")
_TIMES, _NOT_COUNTED, _PATIENCE_MS, _SHORT_MS, _REST_MS = 50, 5, 10_000, 2_000, 1_000
_STEP, _NOTCH = 4, 100
_SEARCH = 10
"""Slices that are looked at first, for an end of the stack. From its middle there are enough to scroll twice."""


_NEXT, _PREVIOUS = "ArrowDown", "ArrowUp"
_KEYS_OF = {DWV: ("Control+Shift+ArrowUp", "Control+Shift+ArrowDown")}

_FROM_SERVER = """try { localStorage.setItem("sightline.prefetch", '"never"') } catch {}"""
"""Sightline's setting for pictures from the server only, as a slow line or a data saver has it."""


@dataclass(frozen=True)
class Case:
    """A viewer over a line, and whether it has exact frames at hand or shows pictures from the server."""

    viewer: Viewer
    speed: Speed
    source: str


def hands(playwright: Playwright, cases: Sequence[Case], rounds: int) -> list[Hand]:
    """Measure a window drag and scrolls in each case, in turn, so that what else the machine does falls on all."""
    times: dict[tuple[Case, str], list[float]] = {}
    for _ in range(rounds):
        for case in cases:
            for what, found in _movements(playwright, case):
                times.setdefault((case, what), []).extend(found)
    return [
        Hand(case.viewer.name, what, case.speed.name, case.source, statistics.median(found), percentile_95(found))
        for (case, what), found in times.items()
    ]


def _movements(playwright: Playwright, case: Case) -> Iterator[tuple[str, list[float]]]:
    script = _FROM_SERVER if case.source == PREVIEW else ""
    with opened(playwright, case.viewer, case.speed, script) as (page, line, moments):
        wait_for_image(page, moments)
        wait_for_quiet(page, line)
        page.evaluate(_SCRIPT)
        keys = _KEYS_OF.get(case.viewer.name, (_NEXT, _PREVIOUS))
        works: dict[str, Callable[[], list[float]]] = {
            WINDOW: lambda: _window_drag(page),
            BY_KEY: lambda: _scroll(page, lambda on: page.keyboard.press(keys[0 if on else 1])),
            BY_WHEEL: lambda: _scroll(page, lambda on: page.mouse.wheel(0, _NOTCH if on else -_NOTCH)),
        }
        for what, work in works.items():
            try:
                times = work()
            except AssertionError as error:
                error.add_note(f"{case.viewer.name} over {case.speed.name}, {case.source}: {what}")
                raise
            if case.source == EXACT and page.locator(".picture:not([data-quality=exact])").count():
                print(f"!!! LEFT OUT: {case.viewer.name}, {what}: not exact while a hand moves.", flush=True)
                continue
            yield what, times


def _window_drag(page: Page) -> list[float]:
    """Drag with the left button around the middle of the image; return ms."""
    x, y = _middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    try:
        return _measure(page, lambda number: page.mouse.move(x + _STEP * (number % 40 + 1), y + _STEP * (number % 7)))
    finally:
        page.mouse.up()


def _scroll(page: Page, turn: Callable[[bool], None]) -> list[float]:
    """Go one slice further each time; return ms.

    A viewer may begin anywhere in the stack, a few slices before its end too: there it goes back.
    """
    page.mouse.move(*_middle(page))
    page.wait_for_timeout(_REST_MS)  # what was done before may have left something to draw, which is no answer to this
    turn(True)
    for _ in range(_SEARCH):
        if _taken(page, _SHORT_MS) is None:
            return _measure(page, lambda _: turn(False))
        turn(True)
    _taken(page, _SHORT_MS)
    return _measure(page, lambda _: turn(True))


def _measure(page: Page, act: Callable[[int], None]) -> list[float]:
    """Do something again and again, each time once what was done before can be seen, at no fixed point of a frame."""
    found = []
    for number in range(_TIMES + _NOT_COUNTED):
        page.wait_for_timeout(random.uniform(5, 25))
        act(number)
        taken = _taken(page)
        assert taken is not None, f"The image has not changed within {_PATIENCE_MS} ms"
        found.append(taken)
    return found[_NOT_COUNTED:]


def _taken(page: Page, patience: int = _PATIENCE_MS) -> float | None:
    """Return the ms from the last input to its picture, None if that does not come."""
    taken: float | None = page.evaluate("(patience) => inputToPaint(patience)", patience)
    return taken


def _middle(page: Page) -> tuple[float, float]:
    size = page.viewport_size
    assert size is not None
    return size["width"] / 2, size["height"] / 2
