"""Reduction by area against a loop over exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sightline.kernels.resize import reduce_by_area, reduced_shape

Image = np.ndarray[Any, Any]


def overlaps(size: int, count: int, index: int) -> list[tuple[int, Fraction]]:
    """Return which pixels a new pixel covers, and how much of each."""
    low, high = Fraction(index * size, count), Fraction((index + 1) * size, count)
    return [
        (pixel, min(high, Fraction(pixel + 1)) - max(low, Fraction(pixel)))
        for pixel in range(size)
        if min(high, Fraction(pixel + 1)) > max(low, Fraction(pixel))
    ]


def naive(image: Image, rows: int, columns: int) -> list[list[int]]:
    result = []
    for row in range(rows):
        line = []
        for column in range(columns):
            total = area = Fraction(0)
            for r, height in overlaps(image.shape[0], rows, row):
                for c, width in overlaps(image.shape[1], columns, column):
                    total += int(image[r, c]) * height * width
                    area += height * width
            line.append(math.floor(total / area + Fraction(1, 2)))
        result.append(line)
    return result


@settings(max_examples=60, deadline=None)
@given(npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=9)), st.data())
def test_every_pixel_is_the_exact_mean_of_its_area(image: Image, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, image.shape[0])), data.draw(st.integers(1, image.shape[1]))
    np.testing.assert_array_equal(reduce_by_area(image, rows, columns), naive(image, rows, columns))


def test_colours_are_reduced_one_by_one() -> None:
    image = np.random.default_rng(2).integers(0, 256, (13, 17, 3)).astype(np.uint8)
    reduced = reduce_by_area(image, 5, 4)
    for sample in range(3):
        np.testing.assert_array_equal(reduced[..., sample], naive(image[..., sample], 5, 4))


def test_the_same_size_changes_nothing() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(reduce_by_area(image, 3, 4), image)


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 0), (4, 1), (1, 5)])
def test_it_never_enlarges(rows: int, columns: int) -> None:
    with pytest.raises(ValueError, match="at least 1 and at most"):
        reduce_by_area(np.zeros((3, 4), np.uint8), rows, columns)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 6000))
def test_shapes_fit_and_keep_their_ratio(rows: int, columns: int, bound: int) -> None:
    new_rows, new_columns = reduced_shape(rows, columns, bound)
    if max(rows, columns) <= bound:
        assert (new_rows, new_columns) == (rows, columns)
        return
    assert max(new_rows, new_columns) == bound
    assert abs(new_rows - rows * bound / max(rows, columns)) <= 1
    assert abs(new_columns - columns * bound / max(rows, columns)) <= 1
