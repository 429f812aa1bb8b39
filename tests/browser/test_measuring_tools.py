"""Every tool drawn by mouse: what is told is what loops make of the points that were kept, and of the file."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from itertools import pairwise
from math import acos, degrees, hypot, pi
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.reading import Stage
from tests.browser.viewer_pages import page_of
from tests.support.dicom_files import slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.region_pixels import inside
from tests.support.viewer_server import serve

STUDY = "1.2.826.0.7.14"
ROWS, COLUMNS = 96, 120
DOWN, ACROSS = 1.5, 0.75
"""mm between rows and between columns."""
VALUES = np.random.default_rng(14).integers(-200, 300, (3, ROWS, COLUMNS)).astype(np.int16)
NUMBER = re.compile(r"(\w[\w ]*?) (−?[\d.]+)(?: ± [\d.]+)? ?(mm²|mm|°|HU|px)")
Place = tuple[float, float]


@pytest.fixture
def address() -> Iterator[str]:
    """Address of the server of a CT whose pixels are twice as high as wide, on which nobody has drawn yet."""
    files = slices_of(
        VALUES, [(0.0, 0.0, 3.0 * k) for k in range(3)], spacing=(DOWN, ACROSS), StudyInstanceUID=STUDY,
        SeriesInstanceUID=f"{STUDY}.1", WindowCenter=50, WindowWidth=600, RescaleSlope=2, RescaleIntercept=-10,
        RescaleType="HU",
    )  # fmt: skip
    with serve(FakeArchive(files)) as url:
        yield url


class Hand:
    """Draws on the fitted image."""

    def __init__(self, page: Page) -> None:
        self._page, stage = page, Stage(page, page)
        left, top, _, _ = stage.box()
        width, height = stage.picture.evaluate("(picture) => [picture.clientWidth, picture.clientHeight]")
        self._scale = min(width / (COLUMNS * ACROSS), height / (ROWS * DOWN))
        self._left = left + (width - COLUMNS * ACROSS * self._scale) / 2
        self._top = top + (height - ROWS * DOWN * self._scale) / 2

    def _at(self, place: Place) -> Place:
        return self._left + place[0] * ACROSS * self._scale, self._top + place[1] * DOWN * self._scale

    def drag(self, *places: Place) -> None:
        """Press, go from place to place, let go."""
        self._page.mouse.move(*self._at(places[0]))
        self._page.mouse.down()
        for place in places[1:]:
            self._page.mouse.move(*self._at(place), steps=4)
        self._page.mouse.up()

    def click(self, *places: Place) -> None:
        """Click each; none so fast that two are a double click."""
        for place in places:
            self._page.mouse.click(*self._at(place))


def mm(a: Any, b: Any) -> float:
    return hypot((b[0] - a[0]) * ACROSS, (b[1] - a[1]) * DOWN)


def between(u: Any, w: Any) -> float:
    dot = u[0] * w[0] * ACROSS**2 + u[1] * w[1] * DOWN**2
    return degrees(acos(dot / hypot(u[0] * ACROSS, u[1] * DOWN) / hypot(w[0] * ACROSS, w[1] * DOWN)))


def shoelace(points: Any) -> float:
    closed = [*points, points[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed))) / 2 * ACROSS * DOWN


def sizes(tool: str, points: Any) -> dict[str, float]:
    """Return what each number has to be, by its name."""
    steps = [mm(a, b) for a, b in pairwise(points)]
    if tool in ("length", "polyline"):
        return {"Length": sum(steps)}
    if tool in ("bidirectional", "ellipse"):
        axes = sorted((steps[0], steps[2]))
        area = {"Area": pi * axes[0] * axes[1] / 4} if tool == "ellipse" else {}
        return {"Length": axes[1], "Short axis": axes[0], **area}
    if tool == "rectangle":
        (a, b), (c, d) = points
        return {
            "Width": abs(c - a) * ACROSS, "Height": abs(d - b) * DOWN, "Area": abs((c - a) * (d - b)) * ACROSS * DOWN,
        }  # fmt: skip
    if tool == "circle":
        return {"Radius": steps[0], "Area": pi * steps[0] ** 2}
    if tool in ("polygon", "freehand"):
        return {"Area": shoelace(points), "Perimeter": sum(steps) + mm(points[-1], points[0])}
    p, q, r = points[:3]
    if tool == "angle":
        return {"Angle": between((p[0] - q[0], p[1] - q[1]), (r[0] - q[0], r[1] - q[1]))}
    # Both lines of the test run from left to right, and meet at one side.
    s = points[3]
    return {"Angle": between((q[0] - p[0], q[1] - p[1]), (s[0] - r[0], s[1] - r[1]))}


def pixels(tool: str, points: Any, number: int) -> dict[str, float]:
    places = inside(tool, points, (ROWS, COLUMNS), (DOWN, ACROSS))
    values = [int(VALUES[number][place]) * 2 - 10 for place in places]
    return {
        "Mean": statistics.fmean(values), "Standard deviation": statistics.stdev(values), "Minimum": min(values),
        "Maximum": max(values), "Median": statistics.median(values), "Pixels": len(values),
    }  # fmt: skip


LINE: tuple[Place, ...] = ((20, 20), (60, 30), (90, 70))
CORNERS: tuple[Place, ...] = ((20, 20), (90, 25), (70, 70), (30, 60))
TOOLS: list[tuple[str, str, str, list[tuple[Place, ...]]]] = [
    ("length", "Shift+D", "drag", [LINE]),
    ("bidirectional", "Shift+B", "drag", [LINE]),
    ("rectangle", "Shift+R", "drag", [LINE]),
    ("ellipse", "Shift+V", "drag", [LINE]),
    ("circle", "Shift+U", "drag", [((60, 45), (70, 50), (85, 55))]),
    ("freehand", "Shift+H", "drag", [(*CORNERS, (21, 22))]),
    ("angle", "Shift+A", "click", [((90, 20), (30, 40), (80, 75))]),
    ("cobb", "Shift+C", "drag", [((30, 20), (60, 25), (90, 30)), ((30, 75), (60, 65), (90, 60))]),
    ("polyline", "Shift+Y", "click", [LINE]),
    ("polygon", "Shift+G", "click", [CORNERS]),
]


@pytest.mark.parametrize(("tool", "key", "way", "strokes"), TOOLS)
def test_a_tool_tells_what_a_loop_makes_of_its_points(
    browser: Browser, address: str, tool: str, key: str, way: str, strokes: list[tuple[Place, ...]]
) -> None:
    with page_of(browser) as page:
        page.goto(f"{address}/sightline/studies/{STUDY}?series={STUDY}.1&slice=2")
        Stage(page, page).shows(2)
        page.keyboard.press(key)
        expect(page.locator("svg.findings")).to_be_attached()
        hand = Hand(page)
        for stroke in strokes:
            (hand.drag if way == "drag" else hand.click)(*stroke)
        if tool in ("polyline", "polygon"):
            page.keyboard.press("Enter")
        shape = page.locator(f'.finding[data-tool="{tool}"]')
        expect(shape).to_have_count(1)
        finding = kept(page, address)
        points = finding["points"]
        assert near(points, strokes[0][0]), points
        expected = sizes(tool, points)
        if tool in ("rectangle", "ellipse", "circle", "polygon", "freehand"):
            expected |= pixels(tool, points, 1)
            expect(shape).to_have_attribute("aria-label", re.compile("Mean"))
        label = shape.get_attribute("aria-label") or ""
        told = {name: text for name, text, _ in NUMBER.findall(label.split(": ", 1)[1])}
        assert list(told) == list(expected)
        for name, text in told.items():
            decimals = len(text.partition(".")[2])
            shown = float(text.replace("−", "-"))
            assert shown == pytest.approx(expected[name], abs=0.5001 * 10**-decimals), (name, label)
        assert "pixel spacing" in label


def kept(page: Page, address: str) -> Any:
    """Return the one finding that the server keeps, once it does."""
    for _ in range(60):
        answer = page.request.get(f"{address}/sightline/api/studies/{STUDY}/findings").json()
        if answer["findings"]:
            return answer["findings"][0]["finding"]
        page.wait_for_timeout(100)
    pytest.fail("Nothing was kept.")


def near(points: Any, place: Place) -> bool:
    """Whether what was drawn lies where it was drawn: one of its points, or a corner around them."""
    columns, rows = zip(*points, strict=True)
    ends = [*points, (min(columns), min(rows))]
    return any(hypot(column - place[0], row - place[1]) < 0.3 for column, row in ends)
