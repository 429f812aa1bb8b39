"""Viewports that know of each other: lines, crosshair and scrolling together, priors, and a second window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.reading import Stage
from tests.browser.viewer_pages import OVERLAPS, SHOWN, page_of, violations
from tests.support.dicom_files import AXIAL, SAGITTAL, image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

STUDY, PRIOR, BREASTS = "1.2.826.0.7.5", "1.2.826.0.7.6", "1.2.826.0.7.7"
FRAME, PRIOR_FRAME = "1.2.826.0.7.5.99", "1.2.826.0.7.6.99"
PATIENT: dict[str, Any] = {
    "PatientName": "Vester^Ida",
    "PatientID": "P-7",
    "PatientBirthDate": "19610203",
    "BodyPartExamined": "CHEST",
}
SIZE = 96


def ball(z: Any, y: Any, x: Any) -> Any:
    """HU at points of the patient in mm: a bright ball of 30 mm about (10, -5, 20) in a soft body."""
    radius = (x - 10) ** 2 + (y + 5) ** 2 + (z - 20) ** 2
    body = (x / 44) ** 2 + (y / 34) ** 2 < 1
    return np.where(radius < 900, 300, np.where(body, 40, -1000)).astype(np.int16)


def axial(study: str, number: int, count: int, distance: float, **more: Any) -> list[bytes]:
    """Axial slices of 1 mm pixels, the first at z = 0."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] - SIZE / 2.0
    heights = distance * np.arange(count)
    return slices_of(
        np.stack([ball(z, y, x) for z in heights]), [(-SIZE / 2, -SIZE / 2, z) for z in heights], AXIAL,
        **attributes(study, number), **more,
    )  # fmt: skip


def sagittal(study: str, number: int, count: int, distance: float, **more: Any) -> list[bytes]:
    """Sagittal slices of 1 mm pixels from right to left, z = 60 on top."""
    row, y = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    places = -30 + distance * np.arange(count)
    return slices_of(
        np.stack([ball(60 - row, y - SIZE / 2, x) for x in places]), [(x, -SIZE / 2, 60) for x in places], SAGITTAL,
        **attributes(study, number), **more,
    )  # fmt: skip


def times(number: int) -> list[bytes]:
    """Three time points of six axial slices, the ball larger each time."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] - SIZE / 2.0
    return [
        content
        for point in range(3)
        for content in slices_of(
            np.stack([np.where(x**2 + y**2 < (10 + 12 * point) ** 2, 300, 0).astype(np.int16)] * 6),
            [(-SIZE / 2, -SIZE / 2, 100 + 5 * slice_) for slice_ in range(6)],
            TemporalPositionIdentifier=point + 1, NumberOfTemporalPositions=3, SeriesDescription="Perfusion",
            StudyDate="20260301", **attributes(STUDY, number),
        )
    ]  # fmt: skip


def attributes(study: str, number: int) -> dict[str, Any]:
    """What all files of a series share."""
    return {
        "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.{number}", "SeriesNumber": number,
        "FrameOfReferenceUID": FRAME if study == STUDY else PRIOR_FRAME, "RescaleSlope": 1, "RescaleIntercept": 0,
        "WindowCenter": 40, "WindowWidth": 400, **PATIENT,
    }  # fmt: skip


def mammogram() -> list[bytes]:
    """Four images, each a series: half a disc at the chest wall, which lies behind."""
    y, x = np.mgrid[0:120, 0:80]
    left = np.where(x**2 + (y - 60) ** 2 < 50**2, 3000, 0).astype(np.int16)
    return [
        image_file(
            left if side == "L" else left[:, ::-1], Modality="MG", StudyInstanceUID=BREASTS, SeriesNumber=number,
            SeriesInstanceUID=f"{BREASTS}.{number}", SeriesDescription=side + view, ImageLaterality=side,
            ViewPosition=view, PatientOrientation=("A", "F") if side == "L" else ("P", "F"),
            ImagerPixelSpacing=(0.1, 0.1), **PATIENT,
        )
        for number, (side, view) in enumerate([("L", "MLO"), ("R", "CC"), ("L", "CC"), ("R", "MLO")], start=1)
    ]  # fmt: skip


def files() -> list[bytes]:
    """A study of 2 mm axial and 5 mm sagittal slices, and an older one of 4 mm."""
    return [
        *axial(STUDY, 1, 31, 2, SeriesDescription="Axial", StudyDate="20260301", StudyDescription="CT chest"),
        *sagittal(STUDY, 2, 13, 5, SeriesDescription="Sagittal", StudyDate="20260301", StudyDescription="CT chest"),
        *times(3),
        *mammogram(),
        *axial(PRIOR, 1, 16, 4, SeriesDescription="Axial", StudyDate="20250101", StudyDescription="CT chest"),
    ]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address that the studies' pages are below."""
    with serve(FakeArchive(files())) as url:
        yield f"{url}/sightline/studies"


