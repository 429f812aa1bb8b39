"""Ramps and tables give the very levels that they stand for, for every value of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.kernels.grayscale import GreyTransform, LookUpTable, VoiWindow, grey_of_modality_values, grey_of_stored
from sightline.kernels.ramps import Ramp, apply_ramp, apply_table, fitted_ramp

DTYPES = (np.uint8, np.int8, np.uint16, np.int16)
Pixels = np.ndarray[Any, Any]


def every_value(dtype: Any) -> Pixels:
    """Return all values of a type, in an order that is not theirs."""
    values = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1).astype(dtype)
    return values.reshape(-1, 2)[::-1].copy()


def by_formula(stored: Pixels, transform: GreyTransform) -> Pixels:
    """Return what the float64 formula gives, value by value, with padding black."""
    values = stored.astype(np.float64) * transform.slope + transform.intercept
    grey = grey_of_modality_values(values, transform)
    if transform.padding is not None:
        grey[(stored >= transform.padding[0]) & (stored <= transform.padding[1])] = 0
    return grey


@given(
    dtype=st.sampled_from(DTYPES),
    center=st.floats(-3000, 70000) | st.integers(-1000, 5000).map(float),
    width=st.floats(1, 70000) | st.integers(1, 5000).map(float),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT"]),
    slope=st.sampled_from([1.0, -1.0, 0.5, 0.0375, 2.3, -0.001]),
    intercept=st.sampled_from([0.0, -1024.0, 0.25]),
    inverse=st.booleans(),
    padding=st.none() | st.tuples(st.integers(-40000, 40000), st.integers(0, 30000)),
)
@example(np.int16, 40.0, 401.5, "LINEAR", 1.0, 0.0, False, None)  # float64 rounds one tie down and another one up
@example(np.int16, 40.0, 1.0, "LINEAR", 1.0, 0.0, False, None)
@example(np.uint16, 0.0, 0.5, "LINEAR_EXACT", 1.0, 0.0, True, None)
@example(np.uint16, 32768.0, 65536.0, "LINEAR", 1.0, 0.0, False, (0, 0))
@example(np.int16, 1e18, 1e-9, "LINEAR_EXACT", 1.0, 0.0, False, None)
@example(np.uint8, 300.0, 10.0, "LINEAR", 1.0, 0.0, True, (0, 5))
def test_windows_are_what_the_formula_says_for_every_value(
    dtype: Any,
    center: float,
    width: float,
    function: str,
    slope: float,
    intercept: float,
    inverse: bool,
    padding: tuple[int, int] | None,
) -> None:
    hidden = None if padding is None else (padding[0], padding[0] + padding[1])
    transform = GreyTransform(VoiWindow(center, width, function), slope, intercept, inverse=inverse, padding=hidden)
    stored = np.tile(every_value(dtype), (5 if np.dtype(dtype).itemsize == 1 else 1, 1))
    np.testing.assert_array_equal(grey_of_stored(stored, transform), by_formula(stored, transform))


def test_most_windows_are_lines() -> None:
    """Those that are not are as exact, but take longer."""
    found = 0
    for width in range(100, 3100, 30):
        levels = (lambda w: lambda x: grey_of_modality_values(x, GreyTransform(VoiWindow(40, w))))(width)
        factor = 255 / (width - 1)
        ramp = fitted_ramp(levels, factor, (0.5 - 39.5 / (width - 1)) * 255 + 0.5, np.dtype(np.int16))
        assert ramp is not None
        assert 40 - width // 2 <= ramp.low < ramp.high <= 39 + width // 2
        found += ramp.factor is not None
    assert found >= 90


def test_levels_that_are_not_where_the_line_says_are_no_ramp() -> None:
    def far(x: Pixels) -> Pixels:
        return np.clip(x - 10, 0, 255).astype(np.uint8)

    assert fitted_ramp(far, 1.0, 0.0, np.dtype(np.uint16)) is None
    assert fitted_ramp(far, 0.0, 0.0, np.dtype(np.uint16)) is None
    found = fitted_ramp(far, 1.0, -10.0, np.dtype(np.uint16))
    assert found is not None
    assert (found.low, found.high, found.factor) == (10, 265, 1.0)


def test_pieces_fit_together_and_an_output_is_used() -> None:
    stored = np.random.default_rng(2).integers(-300, 900, (3, 66001)).astype(np.int16)
    expected = np.clip(stored, 0, 510) // 2
    out = np.empty(stored.shape, np.uint8)
    assert apply_ramp(stored, Ramp(0, 510, 0.5), out) is out
    np.testing.assert_array_equal(out, expected)
    table = (np.arange(511) // 2).astype(np.uint8)
    out = np.empty(stored.shape, np.uint8)
    assert apply_table(stored, 0, table, out) is out
    np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match="no line"):
        apply_ramp(stored, Ramp(0, 1))


@given(
    dtype=st.sampled_from(DTYPES),
    first=st.integers(-40000, 70000),
    entries=st.lists(st.integers(0, 255), min_size=1, max_size=700),
)
def test_tables_repeat_their_ends(dtype: Any, first: int, entries: list[int]) -> None:
    stored = every_value(dtype)
    places = np.clip(stored.astype(int) - first, 0, len(entries) - 1)
    found = apply_table(stored, first, np.array(entries, np.uint8))
    np.testing.assert_array_equal(found, np.array(entries)[places])


@pytest.mark.parametrize("side", [20, 300])
@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_what_is_no_ramp_goes_through_a_table_or_pixel_by_pixel(dtype: Any, side: int) -> None:
    stored = np.random.default_rng(side).integers(0, 30000, (side, side)).astype(dtype)
    sigmoid = GreyTransform(VoiWindow(9000, 4000, "SIGMOID"), padding=(5, 900), inverse=True)
    np.testing.assert_array_equal(grey_of_stored(stored, sigmoid), by_formula(stored, sigmoid))
    entries = np.random.default_rng(3).integers(0, 4096, 20000).astype(np.uint16)
    grey = np.floor(entries[np.clip(stored.astype(int) - 100, 0, 19999)] * (255 / 4095) + 0.5)
    np.testing.assert_array_equal(grey_of_stored(stored, GreyTransform(LookUpTable(100, entries, 12))), grey)
