"""Cameras: which way is right and up, and whether the whole volume is in the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.errors import BadRequestError
from sightline.kernels.geometry import SlicePlane, VolumeGeometry, plan_volume
from sightline.rendering.camera import (
    LARGEST_NATURAL_SIDE,
    SIDES,
    Camera,
    along,
    camera_at,
    curve_length,
    meets,
    middle,
    planes_of,
    swivel,
    upright,
)
from sightline.rendering.viewport import Viewport

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def volume(slices: int = 5, rows: int = 40, columns: int = 60, orientation: Any = AXIAL) -> VolumeGeometry:
    """Slices 2 mm apart, of pixels of 0.5 x 0.75 mm."""
    normal = np.cross(orientation[:3], orientation[3:])
    places = [tuple((np.array([-10.0, 20.0, 30.0]) + normal * 2.0 * k).tolist()) for k in range(slices)]
    return plan_volume([SlicePlane(place, orientation, (0.5, 0.75), rows, columns) for place in places])[0]


GEOMETRY = volume()
COORDINATES = st.floats(-500, 500).map(lambda value: round(value, 3))
POINTS = st.tuples(COORDINATES, COORDINATES, COORDINATES)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Any camera that there can be."""
    position, look_at, up = draw(POINTS), draw(POINTS), draw(POINTS)
    try:
        return Camera(position, look_at, up)
    except BadRequestError:
        return camera_at("a", look_at)


@pytest.mark.parametrize(
    ("side", "edges"),
    [
        ("a", ("R", "L", "H", "F")),
        ("p", ("L", "R", "H", "F")),
        ("r", ("P", "A", "H", "F")),
        ("l", ("A", "P", "H", "F")),
        ("h", ("L", "R", "A", "P")),
        ("f", ("R", "L", "A", "P")),
    ],
)
def test_the_letters_at_the_edges(side: str, edges: tuple[str, ...]) -> None:
    (plane,) = planes_of([camera_at(side, middle(GEOMETRY))], GEOMETRY, None)
    found = plane.edges
    assert (found.left, found.right, found.top, found.bottom) == edges
    assert np.allclose(plane.normal, SIDES[side][0])


@given(cameras())
def test_axes_are_a_right_handed_system(camera: Camera) -> None:
    right, down, forward = camera.axes
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(np.cross(right, down), forward, atol=1e-9)
    assert np.dot(forward, np.subtract(camera.look_at, camera.position)) > 0
    assert np.dot(down, camera.up) < 0
    assert abs(np.dot(right, camera.up)) < 1e-6 * np.linalg.norm(camera.up)


@given(cameras(), st.sampled_from([None, Viewport(64, 48), Viewport(7, 200)]))
def test_the_whole_volume_is_in_the_picture(camera: Camera, viewport: Viewport | None) -> None:
    (plane,) = planes_of([camera], GEOMETRY, viewport)
    pixels = plane.to_pixel(GEOMETRY.corners())
    assert pixels[:, 1].min() >= -0.5 - 1e-6
    assert pixels[:, 1].max() <= plane.rows - 0.5 + 1e-6
    assert pixels[:, 2].min() >= -0.5 - 1e-6
    assert pixels[:, 2].max() <= plane.columns - 0.5 + 1e-6
    np.testing.assert_allclose(plane.centre, camera.look_at, atol=1e-6)
    assert plane.pixel_spacing[0] == pytest.approx(plane.pixel_spacing[1])


def test_the_picture_without_a_size_has_pixels_of_the_smallest_side_of_a_voxel() -> None:
    (plane,) = planes_of([camera_at("f", GEOMETRY_MIDDLE)], GEOMETRY, None)
    assert plane.pixel_spacing == (0.5, 0.5)
    # 60 columns of 0.75 mm are 45 mm, and the middle is that of voxel 30: 30.5 x 0.75 mm to one side
    assert plane.columns == 2 * 30.5 * 0.75 / 0.5 + 0.5
    assert plane.rows == 2 * 20.5


GEOMETRY_MIDDLE = middle(GEOMETRY)


def test_no_picture_is_larger_than_its_bound() -> None:
    far = (5000.0, 20.0, 30.0)
    (plane,) = planes_of([camera_at("a", far)], GEOMETRY, None)
    assert max(plane.rows, plane.columns) <= LARGEST_NATURAL_SIDE + 1


