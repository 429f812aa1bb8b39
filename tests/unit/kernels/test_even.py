"""Even distances from the true places of slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.even import evenly_spaced
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut
from sightline.kernels.shear_warp import factorise

Array = np.ndarray[Any, Any]


def geometry_of(heights: Any, step: Any = (0.0, 0.2, 1.0), shape: tuple[int, int] = (4, 5)) -> VolumeGeometry:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    positions: list[Any] = [tuple((z * np.asarray(step)).tolist()) for z in heights]
    return plan_volume([SlicePlane(position, flat, (0.9, 0.7), *shape) for position in positions])[0]


UNEVEN = geometry_of([0, 1, 2.5, 3.5, 5.5, 7])
GAPPED = geometry_of([0, 1, 2, 5, 6, 7])


@given(st.lists(st.floats(0.5, 1.4), min_size=3, max_size=9), st.floats(0.2, 2))
def test_a_ramp_along_the_slices_stays_one(steps: list[float], spacing: float) -> None:
    geometry = geometry_of(np.cumsum([0, *steps]))
    heights = np.array(geometry.distances)
    volume = np.broadcast_to((7 + 3 * heights)[:, None, None], geometry.shape).astype(np.float32)
    result, even = evenly_spaced(volume, geometry, spacing=spacing)
    assert even.even
    assert result.shape == even.shape
    assert even.slice_spacing <= spacing * (1 + 1e-2)
    assert even.distances[-1] == pytest.approx(heights[-1])
    missing = np.zeros(len(even.distances), bool)
    for low, high in geometry.gaps:
        missing |= (np.array(even.distances) > low + 1e-5) & (np.array(even.distances) < high - 1e-5)
    expected = np.where(missing, np.nan, 7 + 3 * np.array(even.distances))
    np.testing.assert_allclose(result[:, 1, 2], expected, atol=1e-4)


def test_slices_that_lie_at_even_places_are_kept_and_others_rounded_half_up() -> None:
    volume = np.random.default_rng(1).integers(-1000, 1000, UNEVEN.shape).astype(np.int16)
    result, even = evenly_spaced(volume, UNEVEN, spacing=0.5)
    assert (result.dtype, len(even.distances)) == (np.int16, 15)
    for slice_index, height in enumerate(UNEVEN.distances):
        np.testing.assert_array_equal(result[round(height / 0.5)], volume[slice_index])
    np.testing.assert_array_equal(result[1], np.floor((volume[0] + volume[1].astype(float)) / 2 + 0.5))


def test_it_takes_the_least_distance_by_itself_and_can_then_be_projected() -> None:
    _, even = evenly_spaced(np.zeros(UNEVEN.shape, np.uint8), UNEVEN)
    assert even.distances == tuple(range(8))
    assert even.step == UNEVEN.step
    plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0), 2, 2)
    with pytest.raises(GeometryError):
        factorise(UNEVEN, plane)
    assert factorise(even, plane).axis == 0


@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32"])
def test_gaps_become_padding(dtype: str) -> None:
    volume = np.full(GAPPED.shape, 100, dtype)
    result, even = evenly_spaced(volume, GAPPED, padding=(7, 9))
    assert result.dtype == dtype
    assert result[:, 0, 0].tolist() == [100, 100, 100, 7, 7, 100, 100, 100]
    assert even.gaps == GAPPED.gaps == ((2.0, 5.0),)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_gaps_become_not_a_number_where_nothing_else_is_given(dtype: str) -> None:
    result, _ = evenly_spaced(np.full(GAPPED.shape, 100, dtype), GAPPED)
    assert result.dtype == np.float32
    assert np.nan_to_num(result[:, 0, 0], nan=-1).tolist() == [100, 100, 100, -1, -1, 100, 100, 100]


def test_padding_spreads_to_where_it_takes_part_and_no_further() -> None:
    volume = np.full(UNEVEN.shape, 100, np.int16)
    volume[2] = -2000
    result, _ = evenly_spaced(volume, UNEVEN, spacing=0.5, padding=(-2000, -2000))
    heights = np.arange(15) * 0.5
    np.testing.assert_array_equal(result[:, 0, 0] == -2000, (heights > 1) & (heights < 3.5))


def test_planes_of_the_even_volume_are_those_of_the_uneven_one_at_its_slices() -> None:
    volume = np.random.default_rng(1).integers(-1000, 1000, UNEVEN.shape).astype(np.float32)
    result, even = evenly_spaced(volume, UNEVEN, spacing=0.5)
    plane = ImagePlane(
        (0.3, 0.5, 0.0), (1.0, 0.0, 0.0), (0.0, 0.2 / 1.04**0.5, 1 / 1.04**0.5), (0.5 * 1.04**0.5, 0.6), 15, 4
    )
    np.testing.assert_allclose(cut(result, even, plane), cut(volume, UNEVEN, plane), atol=0.01)


def test_an_even_volume_is_itself() -> None:
    geometry = geometry_of([0, 1, 2, 3])
    volume = np.zeros(geometry.shape, np.int16)
    result, even = evenly_spaced(volume, geometry)
    assert result is volume
    assert even is geometry


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan, np.inf, 1e-9])
def test_distances_that_make_no_volume_are_refused(spacing: float) -> None:
    with pytest.raises(GeometryError):
        evenly_spaced(np.zeros(UNEVEN.shape, np.uint8), UNEVEN, spacing=spacing)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(GeometryError, match="another size"):
        evenly_spaced(np.zeros((5, 4, 5), np.uint8), UNEVEN)
    far = replace(UNEVEN, distances=(0.0, 1.0, 2.0, 3.0, 4.0, 90_000.0))
    with pytest.raises(GeometryError, match="too many"):
        evenly_spaced(np.zeros(UNEVEN.shape, np.uint8), far)
