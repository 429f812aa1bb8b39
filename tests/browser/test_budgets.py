"""What the 275 slices of a chest CT cost: cold cache, no WebGL, one origin."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from playwright.sync_api import Browser, Page, Playwright
from pydicom import dcmread, dcmwrite

from tests.browser.chest import SLICES, Chest
from tests.browser.chromium import DESKTOP, PHONE, launch, watched_page
from tests.browser.reading import Stage, ask_for_link, open_link
from tests.browser.wire import KILOBYTE, MEBIBYTE, Transfer, Wire, give_back, renderer_memory, total
from tests.support.fake_archive import FakeArchive
from tests.support.orthanc_server import OrthancServer
from tests.support.viewer_server import serve

APPLICATION = 120 * KILOBYTE
REQUESTS = 10
TO_FIRST_PICTURE = 250 * KILOBYTE
PLANES = 600 * KILOBYTE
SLICE = 40 * KILOBYTE
OTHER_SERIES = 60 * KILOBYTE
MEMORY = 150 * MEBIBYTE
EXACT_FRAMES = 128 * MEBIBYTE
OTHER_UID = "2.25.329800735698586629295641978511506172918"
"""What a touch screen keeps of them by default."""


_NOTE_OTHER_SERIES = """(series) => {
  window.otherSeries = new Promise((resolve) => {
    new MutationObserver((_records, observer) => {
      const view = document.querySelector(".picture").dataset.view;
      if (!view || view.includes(`/${series}/`)) return;
      observer.disconnect();
      resolve((performance.timeOrigin + performance.now()) / 1000);
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
}"""


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
        never_fetch_ahead(page)
        wire = Wire(page)
        open_link(page, ask_for_link(site, ct.study)).shows(quality="exact")
        before = wire.settle()
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            Stage(page, page, name).shows()
        more = [one for one in wire.settle() if one not in before]
        assert total(more) <= PLANES, listing(more)


def test_scrolling_by_pictures_of_the_server(browser: Browser, site: OrthancServer, ct: Chest) -> None:
    """Where nothing is fetched ahead, each slice that is looked at costs one picture."""
    with watched_page(browser, DESKTOP, site.url) as page:
        never_fetch_ahead(page)
        wire = Wire(page)
        stage = open_link(page, ask_for_link(site, ct.study))
        before = wire.settle()
        for _ in range(12):
            page.keyboard.press("ArrowDown")
            page.wait_for_timeout(100)
        stage.shows(SLICES // 2 + 13)
        more = [one for one in wire.settle() if one not in before and "format=png" not in one.path]
        assert len(more) >= 12
        assert total(more) <= SLICE * len(more), listing(more)


def test_opening_another_series(browser: Browser, ct: Chest) -> None:
    """From the key to its first image: a half of the chest CT is made a series of its own."""
    with serve(FakeArchive(two_series(ct))) as url, watched_page(browser, DESKTOP, url) as page:
        wire = Wire(page)
        page.goto(f"{url}/sightline/studies/{ct.study}")
        Stage(page, page).shows(quality="exact")
        before = wire.settle()
        page.evaluate(_NOTE_OTHER_SERIES, ct.series)
        page.keyboard.press("ArrowRight")
        shown = page.evaluate("() => window.otherSeries")
        more = [one for one in wire.settle() if one not in before]
        early = [one for one in more if one.finished <= shown]
        assert any(one.is_picture for one in early), listing(more)
        assert total(early) <= OTHER_SERIES, listing(more)
        assert all(one.started > shown for one in more if "format=exact" in one.path), listing(more)
        assert any("format=exact" in one.path for one in more)


def test_memory(playwright: Playwright, site: OrthancServer, ct: Chest) -> None:
    """At first, and after all slices of the stack and a good part of all planes.

    What is let go is given back late, hence twice.
    """
    browser = launch(playwright)
    with watched_page(browser, PHONE, site.url) as page:
        never_fetch_ahead(page)  # or it depends on the machine what is there besides the first picture
        open_link(page, ask_for_link(site, ct.study))
        assert renderer_memory(browser) <= MEMORY
    with watched_page(browser, PHONE, site.url) as page:
        assert page.evaluate("() => document.createElement('canvas').getContext('webgl')") is None
        stage = open_link(page, ask_for_link(site, ct.study))
        leaf_through(page, stage, 1)
        page.keyboard.press("m")
        for name in ("Axial", "Coronal", "Sagittal"):
            leaf_through(page, Stage(page, page, name), 12)
        give_back(page)
        assert renderer_memory(browser) <= MEMORY + 2 * EXACT_FRAMES
    browser.close()


def never_fetch_ahead(page: Page) -> None:
    """Set what a person may set: all pictures come from the server."""
    page.add_init_script("""localStorage.setItem("sightline.prefetch", '"never"')""")


def two_series(ct: Chest) -> Iterator[bytes]:
    """Give slices of the chest CT, every second one in another series."""
    for number, one in enumerate(ct.slices[120:150]):
        dataset = dcmread(one.path)
        dataset.SeriesNumber = 1 + number % 2
        if number % 2:
            dataset.SeriesInstanceUID = OTHER_UID
        target = BytesIO()
        dcmwrite(target, dataset)
        yield target.getvalue()


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
