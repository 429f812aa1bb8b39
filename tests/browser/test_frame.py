"""Inside a frame of another site, in a browser that blocks third-party cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Playwright

from tests.browser import oracle
from tests.browser.chest import SLICES, Chest
from tests.browser.chromium import DESKTOP, launch
from tests.browser.reading import Stage, ask_for_link
from tests.support.orthanc_server import OrthancServer, free_port

BLOCKED = ("--test-third-party-cookie-phaseout",)


@contextmanager
def record(port: int, frame: str) -> Iterator[str]:
    """Serve the page of a patient's record, on another host than the images, with a frame in it."""
    page = f'<!doctype html><title>Record</title><iframe src="{frame}" width="1200" height="800"></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_image_is_shown(playwright: Playwright, site: OrthancServer, ct: Chest, record_port: int) -> None:
    link = ask_for_link(site, ct.study)
    browser = launch(playwright, *BLOCKED)
    with record(record_port, link.url) as address:
        page = browser.new_context(**DESKTOP.options()).new_page()
        page.goto(address)
        stage = Stage(page, page.frame_locator("iframe"))
        path = stage.shows(SLICES // 2 + 1, "exact")
        exact = oracle.windowed(ct.hounsfield(ct.stored(SLICES // 2 + 1)), *ct.window)
        assert stage.differs_from(exact, 1) <= 1
        assert f"{site.url}/sightline/studies/{ct.study}" in page.frames[1].url
        # The session lies in a jar that only frames in that very record have: a tab of its own has none.
        tab = page.context.new_page()
        tab.goto(f"{site.url}/{path}")
        assert "/sightline/login?next=" in tab.url
    browser.close()


def test_sites_that_are_not_configured_show_nothing(playwright: Playwright, site: OrthancServer, ct: Chest) -> None:
    link = ask_for_link(site, ct.study)
    browser = launch(playwright, *BLOCKED)
    with record(free_port(), link.url) as address:
        page = browser.new_context(**DESKTOP.options()).new_page()
        with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
            page.goto(address)
        assert page.frames[1].evaluate("document.body.innerText.includes('Sightline')") is False
    browser.close()
