"""Grey scale against a naive reading of the standard, against highdicom, and by its properties."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sightline.kernels.grayscale import (
    GreyTransform,
    LookUpTable,
    VoiWindow,
    full_range_window,
    grey_of_stored,
    look_up,
    value_range,
    window_values,
)

FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
INTEGERS = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32)


def naive_window(value: float, center: float, width: float, function: str) -> Fraction | float:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, pseudo-code word for word, output from 0 to 255, in exact arithmetic."""
    x, c, w, half = Fraction(value), Fraction(center), Fraction(width), Fraction(1, 2)
    if function == "LINEAR":
        if x <= c - half - (w - 1) / 2:
            return 0.0
        if x > c - half + (w - 1) / 2:
            return 255.0
        return ((x - (c - half)) / (w - 1) + half) * 255
    if function == "LINEAR_EXACT":
        if x <= c - w / 2:
            return 0.0
        if x > c + w / 2:
            return 255.0
        return ((x - c) / w + half) * 255
    exponent = -4 * (value - center) / width
    return 0.0 if exponent > 700 else 255.0 / (1 + math.exp(exponent))


def naive_grey(stored: int, transform: GreyTransform) -> int:
    if transform.padding and transform.padding[0] <= stored <= transform.padding[1]:
        return 0
    assert isinstance(transform.voi, VoiWindow)
    value = stored * transform.slope + transform.intercept
    grey = naive_window(value, transform.voi.center, transform.voi.width, transform.voi.function)
    return math.floor((255 - grey if transform.inverse else grey) + Fraction(1, 2))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("center", "width"), [(40, 400), (0, 1), (0.5, 1), (-600.25, 1500.5), (1e4, 3)])
def test_window_is_the_standards_pseudo_code(function: str, center: float, width: float) -> None:
    xs = np.concatenate([np.arange(-1100, 1100) * 1.0, np.linspace(center - width, center + width, 999)])
    expected = [float(naive_window(float(x), center, width, function)) for x in xs]
    np.testing.assert_allclose(window_values(xs, VoiWindow(center, width, function)), expected, atol=1e-9)


def test_thresholds_of_linear_by_hand() -> None:
    # c = 40, w = 400: black up to 40 - 0.5 - 199.5 = -160, white above 40 - 0.5 + 199.5 = 239.
    assert window_values([-161, -160, 239, 240], VoiWindow(40, 400)).tolist() == [0, 0, 255, 255]
    assert 0 < window_values([-159], VoiWindow(40, 400))[0] < 1
    # Width 1 is a threshold at c - 0.5.
    assert window_values([39.5, 39.6], VoiWindow(40, 1)).tolist() == [0, 255]


@pytest.mark.parametrize(("width", "function"), [(0.99, "LINEAR"), (0, "LINEAR_EXACT"), (-1, "SIGMOID"), (5, "CUBIC")])
def test_windows_that_the_standard_does_not_define_are_refused(width: float, function: str) -> None:
    with pytest.raises(ValueError, match=r"window|Function"):
        window_values([1.0], VoiWindow(0, width, function))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("inverse", [False, True])
def test_every_pixel_equals_the_naive_loop(dtype: Any, function: str, inverse: bool) -> None:
    info = np.iinfo(dtype)
    low, high = max(info.min, -2000), min(info.max, 4000)
    stored = np.linspace(low, high, 7 * 11).astype(dtype).reshape(7, 11)
    stored.flat[5] = info.min
    stored.flat[6] = info.max
    transform = GreyTransform(
        VoiWindow(30.5, 311, function), slope=0.37, intercept=-20.25, inverse=inverse, padding=(low + 3, low + 40)
    )
    expected = [[naive_grey(int(value), transform) for value in row] for row in stored]
    np.testing.assert_array_equal(grey_of_stored(stored, transform), expected)


def test_all_values_of_16_bits_are_exact_including_ties() -> None:
    """In whole numbers: modality values are halves, the window's ends quarters."""
    stored = np.arange(1 << 16, dtype=np.uint16).view(np.int16).reshape(256, 256)
    for width in (2, 256, 511, 4096.5):
        transform = GreyTransform(VoiWindow(0.5, width), slope=0.5, intercept=-1024)
        length = round(4 * (width - 1))
        above = 255 * (2 * stored.astype(np.int64) - 4096 - 2 + round(2 * width))
        expected = ((2 * above + length) // (2 * length)).clip(0, 255)
        np.testing.assert_array_equal(grey_of_stored(stored, transform), expected)


def test_a_strided_view_gives_what_its_copy_gives() -> None:
    volume = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) * 10
    view = np.flip(volume[:, :, 2], 0)
    transform = GreyTransform(VoiWindow(500, 900))
    np.testing.assert_array_equal(grey_of_stored(view, transform), grey_of_stored(view.copy(), transform))


def test_padding_is_black_even_when_inverted_and_left_out_of_the_range() -> None:
    stored = np.array([[-2000, -1000, 0, 500]], np.int16)
    transform = GreyTransform(VoiWindow(0, 2000), inverse=True, padding=(-2000, -2000))
    assert grey_of_stored(stored, transform)[0, 0] == 0
    assert grey_of_stored(stored, GreyTransform(VoiWindow(0, 2000), inverse=True))[0, 0] == 255
    assert value_range(stored, transform) == (-1000.0, 500.0)
    assert value_range(stored, GreyTransform(VoiWindow(0, 1), padding=(-3000, 600))) is None
    between = np.array([-5, 0, 7], np.int16)
    for padding, ends in {(0, 0): (-5, 7), (-5, 0): (7, 7), (7, 9): (-5, 0), (-9, -6): (-5, 7)}.items():
        assert value_range(between, GreyTransform(VoiWindow(0, 1), padding=padding)) == ends
    assert value_range(between[:0], GreyTransform(VoiWindow(0, 1), padding=(0, 0))) is None


