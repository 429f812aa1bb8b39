"""Debian's Chromium, headless, and what may not happen on any page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

_log = logging.getLogger("sightline.tests")

EXECUTABLE = "/usr/bin/chromium"
# Nothing here may need 3D: the tests run as on a machine without a graphics card.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 20_000
Asker = Callable[..., dict[str, Any]]
"""Takes a method of the DevTools protocol and its parameters by keyword."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Device:
    """A screen and what people touch it with."""

    name: str
    width: int
    height: int
    touch: bool = False
    pixel_ratio: float = 1

    def options(self) -> dict[str, Any]:
        """Return the options of a browser context."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.pixel_ratio,
            "has_touch": self.touch,
            "is_mobile": self.touch,
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
        }


DESKTOP = Device("desktop", 1600, 900)
TABLET = Device("tablet", 820, 1180, touch=True)
PHONE = Device("phone", 412, 839, touch=True, pixel_ratio=2)
DEVICES = (DESKTOP, TABLET, PHONE)

_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} ${event.sample}`));
"""

_BEEN_HERE = "try { localStorage.setItem('sightline.introduced', 'true'); } catch { /* another site's frame */ }"
"""First steps are for people who were never here; tests read as somebody who was."""


@dataclass
class Watch:
    """What went wrong on the pages of one context, and where requests went."""

    problems: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    def attach(self, context: BrowserContext) -> None:
        """Listen from now on."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.add_init_script(_BEEN_HERE)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data"):
            self.origins.add(f"{parts.scheme}://{parts.netloc}")


def launch(playwright: Playwright, *further: str) -> Browser:
    """Start a Chromium of its own."""
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=[*ARGUMENTS, *further])


def asked_twice(page: Page, look: Callable[[Asker], Answer]) -> Answer:
    """Return what a look at a page by Chromium's own protocol gives.

    Once in a while Chromium never answers; then it is asked once more, by a session of its own.
    """
    try:
        return _asked(page, look)
    except PlaywrightTimeout:
        _log.warning("Chromium has not answered; it is asked once more")
        return _asked(page, look)


def _asked(page: Page, look: Callable[[Asker], Answer]) -> Answer:
    session = page.context.new_cdp_session(page)

    def ask(method: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = session.send(method, parameters, timeout=PATIENCE_MS)
        return answer

    found = look(ask)
    session.detach()
    return found


@contextmanager
def watched_page(
    browser: Browser, device: Device = DESKTOP, origin: str | None = None, meant: str | None = None
) -> Iterator[Page]:
    """Give a page with a profile of its own; complain at the end about anything in the console.

    Parameters
    ----------
    origin : str, optional
        The only one that the page may ask for anything.
    meant : str, optional
        Part of complaints that are no flaw: Chromium writes every refusal of the server into the console.
    """
    watch = Watch()
    context = browser.new_context(**device.options())
    context.set_default_timeout(PATIENCE_MS)
    watch.attach(context)
    try:
        yield context.new_page()
        assert [problem for problem in watch.problems if meant is None or meant not in problem] == []
        assert origin is None or watch.origins <= {origin}
    finally:
        context.close()
