"""Pictures that the browser makes of exact frames: the server's pixels, at once, and only when the line may be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.chromium import PATIENCE_MS, launch, watched_page
from tests.browser.presented import input_to_paint
from tests.browser.reading import Stage
from tests.browser.viewer_pages import SHOWN, page_of
from tests.browser.wire import MEBIBYTE, renderer_memory
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import DIST, serve

STUDY = "1.2.826.0.7.3"
SIZE, SLICES = 512, 16
LEAST_CACHE = 64 * MEBIBYTE
MEMORY = 150 * MEBIBYTE
SLICE_BYTES = 2 * 320 * 320
GENEROUS_MS = 150
"""For half of all events. The aim is 50 ms for 95 of 100, but a machine that tests much at once is no reading room."""

_LINE = """
Object.defineProperty(navigator, "connection",
  { value: Object.assign(new EventTarget(), { saveData: true, effectiveType: "4g" }) });
Object.defineProperty(document, "hidden", { get: () => window.isHidden === true });
"""


def study_files() -> Iterator[bytes]:
    """A CT with padding, and series of other kinds: inverse bytes without a window, signed with a sigmoid, colour."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[:SIZE, :SIZE]
    common: dict[str, Any] = {"StudyInstanceUID": STUDY, "PatientID": "1", "PatientName": "Local^Speed"}
    ct = 1024 + 900 * np.sin(x / 40) * np.cos(y / 60) + random.normal(0, 20, (SLICES, SIZE, SIZE))
    ct[:, :30] = 4000
    yield from slices_of(
        ct.astype(np.uint16), [(0.0, 0.0, 2.0 * k) for k in range(SLICES)], SeriesInstanceUID=f"{STUDY}.1",
        SeriesNumber=1, WindowCenter=40, WindowWidth=400, RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU",
        PixelPaddingValue=4000, **common,
    )  # fmt: skip
    yield image_file(
        random.integers(3, 250, (SIZE, SIZE)).astype(np.uint8), SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=2,
        Modality="CR", PhotometricInterpretation="MONOCHROME1", **common,
    )  # fmt: skip
    yield image_file(
        (3000 * np.sin(x / 30 + y / 50)).astype(np.int16), SeriesInstanceUID=f"{STUDY}.3", SeriesNumber=3,
        Modality="MR", RescaleSlope="0.1", RescaleIntercept="7.5", WindowCenter="20.5", WindowWidth="333",
        VOILUTFunction="SIGMOID", **common,
    )  # fmt: skip
    colour = random.integers(0, 255, (32, 48, 3)).astype(np.uint8)
    yield image_file(
        colour, SeriesInstanceUID=f"{STUDY}.4", SeriesNumber=4, SamplesPerPixel=3, **common | {"Modality": "XC"}
    )


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    if not (DIST / "manifest.json").is_file():
        pytest.fail("The viewer has not been built: run 'make viewer'.")
    with serve(FakeArchive(study_files())) as url:
        yield url