def opened(page: Page, address: str, viewports: int) -> list[Stage]:
    """Open a page and wait until so many viewports show something, and know of each other."""
    page.goto(address)
    expect(page.locator(SHOWN)).to_have_count(viewports)
    expect(page.locator(".link-overlay")).to_have_count(viewports)
    return [Stage(page, page, name) for name in ("Axial", "Sagittal")][:viewports]


def both(site: str, more: str = "") -> str:
    """Address of the axial series beside the sagittal one."""
    return f"{site}/{STUDY}?series={STUDY}.1&slice=11&layout=1x2&pane={STUDY}.2!slice:9{more}"


def test_a_viewport_shows_where_the_others_slice_cuts_it(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        _, stage = opened(page, both(site), 2)
        # Slice 11 lies at z = 20: row 40 of the sagittal picture, whose first row lies at z = 60.
        line = page.locator("section[aria-label='Sagittal'] .reference:not(.is-end)")
        expect(line).to_have_count(1)
        assert height_of(line, stage) == pytest.approx((40 + 0.5) / SIZE, abs=0.003)
        page.keyboard.press("PageDown")
        stage_of(page, "Axial").shows(21)
        assert height_of(line, stage) == pytest.approx((20 + 0.5) / SIZE, abs=0.003)
        assert page.locator("section[aria-label='Sagittal'] .reference.is-end").count() == 2
        page.keyboard.press("Shift+L")
        expect(line).to_have_count(0)
        assert "link=plain" in wait_for_url(page, "link=")


def test_the_crosshair_finds_a_point_in_other_orientations(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        axial_stage, sagittal_stage = opened(page, both(site), 2)
        page.keyboard.press("c")
        # Column 63 of the axial picture lies at x = 15 mm: the fourth sagittal slice, for they begin at the left.
        left, top, width, height = axial_stage.box()
        scale = min(width, height) / SIZE
        x = left + width / 2 + (63 + 0.5 - SIZE / 2) * scale
        page.mouse.click(x, top + height / 2)
        sagittal_stage.shows(4)
        axial_stage.shows(11)
        expect(page.locator(".link-mark")).to_have_count(2)
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []


def test_linked_scrolling_follows_the_place_and_can_be_taken_back(browser: Browser, site: str) -> None:
    address = f"{site}/{STUDY}?series={STUDY}.1&slice=11&layout=1x2&pane={STUDY}.1!slice:3"
    with page_of(browser) as page:
        page.goto(address)
        panes = page.locator(".picture")
        expect(panes.nth(1)).to_have_attribute("data-slice", "3")
        expect(page.locator(".link-overlay")).to_have_count(2)
        page.keyboard.press("Shift+O")
        page.keyboard.press("PageDown")
        expect(panes.nth(0)).to_have_attribute("data-slice", "21")
        expect(panes.nth(1)).to_have_attribute("data-slice", "13")
        expect(page.get_by_role("img", name="Scrolled together")).to_have_count(2)
        page.keyboard.press("Shift+S")
        expect(panes.nth(1)).to_have_attribute("data-slice", "21")
        wait_for_url(page, "link=position")
        page.keyboard.press("u")
        page.keyboard.press("u")
        expect(page.get_by_role("img", name="Scrolled together")).to_have_count(0)
        page.keyboard.press("PageUp")
        expect(panes.nth(0)).to_have_attribute("data-slice", "11")
        expect(panes.nth(1)).to_have_attribute("data-slice", "21")


def test_time_points_of_a_series_have_a_slider_of_their_own(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}/{STUDY}?series={STUDY}.3~1&slice=2")
        picture, tiles = page.locator(".picture"), page.locator(".series-tile")
        expect(picture).to_have_attribute("data-slice", "2")
        expect(tiles).to_have_count(3)
        expect(tiles.nth(2)).to_contain_text("Time × 3")
        slider = page.get_by_role("slider", name="Time")
        assert slider.input_value() == "2"
        before = picture.get_attribute("data-view")
        page.keyboard.press(")")
        expect(slider).to_have_value("3")
        page.wait_for_function("(was) => document.querySelector('.picture').dataset.view !== was", arg=before)
        expect(picture).to_have_attribute("data-slice", "2")
        wait_for_url(page, "~2&slice=2")
        thumbnail = tiles.nth(2).locator("img").get_attribute("src") or ""
        assert "size=160" in thumbnail
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []


def test_a_mammogram_is_hung_back_to_back_around_its_first_picture(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/view/" in request.url else None)
        page.goto(f"{site}/{BREASTS}")
        expect(page.locator(SHOWN)).to_have_count(4)
        names = page.locator(".pane section.stage").evaluate_all("all => all.map((one) => one.ariaLabel)")
        assert names == ["RCC", "LCC", "RMLO", "LMLO"]
        assert f"/{BREASTS}.1/" in asked[0]
        right, left = stage_of(page, "RCC").pixels(), stage_of(page, "LCC").pixels()
        assert right[right.shape[0] // 2, -5:].min() > 200
        assert left[left.shape[0] // 2, :5].min() > 200
        assert violations(page) == []
        wait_for_url(page, "side:left")
        page.reload()
        expect(page.locator(SHOWN)).to_have_count(4)


def test_a_prior_is_found_and_hung_beside_the_current_series(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}/{STUDY}?series={STUDY}.1&slice=11")
        prior = page.get_by_role("button", name="Prior: 14 months before, CT chest")
        expect(prior).to_have_attribute("title", re.compile("same body part"))
        page.keyboard.press("Shift+P")
        panes = page.locator(".picture")
        expect(page.locator(SHOWN)).to_have_count(2)
        expect(page.locator(".band")).to_have_text("Prior, 14 months before · 1 Jan 2025 · CT chest")
        # A third of 31 slices is a third of 16, and 20 mm are five of the prior's slices.
        expect(panes.nth(1)).to_have_attribute("data-slice", "6")
        page.keyboard.press("PageDown")
        expect(panes.nth(0)).to_have_attribute("data-slice", "21")
        expect(panes.nth(1)).to_have_attribute("data-slice", "11")
        assert f"beside={PRIOR}" in wait_for_url(page, "slice:11")
        assert violations(page) == []
        assert page.evaluate(OVERLAPS) == []
        page.reload()
        expect(panes.nth(1)).to_have_attribute("data-slice", "11")
        page.goto(f"{site}/{STUDY}?beside={PRIOR}")
        expect(page.locator(".band")).to_have_count(1)


def test_a_second_window_goes_to_the_same_place_and_is_missed_when_it_closes(browser: Browser, site: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{site}/{STUDY}?series={STUDY}.1&slice=11")
        expect(page.locator(".link-overlay")).to_have_count(1)
        with page.expect_popup() as opening:
            page.keyboard.press("Shift+N")
        second = opening.value
        other = Stage(second, second, "Sagittal")
        other.shows()
        line = second.locator(".reference:not(.is-end)")
        expect(line).to_have_count(1)
        assert height_of(line, other) == pytest.approx((40 + 0.5) / SIZE, abs=0.003)
        page.keyboard.press("PageDown")
        stage_of(page, "Axial").shows(21)
        second.keyboard.press("Shift+S")
        second.locator(".series-tile").first.click()
        Stage(second, second, "Axial").shows(21)
        second.keyboard.press("Home")
        stage_of(page, "Axial").shows(1)
        page.keyboard.press("End")
        Stage(second, second, "Axial").shows(31)
        wait_for_url(second, "slice=31")
        second.reload()
        Stage(second, second, "Axial").shows(31)
        # What links the windows comes after the picture.
        expect(second.locator(".link-overlay")).to_have_count(1)
        page.keyboard.press("Home")
        Stage(second, second, "Axial").shows(1)
        assert re.search("desk=[0-9a-f]{24}", wait_for_url(page, "desk="))
        second.close()
        expect(page.get_by_text("The second window was closed.")).to_be_visible()


def stage_of(page: Page, name: str) -> Stage:
    """Return the viewport of that series."""
    return Stage(page, page, name)


def height_of(line: Locator, stage: Stage) -> float:
    """Return how far down the square picture a level line lies, from 0 to 1."""
    first, last = (float(line.get_attribute(name) or "nan") for name in ("y1", "y2"))
    assert first == pytest.approx(last)
    _, _, width, height = stage.box()
    side = min(width, height)
    return (first - (height - side) / 2) / side


def wait_for_url(page: Page, part: str) -> str:
    """Wait until the address has that part, and return it."""
    page.wait_for_url(lambda url: part in url)
    return page.url
