"""Fusion: every pair of greys against whole numbers, and against a loop over pixels."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.colour_maps import colour_map
from sightline.kernels.fusion import FusionError, Opacity, blend, fuse, fusion_table

GREY = colour_map("grey")
HOT = colour_map("hot_iron")


def blended(base: int, colour: int, opacity: int) -> int:
    """In fractions, so without any rounding but the last."""
    return floor(Fraction((255 - opacity) * base + opacity * colour, 255) + Fraction(1, 2))


def test_blending_is_right_for_every_sum_that_there_can_be() -> None:
    base = np.arange(256, dtype=np.uint8)
    for opacity in (0, 1, 2, 77, 127, 128, 200, 254, 255):
        for colour in (0, 1, 100, 254, 255):
            got = blend(base, np.uint8([colour]), np.uint8([opacity]))
            assert got.tolist() == [blended(b, colour, opacity) for b in range(256)]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_blending_is_rounded_half_up(base: int, colour: int, opacity: int) -> None:
    assert int(blend(np.uint8([base]), np.uint8([colour]), np.uint8([opacity]))[0]) == blended(base, colour, opacity)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 255))
def test_opacity_runs_in_a_straight_line_and_not_below_the_threshold(low: float, high: float, threshold: int) -> None:
    table = Opacity(low, high, threshold).table().astype(int)
    assert np.all(table[:threshold] == 0)
    steps = np.diff(table[threshold:])
    assert np.all(steps >= 0) or np.all(steps <= 0)
    assert table[threshold] == floor(low * 255 + 0.5 + 1e-9)
    assert threshold == 255 or table[255] == floor(high * 255 + 0.5 + 1e-9)


@pytest.mark.parametrize("bad", [(-0.1, 1, 0), (0, 1.1, 0), (float("nan"), 1, 0), (0, 1, 256), (0, 1, -1)])
def test_opacity_out_of_range_is_refused(bad: tuple[float, float, int]) -> None:
    with pytest.raises(FusionError, match="Opacity must be"):
        Opacity(*bad)


@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (181, 182)])
@pytest.mark.parametrize("opacity", [Opacity(0.5, 0.5), Opacity(0.1, 0.9, 40)])
def test_fusion_is_what_a_loop_over_pixels_makes(shape: tuple[int, int], opacity: Opacity) -> None:
    random = np.random.default_rng(3)
    base, overlay = random.integers(0, 256, (2, *shape), dtype=np.uint8)
    alpha = opacity.table()
    got = fuse(base, overlay, fusion_table(GREY, HOT, opacity))
    assert got.shape == (*shape, 4)
    assert np.all(got[..., 3] == 255)
    for row, column in zip(*np.unravel_index(random.integers(0, base.size, 400), shape), strict=True):
        b, o = int(base[row, column]), int(overlay[row, column])
        assert got[row, column, :3].tolist() == [blended(b, int(HOT[o, c]), int(alpha[o])) for c in range(3)]


def test_all_pairs_are_in_the_table() -> None:
    table = fusion_table(HOT, GREY, Opacity(0.3, 0.8, 10))
    alpha = Opacity(0.3, 0.8, 10).table()
    overlay, base = np.divmod(np.arange(65536), 256)
    wanted = (
        (255 - alpha[overlay, None].astype(int)) * HOT[base] + alpha[overlay, None].astype(int) * GREY[overlay] + 127
    ) // 255
    assert np.array_equal(table.view(np.uint8).reshape(-1, 4)[:, :3], wanted)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 255))
def test_an_overlay_that_is_transparent_leaves_the_base_and_an_opaque_one_hides_it(value: int) -> None:
    base = np.arange(256, dtype=np.uint8).reshape(16, 16)
    overlay = np.full_like(base, value)
    assert np.array_equal(fuse(base, overlay, fusion_table(GREY, HOT, Opacity(0, 0)))[..., :3], GREY[base])
    assert np.array_equal(fuse(base, overlay, fusion_table(GREY, HOT, Opacity(1, 1)))[..., :3], HOT[overlay])


def test_views_and_a_given_array_do_as_well() -> None:
    random = np.random.default_rng(5)
    base, overlay = random.integers(0, 256, (2, 40, 30), dtype=np.uint8)
    table, out = fusion_table(GREY, HOT, Opacity(0.5, 0.5)), np.empty((20, 10, 4), np.uint8)
    got = fuse(base[::2, ::3], overlay[::-2, ::3], table, out=out)
    assert got is out
    assert np.array_equal(got, fuse(base, overlay[::-1], table)[::2, ::3])


def test_what_does_not_fit_is_refused() -> None:
    table, square = fusion_table(GREY, HOT, Opacity(0.5, 0.5)), np.zeros((4, 4), np.uint8)
    with pytest.raises(FusionError, match="different sizes"):
        fuse(square, square[:2], table)
    with pytest.raises(FusionError, match="array to write to"):
        fuse(square, square, table, out=np.empty((4, 4, 3), np.uint8))
    with pytest.raises(FusionError, match="256 colours"):
        fusion_table(GREY[:10], HOT, Opacity(0.5, 0.5))