class Asked:
    """What a page asks for beside the first picture."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        page.on("request", lambda request: self.paths.append(request.url))

    def count(self, what: str) -> int:
        """How many addresses have `what` in them."""
        return sum(what in path for path in self.paths)


def open_study(page: Page, site: str) -> Stage:
    page.goto(f"{site}/sightline/studies/{STUDY}")
    page.wait_for_selector(SHOWN)
    return Stage(page, page)


def wait_until_all_are_here(page: Page, asked: Asked, count: int = SLICES) -> None:
    """Wait until that many exact frames were fetched, and the last of them was decoded."""
    for _ in range(PATIENCE_MS // 50):
        if asked.count("format=exact") >= count:
            break
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    assert asked.count("format=exact") == count


def sent_pixels(page: Page, site: str, path: str) -> Any:
    """The pixels that the server sends for a picture."""
    answer = page.request.get(f"{site}/{path}")
    assert answer.ok
    with Image.open(BytesIO(answer.body())) as image:
        return np.asarray(image)


def check_pixels(page: Page, site: str, stage: Stage, path: str) -> None:
    """Compare the canvas, at one screen pixel for each of the image's, with the server's picture; all of it."""
    _, column = stage.fit_one_to_one(SIZE)
    assert "format=png" in path
    expected = sent_pixels(page, site, path)
    np.testing.assert_array_equal(stage.pixels()[:, column : column + SIZE], expected)
    assert expected.min() < 20
    assert expected.max() > 235


def test_the_pixels_are_those_of_the_server(browser: Browser, site: str) -> None:
    # Chromium has advice for whoever reads a canvas as often as this test does.
    with watched_page(browser, meant="willReadFrequently") as page:
        asked = Asked(page)
        stage = open_study(page, site)
        wait_until_all_are_here(page, asked)
        check_pixels(page, site, stage, stage.shows(SLICES // 2 + 1, "exact", ""))
        for number, key, window in ((SLICES // 2 + 2, "2", "-600,1500"), (SLICES // 2 + 3, "5", "40,40")):
            page.keyboard.press(key)
            page.keyboard.press("ArrowDown")
            check_pixels(page, site, stage, stage.shows(number, "exact", window))
        page.keyboard.press("i")
        page.wait_for_selector("[data-view*='invert=1']")
        check_pixels(page, site, stage, stage.shows(quality="exact"))
        for number in (2, 3):
            page.keyboard.press("r")
            page.get_by_role("button", name=f"Series {number}").click()
            page.wait_for_selector(f"[data-view*='{STUDY}.{number}/'][data-quality=exact]")
            check_pixels(page, site, stage, stage.shows())
        assert asked.count("format=png") == 0
        page.get_by_role("button", name="Series 4").click()
        page.wait_for_selector(f"[data-view*='{STUDY}.4/'][data-quality=exact]")
        assert asked.count("format=png") == 1
        assert asked.count("format=exact") == SLICES + 2


def test_window_and_scroll_are_immediate_and_need_no_server(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        asked = Asked(page)
        stage = open_study(page, site)
        wait_until_all_are_here(page, asked)
        stage.shows(quality="exact")
        before = len(asked.paths)
        lossy = page.evaluate_handle(
            """() => {
              const seen = [];
              const picture = document.querySelector(".picture");
              new MutationObserver(() => seen.push(picture.dataset.quality)).observe(picture, { attributes: true });
              return seen;
            }"""
        )
        x, y = stage.middle()
        page.mouse.move(x, y)
        page.mouse.down()
        with input_to_paint(page, "pointermove") as drag:
            for step in range(1, 41):
                page.mouse.move(x + 3 * step, y + step)
        page.mouse.up()
        with input_to_paint(page, "wheel") as wheel:
            for step in range(24):
                page.mouse.wheel(0, 120 if step % 12 < 6 else -120)
                page.wait_for_timeout(16)
        assert stage.number == SLICES // 2 + 1
        assert re.search(r"window=[\d.-]+,[\d.]+&format=png", stage.shows(quality="exact"))
        assert len(drag.milliseconds) >= 30
        assert len(wheel.milliseconds) >= 20
        assert drag.percentile(50) <= GENEROUS_MS, sorted(drag.milliseconds)
        assert wheel.percentile(50) <= GENEROUS_MS, sorted(wheel.milliseconds)
        assert asked.paths[before:] == []
        assert set(lossy.json_value()) == {"exact"}


def test_nothing_is_fetched_ahead_with_data_saver_nor_while_nobody_looks(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.add_init_script(_LINE)
        asked = Asked(page)
        stage = open_study(page, site)
        page.keyboard.press("ArrowDown")
        stage.shows(SLICES // 2 + 2, "lossy")
        page.wait_for_timeout(2000)  # a rest
        assert stage.shows(quality="lossy").count("?") == 0
        assert asked.count("/view/") == 2
        page.keyboard.press("x")
        stage.shows(quality="exact")
        assert asked.count("format=png") == 1
        page.evaluate("() => { window.isHidden = true; document.dispatchEvent(new Event('visibilitychange')); }")
        page.evaluate(
            "() => { navigator.connection.saveData = false; navigator.connection.dispatchEvent(new Event('change')); }"
        )
        page.wait_for_timeout(500)
        assert asked.count("format=exact") == 0
        page.evaluate("() => { window.isHidden = false; document.dispatchEvent(new Event('visibilitychange')); }")
        wait_until_all_are_here(page, asked)
        page.keyboard.press("ArrowDown")
        stage.shows(SLICES // 2 + 3, "exact")
        assert asked.count("format=png") == 1


def test_without_a_worker_the_server_makes_all_pictures(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.add_init_script("window.Worker = class { constructor() { throw new Error('none here'); } }")
        asked = Asked(page)
        stage = open_study(page, site)
        stage.shows(quality="exact")
        page.keyboard.press("2")
        stage.shows(quality="exact", window="-600,1500")
        assert asked.count("format=exact") == 0


@pytest.mark.parametrize("count", [60, 600])
def test_memory_is_bounded_by_the_setting_whatever_the_study(playwright: Playwright, count: int) -> None:
    """The least setting, which holds more than sixty slices and fewer than six hundred."""
    browser = launch(playwright)
    with serve(FakeArchive(long_series(count))) as url, page_of(browser) as page:
        page.add_init_script(f"localStorage.setItem('sightline.cacheBytes', '{LEAST_CACHE}')")
        asked = Asked(page)
        page.goto(f"{url}/sightline/studies/{STUDY}")
        stage = Stage(page, page)
        stage.shows(quality="exact")
        fit = min(count, LEAST_CACHE // SLICE_BYTES)
        wait_until_all_are_here(page, asked, fit)
        page.keyboard.press("Home")
        stage.shows(1, "exact")
        page.wait_for_load_state("networkidle")
        assert stage.slider.get_attribute("title") == f"{fit} of {count} slices are on this device"
        # Frames that were let go are still there until the browser collects them.
        assert renderer_memory(browser) <= MEMORY + 2 * LEAST_CACHE
    browser.close()


def long_series(count: int) -> Iterator[bytes]:
    """Slices of noise."""
    noise = np.random.default_rng(5).integers(0, 4096, (320, 320)).astype(np.uint16)
    for number in range(count):
        yield image_file(
            np.roll(noise, number), StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", InstanceNumber=number + 1,
            ImagePositionPatient=(0.0, 0.0, float(number)), ImageOrientationPatient=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            PixelSpacing=(1.0, 1.0), WindowCenter=2048, WindowWidth=4096,
        )  # fmt: skip
