"""One page of OHIF: what it asks of us, what came of it, and what is to be seen."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.chromium import DESKTOP, EXECUTABLE

# OHIF draws with WebGL; here it is done in software, and nothing outside this machine can be reached.
ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_SECONDS = 40
# In a frame of Chromium's reader of PDF there is no such storage.
_NO_TOUR = "try { localStorage.setItem('shownTours', '[\"basicViewerTour\"]') } catch {}"
_OURS = re.compile(r"/(dicom-web|wado|sightline)(/|\?|$)")

Picture = NDArray[np.int64]


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium that can draw in three dimensions."""
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(ARGUMENTS))


@dataclass
class Traffic:
    """What a page asked for below our paths, and what went wrong anywhere on it."""

    answers: list[Response] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What OHIF wrote into the console as errors, to explain a failure by."""

    def attach(self, context: BrowserContext, origin: str) -> None:
        """Listen from now on."""

        def on_request(request: Request) -> None:
            if request.url.startswith(("http", "ws")) and not request.url.startswith(origin):
                self.problems.append(f"asked outside: {request.url}")

        def on_response(response: Response) -> None:
            if _OURS.match(urlsplit(response.url).path):
                self.answers.append(response)
                if response.status >= 400:
                    self.problems.append(f"{response.status} {response.request.method} {response.url}")

        def on_failure(request: Request) -> None:
            # OHIF leaves the connection of a frame as soon as it has all of its bytes.
            if _OURS.match(urlsplit(request.url).path) and request.failure != "net::ERR_ABORTED":
                self.problems.append(f"{request.failure} {request.url}")

        context.on("request", on_request)
        context.on("response", on_response)
        context.on("requestfailed", on_failure)
        context.on("console", lambda said: self.complaints.append(said.text[:600]) if said.type == "error" else None)
        context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))

    def of(self, pattern: str, method: str = "GET") -> list[Response]:
        """Return the answers to requests whose path and query contain that pattern."""
        return [one for one in self.answers if one.request.method == method and re.search(pattern, one.url)]


@dataclass(frozen=True)
class Ohif:
    """A page of OHIF."""

    page: Page
    traffic: Traffic

    def panes(self) -> Locator:
        """Return the viewports."""
        return self.page.locator("[data-cy=viewport-pane]")

    def picture(self, pane: int = 0) -> Picture:
        """Return what a viewport shows: (rows, columns, 3)."""
        shown = self.panes().nth(pane).screenshot()
        return np.asarray(Image.open(io.BytesIO(shown)).convert("RGB"), np.int64)

    def grey(self, x: float, y: float, pane: int = 0) -> int:
        """Return the grey at a place of the viewport, from 0 at its left and top to 1; -1 where it is a colour."""
        picture = self.picture(pane)
        pixel = picture[int(y * picture.shape[0]), int(x * picture.shape[1])]
        return int(pixel[0]) if np.ptp(pixel) <= 3 else -1

    def coloured(self) -> int:
        """Return how many pixels of the first viewport are clearly no grey, its frame left out."""
        picture = self.picture()[40:-40, 40:-40]
        return int((np.ptp(picture, axis=-1) > 40).sum())

    def open(self, description: str) -> None:
        """Open a series from the list at the left."""
        self.page.get_by_text(description, exact=True).first.dblclick()

    def load(self, description: str) -> None:
        """Open what lies over images, and answer the question above the viewport with yes.

        A double click that comes before OHIF is ready for it is lost: so it is done again.
        """
        question = self.page.get_by_text("Yes", exact=True)

        def asked() -> bool:
            self.open(description)
            with suppress(PlaywrightTimeout):
                question.wait_for(timeout=15_000)
            return question.count() == 1

        self.until(lambda: self.panes().count() > 0 and bool(self.picture().std() > 5), "a first image")
        self.until(asked, "the question whether to load")
        question.click()

    def scroll(self, steps: int) -> None:
        """Go some slices on."""
        box = self.panes().first.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for _ in range(steps):
            self.page.mouse.wheel(0, 100)
            self.page.wait_for_timeout(80)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"{what}: never so. {self.traffic.problems}"
            self.page.wait_for_timeout(250)


@contextmanager
def ohif_page(browser: Browser, origin: str, path: str) -> Iterator[Ohif]:
    """Open a page with a profile of its own; complain at the end about any request that failed."""
    context = browser.new_context(viewport={"width": DESKTOP.width, "height": DESKTOP.height}, locale="en-GB")
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    context.add_init_script(_NO_TOUR)
    traffic = Traffic()
    traffic.attach(context, origin)
    page = context.new_page()
    try:
        page.goto(f"{origin}{path}")
        yield Ohif(page, traffic)
        assert not traffic.problems, traffic.problems
        assert traffic.answers, "nothing was asked of us"
    except Exception as error:
        text = page.locator("body").inner_text().replace("\n", " | ")
        error.add_note(f"On the page: {text[:1500]}\nProblems: {traffic.problems}\nConsole: {traffic.complaints}")
        raise
    finally:
        context.close()
