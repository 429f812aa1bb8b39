"""Planes along the patient's axes: voxels where they coincide, interpolation elsewhere, and the right way up."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.planes import AXES, edge_letters, orientation_letters, plan_planes
from sightline.kernels.projection import x_major_copy
from sightline.kernels.reformat import cut_plane, cut_voxels

Volume = np.ndarray[Any, Any]


def geometry_of(
    columns: Any, rows: Any, step: Any, shape: tuple[int, int, int] = (5, 6, 7), spacing: Any = (0.5, 0.75)
) -> VolumeGeometry:
    """A stack from LPS (3, 4, 5) on, with these directions and this displacement from slice to slice."""
    planes = [
        SlicePlane(
            tuple(float(v) for v in np.array([3.0, 4.0, 5.0]) + k * np.asarray(step, float)),  # type: ignore[arg-type]
            tuple(float(v) for v in (*columns, *rows)),
            spacing,
            *shape[1:],
        )
        for k in range(shape[0])
    ]
    return plan_volume(planes)[0]


def heights_of(heights: list[float], shape: tuple[int, int] = (4, 5)) -> VolumeGeometry:
    planes = [SlicePlane((0.0, 0.0, z), (1.0, 0, 0, 0, 1.0, 0), (1.0, 1.0), *shape) for z in heights]
    return plan_volume(planes)[0]


def ramp(geometry: VolumeGeometry) -> Volume:
    """Voxels whose value is a linear function of their place in the patient: interpolation must not change it."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij"), -1)
    return geometry.to_patient(index) @ [1.0, 10.0, 100.0] + 7


SIGNED_AXES = [
    (columns, rows, normal)
    for (a, b, c), signs in product(permutations(range(3)), product((1, -1), repeat=2))
    for columns, rows in [(np.eye(3)[a] * signs[0], np.eye(3)[b] * signs[1])]
    for normal in [np.cross(columns, rows)]
]


@pytest.mark.parametrize(("columns", "rows", "normal"), SIGNED_AXES)
@pytest.mark.parametrize("orientation", AXES)
def test_every_axis_aligned_series_shows_its_own_voxels_at_the_right_place(
    columns: Volume, rows: Volume, normal: Volume, orientation: str
) -> None:
    geometry = geometry_of(columns, rows, normal * 2.0)
    volume = np.arange(np.prod(geometry.shape), dtype=np.int16).reshape(geometry.shape)
    grid = plan_planes(geometry)[orientation]
    assert grid.exact
    assert grid.count * grid.rows * grid.columns == volume.size
    for index in range(grid.count):
        plane = cut_voxels(volume, geometry, grid, index)
        assert plane.shape == (grid.rows, grid.columns)
        for row, column in product(range(grid.rows), range(grid.columns)):
            k, r, c = np.rint(geometry.to_index(grid.to_patient((index, row, column)))).astype(int)
            assert plane[row, column] == volume[k, r, c]
    np.testing.assert_array_equal(cut_plane(volume, geometry, grid, 1), cut_voxels(volume, geometry, grid, 1))


def test_a_sagittal_column_of_an_axial_series_is_one_column_of_stored_voxels() -> None:
    geometry = geometry_of((1, 0, 0), (0, 1, 0), (0, 0, 2.0))
    volume = np.random.default_rng(0).integers(-1000, 1000, geometry.shape).astype(np.int16)
    grid = plan_planes(geometry)["sagittal"]
    assert (grid.count, grid.rows, grid.columns) == (7, 5, 6)
    assert grid.pixel_spacing == (2.0, 0.5)
    plane = cut_voxels(volume, geometry, grid, 3)
    # Head up: the first row is the last slice. Front on the left: columns run as the rows of the slices do.
    np.testing.assert_array_equal(plane[:, 2], volume[::-1, 2, 3])
    np.testing.assert_array_equal(plane[0], volume[-1, :, 3])


