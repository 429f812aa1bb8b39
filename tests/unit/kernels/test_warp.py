"""The warp of a picture: a naive loop, whole positions, and what is not a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.warp import Matrix, warp_bilinear

Array = np.ndarray[Any, Any]


def naive(image: Array, matrix: Matrix, shape: tuple[int, int]) -> Array:
    result = np.full(shape, np.nan)
    for row in range(shape[0]):
        for column in range(shape[1]):
            y, x = np.array(matrix) @ (row, column, 1.0)
            if 0 <= y <= image.shape[0] - 1 and 0 <= x <= image.shape[1] - 1:
                i, j = int(y), int(x)
                total = 0.0
                for a, down in ((i, 1 - (y - i)), (i + 1, y - i)):
                    for b, right in ((j, 1 - (x - j)), (j + 1, x - j)):
                        if down * right > 0:
                            total += down * right * float(image[a, b])
                result[row, column] = total
    return result


@given(st.integers(0, 10_000))
def test_it_is_the_naive_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    image = random.normal(size=(7, 9)).astype(np.float32)
    (a, b), (d, e) = random.uniform(-1, 1, (2, 2)).tolist()
    matrix = ((a, b, 3.1), (d, e, 4.2))
    found, expected = warp_bilinear(image, matrix, (6, 8)), naive(image, matrix, (6, 8))
    both = np.isfinite(found) & np.isfinite(expected)
    assert both.sum() >= np.isfinite(expected).sum() - 1
    assert np.abs(found - expected)[both].max() < 2e-3


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (((1, 0, 0), (0, 1, 0)), [[1, 2, 3], [4, 5, 6]]),
        (((0, 1, 0), (1, 0, 0)), [[1, 4], [2, 5], [3, 6]]),
        (((-1, 0, 1), (0, -1, 2)), [[6, 5, 4], [3, 2, 1]]),
        (((1 - 1e-12, 0, 1e-12), (0, 1 + 1e-12, -1e-12)), [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_whole_positions_take_one_pixel(matrix: Matrix, expected: list[list[float]]) -> None:
    image = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    assert warp_bilinear(image, matrix, np.shape(expected)).tolist() == expected  # type: ignore[arg-type]


def test_what_is_not_a_number_spreads_to_where_it_has_weight_only() -> None:
    image = np.array([[1, np.nan, 3, 4]], np.float32)
    found = warp_bilinear(image, ((0, 0, 0), (0, 0.5, 0)), (1, 8))
    assert np.nan_to_num(found, nan=-1).tolist() == [[1, -1, -1, -1, 3, 3.5, 4, -1]]


def test_far_outside_there_is_nothing() -> None:
    image = np.ones((2, 2), np.float32)
    assert np.isnan(warp_bilinear(image, ((1e7, 0, -1e9), (0, 1, 0)), (2, 2))).all()
