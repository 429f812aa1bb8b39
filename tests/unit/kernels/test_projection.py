"""Projections: a loop over every ray as oracle, exact along the axes, right in the patient, no jump between axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.projection import MODES, Interpolation, project, x_major_copy
from sightline.kernels.shear_warp import ShearWarp, factorise
from sightline.kernels.warp import warp_bilinear

Array = np.ndarray[Any, Any]
Within = Callable[[float, float, float], bool]

SHAPE = (9, 11, 13)
TILTED = (0.2, -0.5, 2.0)
OF_NUMBERS = {"max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum}
INTERPOLATIONS: tuple[Interpolation, ...] = ("nearest", "bilinear")


def geometry_of(
    shape: tuple[int, int, int] = SHAPE,
    step: tuple[float, float, float] = (0.0, 0.0, 2.0),
    spacing: tuple[float, float] = (1.5, 1.25),
) -> VolumeGeometry:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    places = [(3.0 + k * step[0], -4.0 + k * step[1], 5.0 + k * step[2]) for k in range(shape[0])]
    return plan_volume([SlicePlane(place, flat, spacing, shape[1], shape[2]) for place in places])[0]


def volume_of(shape: tuple[int, int, int] = SHAPE, dtype: str = "int16", seed: int = 1) -> Array:
    low, high = (0, 250) if dtype == "uint8" else (-100, 100) if dtype == "int8" else (0, 3000)
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def centred(geometry: VolumeGeometry, column: Array, row: Array, size: int = 24, pixel: float = 1.0) -> ImagePlane:
    x, y, z = (geometry.corners().mean(0) - (column + row) * pixel * (size - 1) / 2).tolist()
    return ImagePlane((x, y, z), tuple(column.tolist()), tuple(row.tolist()), (pixel, pixel), size, size)


def towards(geometry: VolumeGeometry, seed: int, size: int = 24, pixel: float = 1.0) -> ImagePlane:
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return centred(geometry, matrix[0], matrix[1], size, pixel)


def around(geometry: VolumeGeometry, degrees: float, up: float = 0.0, **options: Any) -> ImagePlane:
    a, e = np.radians([degrees, up])
    column = np.array([np.cos(a), np.sin(a), 0.0])
    normal = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
    return centred(geometry, column, np.cross(normal, column), **options)


def along(geometry: VolumeGeometry, axis: int) -> ImagePlane:
    """Return the plane whose pixels are the voxels of the first slice across an axis."""
    first, second = (other for other in range(3) if other != axis)
    size = (geometry.slice_spacing, *geometry.spacing)
    directions = (geometry.normal, geometry.row_direction, geometry.column_direction)
    return ImagePlane(
        geometry.origin,
        directions[second],
        directions[first],
        (size[first], size[second]),
        geometry.shape[first],
        geometry.shape[second],
    )


def sample(voxels: list[list[float]], y: float, x: float) -> float:
    """Interpolate in a slice; not a number outside, and where what is not a number has a weight."""
    i, j = math.floor(y), math.floor(x)
    total = 0.0
    for a, down in ((i, 1 - (y - i)), (i + 1, y - i)):
        for b, right in ((j, 1 - (x - j)), (j + 1, x - j)):
            if down * right == 0:
                continue
            if not (0 <= a < len(voxels) and 0 <= b < len(voxels[0])):
                return math.nan
            total += down * right * voxels[a][b]
    return total


def of_rays(volume: Array, split: ShearWarp, mode: str, parts: int, within: Within | None = None) -> Array:
    """Follow the ray through every pixel of the intermediate image: one sample per slice, at a rounded place."""
    slices = np.moveaxis(volume, split.axis, 0).astype(np.float64).tolist()
    image = np.full(split.shape, np.nan)
    for i, j in np.ndindex(*split.shape):
        samples = []
        for k, voxels in enumerate(slices):
            down, right = split.shift_of(k)
            if within is None or within(k, i - down, j - right):
                y = i - math.floor(down * parts + 0.5) / parts
                x = j - math.floor(right * parts + 0.5) / parts
                samples.append(sample(voxels, y, x))
        numbers = [value for value in samples if not math.isnan(value)]
        if numbers:
            image[i, j] = OF_NUMBERS[mode](numbers)
    return image


def expected_picture(volume: Array, geometry: VolumeGeometry, plane: ImagePlane, *args: Any) -> Array:
    split = factorise(geometry, plane)
    image = of_rays(volume, split, *args).astype(np.float32)
    return warp_bilinear(image, split.warp, (plane.rows, plane.columns))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("step", [(0.0, 0.0, 2.0), TILTED])
def test_it_is_the_loop_over_rays(
    seed: int, mode: str, interpolation: Interpolation, step: tuple[float, float, float]
) -> None:
    geometry, volume = geometry_of(step=step), volume_of(seed=seed)
    plane = towards(geometry, seed)
    found = project(volume, geometry, plane, mode, interpolation=interpolation)
    expected = expected_picture(volume, geometry, plane, mode, 8 if interpolation == "bilinear" else 1)
    assert np.isfinite(expected).sum() > 50
    cut_off = 0.8 if interpolation == "bilinear" and mode in ("max", "min") else 2e-2
    np.testing.assert_allclose(found, expected, atol=cut_off)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint16", "int32", "uint32", "float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
def test_all_types_give_the_same(dtype: str, mode: str) -> None:
    geometry = geometry_of()
    volume = volume_of(dtype=dtype)
    for seed in range(3):
        plane = towards(geometry, seed)
        for interpolation in INTERPOLATIONS:
            found = project(volume, geometry, plane, mode, interpolation=interpolation)
            expected = project(volume.astype(np.float64), geometry, plane, mode, interpolation=interpolation)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=0.8 if interpolation == "bilinear" else 1e-3)


@pytest.mark.parametrize("low", [-32768, -4096, -1024, 30000])
@pytest.mark.parametrize("width", [4095, 4096, 2000])
def test_sixteen_bits_never_overflow(low: int, width: int) -> None:
    dtype = np.uint16 if low + width > 32767 else np.int16
    volume = np.random.default_rng(3).choice([low, low + width], SHAPE).astype(dtype)
    geometry = geometry_of()
    for mode in ("max", "min"):
        for seed in range(4):
            plane = towards(geometry, seed)
            found = project(volume, geometry, plane, mode, interpolation="bilinear")
            expected = project(volume.astype(np.float32), geometry, plane, mode, interpolation="bilinear")
            np.testing.assert_allclose(found, expected, atol=0.8)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["int16", "uint16", "int8", "float32"])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_along_an_axis_it_is_exact(axis: int, mode: str, dtype: str, interpolation: Interpolation) -> None:
    geometry, volume = geometry_of(), volume_of(dtype=dtype)
    for x_major in (None, x_major_copy(volume)):
        found = project(volume, geometry, along(geometry, axis), mode, interpolation=interpolation, x_major=x_major)
        exact = OF_NUMBERS[mode](volume.astype(np.float64), axis=axis)
        assert found.dtype == np.float32
        assert found.tolist() == exact.astype(np.float32).tolist()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [(-2000, -2000), (3000, 4000), (-32768, -32768), (100, 150)])
def test_padding_is_left_out_along_an_axis(axis: int, mode: str, padding: tuple[int, int]) -> None:
    volume = volume_of()
    random = np.random.default_rng(4)
    volume[random.random(SHAPE) < 0.4] = padding[0]
    volume[:, 4, 5] = volume[3, :, 5] = volume[3, 4, :] = padding[1]
    found = project(volume, geometry_of(), along(geometry_of(), axis), mode, padding=padding)
    values = np.ma.masked_inside(volume, *padding).astype(np.float64)
    expected = getattr(values, mode)(axis=axis).filled(np.nan).astype(np.float32)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_padding_is_left_out_at_any_angle(mode: str, interpolation: Interpolation, dtype: str) -> None:
    geometry, volume = geometry_of(), volume_of()
    volume[np.random.default_rng(4).random(SHAPE) < 0.3] = -2000
    parts = 8 if interpolation == "bilinear" else 1
    unknown = np.where(volume == -2000, np.nan, volume).astype(np.float32)
    for seed in range(2):
        plane = towards(geometry, seed)
        expected = expected_picture(unknown, geometry, plane, mode, parts)
        found = project(
            volume.astype(dtype), geometry, plane, mode, interpolation=interpolation, padding=(-2000, -2000)
        )
        np.testing.assert_allclose(found, expected, atol=1e-2)
        np.testing.assert_array_equal(found, project(unknown, geometry, plane, mode, interpolation=interpolation))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_slab_takes_the_samples_within_it(mode: str, interpolation: Interpolation) -> None:
    geometry, volume = geometry_of(step=TILTED), volume_of()
    for seed, (near, far) in ((1, (-3.0, 4.0)), (3, (-100.0, 0.5)), (5, (1.0, np.inf))):
        plane = towards(geometry, seed)
        split = factorise(geometry, plane)
        order = np.argsort([split.axis, *split.across])
        corner, *further = (
            float(plane.to_pixel(geometry.to_patient(np.array(index)[order]))[0])
            for index in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        )
        slopes = [depth - corner for depth in further]

        def within(*index: float, start: float = corner, by: Any = slopes, ends: Any = (near, far)) -> bool:
            depth = start + sum(a * b for a, b in zip(index, by, strict=True))
            return bool(ends[0] - 1e-6 <= depth <= ends[1] + 1e-6)

        parts = 8 if interpolation == "bilinear" else 1
        expected = expected_picture(volume, geometry, plane, mode, parts, within)
        found = project(volume, geometry, plane, mode, interpolation=interpolation, depth=(near, far))
        assert np.isfinite(expected).sum() > 30
        np.testing.assert_allclose(found, expected, atol=0.8 if interpolation == "bilinear" else 1e-2)


@pytest.mark.parametrize("mode", MODES)
def test_slabs_of_many_tiles_add_up_to_the_whole(mode: str) -> None:
    shape = (6, 500, 300)
    geometry, volume = geometry_of(shape, spacing=(0.5, 0.5)), volume_of(shape)
    for plane in (around(geometry, 20, 60, size=50), around(geometry, 30, 10, size=50)):
        whole = project(volume, geometry, plane, "sum")
        parts = [
            project(volume, geometry, plane, "sum", depth=ends) for ends in ((-np.inf, 0.12345), (0.12345, np.inf))
        ]
        total = np.sum(parts, axis=0)
        crossed = np.isfinite(total)
        assert crossed.sum() > 500
        np.testing.assert_allclose(total[crossed], whole[crossed], rtol=1e-5)
        for interpolation in INTERPOLATIONS:
            everything = project(volume, geometry, plane, mode, interpolation=interpolation, depth=(-1e3, 1e3))
            expected = project(volume, geometry, plane, mode, interpolation=interpolation)
            np.testing.assert_array_equal(everything, expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_box_takes_the_voxels_within_it(mode: str, interpolation: Interpolation) -> None:
    geometry, volume = geometry_of(), volume_of()
    box = ((2, 8), (0, 7), (3, 12))
    outside = np.ones(SHAPE, bool)
    outside[tuple(slice(*ends) for ends in box)] = False
    marked = np.where(outside, np.nan, volume).astype(np.float32)
    for seed in range(6):
        plane = towards(geometry, seed)
        found = project(volume, geometry, plane, mode, interpolation=interpolation, clip=box)
        expected = project(marked, geometry, plane, mode, interpolation=interpolation)
        assert np.isfinite(expected).any()
        np.testing.assert_allclose(found, expected, atol=0.8 if interpolation == "bilinear" else 1e-2)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("step", [(0.0, 0.0, 2.0), TILTED])
def test_a_bright_voxel_lands_where_the_patient_has_it(
    interpolation: Interpolation, step: tuple[float, float, float]
) -> None:
    geometry = geometry_of(step=step)
    for seed in range(12):
        random = np.random.default_rng(seed)
        voxel = tuple(int(random.integers(1, size - 1)) for size in SHAPE)
        volume = np.zeros(SHAPE, np.int16)
        volume[voxel] = 1000
        plane = towards(geometry, seed, size=60, pixel=0.5)
        _, row, column = plane.to_pixel(geometry.to_patient(voxel))
        picture = np.nan_to_num(project(volume, geometry, plane, "sum", interpolation=interpolation))
        rows, columns = np.indices(picture.shape)
        centre = [float((picture * index).sum() / picture.sum()) for index in (rows, columns)]
        # Within a pixel of 0.5 mm; or half a voxel of 1.5 x 2 mm where shifts are rounded to whole voxels.
        aside = np.hypot(centre[0] - row, centre[1] - column) * 0.5
        assert aside < (1.25 if interpolation == "nearest" else 0.5)


def ball(shape: tuple[int, int, int], size: float = 9.0) -> Array:
    z, y, x = (np.arange(size) - (size - 1) / 2 for size in shape)
    radius = np.sqrt((z[:, None, None] - 3) ** 2 + (y[:, None] + 4) ** 2 + x**2)
    return np.asarray(1000 / (1 + np.exp(radius - size)), np.float32).astype(np.int16)


@pytest.mark.parametrize("mode", ["max", "mean"])
@pytest.mark.parametrize(("degrees", "up"), [(45, 0), (135, 0), (10, 45), (80, 45)])
def test_nothing_jumps_where_the_principal_axis_changes(mode: str, degrees: float, up: float) -> None:
    shape = (40, 40, 40)
    geometry, volume = geometry_of(shape, (0.0, 0.0, 1.0), (1.0, 1.0)), ball(shape)
    if up:
        planes = [around(geometry, degrees, up + by, size=30) for by in (-0.5, 0.5)]
    else:
        planes = [around(geometry, degrees + by, size=30) for by in (-0.5, 0.5)]
    before, after = (project(volume, geometry, plane, mode, interpolation="bilinear") for plane in planes)
    assert np.isfinite(before[5:-5, 5:-5]).all() and np.isfinite(after[5:-5, 5:-5]).all()
    middle = (slice(5, -5), slice(5, -5))
    assert float(np.abs(before - after)[middle].max()) < 0.06 * float(np.ptp(before[middle])) + 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(INTERPOLATIONS))
def test_the_mean_lies_between_the_least_and_the_greatest(seed: int, interpolation: Interpolation) -> None:
    geometry, volume = geometry_of(), volume_of(seed=seed)
    plane = towards(geometry, seed)
    least, mean, greatest = (
        project(volume, geometry, plane, mode, interpolation=interpolation) for mode in ("min", "mean", "max")
    )
    met = np.isfinite(mean)
    np.testing.assert_array_equal(met, np.isfinite(least))
    np.testing.assert_array_equal(met, np.isfinite(greatest))
    assert np.all(least[met] <= mean[met] + 0.01) and np.all(mean[met] <= greatest[met] + 0.81)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(-1000, 1000), st.sampled_from(["max", "min", "mean"]))
def test_what_is_added_to_the_voxels_is_added_to_the_picture(seed: int, constant: int, mode: str) -> None:
    geometry, volume = geometry_of(), volume_of(seed=seed)
    plane = towards(geometry, seed)
    for interpolation in INTERPOLATIONS:
        before = project(volume, geometry, plane, mode, interpolation=interpolation)
        after = project(volume + np.int16(constant), geometry, plane, mode, interpolation=interpolation)
        np.testing.assert_allclose(after, before + constant, atol=0.01)


def flipped(volume: Array, geometry: VolumeGeometry, axis: int) -> tuple[Array, VolumeGeometry]:
    """Return the same volume as it is stored with rows or columns in the other order: slices then are, too."""
    corners = [[k, 0, 0] for k in range(geometry.shape[0])]
    for corner in corners:
        corner[axis] = geometry.shape[axis] - 1
    column, row = np.array(geometry.column_direction), np.array(geometry.row_direction)
    orientation = (*(column if axis == 1 else -column).tolist(), *(row if axis == 2 else -row).tolist())
    places = [tuple(geometry.to_patient(corner).tolist()) for corner in corners]
    planes = [SlicePlane(place, orientation, geometry.spacing, *geometry.shape[1:]) for place in places]
    stored, order = plan_volume(planes)
    return np.flip(volume, axis)[list(order)], stored


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("mode", ["max", "sum"])
@pytest.mark.parametrize("step", [(0.0, 0.0, 1.0), (0.1, -0.3, 1.0)])
def test_the_order_of_voxels_does_not_matter(axis: int, mode: str, step: tuple[float, float, float]) -> None:
    shape = (21, 24, 25)
    geometry, volume = geometry_of(shape, step, (1.0, 1.0)), ball(shape, 5.0)
    again, stored = flipped(volume, geometry, axis)
    assert again[2, 9, 8] == (volume[-3, 9, -9] if axis == 2 else volume[-3, -10, 8])
    for seed in range(6):
        plane = towards(geometry, seed)
        before = project(volume, geometry, plane, mode, interpolation="bilinear")
        after = project(again, stored, plane, mode, interpolation="bilinear")
        both = np.isfinite(before) & np.isfinite(after)
        assert both.sum() > 200
        # Places are rounded to an eighth of a voxel, and the intermediate images lie between each other's pixels.
        assert np.abs(before - after)[both].max() < 0.06 * float(np.ptp(before[both]))


def test_views_along_the_columns_are_the_same_from_the_copy() -> None:
    geometry, volume = geometry_of(), volume_of()
    plane = around(geometry, 75, 10)
    assert factorise(geometry, plane).axis == 2
    for mode in MODES:
        for options in ({}, {"interpolation": "bilinear"}, {"depth": (-3.0, 3.0)}, {"clip": ((1, 8), (2, 11), (0, 9))}):
            plain = project(volume, geometry, plane, mode, **options)  # type: ignore[arg-type]
            copied = project(volume, geometry, plane, mode, x_major=x_major_copy(volume), **options)  # type: ignore[arg-type]
            np.testing.assert_array_equal(plain, copied)


def test_the_copy_has_the_columns_first() -> None:
    volume = volume_of((5, 40, 70))
    copy = x_major_copy(volume)
    assert copy.flags.c_contiguous
    assert copy.tolist() == np.moveaxis(volume, 2, 0).tolist()


def test_arguments_are_left_as_they_were() -> None:
    geometry, volume = geometry_of(), volume_of()
    before = volume.copy()
    volume.flags.writeable = False
    for mode in MODES:
        for interpolation in INTERPOLATIONS:
            project(volume, geometry, towards(geometry, 1), mode, interpolation=interpolation, padding=(5, 9))
    assert (volume == before).all()


def test_a_picture_beside_the_volume_is_empty() -> None:
    geometry, volume = geometry_of(), volume_of()
    plane = replace(towards(geometry, 1), origin=(500.0, 500.0, 500.0))
    assert np.isnan(project(volume, geometry, plane, "max")).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mode": "median"}, "no projection 'median'"),
        ({"interpolation": "cubic"}, "no interpolation 'cubic'"),
        ({"depth": (2.0, 1.0)}, "ends before"),
        ({"clip": ((0, 9), (0, 11), (5, 14))}, "outside"),
        ({"clip": ((0, 9), (3, 3), (0, 13))}, "empty"),
        ({"volume": np.zeros((9, 11, 12), np.int16)}, "size of its geometry"),
        ({"x_major": np.zeros((13, 9, 12), np.int16)}, "size of the volume"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    geometry = geometry_of()
    options: dict[str, Any] = {"volume": volume_of(), "mode": "max"} | change
    with pytest.raises(ValueError, match=reason):
        project(options.pop("volume"), geometry, around(geometry, 75), options.pop("mode"), **options)


def test_uneven_slices_are_refused() -> None:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    planes = [SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 4, 4) for z in (0.0, 1.0, 2.0, 9.0)]
    geometry = plan_volume(planes)[0]
    with pytest.raises(GeometryError, match="unevenly"):
        project(np.zeros((4, 4, 4), np.int16), geometry, towards(geometry, 1), "max")
