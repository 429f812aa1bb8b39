"""Regions of pictures against exact fractions, hand-computed values and Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sightline.kernels.resize import reduce_by_area
from sightline.kernels.viewport import fitted_shape, resample_region

Image = np.ndarray[Any, Any]
IMAGES = npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=9))


@settings(max_examples=60, deadline=None)
@given(IMAGES, st.data())
def test_reducing_a_region_is_cutting_it_out_and_taking_means(image: Image, data: st.DataObject) -> None:
    top, left = (data.draw(st.integers(0, size - 1)) for size in image.shape)
    height = data.draw(st.integers(1, image.shape[0] - top))
    width = data.draw(st.integers(1, image.shape[1] - left))
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    expected = reduce_by_area(image[top : top + height, left : left + width], rows, columns)
    np.testing.assert_array_equal(resample_region(image, (left, top, width, height), rows, columns), expected)


def naive_enlargement(image: Image, rows: int, columns: int) -> list[list[float]]:
    def ends(index: int, size: int, count: int) -> tuple[int, int, float]:
        place = min(max((index + 0.5) * size / count - 0.5, 0), size - 1)
        return int(place), min(int(place) + 1, size - 1), place - int(place)

    lines = []
    for row in range(rows):
        r0, r1, v = ends(row, image.shape[0], rows)
        line = []
        for column in range(columns):
            c0, c1, u = ends(column, image.shape[1], columns)
            upper = float(image[r0, c0]) * (1 - u) + float(image[r0, c1]) * u
            lower = float(image[r1, c0]) * (1 - u) + float(image[r1, c1]) * u
            lines_value = upper * (1 - v) + lower * v
            line.append(lines_value)
        lines.append(line)
    return lines


@settings(max_examples=60, deadline=None)
@given(IMAGES, st.integers(0, 20), st.integers(0, 20))
def test_enlarging_is_bilinear(image: Image, more_rows: int, more_columns: int) -> None:
    rows, columns = image.shape[0] + more_rows, image.shape[1] + more_columns
    shown = resample_region(image, (0, 0, image.shape[1], image.shape[0]), rows, columns)
    assert np.abs(shown - np.array(naive_enlargement(image, rows, columns))).max() <= 0.5 + 1e-6


def test_parts_of_pixels_count_as_parts() -> None:
    # From 0.5 to 3.5: a half of 10, all of 20, all of 40 and a half of 80, in two halves of 1.5 pixels.
    image = np.array([[10, 20, 40, 80]], np.uint8)
    assert resample_region(image, (0.5, 0, 3, 1), 1, 2).tolist() == [[17, 53]]  # 25/1.5 and 80/1.5


def test_colours_and_an_enlarged_region_do_not_see_beyond_it() -> None:
    image = np.zeros((3, 4, 3), np.uint8)
    image[1, 1:3] = [[10, 20, 30], [50, 60, 70]]
    shown = resample_region(image, (1, 1, 2, 1), 2, 4)
    assert shown.tolist() == [[[10, 20, 30], [20, 30, 40], [40, 50, 60], [50, 60, 70]]] * 2


def test_blocks_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(3).integers(0, 256, (40, 30)).astype(np.uint8)
    whole = resample_region(image, (1.5, 2, 20, 33), 71, 12)
    monkeypatch.setattr("sightline.kernels.viewport._BLOCK_BYTES", 8 * 30 * 7)
    np.testing.assert_array_equal(resample_region(image, (1.5, 2, 20, 33), 71, 12), whole)


@pytest.mark.parametrize("region", [(-1, 0, 2, 2), (0, 0, 5, 1), (0, 0, 0, 1), (0, 2, 1, 2)])
def test_a_region_is_inside(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="inside the image"):
        resample_region(np.zeros((3, 4), np.uint8), region, 2, 2)


@given(st.floats(0.1, 5000), st.floats(0.1, 5000), st.integers(1, 6000), st.integers(1, 6000))
def test_a_picture_fits_and_meets_one_side(height: float, width: float, rows: int, columns: int) -> None:
    shape = fitted_shape(height, width, rows, columns)
    assert shape[0] <= rows and shape[1] <= columns
    assert shape[0] == rows or shape[1] == columns
