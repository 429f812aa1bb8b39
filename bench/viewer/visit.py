"""One visit: a browser and a profile of its own, one viewer, one line, until the first image can be seen."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Playwright, ViewportSize

from bench.viewer.figures import Settled, Visit
from bench.viewer.line import Line, Speed
from bench.viewer.sites import Viewer
from tests.browser.chromium import ARGUMENTS, EXECUTABLE
from tests.browser.wire import renderer_memory

_SIZE: ViewportSize = {"width": 1440, "height": 900}
# As without a graphics card; OHIF asks for WebGL even where it draws without.
_ARGUMENTS = [*(one for one in ARGUMENTS if one != "--disable-3d-apis"), "--enable-unsafe-swiftshader"]
_FIRST_IMAGE = (Path(__file__).parent / "page" / "firstImage.js").read_text(encoding="utf-8")
_PIXELS = re.compile(r"/(rendered|thumbnail|frames|wado|sightline/view|web-viewer/instances)\b")
"""Requests for images; all others are for the application or for what it has to know of them."""
_PATIENCE_SECONDS, _QUIET_SECONDS = 120, 3


@contextmanager
def opened(
    playwright: Playwright, viewer: Viewer, speed: Speed, script: str = ""
) -> Iterator[tuple[Page, Line, dict[str, float]]]:
    """Open a viewer in a new browser; give page, line and a dictionary that tells when it began and had an image."""
    moments: dict[str, float] = {}

    def report(_source: object, what: str, when: float) -> None:
        # A later page of the same visit begins later.
        moments.setdefault(what, when)

    opening = viewer.opening()
    with Line(speed, viewer.port) as line:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=_ARGUMENTS)
        try:
            context = browser.new_context(viewport=_SIZE, locale="en-GB")
            # As over TLS: from this machine itself a browser takes secure cookies without it, but not by this way.
            address = line.url.replace("http:", "https:")
            context.add_cookies([{"name": n, "value": v, "url": address} for n, v in opening.cookies.items()])
            context.expose_binding("report", report)
            context.add_init_script(script + opening.script + _FIRST_IMAGE)
            page = context.new_page()
            page.goto(line.url + opening.path, wait_until="commit")
            yield page, line, moments
        finally:
            browser.close()


def visit(
    playwright: Playwright, viewer: Viewer, speed: Speed, settle: bool = False, picture: Path | None = None
) -> Visit:
    """Measure one visit.

    Parameters
    ----------
    settle : bool
        Whether to wait until the viewer asks for nothing more, and to measure what it has come to then.
    picture : Path, optional
        Where to keep what could be seen.
    """
    with opened(playwright, viewer, speed) as (page, line, moments):
        wait_for_image(page, moments)
        if picture is not None:
            page.screenshot(path=picture)
        shown = moments["image"]
        before = line.traffic.until(shown)
        application = before.without(_PIXELS).size()
        browser = page.context.browser
        assert browser is not None
        memory = renderer_memory(browser)
        cost = (shown - moments["start"], before.size(), application, len(before.requests), memory)
        if not settle:
            return Visit(viewer.name, speed.name, *cost)
        wait_for_quiet(page, line)
        settled = Settled(line.traffic.size(), len(line.traffic.requests), renderer_memory(browser))
        return Visit(viewer.name, speed.name, *cost, settled)


def wait_for_image(page: Page, moments: dict[str, float]) -> None:
    """Wait until the page has told of its first image."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while "image" not in moments:
        assert time.monotonic() < deadline, f"There is no image. On the page: {page.inner_text('body')[:500]}"
        page.wait_for_timeout(20)


def wait_for_quiet(page: Page, line: Line) -> None:
    """Wait until the viewer asks for nothing more by itself."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.time() - line.traffic.answers[-1].at < _QUIET_SECONDS and time.monotonic() < deadline:
        page.wait_for_timeout(200)