def test_radiological_convention_with_a_mark_in_each_direction() -> None:
    geometry = geometry_of((1, 0, 0), (0, 1, 0), (0, 0, 1.0), shape=(5, 5, 5), spacing=(1.0, 1.0))
    volume = np.zeros((5, 5, 5), np.int16)
    volume[2, 2, 4], volume[2, 0, 2], volume[4, 2, 2] = 1, 2, 3  # left, front, head
    grids = plan_planes(geometry)
    axial, coronal, sagittal = (cut_voxels(volume, geometry, grids[name], 2) for name in AXES)
    assert axial[2, 4] == 1, "left of the patient is on the right of the picture"
    assert axial[0, 2] == 2, "front is on top"
    assert coronal[2, 4] == 1
    assert coronal[0, 2] == 3, "head is on top"
    assert sagittal[2, 0] == 2, "front is on the left"
    assert sagittal[0, 2] == 3


def test_index_0_is_the_lowest_coordinate() -> None:
    geometry = geometry_of((1, 0, 0), (0, 1, 0), (0, 0, 1.0))
    for name, axis in (("sagittal", 0), ("coronal", 1), ("axial", 2)):
        grid = plan_planes(geometry)[name]
        assert grid.to_patient((0, 0, 0))[axis] == geometry.corners()[:, axis].min()
        assert grid.to_patient((1, 0, 0))[axis] > grid.to_patient((0, 0, 0))[axis]
        np.testing.assert_allclose(grid.to_index(grid.to_patient((1, 2.5, 3))), (1, 2.5, 3))


OBLIQUE = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)) + 3 * np.eye(3))[0]


@pytest.mark.parametrize("orientation", AXES)
@pytest.mark.parametrize(
    "geometry",
    [
        pytest.param(geometry_of(OBLIQUE[0], OBLIQUE[1], np.cross(OBLIQUE[0], OBLIQUE[1]) * 1.1), id="oblique"),
        pytest.param(
            geometry_of((1, 0, 0), (0, np.cos(0.4), -np.sin(0.4)), (0, 0, 1.0), shape=(9, 8, 7)), id="gantry tilt"
        ),
        pytest.param(heights_of([0, 1, 2, 3, 5, 7]), id="uneven"),
    ],
)
def test_interpolation_keeps_a_ramp_at_true_places(geometry: VolumeGeometry, orientation: str) -> None:
    grid = plan_planes(geometry)[orientation]
    assert not grid.exact
    volume = ramp(geometry)
    seen = 0
    for index in range(grid.count):
        plane = cut_plane(volume, geometry, grid, index)
        pixels = np.stack(np.meshgrid(index, np.arange(grid.rows), np.arange(grid.columns), indexing="ij"), -1)[0]
        expected = grid.to_patient(pixels) @ [1.0, 10.0, 100.0] + 7
        inside = ~np.isnan(plane)
        seen += int(inside.sum())
        np.testing.assert_allclose(plane[inside], expected[inside], rtol=1e-6, atol=2e-4)
        at = geometry.to_index(grid.to_patient(pixels))
        within = np.all((at >= -1e-9) & (at <= np.array(geometry.shape) - 1 + 1e-9), axis=-1)
        assert np.all(inside[within]), "what lies within the volume is shown"
        assert not np.any(inside[np.any((at < -0.01) | (at > np.array(geometry.shape) - 0.99), axis=-1)])
    assert seen > 0.2 * np.prod(geometry.shape)


def naive_trilinear(volume: Volume, at: Any) -> float:
    """The obvious loop over eight neighbours; voxels of no weight do not count."""
    total = 0.0
    for corner in product((0, 1), repeat=3):
        index = [int(np.floor(x)) + c for x, c in zip(at, corner, strict=True)]
        weight = float(np.prod([abs(1 - c - (x - np.floor(x))) for x, c in zip(at, corner, strict=True)]))
        if weight:
            total += weight * float(volume[tuple(index)])
    return total


