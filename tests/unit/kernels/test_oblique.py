"""Any plane out of any volume: against the obvious loop, SciPy, and what a linear ramp must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels import sampling
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut

Array = np.ndarray[Any, Any]
SHAPE = (7, 9, 11)
TURNED = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)) + 3 * np.eye(3))[0]


def stacked(
    distances: Any, columns: Any = (1, 0, 0), rows: Any = (0, 1, 0), tilt: float = 0.0, shape: Any = SHAPE[1:]
) -> VolumeGeometry:
    """Slices at these distances along their normal, each displaced along its rows by `tilt` per mm."""
    columns, rows = np.asarray(columns, float), np.asarray(rows, float)
    step = np.cross(columns, rows) + tilt * rows
    orientation = tuple(np.concatenate([columns, rows]).tolist())
    slices = [SlicePlane(tuple((d * step + 3.0).tolist()), orientation, (0.9, 0.7), *shape) for d in distances]
    return plan_volume(slices)[0]


EVEN = stacked(np.arange(7) * 1.3)
GEOMETRIES = {
    "axial": EVEN,
    "oblique": stacked(np.arange(7) * 1.3, TURNED[0], TURNED[1]),
    "tilted": stacked(np.arange(7) * 1.3, TURNED[0], TURNED[1], tilt=0.4),
    "uneven": stacked([0, 1, 2.2, 3, 4.4, 5.9, 7], TURNED[0], TURNED[1]),
}
# Padding does nothing here, but that everything takes the way which it needs.
NO_PADDING = (-99999.0, -99999.0)


def plane_through(geometry: VolumeGeometry, seed: int, rows: int = 17, columns: int = 19) -> ImagePlane:
    """A plane of any direction, through somewhere near the middle of the volume."""
    random = np.random.default_rng(seed)
    across, down = np.linalg.qr(random.normal(size=(3, 3)))[0][:2]
    spacing = tuple(random.uniform(0.3, 0.9, 2).tolist())
    middle = geometry.to_patient((np.array(geometry.shape) - 1) / 2) + random.normal(size=3)
    origin = middle - across * spacing[1] * (columns - 1) / 2 - down * spacing[0] * (rows - 1) / 2
    vectors: list[Any] = [tuple(vector.tolist()) for vector in (origin, across, down)]
    return ImagePlane(*vectors, spacing, rows, columns)  # type: ignore[arg-type]


def points_of(plane: ImagePlane) -> Array:
    return plane.to_patient(np.stack(np.meshgrid(np.arange(plane.rows), np.arange(plane.columns), indexing="ij"), -1))


def noise(dtype: Any, shape: Any = SHAPE, seed: int = 1) -> Array:
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(0, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(max(limits.min, -2000), min(limits.max, 3000), shape).astype(dtype)


def inside(geometry: VolumeGeometry, at: Array, margin: float = 0.0) -> Array:
    return np.all((at >= margin) & (at <= np.array(geometry.shape) - 1 - margin), axis=-1)


def naive(volume: Array, at: Any, padding: tuple[float, float] | None = None, snap: float = 1e-6) -> float:
    """Eight neighbours one by one; those without weight do not count."""
    total = 0.0
    at = np.where(np.abs(at - np.rint(at)) < snap, np.rint(at), at)
    for corner in product((0, 1), repeat=3):
        index = [int(np.floor(x)) + c for x, c in zip(at, corner, strict=True)]
        weight = float(np.prod([abs(1 - c - (x - np.floor(x))) for x, c in zip(at, corner, strict=True)]))
        if weight:
            voxel = float(volume[tuple(index)])
            total += weight * (np.nan if padding and padding[0] <= voxel <= padding[1] else voxel)
    return total


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8", "int8", "float32", "int32", "float64"])
@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_pixel_equals_the_naive_loop(name: str, dtype: str) -> None:
    geometry, volume = GEOMETRIES[name], noise(dtype)
    plane = plane_through(geometry, 3)
    result = cut(volume, geometry, plane)
    assert (result.shape, result.dtype) == ((17, 19), np.float32)
    at = geometry.to_index(points_of(plane))
    seen = inside(geometry, at)
    assert seen.sum() > 60
    assert np.isnan(result[~inside(geometry, at, -0.0011)]).all()
    expected = [naive(volume, index) for index in at[seen]]
    np.testing.assert_allclose(result[seen], expected, atol=0.01)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("padding", [None, NO_PADDING], ids=["plain", "padding"])
def test_within_a_twentieth_of_a_unit_of_scipy(seed: int, padding: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is not installed")
    geometry = stacked(np.arange(24) * 1.3, TURNED[0], TURNED[1], tilt=0.2, shape=(31, 37))
    volume = noise(np.int16, geometry.shape)
    plane = plane_through(geometry, seed, 61, 67)
    at = geometry.to_index(points_of(plane))
    expected = ndimage.map_coordinates(volume, np.moveaxis(at, -1, 0), output=np.float64, order=1)
    seen = inside(geometry, at)
    assert seen.sum() > 500
    assert np.abs(cut(volume, geometry, plane, padding=padding) - expected)[seen].max() < 0.05


@pytest.mark.parametrize("name", GEOMETRIES)
@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_ramp_in_the_patient_stays_one_and_is_shown_just_within_the_volume(name: str, seed: int) -> None:
    geometry = GEOMETRIES[name]
    index = np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij"), -1)
    volume = (geometry.to_patient(index) @ [1.0, -2.0, 3.0]).astype(np.float32)
    plane = plane_through(geometry, seed)
    points = points_of(plane)
    result = cut(volume, geometry, plane)
    at = geometry.to_index(points)
    seen = inside(geometry, at)
    np.testing.assert_allclose(result[seen], (points @ [1.0, -2.0, 3.0])[seen], atol=1e-4)
    assert np.isnan(result[~inside(geometry, at, -0.0011)]).all()


def test_an_impulse_is_a_tent_one_voxel_wide() -> None:
    volume = np.zeros(SHAPE, np.int16)
    volume[3, 4, 5] = 100
    x, y, z = EVEN.to_patient((3, 4, 5)).tolist()
    plane = ImagePlane((x - 1.4, y - 0.9, z + 0.65), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.45, 0.35), 5, 9)
    tent = np.outer([0, 0.5, 1, 0.5, 0], [0, 0, 0, 0.5, 1, 0.5, 0, 0, 0])
    np.testing.assert_allclose(cut(volume, EVEN, plane), 50 * tent, atol=1e-3)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_nearest_shows_the_voxel_that_is_nearest(name: str) -> None:
    geometry, volume = GEOMETRIES[name], noise(np.int16)
    plane = plane_through(geometry, 8)
    result = cut(volume, geometry, plane, interpolation="nearest")
    at = geometry.to_index(points_of(plane))
    seen = inside(geometry, at)
    nearest = np.floor(at[seen] + 0.5).astype(int)
    np.testing.assert_array_equal(result[seen], volume[tuple(nearest.T)])
    assert np.isnan(result[~inside(geometry, at, -0.0011)]).all()


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_no_pixel_is_shown_in_which_padding_takes_part_and_all_others_are(dtype: str, seed: int) -> None:
    geometry, volume = GEOMETRIES["oblique"], noise(dtype)
    hole = np.random.default_rng(seed).random(SHAPE) < 0.02
    volume[hole] = -5000 if dtype == "int16" else np.nan
    padding = (-5001.0, -4999.0) if dtype == "int16" else None
    plane = plane_through(geometry, seed, 8, 11)
    at = geometry.to_index(points_of(plane))
    seen = inside(geometry, at)
    expected = np.array([naive(volume, index, padding) for index in at[seen]])
    result = cut(volume, geometry, plane, padding=padding)[seen]
    np.testing.assert_allclose(result, expected, atol=0.01)
    shown = cut(volume, geometry, plane, padding=padding, interpolation="nearest")[seen]
    np.testing.assert_array_equal(np.isnan(shown), hole[tuple(np.floor(at[seen] + 0.5).astype(int).T)])


def test_padding_does_not_spread_to_voxels_beside_it() -> None:
    volume = np.full(SHAPE, 100, np.int16)
    volume[3] = -2000
    x, y, z = EVEN.origin
    plane = ImagePlane((x, y, z), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (0.9, 0.65), 9, 13)
    for row in cut(volume, EVEN, plane, padding=(-2000, -2000)):
        assert np.nan_to_num(row, nan=-1).tolist() == [100] * 5 + [-1] * 3 + [100] * 5


def test_nothing_is_shown_in_a_gap_and_everything_at_its_ends() -> None:
    geometry = stacked([0, 1, 2, 5, 6, 7])
    assert list(geometry.gaps) == [(2.0, 5.0)]
    plane = ImagePlane(geometry.origin, (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (0.9, 0.5), 9, 15)
    for interpolation in ("trilinear", "nearest"):
        row = cut(np.full(geometry.shape, 9, np.uint8), geometry, plane, interpolation=interpolation)[4]  # type: ignore[arg-type]
        assert np.nan_to_num(row, nan=-1).tolist() == [9] * 5 + [-1] * 5 + [9] * 5
    even = replace(geometry, distances=tuple(np.linspace(0, 7, 6).tolist()), even=True)
    row = cut(np.full(geometry.shape, 9, np.uint8), even, plane)[4]
    assert np.nan_to_num(row, nan=-1).tolist() == [9] * 5 + [-1] * 5 + [9] * 5


@pytest.mark.parametrize("axis", range(3))
@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_the_same_voxels_indexed_the_other_way_round_give_the_same_plane(axis: int, seed: int) -> None:
    geometry, volume = GEOMETRIES["oblique"], noise(np.int16)
    directions: dict[str, Any] = {}
    if axis == 0:
        directions["step"] = tuple(-x for x in geometry.step)
    name = ("step", "row_direction", "column_direction")[axis]
    directions[name] = tuple(-x for x in getattr(geometry, name))
    last = [0, 0, 0]
    last[axis] = SHAPE[axis] - 1
    flipped = replace(geometry, origin=tuple(geometry.to_patient(last).tolist()), **directions)
    plane = plane_through(geometry, seed)
    if axis:
        # One axis turned round turns the normal too, along which the distances of slices count.
        flipped = replace(flipped, step=geometry.step)
    result = cut(np.flip(volume, axis), flipped, plane)
    np.testing.assert_allclose(result, cut(volume, geometry, plane), atol=0.01)


@given(st.integers(0, 10_000), st.floats(-4, 4), st.floats(-4, 4))
@settings(max_examples=20)
def test_cutting_is_linear(seed: int, one: float, other: float) -> None:
    geometry = GEOMETRIES["tilted"]
    first, second = noise(np.float32, seed=1), noise(np.float32, seed=2)
    plane = plane_through(geometry, seed)
    together = cut((one * first + other * second).astype(np.float32), geometry, plane)
    apart = one * cut(first, geometry, plane) + other * cut(second, geometry, plane)
    np.testing.assert_allclose(together, apart, atol=0.05)


@pytest.mark.parametrize(("chunk", "tile"), [(1, 1), (7, 5), (40, 40), (1000, 8)])
def test_the_size_of_what_is_worked_on_at_once_does_not_show(
    chunk: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = plane_through(GEOMETRIES["oblique"], 11)
    expected = cut(noise(np.int16), GEOMETRIES["oblique"], plane)
    monkeypatch.setattr(sampling, "CHUNK", chunk)
    monkeypatch.setattr(sampling, "TILE", tile)
    # Not to the bit: places are rounded once where all are well within the volume, and elsewhere after clipping.
    np.testing.assert_allclose(cut(noise(np.int16), GEOMETRIES["oblique"], plane), expected, atol=0.005)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_an_axis_of_one_voxel_has_a_plane(shape: tuple[int, int]) -> None:
    geometry = stacked([0, 1, 2, 3], shape=shape)
    volume = noise(np.int16, geometry.shape)
    plane = ImagePlane(geometry.origin, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.9, 0.7), *shape)
    np.testing.assert_array_equal(cut(volume, geometry, plane.moved(1.0)), volume[1])
    np.testing.assert_allclose(
        cut(volume, geometry, plane.moved(0.5)), (volume[0] + volume[1].astype(float)) / 2, atol=1e-3
    )


@pytest.mark.parametrize("offset", [1e3, 1e7, 1e12, 1e15, 1e30])
def test_planes_far_outside_are_empty(offset: float) -> None:
    for direction in ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)):
        plane = ImagePlane((offset, 3.0, 3.0), direction, (0.0, 1.0, 0.0), (1.0, 1.0), 4, 5)
        assert np.isnan(cut(noise(np.int16), EVEN, plane)).all()


def test_a_plane_that_starts_far_outside_shows_what_it_reaches() -> None:
    plane = ImagePlane((-5000.0, 3.0, 3.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.9, 0.7), 9, 8000)
    volume = noise(np.int16)
    result = cut(volume, EVEN, plane)
    at = EVEN.to_index(points_of(plane)[4])
    shown = np.flatnonzero(~np.isnan(result[4]))
    assert 9 <= len(shown) <= 11
    np.testing.assert_allclose(result[4][shown], [naive(volume, at[k]) for k in shown], atol=0.05)


@pytest.mark.parametrize("start", [-300.0, -600.0, -5e3, -1e6, 900.0, 1e6])
def test_lines_from_far_outside_are_right_where_they_are_well_within(start: float) -> None:
    """Begun beyond the range of fixed point, with tiles that lie within the volume as a whole."""
    geometry = stacked([0, 1, 2], shape=(4, 400))
    volume = np.broadcast_to(np.arange(400, dtype=np.int16), geometry.shape).copy()
    step = -np.sign(start) * max(1.0, (abs(start) + 400) // 10_000)
    line = geometry.affine @ np.array([1.0, 1.0, start, 1.0])
    across = geometry.affine @ np.array([0.0, 0.0, step, 0.0])
    count = int((abs(start) + 400) / abs(step)) + 2
    parts = sampling.Sampler(volume, geometry).along(line[None, :3], across[None, :3], count, np.zeros((1, 1, 3)))
    found = np.concatenate([values[0, 0].copy() for _, _, values in parts])
    columns = start + step * np.arange(count)
    within = (columns >= 0) & (columns <= 399)
    np.testing.assert_array_equal(~np.isnan(found), within)
    np.testing.assert_allclose(found[within], columns[within], atol=1e-3)
    assert within.sum() > 3


def test_a_volume_that_does_not_lie_in_order_is_cut_all_the_same() -> None:
    volume = noise(np.int16)
    turned = np.asfortranarray(volume)
    plane = plane_through(EVEN, 2)
    np.testing.assert_array_equal(cut(turned, EVEN, plane), cut(volume, EVEN, plane))


def test_a_volume_of_another_size_is_refused() -> None:
    with pytest.raises(GeometryError, match="another size"):
        cut(np.zeros((7, 9, 12), np.int16), EVEN, plane_through(EVEN, 1))