def test_range_follows_a_negative_slope_and_ignores_what_is_not_finite() -> None:
    assert value_range(np.array([1, 3], np.uint8), GreyTransform(VoiWindow(0, 1), slope=-2.0)) == (-6.0, -2.0)
    values = np.array([np.nan, 1.5, np.inf, 2.5], np.float32)
    assert value_range(values, GreyTransform(VoiWindow(0, 1))) == (1.5, 2.5)


def test_full_range_shows_least_black_and_most_white() -> None:
    stored = np.array([[7, 107]], np.uint16)
    transform = GreyTransform(VoiWindow(0, 1))
    window = full_range_window(value_range(stored, transform))
    assert grey_of_stored(stored, GreyTransform(window)).tolist() == [[0, 255]]
    assert full_range_window(None).width == 1


def test_float_pixels_are_windowed_without_a_table() -> None:
    values = np.array([[-0.5, 0.0, 0.25, 1.0, np.nan]], np.float32)
    transform = GreyTransform(VoiWindow(0.5, 1, "LINEAR_EXACT"))
    assert grey_of_stored(values, transform).tolist() == [[0, 0, 64, 255, 0]]


def test_voi_lut_maps_its_own_output_range_to_white() -> None:
    table = LookUpTable(10, np.array([0, 1023, 4095], np.uint16), 12)
    stored = np.array([[0, 10, 11, 12, 99]], np.uint16)
    # 1023 * 255 / 4095 = 63.70, rounded 64; below and above the table its ends hold.
    assert grey_of_stored(stored, GreyTransform(table)).tolist() == [[0, 0, 64, 255, 255]]
    assert grey_of_stored(stored, GreyTransform(table, inverse=True)).tolist() == [[255, 255, 191, 0, 0]]


def test_modality_lut_replaces_the_rescale() -> None:
    table = LookUpTable(-2, np.array([100, 200, 300], np.uint16))
    transform = GreyTransform(VoiWindow(200, 200, "LINEAR_EXACT"), slope=7, intercept=7, modality_lut=table)
    assert grey_of_stored(np.array([[-9, -2, -1, 0, 9]], np.int16), transform).tolist() == [[0, 0, 128, 255, 255]]
    assert value_range(np.array([-9, -1], np.int16), transform) == (100.0, 200.0)


def test_look_up_truncates_fractions_and_keeps_padding() -> None:
    found = look_up([10.9, np.nan], LookUpTable(10, np.array([7, 8], np.uint16)))
    assert found[0] == 7
    assert np.isnan(found[1])


@given(
    stored=npst.arrays(st.sampled_from([np.int16, np.uint16, np.uint8]), npst.array_shapes(max_dims=2, max_side=9)),
    center=st.floats(-3000, 3000),
    width=st.floats(1, 5000),
    function=st.sampled_from(FUNCTIONS),
)
def test_windows_are_monotonic_and_inversion_mirrors(
    stored: np.ndarray[Any, Any], center: float, width: float, function: str
) -> None:
    transform = GreyTransform(VoiWindow(center, width, function))
    grey = grey_of_stored(stored, transform).ravel()[np.argsort(stored.ravel(), kind="stable")].astype(int)
    assert np.all(np.diff(grey) >= 0)
    inverse = grey_of_stored(stored, GreyTransform(VoiWindow(center, width, function), inverse=True))
    difference = inverse.astype(int) - (255 - grey_of_stored(stored, transform).astype(int))
    assert np.all((difference == 0) | (difference == 1)), "a tie rounds up in both"


WINDOWS = [(40.0, 400.0), (-600.0, 1600.5), (300.0, 1.0), (2000.25, 4096.0), (9000.0, 60000.0), (7.0, 0.5)]
RAMPS = [np.arange(1 << 16, dtype=np.uint16), np.arange(1 << 16, dtype=np.uint16).view(np.int16)]


@pytest.mark.parametrize("inverse", [False, True], ids=["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("slope", [1.0, 0.5, 0.0375, 2.3, -1.0])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("ramp", RAMPS, ids=["unsigned", "signed"])
def test_every_value_of_16_bits_is_that_of_highdicom(
    ramp: np.ndarray[Any, Any], function: str, slope: float, inverse: bool
) -> None:
    """Bit for bit, but for values half-way between two levels, which highdicom's rounding errors move below.

    It multiplies by 255 / width, which is rounded, where we divide by the width last. With these windows 27 of
    22 million values are such.
    """
    content = pytest.importorskip("highdicom.pixels", reason="highdicom is not installed for this Python")
    values = ramp * slope - 1024.0
    for center, width in WINDOWS:
        if function == "LINEAR" and width < 1:
            continue
        with np.errstate(all="ignore"):
            shown = content.apply_voi_window(
                values, center, width, voi_lut_function=function, output_range=(0.0, 255.0), dtype=np.float64,
                invert=inverse,
            )  # fmt: skip
        # A LINEAR window of width 1 is a step, where highdicom divides 0 by 0 at the threshold itself: still black.
        expected = np.floor(np.nan_to_num(shown, nan=255.0 if inverse else 0.0) + 0.5)
        transform = GreyTransform(VoiWindow(center, width, function), slope, -1024.0, inverse=inverse)
        grey = grey_of_stored(ramp, transform)
        different = np.flatnonzero(grey != expected)
        assert different.size <= 4
        for place in different:
            assert abs(shown[place] % 1 - 0.5) < 1e-10
            assert grey[place] == math.ceil(shown[place])
