"""Reading tools: what they say and show is what numpy has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE
from tests.browser.reading import Stage
from tests.browser.viewer_pages import page_of, violations
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

STUDY = "1.2.826.0.7.9"
SLICES, ROWS, COLUMNS = 6, 64, 48
SLOPE, INTERCEPT = 2, -1024
STORED = np.fromfunction(lambda z, y, x: 400 + 100 * z + 3 * y + 7 * x, (SLICES, ROWS, COLUMNS)).astype(np.int16)
SPACING = (1.5, 0.5)
"""mm between rows and between columns."""


@pytest.fixture(scope="module")
def study() -> Iterator[str]:
    """Address of the page of a study with a CT of ramps and a cine of ten pictures a second."""
    positions = [(-24.0, -32.0, 3.0 * k) for k in range(SLICES)]
    stack = slices_of(
        STORED, positions, spacing=SPACING, StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SeriesNumber=1,
        WindowCenter=500, WindowWidth=2000, RescaleSlope=SLOPE, RescaleIntercept=INTERCEPT, RescaleType="HU",
        PatientID="SECRET-ID", PatientName="Secret^Name",
    )  # fmt: skip
    frames = np.broadcast_to(np.arange(8, dtype=np.uint8)[:, None, None] * 30, (8, 16, 16))
    cine = image_file(
        frames, StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=2, Modality="US",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.3.1", FrameTime=100, PatientID="SECRET-ID", PatientName="Secret^Name",
    )  # fmt: skip
    with serve(FakeArchive([*stack, cine])) as url:
        yield f"{url}/sightline/studies/{STUDY}"


def opened(page: Page, address: str, series: int = 1, number: int = 3) -> Stage:
    page.goto(f"{address}?series={STUDY}.{series}&slice={number}")
    stage = Stage(page, page)
    stage.shows(number)
    return stage


def point_of(stage: Stage, row: float, column: float) -> tuple[float, float]:
    """Return where that point of the fitted image lies on the page; whole numbers are pixel centres."""
    left, top, _, _ = stage.box()
    width, height = stage.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
    high, wide = ROWS * SPACING[0], COLUMNS * SPACING[1]
    scale = min(width / wide, height / high)
    x = left + (width - wide * scale) / 2 + (column + 0.5) * SPACING[1] * scale
    y = top + (height - high * scale) / 2 + (row + 0.5) * SPACING[0] * scale
    return x, y


def readout(page: Page) -> dict[str, str]:
    names = page.locator(".probe dt").all_inner_texts()
    return dict(zip(names, page.locator(".probe dd").all_inner_texts(), strict=True))


def test_the_probe_reads_what_is_stored(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("b")
        for row, column in ((0, 0), (40, 10), (63, 47)):
            page.mouse.move(*point_of(stage, row, column))
            stored = int(STORED[2, row, column])
            value = SLOPE * stored + INTERCEPT
            expect(page.locator(".probe dd").nth(0)).to_have_text(f"{value} HU".replace("-", "−"))
            found = readout(page)
            assert found["Stored"] == str(stored)
            assert found["Pixel"] == f"Column {column + 1}, row {row + 1}"
            x, y = -24 + column * SPACING[1], -32 + row * SPACING[0]
            sides = f"{'L' if x >= 0 else 'R'} {abs(x):.1f}  {'P' if y >= 0 else 'A'} {abs(y):.1f}  H 6.0 mm"
            numbers = [float(part) for part in found["Patient"].split()[1:6:2]]
            expected = [float(part) for part in sides.split()[1:6:2]]
            assert numbers == pytest.approx(expected, abs=0.11)  # the mouse moves by whole pixels
        place = page.locator(".probe").bounding_box()
        page.keyboard.press("ArrowDown")
        stage.shows(4)
        stored = int(STORED[3, 63, 47])
        expect(page.locator(".probe dd").nth(1)).to_have_text(str(stored))
        page.mouse.move(2, 2)
        expect(page.locator(".probe dd").nth(0)).to_have_text("–")
        assert page.locator(".probe").bounding_box() == place
        assert violations(page) == []


def test_a_finger_sees_above_it_what_it_hides(browser: Browser, study: str) -> None:
    with page_of(browser, PHONE) as page:
        stage = opened(page, study)
        page.keyboard.press("b")
        x, y = point_of(stage, 30, 20)
        session = page.context.new_cdp_session(page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        bubble = page.locator(".probe-bubble")
        expect(bubble).to_have_text(f"{SLOPE * int(STORED[2, 30, 20]) + INTERCEPT} HU".replace("-", "−"))
        box = bubble.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < y - 30
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(bubble).to_have_count(0)
        page.keyboard.press("w")
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        expect(page.locator(".lens")).to_be_visible()  # a finger that rests
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.locator(".lens")).to_have_count(0)


def test_a_region_gives_its_window(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("n")
        page.mouse.move(*point_of(stage, 9.6, 5.6))
        page.mouse.down()
        page.mouse.move(*point_of(stage, 30.4, 20.4), steps=3)
        page.mouse.up()
        values = SLOPE * STORED[2, 10:31, 6:21].astype(int) + INTERCEPT
        low, high = int(values.min()), int(values.max())
        center, width = (low + high + 1) / 2, high - low + 1
        stage.shows(3, window=f"{center:g},{width}")
        page.keyboard.press("u")
        stage.shows(3, window="")


LENS = """([canvas, shifts]) => {
  const lens = document.querySelector('.lens canvas');
  const pixels = (one) => one.getContext('2d').getImageData(0, 0, one.width, one.height);
  const grey = ({ data, width }, x, y) => data[4 * (Math.floor(y) * width + Math.floor(x))];
  const [enlarged, whole] = [pixels(lens), pixels(canvas)];
  const [box, place] = [canvas.getBoundingClientRect(), lens.getBoundingClientRect()];
  const [x, y] = [place.left + place.width / 2 - box.left, place.top + place.height / 2 - box.top];
  return shifts.map(([dx, dy]) => [
    grey(enlarged, lens.width / 2 + dx * 4, lens.height / 2 + dy * 4), grey(whole, x + dx, y + dy),
  ]);
}"""


def test_the_lens_shows_what_lies_under_it_four_times_as_large(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("!")  # square pixels: what is enlarged has the very same colours
        page.keyboard.press("q")
        page.keyboard.press("q")
        page.mouse.move(*point_of(stage, 32, 24))
        expect(page.locator(".lens")).to_contain_text("4 ×")
        shifts = [[0, 0], [20, 0], [-20, 0], [0, -20], [-15, 15]]
        found = page.evaluate(LENS, [stage.canvas.element_handle(), shifts])
        for lens, below in found:
            assert abs(lens - below) <= 4, found  # one pixel of the ramp is less
        assert found[1][0] > found[2][0]
        page.keyboard.press("w")
        page.keyboard.down("q")
        expect(page.locator(".picture.tool-magnify")).to_have_count(1)
        page.wait_for_timeout(400)
        page.keyboard.up("q")  # a key that is held is a tool for as long
        expect(page.locator(".picture.tool-window")).to_have_count(1)


def test_a_cine_plays_at_its_own_rate_until_somebody_touches_the_picture(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study, series=2, number=1)
        page.keyboard.press("Space")
        expect(page.locator(".player-speed")).to_contain_text("10 / s")
        seen = {stage.number}
        page.wait_for_function("() => document.querySelector('[data-slice=\"4\"]')")
        page.wait_for_function("() => document.querySelector('[data-slice=\"1\"]')")  # a loop begins again
        seen.add(stage.number)
        x, y = stage.middle()
        page.mouse.click(x, y)
        expect(page.get_by_role("button", name="Play", exact=True).last).to_be_visible()
        page.wait_for_timeout(150)
        still = stage.number
        page.wait_for_timeout(400)
        assert stage.number == still
        page.locator(".player-mode").select_option("once")
        page.keyboard.press("End")
        page.locator(".player button").first.click()
        stage.shows(8)
        expect(page.locator(".player button").first).to_have_attribute("aria-label", "Play", timeout=10000)
        assert violations(page) == []


def test_attributes_follow_the_slice_and_are_found(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("t")
        rows = page.locator(".tag-rows tbody tr")
        expect(rows.filter(has_text="Patient ID")).to_contain_text("SECRET-ID")
        page.get_by_role("searchbox", name="Search attributes").fill("0020,0032")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(r"-24.0 \ -32.0 \ 6.0")
        page.get_by_role("searchbox", name="Search attributes").fill("position")
        stage.slider.fill("4")
        changed = page.locator(".tag-rows tr.is-changed")
        expect(changed).to_contain_text(r"-24.0 \ -32.0 \ 9.0")
        assert violations(page) == []
        page.get_by_role("button", name="Close").click()
        expect(page.locator(".dock")).to_have_count(0)


def test_presets_that_are_kept_survive_a_reload_and_hold_no_patient_data(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("3")
        stage.shows(3, window="480,2500")
        page.keyboard.press("v")
        page.get_by_label("Keep W 2500").fill("Mine")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_role("button", name="Arrange").click()
        page.get_by_role("button", name="Remove Soft tissue").click()
        kept = page.evaluate("() => JSON.stringify(localStorage)")
        assert "Mine" in kept
        assert "SECRET" not in kept.upper()
        assert STUDY not in kept
        stage = opened(page, study)
        page.keyboard.press("1")
        stage.shows(3, window="-600,1500")
        page.keyboard.press("8")
        stage.shows(3, window="480,2500")
        page.keyboard.press("v")
        page.get_by_role("button", name="As delivered").click()
        expect(page.get_by_role("button", name="Soft tissue")).to_be_visible()
        expect(page.get_by_role("button", name="Mine")).to_have_count(0)


def test_colours_and_filters_are_in_the_address_and_can_be_taken_back(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        stage = opened(page, study)
        page.keyboard.press("/")
        page.get_by_role("button", name="Hot iron").click()
        page.get_by_role("button", name="Sharpen").click()
        page.keyboard.press("Escape")
        assert violations(page) == []
        page.wait_for_url("**filter=sharpen&colourmap=hot_iron*")
        page.reload()
        page.wait_for_selector("[data-view*='filter=sharpen&colourmap=hot_iron']")
        expect(page.locator(".quality")).to_contain_text("filtered")
        expect(page.locator(".legend")).to_contain_text("1500")
        page.keyboard.press("t")  # a change that is none of the picture's
        page.get_by_role("button", name="Close").click()
        page.keyboard.press("r")
        page.wait_for_selector("[data-view]:not([data-view*='colourmap'])")
        page.keyboard.press("u")
        page.wait_for_selector("[data-view*='colourmap=hot_iron']")
        assert stage.number == 3
