"""Any plane in the patient, and the projection onto it in two steps: points come out where the geometry says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane, plane_of_grid
from sightline.kernels.planes import AXES, plan_planes
from sightline.kernels.shear_warp import factorise

Array = np.ndarray[Any, Any]


def volume_geometry(step: tuple[float, float, float] = (0.0, 0.0, 2.0)) -> VolumeGeometry:
    positions = [tuple(float(v) for v in np.array([3.0, 4.0, 5.0]) + k * np.asarray(step)) for k in range(9)]
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return plan_volume([SlicePlane(position, flat, (0.5, 0.75), 11, 13) for position in positions])[0]  # type: ignore[arg-type]


def directions(seed: int) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    matrix, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return matrix[0], matrix[1]


def plane_towards(seed: int) -> ImagePlane:
    column, row = directions(seed)
    return ImagePlane((1.0, -2.0, 3.0), tuple(column.tolist()), tuple(row.tolist()), (0.4, 0.6), 20, 30)


@given(st.integers(0, 10_000), st.sampled_from([(0.0, 0.0, 2.0), (0.0, 0.7, 2.0), (0.3, -0.2, 0.4)]))
def test_a_voxel_lands_where_its_ray_meets_the_picture(seed: int, step: tuple[float, float, float]) -> None:
    geometry, plane = volume_geometry(step), plane_towards(seed)
    split = factorise(geometry, plane)
    for voxel in ((0, 0, 0), (8, 10, 12), (3, 7, 2)):
        _, row, column = plane.to_pixel(geometry.to_patient(voxel))
        landed = np.array(split.warp) @ (row, column, 1.0)
        shift = split.shift_of(voxel[split.axis])
        expected = [voxel[axis] + move for axis, move in zip(split.across, shift, strict=True)]
        assert landed == pytest.approx(expected, abs=1e-9)
        assert np.all(landed >= -1e-9) and np.all(landed <= np.array(split.shape) - 1 + 1e-9)


@given(st.integers(0, 10_000))
def test_slices_come_from_the_reader_and_are_a_step_apart_along_the_ray(seed: int) -> None:
    geometry, plane = volume_geometry(), plane_towards(seed)
    split = factorise(geometry, plane)
    assert max(map(abs, split.shear)) <= 1 + 1e-9
    index = np.array([4.0, 5.0, 6.0])
    further = index.copy()
    further[split.axis] += 1
    further[list(split.across)] += split.shear
    passed = geometry.to_patient(further) - geometry.to_patient(index)
    assert np.linalg.norm(passed) == pytest.approx(split.step)
    assert passed @ np.asarray(plane.normal) == pytest.approx(split.step if split.ascending else -split.step)


@pytest.mark.parametrize(
    ("name", "axis", "ascending"), [("axial", 0, True), ("coronal", 1, True), ("sagittal", 2, False)]
)
def test_views_along_the_patients_axes_need_no_shear(name: str, axis: int, ascending: bool) -> None:
    geometry = volume_geometry()
    grid = plan_planes(geometry)[name]
    split = factorise(geometry, plane_of_grid(grid, 0))
    assert (split.axis, split.ascending, split.shear) == (axis, ascending, (0.0, 0.0))
    assert split.shape == tuple(size for index, size in enumerate(geometry.shape) if index != axis)


@pytest.mark.parametrize("name", AXES)
def test_a_plane_of_a_grid_lies_where_the_grid_says(name: str) -> None:
    grid = plan_planes(volume_geometry((0.0, 0.7, 2.0)))[name]
    plane = plane_of_grid(grid, 2)
    assert plane.to_patient((3, 4)) == pytest.approx(grid.to_patient((2, 3, 4)))
    assert plane.edges == grid.edges
    with pytest.raises(IndexError):
        plane_of_grid(grid, grid.count)


@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50))
def test_pixels_and_patient_are_inverse(seed: int, depth: float, row: float, column: float) -> None:
    plane = plane_towards(seed)
    point = plane.moved(depth).to_patient((row, column))
    assert plane.to_pixel(point) == pytest.approx([depth, row, column], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"column_direction": (1.0, 1.0, 0.0)}, "right angles"),
        ({"row_direction": (1.0, 0.0, 0.0)}, "right angles"),
        ({"pixel_spacing": (0.0, 1.0)}, "without size"),
        ({"rows": 0}, "no pixels"),
        ({"origin": (float("nan"), 0.0, 0.0)}, "finite"),
    ],
)
def test_what_is_no_plane_is_refused(change: dict[str, Any], reason: str) -> None:
    good = {
        "origin": (0.0, 0.0, 0.0),
        "column_direction": (1.0, 0.0, 0.0),
        "row_direction": (0.0, 1.0, 0.0),
        "pixel_spacing": (1.0, 1.0),
        "rows": 2,
        "columns": 2,
    }
    with pytest.raises(GeometryError, match=reason):
        ImagePlane(**(good | change))


def test_uneven_slices_are_refused() -> None:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    planes = [SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 4, 4) for z in (0.0, 1.0, 2.0, 9.0)]
    with pytest.raises(GeometryError, match="unevenly"):
        factorise(plan_volume(planes)[0], plane_towards(1))
