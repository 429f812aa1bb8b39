"""Levels of a volume are means in the right place, and blocks say which values they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.clipping import HalfSpace, half_spaces_of_box
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.occupancy import BLOCK, MARGIN, measure_occupancy, region_of
from sightline.kernels.pyramid import build_pyramid

Array = np.ndarray[Any, Any]


def geometry_of(shape: tuple[int, ...], step: tuple[float, float, float] = (0.0, 0.5, 1.0)) -> VolumeGeometry:
    flat = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0) if step[0] else (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    places = [tuple(float(v) for v in np.array([5.0, 6.0, 7.0]) + k * 2 * np.asarray(step)) for k in range(shape[0])]
    return plan_volume([SlicePlane(p, flat, (1.5, 0.75), shape[1], shape[2]) for p in places])[0]  # type: ignore[arg-type]


def halved(volume: Array) -> Array:
    """Return means of 2 x 2 x 2 voxels, one by one; the last of an odd side counts twice."""
    result = np.empty([(size + 1) // 2 for size in volume.shape])
    for index in np.ndindex(result.shape):
        corners = [
            volume[tuple(min(2 * i + c, size - 1) for i, c, size in zip(index, corner, volume.shape, strict=True))]
            for corner in np.ndindex(2, 2, 2)
        ]
        result[index] = np.mean(np.array(corners, np.float64))
    return result


@pytest.mark.parametrize("shape", [(34, 40, 36), (35, 33, 37)])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32])
def test_a_level_holds_means(shape: tuple[int, int, int], dtype: type[np.generic]) -> None:
    values = np.random.default_rng(0).integers(0 if dtype == np.uint16 else -32768, 32767, shape)
    volume = values.astype(dtype)
    level = build_pyramid(volume, geometry_of(shape)).levels[1]
    expected = halved(volume)
    assert level.voxels.dtype == dtype
    if dtype == np.float32:
        assert level.voxels == pytest.approx(expected, rel=1e-5, abs=0.1)
    else:
        assert np.array_equal(level.voxels, np.floor(expected + 0.5))


@pytest.mark.parametrize("step", [(0.0, 0.0, 1.0), (0.0, 0.5, 1.0)])
def test_a_level_lies_amid_the_voxels_it_was_made_of(step: tuple[float, float, float]) -> None:
    """A ramp over patient space stays the same ramp."""
    shape = (64, 64, 64)
    geometry = geometry_of(shape, step)
    places = geometry.to_patient(np.stack(np.indices(shape), axis=-1))
    ramp = (places @ (0.3, -0.5, 0.8)).astype(np.float32)
    pyramid = build_pyramid(ramp, geometry)
    assert len(pyramid.levels) == 2
    level = pyramid.levels[1]
    found = level.geometry.to_patient(np.stack(np.indices(level.voxels.shape), axis=-1))
    assert level.voxels == pytest.approx(found @ (0.3, -0.5, 0.8), abs=1e-4)
    assert level.geometry.shape == level.voxels.shape


def test_the_level_fits_the_pixel() -> None:
    pyramid = build_pyramid(np.zeros((128, 128, 128), np.int16), geometry_of((128, 128, 128)))
    assert [level.finest_spacing for level in pyramid.levels] == [0.75, 1.5, 3.0]
    for pixel, number in ((0.1, 0), (0.75, 0), (1.3, 0), (1.5, 1), (2.9, 2), (50.0, 2)):
        assert pyramid.level_for((pixel, pixel + 1)) == number
    assert pyramid.level_for((0.75, 0.75), coarser=1) == 1
    assert pyramid.level_for((50.0, 50.0), coarser=1) == 2


def test_a_volume_of_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match="shape"):
        build_pyramid(np.zeros((4, 5, 6), np.int16), geometry_of((4, 5, 7)))


@given(st.integers(0, 10_000))
def test_blocks_bound_all_that_is_interpolated_in_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    volume = random.integers(-1000, 1000, random.integers(3, 20, 3)).astype(np.int16)
    found = measure_occupancy(volume)
    for block in np.ndindex(found.least.shape):
        part = volume[tuple(slice(b * BLOCK, b * BLOCK + BLOCK + 1) for b in block)]
        assert (found.least[block], found.greatest[block]) == (part.min(), part.max())


@given(st.integers(0, 10_000), st.integers(0, 2))
def test_regions_and_ranges_leave_nothing_out(seed: int, axis: int) -> None:
    random = np.random.default_rng(seed)
    volume = np.zeros(random.integers(3, 60, 3), np.int16)
    volume[tuple(random.integers(0, size, 4) for size in volume.shape)] = 1
    region = region_of(measure_occupancy(volume).blocks_within(1, 5), volume.shape)
    assert region is not None
    assert volume[region.slices].sum() == volume.sum()
    for voxel in np.argwhere(volume):
        assert np.all((voxel >= np.array(region.first)) & (voxel < region.stop))
        for first, stop, size, at in zip(region.first, region.stop, volume.shape, voxel, strict=True):
            assert (first == 0 or at - first >= MARGIN) and (stop == size or stop - 1 - at >= MARGIN)
    ranges = region.row_ranges(axis)
    assert len(ranges) == region.stop[axis] - region.first[axis]
    for index, part in enumerate(np.moveaxis(volume[region.slices], axis, 0)):
        for row in np.flatnonzero(part.any(axis=1)):
            assert ranges[index, 0] <= row < ranges[index, 1]


def test_an_empty_volume_has_no_region() -> None:
    assert region_of(measure_occupancy(np.zeros((9, 9, 9), np.int16)).blocks_within(1, 5), (9, 9, 9)) is None


@given(st.integers(0, 10_000))
def test_a_box_keeps_its_voxels(seed: int) -> None:
    random = np.random.default_rng(seed)
    geometry = geometry_of((12, 13, 14))
    low = random.integers(0, 6, 3)
    high = low + random.integers(0, 6, 3)
    halves = half_spaces_of_box(geometry, tuple(zip(low.tolist(), high.tolist(), strict=True)))  # type: ignore[arg-type]
    index = np.stack(np.indices(geometry.shape), axis=-1)
    kept = np.all([half.depth(geometry.to_patient(index)) >= -1e-6 for half in halves], axis=0)
    assert np.array_equal(kept, np.all((index >= low) & (index <= high), axis=-1))


@pytest.mark.parametrize("normal", [(0.0, 0.0, 0.0), (float("nan"), 0.0, 1.0)])
def test_a_plane_without_direction_is_refused(normal: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="direction"):
        HalfSpace((0.0, 0.0, 0.0), normal)
