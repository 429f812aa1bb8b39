"""Iso-lines against circles, planes and what they must enclose; doses and bands by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.contours import fill_polygons
from sightline.kernels.geometry import GeometryError
from sightline.kernels.isodose import iso_lines, isodose_bands, isodose_lines, levels_of_percents


def cone(rows: int, columns: int, centre: tuple[float, float]) -> np.ndarray:
    row, column = np.mgrid[:rows, :columns]
    return 50 - np.hypot(row - centre[0], column - centre[1])


@pytest.mark.parametrize("radius", [3.0, 7.5, 14.2])
def test_the_line_of_a_cone_is_a_circle(radius: float) -> None:
    (line,) = iso_lines(cone(40, 45, (19.3, 21.6)), 50 - radius)
    assert np.array_equal(line[0], line[-1])
    distance = np.hypot(line[:, 0] - 19.3, line[:, 1] - 21.6)
    assert np.abs(distance - radius).max() < 0.13 / radius
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert length == pytest.approx(2 * np.pi * radius, rel=0.01)


def test_the_inside_lies_to_the_right_of_the_way() -> None:
    (line,) = iso_lines(cone(20, 20, (9.5, 9.5)), 45.0)
    row, column = line[:-1].T
    down, right = np.diff(line, axis=0).T
    # Seen with rows downwards, what is to the right of (down, right) is (right, -down).
    towards_centre = (9.5 - row) * right + (9.5 - column) * -down
    assert np.all(towards_centre > 0)


def test_the_line_of_a_slope_is_straight_and_open() -> None:
    row, column = np.mgrid[:6, :8]
    (line,) = iso_lines(2.0 * row + column, 7.25)
    assert np.allclose(2 * line[:, 0] + line[:, 1], 7.25)
    assert not np.array_equal(line[0], line[-1])
    ends = {tuple(point) for point in line[[0, -1]].tolist()}
    assert ends == {(0.125, 7.0), (3.625, 0.0)}


def test_no_line_runs_where_there_are_no_values() -> None:
    image = cone(30, 30, (14.0, 14.0))
    image[:, 14] = np.nan
    lines = iso_lines(image, 42.0)
    assert len(lines) == 2
    assert all(np.all((line[:, 1] <= 13) | (line[:, 1] >= 15)) for line in lines)
    assert iso_lines(np.full((4, 4), np.nan), 0.0) == ()
    assert iso_lines(np.zeros((1, 9)), 0.0) == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_lines_enclose_exactly_the_pixels_at_or_above_the_level(rows: int, columns: int, seed: int) -> None:
    image = np.random.default_rng(seed).normal(size=(rows, columns))
    image = np.pad(image, 1, constant_values=-9.0)
    lines = iso_lines(image, 0.1)
    assert all(np.array_equal(line[0], line[-1]) for line in lines)
    assert np.array_equal(fill_polygons([line[:-1] for line in lines], image.shape), image >= 0.1)


def test_opposite_corners_are_joined_where_the_mean_is_inside() -> None:
    joined = np.pad(np.array([[4.0, 0.0], [0.0, 4.0]]), 1)
    assert len(iso_lines(joined, 1.9)) == 1
    assert len(iso_lines(joined, 2.1)) == 2


def test_levels_are_percentages_of_what_was_prescribed() -> None:
    assert levels_of_percents((95, 100, 107), 50.0) == (47.5, 50.0, 53.5)
    for nothing in (0.0, -2.0, float("nan")):
        with pytest.raises(GeometryError, match="no prescribed dose"):
            levels_of_percents((95,), nothing)


def test_each_level_has_its_lines_and_each_pixel_its_band() -> None:
    dose = cone(30, 30, (14.2, 15.1))
    lines = isodose_lines(dose, (45.0, 40.0, 60.0))
    assert [(line.level, len(line.lines)) for line in lines] == [(40.0, 1), (45.0, 1), (60.0, 0)]
    bands = isodose_bands(dose, (45.0, 40.0, 60.0))
    assert np.array_equal(bands, (dose >= 40).astype(int) + (dose >= 45) + (dose >= 60))
    with pytest.raises(GeometryError, match="255 bands"):
        isodose_bands(dose, range(256))
