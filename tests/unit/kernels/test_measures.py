"""Sizes of shapes against loops, formulas and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from math import acos, ceil, cos, degrees, floor, hypot, pi, radians, sin, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sightline.kernels.measures import Sized, angle, cobb, crosses, distance, ellipse, enclosed, extent, length

TALL = (2.0, 0.5)
coordinate = st.integers(-4000, 4000).map(lambda value: value / 8)
spacings = st.tuples(st.floats(0.05, 5), st.floats(0.05, 5))


def points_of(least: int, most: int) -> Any:
    return st.lists(st.tuples(coordinate, coordinate), min_size=least, max_size=most).map(np.array)


def loop_length(points: Any, spacing: tuple[float, float], closed: bool) -> float:
    total = 0.0
    for index in range(len(points) if closed else len(points) - 1):
        (column, row), (next_column, next_row) = points[index], points[(index + 1) % len(points)]
        total += sqrt(((next_column - column) * spacing[1]) ** 2 + ((next_row - row) * spacing[0]) ** 2)
    return total


@given(points_of(2, 12), spacings, st.booleans())
def test_a_length_is_the_sum_of_its_steps(points: Any, spacing: tuple[float, float], closed: bool) -> None:
    assert length(points, spacing, closed).value == pytest.approx(loop_length(points, spacing, closed))


@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=3, max_size=3), spacings)
def test_a_triangle_has_the_area_of_its_sides(points: Any, spacing: tuple[float, float]) -> None:
    corners = np.array(points)
    a, b, c = (loop_length(corners[[i, (i + 1) % 3]], spacing, False) for i in range(3))
    half = (a + b + c) / 2
    heron = sqrt(max(0.0, half * (half - a) * (half - b) * (half - c)))
    assert enclosed(corners, spacing).value == pytest.approx(heron, abs=1e-3)


def test_a_polygon_has_the_area_of_the_points_in_it() -> None:
    corners = np.array([[1, 1], [9, 2], [6, 5], [8, 9], [2, 8]])
    step, count = 0.02, 0
    for row in np.arange(step / 2, 10, step):
        ends = []
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if min(y0, y1) <= row < max(y0, y1):
                ends.append(x0 + (row - y0) * (x1 - x0) / (y1 - y0))
        ends.sort()
        for left, right in zip(ends[::2], ends[1::2], strict=True):
            count += floor(right / step) - ceil(left / step) + 1
    assert enclosed(corners, TALL).value == pytest.approx(count * step**2, rel=2e-3)


def test_an_outline_that_crosses_itself_is_found() -> None:
    assert crosses(np.array([[0, 0], [4, 4], [4, 0], [0, 4]]))
    assert not crosses(np.array([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]]))


def test_width_and_height_are_along_columns_and_rows() -> None:
    corners = np.array([[5, 9], [1, 1]])
    assert (extent(corners, TALL, 0).value, extent(corners, TALL, 1).value) == (2, 16)


@given(st.floats(0.5, 20), st.floats(0.5, 20), st.floats(0, 180))
def test_an_ellipse_that_is_drawn_with_other_pixels_keeps_its_true_axes(a: float, b: float, turned: float) -> None:
    assume(abs(a - b) > 1e-3)
    # Two conjugate diameters at any angle of the parameter: in mm an ellipse with half axes a and b along x and y.
    at = radians(turned)
    p, q = np.array([a * cos(at), b * sin(at)]), np.array([-a * sin(at), b * cos(at)])
    points = np.array([-p, p, -q, q]) / [TALL[1], TALL[0]] + 50
    long, short, area = ellipse(points, TALL)
    assert long.value == pytest.approx(2 * max(a, b), rel=1e-6)
    assert short.value == pytest.approx(2 * min(a, b), rel=1e-6)
    assert area.value == pytest.approx(pi * a * b)


@given(points_of(3, 3), spacings)
def test_an_angle_is_that_of_the_law_of_cosines(points: Any, spacing: tuple[float, float]) -> None:
    a, b = (distance(points, spacing, 1, end).value for end in (0, 2))
    c = distance(points, spacing, 0, 2).value
    assume(min(a, b) > 0.1)
    cosine = min(1.0, max(-1.0, (a * a + b * b - c * c) / (2 * a * b)))
    found = angle(points, spacing)
    assert found is not None
    assert found.value == pytest.approx(degrees(acos(cosine)), abs=1e-4)


def test_without_two_places_there_is_no_angle() -> None:
    assert angle(np.array([[1, 1], [1, 1], [2, 2]]), TALL) is None
    assert cobb(np.array([[1, 1], [1, 1], [2, 2], [3, 3]]), TALL) is None


@given(st.floats(1, 80), st.floats(1, 80), st.booleans(), st.booleans(), st.floats(0, 360))
def test_cobb_is_the_sum_of_both_tilts_however_it_is_drawn(
    upper: float, lower: float, first: bool, second: bool, turned: float
) -> None:
    def line(middle: tuple[float, float], tilt: float, back: bool) -> list[list[float]]:
        at = radians(tilt)
        ends = [[middle[0] + way * 5 * cos(at), middle[1] + way * 5 * sin(at)] for way in (-1, 1)]
        return ends[::-1] if back else ends

    points = np.array(line((0, 0), upper, first) + line((0, 60), -lower, second))
    about = radians(turned)
    points = points @ np.array([[cos(about), -sin(about)], [sin(about), cos(about)]])
    found = cobb(points / [TALL[1], TALL[0]], TALL)
    assert found is not None
    assert found.value == pytest.approx(upper + lower, abs=1e-6)


SIZES: tuple[tuple[int, Callable[[Any], Sized | None]], ...] = (
    (4, lambda points: length(points, TALL)),
    (5, lambda points: length(points, TALL, closed=True)),
    (4, lambda points: distance(points, TALL, 2, 3)),
    (6, lambda points: enclosed(points, TALL)),
    (2, lambda points: extent(points, TALL, 1)),
    (2, lambda points: extent(points, TALL, 0).times(extent(points, TALL, 1))),
    (4, lambda points: ellipse(points, TALL)[0]),
    (4, lambda points: ellipse(points, TALL)[1]),
    (4, lambda points: ellipse(points, TALL)[2]),
    (3, lambda points: angle(points, TALL)),
    (4, lambda points: cobb(points, TALL)),
)


@pytest.mark.parametrize("index", range(len(SIZES)))
def test_slopes_are_those_of_small_steps(index: int) -> None:
    count, size = SIZES[index]
    points = np.random.default_rng(index).uniform(0, 50, (count, 2))
    found = size(points)
    assert found is not None
    squares = 0.0
    for place in np.ndindex(count, 2):
        moved = [points.copy(), points.copy()]
        moved[0][place] -= 1e-5
        moved[1][place] += 1e-5
        low, high = (size(one) for one in moved)
        assert low is not None
        assert high is not None
        slope = (high.value - low.value) / 2e-5
        assert found.slopes[place] == pytest.approx(slope, rel=1e-5, abs=1e-6)
        squares += (slope / 2) ** 2
    assert found.half_pixel == pytest.approx(sqrt(squares), rel=1e-5)


def test_half_a_pixel_at_each_end_is_what_a_line_may_be_wrong_by() -> None:
    assert length(np.array([[0, 0], [30, 0]]), (1.0, 0.4)).half_pixel == pytest.approx(hypot(0.2, 0.2))
    assert length(np.array([[3, 3], [3, 3]]), (1.0, 1.0)).half_pixel == pytest.approx(hypot(0.5, 0.5))
