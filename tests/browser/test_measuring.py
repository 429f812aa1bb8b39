"""Lines on images of every kind: beside them stands what the attributes of the file make of it, or why nothing does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from math import hypot
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset, dcmread
from pydicom.uid import NuclearMedicineImageStorage, XRayAngiographicImageStorage

from tests.browser.reading import Stage
from tests.browser.viewer_pages import page_of
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import serve

STUDY = "1.2.826.0.7.13"
ROWS, COLUMNS = 200, 240
Place = tuple[float, float]
"""Column and row, counted from the outer corner of the first pixel."""
NUMBER = re.compile(r"(≤ )?([\d.]+)(?: ± [\d.]+)? (mm|s|cm/s|Hz)(?!\w)")
DIGITS = 0.12
"""A line is drawn with a mouse on a screen: by so many pixels of the image it may lie elsewhere."""


def region(form: int, flags: int, bounds: tuple[int, int, int, int], units: tuple[int, int], deltas: Any) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = form, form, flags
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = bounds
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = deltas
    return item


ULTRASOUND = {
    "Modality": "US",
    "SequenceOfUltrasoundRegions": [
        region(1, 1, (0, 0, 119, 99), (3, 3), (0.03, 0.03)),
        region(1, 0, (20, 20, 59, 59), (3, 3), (-0.03, 0.03)),
        region(2, 0, (120, 0, 239, 99), (4, 3), (0.005, 0.04)),
        region(3, 0, (0, 100, 119, 179), (4, 7), (0.004, -1.5)),
        region(3, 0, (120, 100, 239, 179), (4, 5), (0.004, 50.0)),
    ],
}
FILES: dict[str, dict[str, Any]] = {
    "us": ULTRASOUND,
    "xa": {"Modality": "XA", "SOPClassUID": XRayAngiographicImageStorage, "ImagerPixelSpacing": (0.25, 0.25)},
    "dx": {"Modality": "DX", "ImagerPixelSpacing": (0.25, 0.25), "EstimatedRadiographicMagnificationFactor": "1.25"},
    "nm": {
        "Modality": "NM", "SOPClassUID": NuclearMedicineImageStorage, "PixelSpacing": (2.0, 2.0),
        "ImageType": ("ORIGINAL", "PRIMARY", "STATIC", "EMISSION"),
    },
    "bare": {},
}  # fmt: skip
NAMES = list(FILES)


@pytest.fixture
def study() -> Iterator[str]:
    """Address of the page of a study with one series of each kind, on which nobody has drawn yet."""
    pixels = np.fromfunction(lambda y, x: x + y, (ROWS, COLUMNS)).astype(np.int16)
    files = [
        image_file(pixels, StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.{k}", SeriesNumber=k, **FILES[name])
        for k, name in enumerate(NAMES, 1)
    ]
    with serve(FakeArchive(files)) as url:
        yield f"{url}/sightline/studies/{STUDY}?series={STUDY}."


def draw(page: Page, size: tuple[int, int], start: Place, end: Place, key: str = "Shift+D") -> None:
    """Draw a length, or what else the key is for, between two points of the fitted image, whose pixels are square."""
    stage = Stage(page, page)
    stage.shows(1)
    left, top, _, _ = stage.box()
    width, height = stage.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
    rows, columns = size
    scale = min(width / columns, height / rows)
    corner = left + (width - columns * scale) / 2, top + (height - rows * scale) / 2
    page.keyboard.press(key)
    expect(page.locator("svg.findings")).to_be_attached()
    places = [(corner[0] + x * scale, corner[1] + y * scale) for x, y in (start, (start[0] + 5, start[1] + 5), end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def label_of(page: Page) -> str:
    """Return all that stands beside the line, lines joined."""
    label = page.locator(".finding-label text")
    expect(label).to_have_count(1)
    expect(label).to_have_text(re.compile(r"\S"))
    found: str = label.evaluate(
        "(text) => [...(text.children.length ? text.children : [text])].map((one) => one.textContent).join(' ')"
    )
    return found


def numbers_of(label: str) -> list[tuple[bool, float, str]]:
    """Return for each number whether it is a bound, its value and its unit."""
    return [(bool(bound), float(value), unit) for bound, value, unit in NUMBER.findall(label)]


A, B = (10.0, 10.0), (90.0, 70.0)
DIAGONAL = hypot(80, 60)
TOLD: list[tuple[str, Place, Place, list[tuple[bool, float, float, str]], str]] = [
    ("us", A, B, [(False, DIAGONAL * 0.3, 0.3, "mm")], "US region"),
    ("us", (30, 30), (50, 45), [(False, 25 * 0.3, 0.3, "mm")], "US region"),
    ("us", (130, 20), (210, 80), [(False, 0.4, 0.005, "s"), (False, 24, 0.4, "mm")], "M-mode"),
    ("us", (20, 110), (100, 160), [(False, 0.32, 0.004, "s"), (False, 75, 1.5, "cm/s")], "Doppler"),
    ("us", (130, 110), (210, 160), [(False, 0.32, 0.004, "s"), (False, 2500, 50, "Hz")], "Doppler"),
    ("xa", A, B, [(True, DIAGONAL * 0.25, 0.25, "mm")], "detector"),
    ("dx", A, B, [(False, DIAGONAL * 0.2, 0.2, "mm")], "1.25"),
    ("nm", A, B, [(False, DIAGONAL * 2, 2, "mm")], "planar"),
]
REFUSED: list[tuple[str, Place, Place, str]] = [
    ("us", (60, 80), (60, 140), "beyond one calibrated region"),
    ("us", (20, 185), (90, 195), "outside"),
    ("bare", A, B, "how large a pixel is"),
]


@pytest.mark.parametrize(("name", "start", "end", "expected", "origin"), TOLD)
def test_a_line_is_told_in_the_units_of_its_place(
    browser: Browser, study: str, name: str, start: Place, end: Place,
    expected: list[tuple[bool, float, float, str]], origin: str,
) -> None:  # fmt: skip
    with page_of(browser) as page:
        page.goto(f"{study}{NAMES.index(name) + 1}")
        draw(page, (ROWS, COLUMNS), start, end)
        label = label_of(page)
        found = numbers_of(label)
        assert [(bound, unit) for bound, _, unit in found] == [(bound, unit) for bound, _, _, unit in expected]
        for (_, value, _), (_, wanted, pixel, _) in zip(found, expected, strict=True):
            assert value == pytest.approx(wanted, abs=pixel * (1 + DIGITS))
        assert origin in label


@pytest.mark.parametrize(("name", "start", "end", "reason"), REFUSED)
def test_a_line_that_nothing_calibrates_has_no_number(
    browser: Browser, study: str, name: str, start: Place, end: Place, reason: str
) -> None:
    with page_of(browser) as page:
        page.goto(f"{study}{NAMES.index(name) + 1}")
        draw(page, (ROWS, COLUMNS), start, end)
        label = label_of(page)
        assert numbers_of(label) == []
        assert reason in label


def test_a_line_of_known_length_calibrates_what_has_no_scale(browser: Browser, study: str) -> None:
    with page_of(browser) as page:
        page.goto(f"{study}{NAMES.index('bare') + 1}")
        draw(page, (ROWS, COLUMNS), (20, 180), (120, 180), "Shift+Q")
        page.keyboard.type("50")
        page.keyboard.press("Enter")
        draw(page, (ROWS, COLUMNS), A, B)
        label = page.locator('.finding[data-tool="length"]')
        expect(label).to_have_attribute("aria-label", re.compile("calibrated by the reader"))
        ((bound, value, unit),) = numbers_of(label.get_attribute("aria-label") or "")
        assert (bound, unit) == (False, "mm")
        assert value == pytest.approx(DIAGONAL / 2, abs=0.5 * (1 + DIGITS))


@pytest.mark.filterwarnings("ignore")  # pydicom's, of what is wrong in real files
@pytest.mark.parametrize("name", ["gdcm-US-ALOKA-16.dcm", "IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"])
def test_real_ultrasound_is_measured_in_its_region(browser: Browser, name: str) -> None:
    content = real_file(name).read_bytes()
    dataset = dcmread(BytesIO(content))
    place = next(item for item in dataset.SequenceOfUltrasoundRegions if item.RegionSpatialFormat == 1)
    start = (place.RegionLocationMinX0 + 80, place.RegionLocationMinY0 + 80)
    end = (start[0] + 60, start[1] + 80)
    step = abs(place.PhysicalDeltaX) * 10
    with serve(FakeArchive([content])) as url, page_of(browser) as page:
        page.goto(f"{url}/sightline/studies/{dataset.StudyInstanceUID}?series={dataset.SeriesInstanceUID}&slice=1")
        draw(page, (dataset.Rows, dataset.Columns), start, end)
        ((bound, value, unit),) = numbers_of(label_of(page))
        assert (bound, unit) == (False, "mm")
        assert value == pytest.approx(100 * step, abs=step * (1 + DIGITS))