def test_a_viewport_is_filled() -> None:
    (plane,) = planes_of([camera_at("f", GEOMETRY_MIDDLE)], GEOMETRY, Viewport(256, 128))
    assert (plane.rows, plane.columns) == (128, 256)
    assert plane.pixel_spacing[0] == pytest.approx(max(2 * 20.5 * 0.5 / 128, 2 * 30.5 * 0.75 / 256))


def test_a_region_is_the_same_place_in_finer_pixels() -> None:
    camera = camera_at("f", GEOMETRY_MIDDLE)
    (natural,) = planes_of([camera], GEOMETRY, None)
    (zoomed,) = planes_of([camera], GEOMETRY, Viewport(100, 100, 10, 4, 20, 10))
    assert (zoomed.rows, zoomed.columns) == (50, 100)
    corner = natural.to_patient((4 - 0.5, 10 - 0.5))
    np.testing.assert_allclose(zoomed.to_patient((-0.5, -0.5)), corner, atol=1e-9)
    np.testing.assert_allclose(zoomed.to_patient((49.5, 99.5)), natural.to_patient((13.5, 29.5)), atol=1e-9)
    with pytest.raises(BadRequestError, match="'viewport'"):
        planes_of([camera], GEOMETRY, Viewport(100, 100, 10, 4, 2000, 10))


@pytest.mark.parametrize(
    ("position", "look_at", "up", "name"),
    [
        ((1, 2, 3), (1, 2, 3), (0, 0, 1), "viewpointlookat"),
        ((0, 0, 0), (0, 9, 0), (0, 0, 0), "viewpointup"),
        ((0, 0, 0), (0, 9, 0), (0, -2, 0), "viewpointup"),
    ],
)
def test_cameras_that_cannot_be(position: Any, look_at: Any, up: Any, name: str) -> None:
    with pytest.raises(BadRequestError, match=f"'{name}'") as refused:
        Camera(position, look_at, up)
    assert refused.value.code == f"bad-{name}"


@pytest.mark.parametrize(
    ("direction", "up"),
    [((0, 1, 0), (0, 0, 1)), ((0, 0, -1), (0, -1, 0)), ((0, 0.1, 1), (0, -1, 0)), ((1, 1, 1), (0, 0, 1))],
)
def test_up_where_nobody_says(direction: Any, up: Any) -> None:
    assert upright(direction) == up


def test_a_swivel_goes_around_what_is_looked_at() -> None:
    camera = camera_at("a", (5.0, 6.0, 7.0))
    found = swivel(camera, 180, 30)
    assert len(found) == 6
    angles = [np.degrees(np.arctan2(p.position[0] - 5, 6 - p.position[1])) for p in found]
    np.testing.assert_allclose(angles, [-75, -45, -15, 15, 45, 75])
    assert {p.look_at for p in found} == {(5.0, 6.0, 7.0)}
    assert all(np.linalg.norm(np.subtract(p.position, p.look_at)) == pytest.approx(1) for p in found)
    once = swivel(camera, 360, 90)
    np.testing.assert_allclose(once[0].axes, once[3].turned(90).axes, atol=1e-9)


def test_all_pictures_of_a_swivel_are_of_one_size_and_hold_the_volume() -> None:
    planes = planes_of(swivel(camera_at("a", GEOMETRY_MIDDLE), 360, 20), GEOMETRY, Viewport(90, 90))
    assert len({(p.rows, p.columns, p.pixel_spacing) for p in planes}) == 1
    for plane in planes:
        pixels = plane.to_pixel(GEOMETRY.corners())[:, 1:]
        assert pixels.min() >= -0.5
        assert pixels.max() <= 89.5


def test_a_curve_is_gone_along_in_equal_steps() -> None:
    points = [(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (3.0, 0.0, 5.0)]
    assert curve_length(points) == 8
    camera = camera_at("f", (0.0, 0.0, 0.0))
    found = along(camera, points, 2)
    assert [c.look_at for c in found] == [(0, 0, 0), (2, 0, 0), (3, 0, 1), (3, 0, 3)]
    for moved in found:
        np.testing.assert_allclose(moved.axes, camera.axes)


@pytest.mark.parametrize(("z", "thickness", "is_met"), [(30, 0, True), (28, 0, False), (28, 3, True), (39.5, 0, False)])
def test_whether_a_cut_meets_the_volume(z: float, thickness: float, is_met: bool) -> None:
    assert meets(camera_at("f", (500.0, 20.0, z)), GEOMETRY, thickness) is is_met
