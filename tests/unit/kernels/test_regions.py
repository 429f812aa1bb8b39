"""Regions against loops over pixel centres, and areas against geometry."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.regions import (
    Ellipse,
    Polygon,
    Rectangle,
    Region,
    Sphere,
    circle,
    line_profile,
    region_on_plane,
)
from sightline.kernels.volume_regions import PEAK_RADIUS, peak, sphere_in_volume, voxel_volume

C30, S30 = cos(radians(30)), sin(radians(30))
PLANE = ImagePlane((12.0, -7.0, 3.0), (C30, S30, 0.0), (0.0, 0.0, -1.0), (0.8, 0.5), 41, 57)
"""Oblique, with pixels that are not square."""


def mm(down: float, right: float, away: float = 0.0) -> tuple[float, float, float]:
    """Return LPS mm of a place in the plane, in mm from the centre of its first pixel."""
    point = PLANE.to_patient((down / 0.8, right / 0.5)) + away * np.asarray(PLANE.normal)
    return float(point[0]), float(point[1]), float(point[2])


def way(down: float, right: float) -> tuple[float, float, float]:
    x, y, z = np.subtract(mm(down, right), mm(0, 0))
    return float(x), float(y), float(z)


def each_centre(inside: Any) -> Any:
    return np.array([[inside(r * 0.8, c * 0.5) for c in range(PLANE.columns)] for r in range(PLANE.rows)])


def turned(length: float, degrees: float) -> tuple[float, float]:
    return length * sin(radians(degrees)), length * cos(radians(degrees))


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133])
def test_ellipse_and_rectangle_hold_the_centres_within_them(degrees: float) -> None:
    first, second = turned(7.3, degrees), turned(4.1, degrees + 90)

    def parts(down: float, right: float, start: tuple[float, float]) -> tuple[float, float]:
        d, r = down - start[0], right - start[1]
        return (d * first[0] + r * first[1]) / 7.3**2, (d * second[0] + r * second[1]) / 4.1**2

    ellipse = region_on_plane(Ellipse(mm(15.03, 13.07), way(*first), way(*second)), PLANE)
    expected = each_centre(lambda d, r: sum(p * p for p in parts(d, r, (15.03, 13.07))) <= 1)
    np.testing.assert_array_equal(ellipse.mask, expected)
    assert ellipse.area == pytest.approx(pi * 7.3 * 4.1)
    assert ellipse.pixels_area == pytest.approx(ellipse.area, rel=0.03)
    assert ellipse.pixels_area == pytest.approx(expected.sum() * 0.4)
    assert ellipse.complete
    rectangle = region_on_plane(Rectangle(mm(14.03, 13.07), way(*first), way(*second)), PLANE)
    expected = each_centre(lambda d, r: all(0 <= p <= 1 for p in parts(d, r, (14.03, 13.07))))
    np.testing.assert_array_equal(rectangle.mask, expected)
    assert rectangle.area == pytest.approx(7.3 * 4.1)


def test_centres_on_an_outline_are_inside() -> None:
    # 0.8 and 0.5 mm: the outline goes exactly through centres of pixels
    box = region_on_plane(Rectangle(mm(1.6, 1.5), way(0, 2.0), way(2.4, 0)), PLANE)
    assert np.argwhere(box.mask).min(axis=0).tolist() == [2, 3]
    assert np.argwhere(box.mask).max(axis=0).tolist() == [5, 7]
    assert box.count == 4 * 5
    disc = region_on_plane(circle(mm(8.0, 8.0), 2.0, PLANE), PLANE)
    assert disc.mask[10, [12, 20]].all()
    assert not disc.mask[10, [11, 21]].any()
    assert disc.area == pytest.approx(4 * pi)


def even_odd(points: list[tuple[float, float]], down: float, right: float) -> bool:
    inside = False
    for (d1, r1), (d2, r2) in zip(points, [*points[1:], points[0]], strict=True):
        if (d1 <= down) != (d2 <= down) and r1 + (down - d1) * (r2 - r1) / (d2 - d1) <= right:
            inside = not inside
    return inside


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-5, 40), st.floats(-5, 35)), min_size=3, max_size=9))
def test_polygon_is_even_odd(points: list[tuple[float, float]]) -> None:
    # thousandths, which no centre of a pixel lies on
    points = [(round(d, 1) + 0.0317, round(r, 1) + 0.0119) for d, r in points]
    found = region_on_plane(Polygon(tuple(mm(*point) for point in points)), PLANE)
    np.testing.assert_array_equal(found.mask, each_centre(lambda d, r: even_odd(points, d, r)))


def test_area_of_a_polygon_is_exact_or_not_stated() -> None:
    points = [(2.0, 2.0), (2.0, 12.0), (12.0, 12.0), (12.0, 10.0), (4.0, 10.0), (4.0, 2.0)]
    bent = region_on_plane(Polygon(tuple(mm(*point) for point in points)), PLANE)
    assert bent.area == pytest.approx(20 + 16)
    crossed = region_on_plane(Polygon((mm(2, 2), mm(12, 12), mm(2, 12), mm(12, 2))), PLANE)
    assert crossed.area is None
    assert crossed.count > 0


@given(st.floats(3, 25), st.floats(3, 20))
def test_polygons_with_a_common_side_share_no_pixel_and_leave_none_out(down: float, right: float) -> None:
    corners = [(1.0, 1.0), (1.0, 26.0), (30.0, 26.0), (30.0, 1.0)]
    whole = region_on_plane(Polygon(tuple(mm(*corner) for corner in corners)), PLANE).mask
    pieces = [
        region_on_plane(Polygon((mm(*a), mm(*b), mm(down, right))), PLANE).mask.astype(int)
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    np.testing.assert_array_equal(sum(pieces), whole)


def test_a_region_beyond_the_pixels_says_so() -> None:
    assert region_on_plane(Rectangle(mm(-0.4, -0.25), way(0, 2), way(2, 0)), PLANE).complete
    assert not region_on_plane(Rectangle(mm(-0.5, -0.25), way(0, 2), way(2, 0)), PLANE).complete
    assert not region_on_plane(circle(mm(30.0, 27.0), 3.0, PLANE), PLANE).complete
    assert region_on_plane(circle(mm(200.0, 27.0), 3.0, PLANE), PLANE).count == 0


def test_a_plane_cuts_a_sphere_in_a_circle() -> None:
    ball = region_on_plane(Sphere(mm(15.0, 13.0, 3.0), 5.0), PLANE)
    disc = region_on_plane(circle(mm(15.0, 13.0), 4.0, PLANE), PLANE)
    np.testing.assert_array_equal(ball.mask, disc.mask)
    assert ball.area == pytest.approx(16 * pi)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (Sphere(mm(15, 13, 5.1), 5.0), "does not reach"),
        (Sphere(mm(15, 13), 0.0), "radius"),
        (Ellipse(mm(9, 9, 0.2), way(1, 0), way(0, 1)), "not lie in the plane"),
        (Ellipse(mm(9, 9), (1.0, 0.0, 0.0), way(1, 0)), "not lie in the plane"),
        (Ellipse(mm(9, 9), way(1, 0), way(1, 1)), "right angles"),
        (Rectangle(mm(9, 9), way(0, 0), way(1, 1)), "no extent"),
        (Polygon((mm(1, 1), mm(2, 2))), "3 to"),
        (Polygon((mm(1, 1), mm(2, 2), (float("nan"), 0.0, 0.0))), "finite"),
    ],
)
def test_what_cannot_be_measured_is_refused(region: Region, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        region_on_plane(region, PLANE)


def test_a_circle_has_a_radius() -> None:
    with pytest.raises(GeometryError, match="above 0 mm"):
        circle(mm(1, 1), -1.0, PLANE)


def test_profile_along_a_ramp_is_a_straight_line() -> None:
    rows, columns = np.mgrid[: PLANE.rows, : PLANE.columns]
    ramp = 3 * rows * 0.8 - 2 * columns * 0.5 + 7
    distances, values = line_profile(ramp, PLANE, mm(2.2, 3.1), mm(14.2, 19.1))
    assert distances[[0, -1]].tolist() == pytest.approx([0, 20])
    assert np.diff(distances).max() <= 0.25 + 1e-9
    np.testing.assert_allclose(values, 3 * (2.2 + 0.6 * distances) - 2 * (3.1 + 0.8 * distances) + 7)


def test_profile_is_not_a_number_only_outside_and_on_padding() -> None:
    image = np.ones((PLANE.rows, PLANE.columns))
    image[5] = np.nan
    distances, values = line_profile(image, PLANE, mm(3.2, -2.0), mm(3.2, 5.0))
    np.testing.assert_array_equal(np.isnan(values), distances < 2 - 1e-6)
    assert np.isnan(line_profile(image, PLANE, mm(3.6, 1.0), mm(3.6, 5.0))[1]).all()
    with pytest.raises(GeometryError, match="two different ends"):
        line_profile(image, PLANE, mm(1, 1), mm(1, 1))
    with pytest.raises(ValueError, match="size"):
        line_profile(image[:-1], PLANE, mm(1, 1), mm(1, 2))


def volume_geometry(
    shape: tuple[int, int, int] = (13, 15, 17),
    spacing: tuple[float, float, float] = (3.0, 2.0, 2.5),
    tilt: float = 0.0,
) -> VolumeGeometry:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    places = [(-4.0, 5.0 + tilt * k, 2.0 + spacing[0] * k) for k in range(shape[0])]
    return plan_volume([SlicePlane(place, flat, spacing[1:], shape[1], shape[2]) for place in places])[0]


@pytest.mark.parametrize("tilt", [0.0, 0.8])
def test_sphere_holds_the_voxels_whose_centres_are_within(tilt: float) -> None:
    geometry = volume_geometry(tilt=tilt)
    centre = (14.3, 21.1, 19.7)
    found = sphere_in_volume(Sphere(centre, 9.1), geometry)
    expected = np.zeros(geometry.shape, bool)
    for index in np.ndindex(*geometry.shape):
        expected[index] = np.linalg.norm(geometry.to_patient(index) - centre) <= 9.1
    whole = np.zeros(geometry.shape, bool)
    whole[found.box] = found.mask
    np.testing.assert_array_equal(whole, expected)
    assert found.voxel_volume == pytest.approx(15.0)
    assert found.volume == pytest.approx(4 / 3 * pi * 9.1**3)
    assert found.voxels_volume == pytest.approx(found.volume, rel=0.05)
    assert found.complete


def test_spheres_at_the_border_say_so_and_those_outside_are_refused() -> None:
    geometry = volume_geometry()
    assert not sphere_in_volume(Sphere((-4.0, 5.0, 2.0), 5.0), geometry).complete
    with pytest.raises(GeometryError, match="no voxel"):
        sphere_in_volume(Sphere((-40.0, 5.0, 2.0), 5.0), geometry)
    with pytest.raises(GeometryError, match="radius"):
        sphere_in_volume(Sphere((-4.0, 5.0, 2.0), 0.0), geometry)


def test_volumes_of_uneven_slices_are_refused() -> None:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    uneven = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 9, 9) for z in (0.0, 2.0, 4.0, 7.0)])[0]
    with pytest.raises(GeometryError, match="not evenly spaced"):
        voxel_volume(uneven)


def naive_peak(volume: Any, geometry: VolumeGeometry, candidates: list[tuple[int, int, int]]) -> Any:
    """Return the greatest mean and its voxel, by looking at each part of each voxel."""
    best: Any = (-np.inf, None)
    parts = (np.arange(5) + 0.5) / 5 - 0.5
    points = (geometry.affine[:3, :3] @ np.stack(np.meshgrid(parts, parts, parts)).reshape(3, -1)).T
    for candidate in candidates:
        total = weight = 0.0
        near = [range(max(0, i - 4), min(n, i + 5)) for i, n in zip(candidate, geometry.shape, strict=True)]
        for index in np.ndindex(*(len(side) for side in near)):
            voxel = [side[i] for side, i in zip(near, index, strict=True)]
            away = geometry.affine[:3, :3] @ np.subtract(voxel, candidate)
            covered = (((points + away) ** 2).sum(axis=1) <= PEAK_RADIUS**2).sum()
            total += covered * volume[tuple(voxel)]
            weight += covered
        best = max(best, (total / weight, candidate), key=lambda found: found[0])
    return best


@pytest.mark.parametrize("tilt", [0.0, 0.8])
def test_peak_is_the_greatest_mean_of_a_cubic_centimetre(tilt: float) -> None:
    geometry = volume_geometry(tilt=tilt)
    volume = np.random.default_rng(2).random(geometry.shape)
    region = sphere_in_volume(Sphere((14.3, 19.1 + 4 * tilt, 19.7), 3.0), geometry)
    found = peak(volume, geometry, region)
    start = [side.start for side in region.box]
    candidates = [tuple(int(i) for i in place + start) for place in np.argwhere(region.mask)]
    value, index = naive_peak(volume, geometry, candidates)
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.index == index
    assert found.centre == pytest.approx(geometry.to_patient(index).tolist())
    assert found.unit == "{SUVbw}g/ml"


def test_peak_sphere_has_a_cubic_centimetre() -> None:
    assert 4 / 3 * pi * PEAK_RADIUS**3 == pytest.approx(1000)
    geometry = volume_geometry()
    region = sphere_in_volume(Sphere((14.3, 19.1, 19.7), 4.0), geometry)
    assert peak(np.full(geometry.shape, 2.5, np.float32), geometry, region).value == pytest.approx(2.5)


def test_peak_is_refused_where_the_sphere_does_not_fit() -> None:
    thin = volume_geometry((3, 15, 17))
    region = sphere_in_volume(Sphere((14.0, 19.0, 5.0), 4.0), thin)
    with pytest.raises(GeometryError, match="within the volume"):
        peak(np.ones(thin.shape), thin, region)
    geometry = volume_geometry()
    region = sphere_in_volume(Sphere((14.3, 19.1, 19.7), 4.0), geometry)
    with pytest.raises(GeometryError, match="on values"):
        peak(np.full(geometry.shape, np.nan), geometry, region)
    with pytest.raises(ValueError, match="shape"):
        peak(np.ones((3, 3, 3)), geometry, region)
    tiny = volume_geometry((3, 3, 3), (0.1, 0.1, 0.1))
    with pytest.raises(GeometryError, match="too small"):
        peak(np.ones((3, 3, 3)), tiny, sphere_in_volume(Sphere((-3.9, 5.1, 2.1), 0.2), tiny))


def test_padding_near_one_centre_leaves_the_others() -> None:
    geometry = volume_geometry()
    volume = np.ones(geometry.shape)
    volume[6, 7, 3] = np.nan
    region = sphere_in_volume(Sphere((14.3, 19.1, 19.7), 6.0), geometry)
    assert peak(volume, geometry, region).value == pytest.approx(1.0)
