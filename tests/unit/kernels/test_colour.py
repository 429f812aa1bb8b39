"""Colour against the standard's own equations, and against pydicom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.colour import Palette, palette_to_rgb, to_8_bit, ybr_full_to_rgb


def naive_rgb(y: int, cb: int, cr: int) -> list[int]:
    exact = (y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128))
    return [min(255, max(0, math.floor(value + 0.5))) for value in exact]


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20))
def test_ybr_full_equals_the_naive_loop(samples: list[tuple[int, int, int]]) -> None:
    converted = ybr_full_to_rgb(np.array(samples, np.uint8))
    assert converted.tolist() == [naive_rgb(*sample) for sample in samples]


def test_ybr_full_undoes_the_standards_forward_equations() -> None:
    for name, rgb in {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (90, 90, 90)}.items():
        r, g, b = rgb
        # PS3.3 C.7.6.3.1.2
        ybr = (
            0.2990 * r + 0.5870 * g + 0.1140 * b,
            -0.1687 * r - 0.3313 * g + 0.5000 * b + 128,
            0.5000 * r - 0.4187 * g - 0.0813 * b + 128,
        )
        back = ybr_full_to_rgb(np.rint(np.clip(ybr, 0, 255)).astype(np.uint8))
        assert np.abs(back.astype(int) - rgb).max() <= 2, name


def test_pydicom_agrees_to_one_level() -> None:
    from pydicom.pixels.processing import convert_color_space

    ybr = np.random.default_rng(1).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    expected = convert_color_space(ybr.copy(), "YBR_FULL", "RGB")
    assert np.abs(ybr_full_to_rgb(ybr).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_palette_ends_hold_below_and_above(dtype: type) -> None:
    entries = np.array([[1, 2, 3], [40, 50, 60], [250, 0, 7]], np.uint8)
    found = palette_to_rgb(np.array([[0, 9, 10, 11, 12, 100]], dtype), Palette(10, entries))
    assert found.tolist() == [[[1, 2, 3], [1, 2, 3], [1, 2, 3], [40, 50, 60], [250, 0, 7], [250, 0, 7]]]


def test_palette_of_16_bits_is_scaled() -> None:
    entries = np.array([[0, 65535, 32767], [128, 129, 65408]], np.uint16)
    assert palette_to_rgb(np.array([0, 1]), Palette(0, entries)).tolist() == [[0, 255, 127], [0, 1, 255]]


@given(st.integers(8, 16), st.data())
def test_8_bit_equals_the_naive_formula(bits: int, data: st.DataObject) -> None:
    samples = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=9))
    expected = [math.floor(sample * 255 / (2**bits - 1) + 0.5) for sample in samples]
    assert to_8_bit(np.array(samples, np.uint16), bits).tolist() == expected
