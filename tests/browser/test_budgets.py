"""What the 275 slices of a chest CT cost: cold cache, no WebGL, one origin."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Playwright

from tests.browser.chest import SLICES, Chest
from tests.browser.chromium import DESKTOP, PHONE, launch, watched_page
from tests.browser.reading import Stage, ask_for_link, open_link
from tests.browser.wire import KILOBYTE, MEBIBYTE, Transfer, Wire, renderer_memory, total
from tests.support.orthanc_server import OrthancServer

APPLICATION = 120 * KILOBYTE
REQUESTS = 10
TO_FIRST_PICTURE = 250 * KILOBYTE
PLANES = 600 * KILOBYTE
MEMORY = 150 * MEBIBYTE


def test_to_the_first_picture(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    """From the click on the link in the record, landing page and exchange included."""
    with watched_page(browser, DESKTOP, site.url) as page:
        wire = Wire(page)
        page.goto(ask_for_link(site, ct.study).url)
        transfers = wire.to_first_picture()
        names = listing(transfers)
        application = [one for one in transfers if not one.is_picture]
        assert len(transfers) - len(application) >= 1, names
        assert total(application) <= APPLICATION, names
        assert len(transfers) <= REQUESTS, names
        assert total(transfers) <= TO_FIRST_PICTURE, names
        texts = [one for one in application if one.media_type.endswith(("javascript", "css"))]
        assert texts
        assert {one.encoding for one in texts} == {"gzip"}


def test_three_planes(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    """Code, plan, pictures of the three planes and of their neighbours."""
    with watched_page(browser, DESKTOP, site.url) as page:
        wire = Wire(page)
        open_link(page, ask_for_link(site, ct.study)).shows(quality="exact")
        before = wire.settle()
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, name).shows()
        more = [one for one in wire.settle() if one not in before]
        assert total(more) <= PLANES, listing(more)


def test_memory(playwright: Playwright, site: OrthancServer, ct: Chest) -> None:
    """After all slices of the stack and a good part of all planes."""
    browser = launch(playwright)
    with watched_page(browser, PHONE, site.url) as page:
        assert page.evaluate("() => document.createElement('canvas').getContext('webgl')") is None
        stage = open_link(page, ask_for_link(site, ct.study))
        leaf_through(page, stage, 1)
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            leaf_through(page, Stage(page, page, name), 12)
        assert renderer_memory(browser) <= MEMORY
    browser.close()


def listing(transfers: list[Transfer]) -> str:
    """Return one line for each: when, how much, what."""
    begin = min(one.started for one in transfers)
    return "\n".join(f"{one.started - begin:6.3f} {one.encoded_bytes:8} {one.path[-60:]}" for one in transfers)


def leaf_through(page: Page, stage: Stage, step: int) -> None:
    """Show every so-manyth picture, waiting for some of them."""
    stage.shows()
    count = int(stage.slider.get_attribute("max") or 0)
    assert count >= SLICES
    for number in range(1, count + 1, step):
        stage.slider.fill(str(number))
        if number % 10 == 0:
            stage.shows(number)
    stage.slider.fill(str(count))
    stage.shows(count)
