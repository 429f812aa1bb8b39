"""Contours: filling against a loop over pixels, cuts against a sphere, drawing against distances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.contours import (
    REACH,
    contour_volume,
    contours_in_plane,
    crossing_points,
    draw_lines,
    fill_polygons,
)
from sightline.kernels.geometry import GeometryError
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.isodose import iso_lines
from sightline.kernels.planes import plan_planes
from sightline.kernels.reformat import cut_plane


def circle(radius: float, centre: tuple[float, float, float], points: int = 90) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1) + centre


def is_inside(polygons: list[np.ndarray], row: float, column: float) -> bool:
    """Even-odd, edge by edge: a ray along the row to the right."""
    inside = False
    for polygon in polygons:
        for (r0, c0), (r1, c1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (r0 > row) != (r1 > row) and column < (c1 - c0) * (row - r0) / (r1 - r0) + c0:
                inside = not inside
    return inside


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(3, 9))
def test_filling_is_what_a_loop_over_pixels_finds(seed: int, count: int, points: int) -> None:
    random = np.random.default_rng(seed)
    polygons = [random.uniform(-3, 13, (points, 2)) for _ in range(count)]
    got = fill_polygons(polygons, (11, 9))
    wanted = [[is_inside(polygons, row, column) for column in range(9)] for row in range(11)]
    assert got.tolist() == wanted


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 8), st.integers(-1, 8)), min_size=3, max_size=7), st.integers(0, 6))
def test_neither_where_it_starts_nor_which_way_it_turns_matters(points: list[tuple[int, int]], start: int) -> None:
    polygon = np.array(points, np.float64)
    got = fill_polygons([polygon], (8, 8))
    assert np.array_equal(fill_polygons([np.roll(polygon, start, axis=0)], (8, 8)), got)
    assert np.array_equal(fill_polygons([polygon[::-1]], (8, 8)), got)


def test_a_contour_in_another_is_a_hole_and_one_in_that_is_not() -> None:
    squares = [np.array([[a, a], [a, 20 - a], [20 - a, 20 - a], [20 - a, a]], np.float64) - 0.5 for a in (1, 4, 7)]
    mask = fill_polygons(squares, (20, 20))
    assert mask[10, [0, 2, 5, 10]].tolist() == [False, True, False, True]
    assert mask.sum() == 18**2 - 12**2 + 6**2


def test_contours_of_the_plane_itself_are_its_polygons() -> None:
    plane = ImagePlane((10.0, 20.0, 30.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (2.0, 0.5), 20, 20)
    pixels = np.array([[2.0, 3.0], [4.5, 6.0], [1.0, 9.0]])
    contours = [plane.moved(d).to_patient(pixels) for d in (-1.2, -0.4, 0.9)]
    found = contours_in_plane(contours, plane, 1.0)
    assert len(found) == 2
    assert all(np.allclose(polygon, pixels) for polygon in found)


def test_a_contour_goes_through_a_plane_where_its_circle_does() -> None:
    plane = ImagePlane((-20.0, 3.0, 20.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0), 40, 40)
    points = crossing_points(circle(5.0, (0.0, 0.0, 4.0), 2000), plane)
    assert np.allclose(points[:, 0], 16.0)
    assert sorted(points[:, 1]) == pytest.approx([16.0, 24.0], abs=1e-3)
    assert len(crossing_points(circle(2.0, (0.0, 0.0, 4.0)), plane)) == 0


def ball(radius: float, step: float, hole: float = 0.0) -> list[np.ndarray]:
    contours = []
    for height in np.arange(-radius + step / 2, radius, step):
        for surface in (radius, hole):
            if surface > abs(height):
                contours.append(circle(float(np.sqrt(surface**2 - height**2)), (0.0, 0.0, float(height))))
    return contours


def test_any_cut_through_contours_of_a_ball_is_a_circle() -> None:
    distances, geometry = contour_volume(ball(20.0, 2.0), 0.5)
    assert geometry.even
    assert geometry.slice_spacing == pytest.approx(2.0)
    for orientation in ("axial", "coronal", "sagittal"):
        grid = plan_planes(geometry)[orientation]
        index = grid.count // 2
        lines = iso_lines(cut_plane(distances, geometry, grid, index), 0.0)
        points = np.vstack(lines)
        places = grid.to_patient(np.column_stack([np.full(len(points), index), points]))
        radii = np.linalg.norm(places, axis=1)
        assert np.abs(radii - 20.0).max() < 0.8
        assert np.abs(radii - 20.0).mean() < 0.25


def test_between_two_slices_the_structure_changes_smoothly() -> None:
    # A cone: half-way between two slices its radius is half-way between theirs.
    contours = [circle(4.0 + 3 * k, (0.0, 0.0, 10.0 * k), 200) for k in range(4)]
    distances, geometry = contour_volume(contours, 0.25)
    middle = (distances[1] + distances[2]) / 2
    (line,) = iso_lines(middle, 0.0)
    places = geometry.to_patient(np.column_stack([np.ones(len(line)), line]))
    assert np.abs(np.hypot(places[:, 0], places[:, 1]) - 8.5).max() < 0.3


def test_distances_are_those_to_the_nearest_pixel_beyond_the_border() -> None:
    contours = ball(4.0, 2.0, hole=2.5)
    distances, _ = contour_volume(contours, 1.0)
    for plane in distances:
        mask = plane > 0
        places = np.argwhere(np.ones_like(mask))
        inside, outside = np.argwhere(mask), np.argwhere(~mask)
        assert len(inside)
        for place in places:
            here = bool(mask[tuple(place)])
            others = outside if here else inside
            nearest = float(np.sqrt(((others - place) ** 2).sum(axis=1).min()))
            assert plane[tuple(place)] == pytest.approx(nearest - 0.5 if here else 0.5 - nearest, abs=1e-5)


def test_distances_are_followed_no_farther_than_they_matter() -> None:
    distances, _ = contour_volume([circle(60.0, (0.0, 0.0, float(z))) for z in (0, 5, 10)], 1.0)
    assert distances.max() == REACH - 0.5
    assert distances.min() > -REACH
    row = distances[1, distances.shape[1] // 2]
    first = int(np.argmax(row > 0))
    assert row[first : first + 28] == pytest.approx(np.arange(28) + 0.5, abs=0.6)


def test_a_structure_in_two_parts_is_not_joined_across_the_gap() -> None:
    contours = [circle(5.0, (0.0, 0.0, float(z))) for z in (0, 2, 4, 6, 30, 32, 34)]
    distances, geometry = contour_volume(contours, 1.0)
    assert geometry.gaps == ((6.0, 30.0),)
    grid = plan_planes(geometry)["coronal"]
    picture = cut_plane(distances, geometry, grid, grid.count // 2)
    heights = grid.to_patient([(0, r, 0) for r in range(grid.rows)])[:, 2]
    shown = np.any(picture >= 0, axis=1)
    assert not shown[(heights > 6) & (heights < 30)].any()
    assert shown[(heights <= 6) | (heights >= 30)].all()


def test_contours_askew_in_the_patient_make_a_volume_too() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    contours = [contour @ turn.T + (30, -10, 5) for contour in ball(8.0, 2.0)]
    distances, geometry = contour_volume(contours, 0.5)
    inside = np.argwhere(distances >= 0)
    radii = np.linalg.norm(geometry.to_patient(inside) - (30, -10, 5), axis=1)
    assert radii.max() == pytest.approx(8.0, abs=0.4)
    voxel = 0.5 * 0.5 * 2.0
    assert len(inside) * voxel == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.03)


@pytest.mark.parametrize(
    ("contours", "spacing", "reason"),
    [
        ([], 1.0, "fewer than three points"),
        ([np.zeros((2, 3))], 1.0, "fewer than three points"),
        ([np.zeros((5, 3))], 1.0, "no area"),
        ([circle(5, (0, 0, 0)), circle(5, (0, 0, 2))], 1.0, "At least 3"),
        ([circle(5, (0, 0, z)) @ np.diag([1, 1, 1]) for z in (0, 2, 4)], 0.0, "above 0"),
        ([*[circle(5, (0, 0, z)) for z in (0, 2, 4)], circle(3, (0, 0, 0))[:, [0, 2, 1]]], 1.0, "not flat"),
        ([circle(5000, (0, 0, z)) for z in (0, 2, 4)], 1.0, "too far"),
    ],
)
def test_what_are_no_contours_of_a_body_is_refused(contours: list[np.ndarray], spacing: float, reason: str) -> None:
    with pytest.raises(GeometryError, match=reason):
        contour_volume(contours, spacing)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 4.0))
def test_a_line_covers_pixels_by_their_distance(seed: int, width: float) -> None:
    line = np.random.default_rng(seed).uniform(-3, 14, (4, 2))
    got = draw_lines([line], (11, 12), width)
    for row in range(11):
        for column in range(12):
            nearest = min(distance_to((row, column), first, last) for first, last in pairwise(line))
            wanted = min(max(width / 2 + 0.5 - nearest, 0), 1) * 255
            assert abs(float(got[row, column]) - wanted) <= 0.5 + 1e-6


def distance_to(point: tuple[int, int], first: np.ndarray, last: np.ndarray) -> float:
    way = last - first
    part = min(max(float((point - first) @ way / (way @ way)), 0), 1)
    return float(np.linalg.norm(point - first - part * way))


def test_a_point_is_a_dot_and_nothing_is_nothing() -> None:
    assert draw_lines([], (3, 3)).sum() == 0
    dot = draw_lines([np.array([[1.0, 1.0], [1.0, 1.0]])], (3, 3))
    assert dot.tolist() == [[0, 0, 0], [0, 255, 0], [0, 0, 0]]
