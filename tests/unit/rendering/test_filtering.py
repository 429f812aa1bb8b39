"""Filters between stored values and their window: padding takes no part, and the window means what it meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.kernels.filters import smooth_gaussian
from sightline.kernels.grayscale import GreyTransform, LookUpTable, VoiWindow, grey_of_stored
from sightline.rendering.filtering import filtered
from sightline.rendering.look import Filter

STEP = np.repeat(np.array([[0, 0, 0, 0, 800, 800, 800, 800]], np.int16), 8, axis=0)
WINDOW = GreyTransform(VoiWindow(400, 1000))


def grey(values: NDArray[Any], name: Filter | None, transform: GreyTransform = WINDOW) -> NDArray[np.uint8]:
    return grey_of_stored(filtered(values, transform, name), transform)


def test_smoothing_is_that_of_stored_values() -> None:
    assert np.array_equal(filtered(STEP, WINDOW, Filter.SMOOTH), smooth_gaussian(STEP, 1.0))


@pytest.mark.parametrize("name", Filter)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "float32", "float64"])
def test_every_filter_takes_every_kind_of_value(name: Filter, dtype: str) -> None:
    values = (STEP // 8).astype(dtype)
    assert grey(values, name).shape == STEP.shape


@pytest.mark.parametrize("name", Filter)
def test_padding_stays_padding_and_changes_no_neighbour(name: Filter) -> None:
    padded = np.pad(STEP, 3, constant_values=-2000)
    transform = GreyTransform(VoiWindow(400, 1000), padding=(-2000, -2000))
    shown = grey(padded, name, transform)
    assert not shown[:3].any()
    assert not shown[:, -3:].any()
    lowest = np.pad(STEP, 3)
    assert np.array_equal(shown[3:-3, 3:-3], grey(lowest, name)[3:-3, 3:-3])


def test_not_a_number_stays_so() -> None:
    values = STEP.astype(np.float32)
    values[0, 0] = np.nan
    result = filtered(values, WINDOW, Filter.SMOOTHER)
    assert np.argwhere(np.isnan(result)).tolist() == [[0, 0]]


def test_padding_alone_is_left_alone() -> None:
    transform = GreyTransform(VoiWindow(400, 1000), padding=(-5, 5))
    assert np.array_equal(filtered(np.zeros((4, 4), np.int16), transform, Filter.EDGES), np.zeros((4, 4)))


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_edges_are_bright_where_values_change_and_flat_is_black(slope: float) -> None:
    transform = GreyTransform(VoiWindow(400 * slope, 1000), slope=slope)
    shown = grey(STEP, Filter.EDGES, transform)
    assert shown[4, [0, 7]].tolist() == [0, 0]
    assert shown[4, 3] == shown[4, 4] == 255


def test_local_contrast_spreads_what_is_faint_over_the_window() -> None:
    faint = np.random.default_rng(2).integers(350, 450, (64, 64)).astype(np.int16)
    assert np.ptp(grey(faint, None)) < 30
    assert np.ptp(grey(faint, Filter.LOCAL_CONTRAST)) > 60
    # Which number stands for a step of grey does not matter.
    finer = GreyTransform(VoiWindow(40, 100), slope=0.1)
    found = [grey(faint, Filter.LOCAL_CONTRAST, each).astype(int) for each in (WINDOW, finer)]
    assert np.abs(found[0] - found[1]).max() <= 3


def test_a_look_up_table_in_place_of_a_window_is_no_obstacle() -> None:
    transform = GreyTransform(LookUpTable(0, np.arange(1024, dtype=np.uint16), 10))
    assert np.ptp(grey(STEP, Filter.LOCAL_CONTRAST, transform)) > 100
