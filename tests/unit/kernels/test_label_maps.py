"""Label maps: sampling, colouring and outlines against loops over pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.fusion import FusionError
from sightline.kernels.geometry import SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.label_maps import (
    coverage_of_fractions,
    outline,
    overlay_coverage,
    overlay_labels,
    overlay_segments,
    sample_labels,
)

SHAPE = (7, 9, 11)
LABELS = np.random.default_rng(2).integers(0, 5, SHAPE).astype(np.uint16)


def volume(distances: list[float], tilt: float = 0.0) -> VolumeGeometry:
    """Slices askew in the patient, displaced by `tilt` mm for each mm along their normal."""
    column, row = np.array([0.8, 0.6, 0.0]), np.array([-0.36, 0.48, 0.8])
    normal = np.cross(column, row)
    return plan_volume(
        [
            SlicePlane(tuple(d * normal + d * tilt * row + (5, -7, 9)), (*column, *row), (1.5, 0.75), *SHAPE[1:])
            for d in distances
        ]
    )[0]


EVEN = [2.0 * k for k in range(7)]
UNEVEN = [0.0, 1.0, 2.5, 4.5, 7.0, 8.0, 9.0]
GAP = [0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 11.0]


def naive(labels: np.ndarray, geometry: VolumeGeometry, point: np.ndarray) -> tuple[int, bool]:
    """The label of the voxel nearest along each axis, and whether the point is at a border, where two may be right."""
    offset = point - np.asarray(geometry.origin)
    height = float(offset @ geometry.normal)
    distances = np.asarray(geometry.distances)
    ends = (distances[0] - np.diff(distances)[0] / 2, distances[-1] + np.diff(distances)[-1] / 2)
    aside = np.abs(distances - height)
    slice_ = int(aside.argmin())
    close = np.sort(aside)
    in_slice = offset - height * np.asarray(geometry.step)
    row, column = in_slice @ geometry.row_direction / 1.5, in_slice @ geometry.column_direction / 0.75
    border = min(
        close[1] - close[0],
        *(abs(abs((v % 1) - 0.5)) for v in (row, column)),
        *(abs(height - end) for end in (*ends, *(edge for gap in geometry.gaps for edge in gap))),
    )
    if not ends[0] < height < ends[1] or any(low < height < high for low, high in geometry.gaps):
        return 0, border < 1e-6
    row, column = round(row), round(column)
    if not (0 <= row < SHAPE[1] and 0 <= column < SHAPE[2]):
        return 0, border < 1e-6
    return int(labels[slice_, row, column]), border < 1e-6


@pytest.mark.parametrize(("distances", "tilt"), [(EVEN, 0.0), (EVEN, 0.3), (UNEVEN, 0.0), (GAP, 0.0)])
@pytest.mark.parametrize("turn", [0.0, 0.9])
def test_a_pixel_has_the_label_of_the_voxel_that_it_is_in(distances: list[float], tilt: float, turn: float) -> None:
    geometry = volume(distances, tilt)
    centre = geometry.corners().mean(axis=0)
    columns = np.array([np.cos(turn), np.sin(turn), 0.0])
    rows = np.array([-np.sin(turn) * 0.6, np.cos(turn) * 0.6, -0.8])
    corner = centre - 13 * 0.7 * columns - 15 * 0.6 * rows
    plane = ImagePlane(tuple(corner), tuple(columns), tuple(rows), (0.6, 0.7), 31, 27)
    got = sample_labels(LABELS, geometry, plane)
    assert got.dtype == LABELS.dtype
    checked = 0
    for row in range(31):
        for column in range(27):
            wanted, border = naive(LABELS, geometry, plane.to_patient((row, column)))
            if not border:
                assert got[row, column] == wanted
                checked += wanted > 0
    assert checked > 50


def test_a_plane_on_a_slice_shows_the_slice() -> None:
    geometry = volume(EVEN)
    plane = ImagePlane(
        tuple(geometry.to_patient((3, 0, 0))),
        geometry.column_direction,
        geometry.row_direction,
        (1.5, 0.75),
        *SHAPE[1:],
    )
    assert np.array_equal(sample_labels(LABELS, geometry, plane), LABELS[3])
    assert not sample_labels(LABELS, geometry, plane.moved(100.0)).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_an_outline_is_the_pixels_with_another_neighbour(rows: int, columns: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, (rows, columns)).astype(np.uint8)
    got = outline(labels)
    for r in range(rows):
        for c in range(columns):
            near = [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
            other = any(0 <= y < rows and 0 <= x < columns and labels[y, x] != labels[r, c] for y, x in near)
            assert got[r, c] == (labels[r, c] if other else 0)


def test_colouring_is_what_a_loop_over_pixels_makes() -> None:
    random = np.random.default_rng(4)
    picture = random.integers(0, 256, (9, 14, 3), dtype=np.uint8)
    labels = random.integers(0, 300, (9, 14))
    colours = random.integers(0, 256, (300, 3), dtype=np.uint8)
    opacity = random.integers(0, 256, 300, dtype=np.uint8)
    before = picture.copy()
    got = overlay_labels(picture, labels, colours, opacity)
    for row in range(9):
        for column in range(14):
            label = int(labels[row, column])
            alpha = int(opacity[label]) if label else 0
            for channel in range(3):
                mixed = (255 - alpha) * int(before[row, column, channel]) + alpha * int(colours[label, channel])
                assert got[row, column, channel] == (mixed + 127) // 255
    assert np.array_equal(picture, before)


def test_segments_that_overlap_lie_in_their_order() -> None:
    picture = np.full((3, 4, 3), 10, np.uint8)
    first, second = np.zeros((2, 3, 4), np.bool_)
    first[:, :3], second[:, 2:] = True, True
    colours = np.uint8([[255, 0, 0], [0, 0, 255]])
    got = overlay_segments(picture, [first, second], colours, np.uint8([255, 51]))
    assert got[0].tolist() == [[255, 0, 0], [255, 0, 0], [204, 0, 51], [8, 8, 59]]
    with pytest.raises(ValueError, match="shorter"):
        overlay_segments(picture, [first, second], colours[:1], np.uint8([255, 51]))


def test_probability_becomes_opacity() -> None:
    coverage = coverage_of_fractions(np.uint8([[0, 1, 100, 200, 255]]), 200)
    assert coverage.tolist() == [[0, 1, 128, 255, 255]]
    got = overlay_coverage(np.zeros((1, 5, 3), np.uint8), coverage, (200, 100, 0), 128)
    assert got[0, :, 0].tolist() == [0, 1, 50, 100, 100]
    with pytest.raises(FusionError, match="MaximumFractionalValue"):
        coverage_of_fractions(coverage, 0)


def test_a_label_without_a_colour_and_other_sizes_are_refused() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(FusionError, match="without a colour"):
        overlay_labels(picture, np.full((2, 2), 2), np.zeros((2, 3), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(FusionError, match="without a colour"):
        overlay_labels(picture, np.full((2, 2), -1), np.zeros((2, 3), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(FusionError, match="different sizes"):
        overlay_coverage(picture, np.zeros((2, 3), np.uint8), (0, 0, 0), 255)