def test_interpolation_equals_the_naive_loop() -> None:
    geometry = geometry_of(OBLIQUE[0], OBLIQUE[1], np.cross(OBLIQUE[0], OBLIQUE[1]) * 1.1)
    volume = np.random.default_rng(1).integers(-1000, 3000, geometry.shape).astype(np.int16)
    grid = plan_planes(geometry)["coronal"]
    plane = cut_plane(volume, geometry, grid, grid.count // 2)
    compared = 0
    for row, column in zip(*np.nonzero(~np.isnan(plane)), strict=True):
        at = geometry.to_index(grid.to_patient((grid.count // 2, row, column)))
        if np.all(at >= 0) and np.all(at <= np.array(geometry.shape) - 1):
            assert plane[row, column] == pytest.approx(naive_trilinear(volume, at), abs=2e-3)
            compared += 1
    assert compared > 10


def test_padding_spreads_no_further_than_where_it_takes_part() -> None:
    geometry = heights_of([0, 1, 2, 4, 6], (3, 3))
    volume = np.full(geometry.shape, 100, np.int16)
    volume[3] = -2000
    grid = plan_planes(geometry)["coronal"]
    column = cut_plane(volume, geometry, grid, 1, (-2000, -2000))[::-1, 1]
    # Heights 0 to 6: the slice at 4 is padding, so everything between 2 and 6 is, but 2 and 6 themselves are not.
    assert np.nan_to_num(column, nan=-1).tolist() == [100, 100, 100, -1, -1, -1, 100]


def test_nothing_is_shown_where_slices_are_missing() -> None:
    geometry = heights_of([0, 1, 2, 5, 6, 7], (3, 3))
    assert list(geometry.gaps) == [(2.0, 5.0)]
    grid = plan_planes(geometry)["sagittal"]
    column = cut_plane(np.full(geometry.shape, 9, np.uint8), geometry, grid, 0)[::-1, 0]
    assert np.nan_to_num(column, nan=-1).tolist() == [9, 9, 9, -1, -1, 9, 9, 9]


def test_unevenly_spaced_slices_are_sampled_at_the_smallest_distance_within_reason() -> None:
    assert plan_planes(heights_of([0, 1, 2, 5, 8, 11]))["axial"].spacing == 1.0
    assert plan_planes(heights_of([0, 0.1, 4, 8, 12, 16]))["axial"].spacing == 1.0


def test_planes_of_the_copy_by_columns_are_the_same_and_lie_as_a_whole_in_memory() -> None:
    geometry = geometry_of((1, 0, 0), (0, 1, 0), (0, 0, 2.0))
    volume = np.random.default_rng(2).integers(-1000, 1000, geometry.shape).astype(np.int16)
    turned = np.moveaxis(x_major_copy(volume), 0, 2)
    for name, grid in plan_planes(geometry).items():
        for index in range(grid.count):
            plane = cut_voxels(turned, geometry, grid, index)
            np.testing.assert_array_equal(plane, cut_voxels(volume, geometry, grid, index))
            assert name != "sagittal" or plane[::-1].flags.c_contiguous


def test_planes_that_are_not_there_are_refused() -> None:
    geometry = heights_of([0, 1, 2])
    grid = plan_planes(geometry)["axial"]
    volume = np.zeros(geometry.shape, np.uint8)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            cut_voxels(volume, geometry, grid, index)
        with pytest.raises(IndexError):
            cut_plane(volume, geometry, grid, index)
    with pytest.raises(ValueError, match="coincide"):
        cut_voxels(volume, geometry, replace(grid, exact=False), 0)


def test_a_volume_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(GeometryError, match="too large"):
        plan_planes(heights_of([0, 1, 2, 3, 100_000]))


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.8, -0.6, 0), "LA"),
        ((0.6, -0.8, 0), "AL"),
        ((-0.7, 0.5, 0.51), "RHP"),
        ((1, 0.05, -0.05), "L"),
        ((0, 0, 0), ""),
    ],
)
def test_letters(direction: Any, letters: str) -> None:
    assert orientation_letters(direction) == letters


@given(st.tuples(*[st.floats(-1, 1)] * 3))
def test_the_opposite_direction_has_the_opposite_letters(direction: tuple[float, float, float]) -> None:
    opposite = str.maketrans("APLRHF", "PARLFH")
    assert orientation_letters([-x for x in direction]) == orientation_letters(direction).translate(opposite)


def test_edges_of_the_three_planes() -> None:
    edges = {name: plan.edges for name, plan in plan_planes(heights_of([0, 1, 2])).items()}
    shown = {name: (e.left, e.right, e.top, e.bottom) for name, e in edges.items()}
    assert shown == {
        "axial": ("R", "L", "A", "P"),
        "coronal": ("R", "L", "H", "F"),
        "sagittal": ("A", "P", "H", "F"),
    }
    assert edge_letters((0, 1, 0, 0, 0, -1)) == edges["sagittal"]
