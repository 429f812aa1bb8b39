"""Curved reformats: a straight curve is a plane, and pixels lie where the curve says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels import slab
from sightline.kernels.curved import cut_curved, lay_along
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut
from sightline.kernels.slab import cut_slab

Array = np.ndarray[Any, Any]
X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
ARC = [(8 + 6 * np.sin(a), 5.0, 8 + 6 * np.cos(a)) for a in np.linspace(0.2, 2.6, 40)]


def volume_geometry() -> VolumeGeometry:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return plan_volume([SlicePlane((0.0, 0.0, z * 1.2), flat, (0.9, 0.7), 13, 25) for z in range(15)])[0]


GEOMETRY = volume_geometry()
NOISE = np.random.default_rng(4).integers(-1000, 3000, GEOMETRY.shape).astype(np.int16)


def ramp() -> Array:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in GEOMETRY.shape], indexing="ij"), -1)
    return (GEOMETRY.to_patient(index) @ [1.0, -2.0, 3.0]).astype(np.float32)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_along_a_straight_line_it_is_a_plane(seed: int) -> None:
    across, down = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0][:2]
    start = np.array([8.0, 5.0, 8.0]) - 4 * down
    # More points on the line, and points given twice, change nothing.
    points = [start, start + 2 * down, start + 2 * down, start + 8.1 * down]
    curve = lay_along(points, tuple((across + 0.5 * down).tolist()), pixel_spacing=(0.5, 0.4), columns=21)
    origin: Any = tuple((start - across * 4.0).tolist())
    plane = ImagePlane(origin, tuple(across.tolist()), tuple(down.tolist()), (0.5, 0.4), 17, 21)
    assert curve.rows == 17
    np.testing.assert_allclose(
        curve.to_patient([(0, 0), (16, 20), (3.5, 7.2)]), plane.to_patient([(0, 0), (16, 20), (3.5, 7.2)])
    )
    np.testing.assert_allclose(curve.depth, np.broadcast_to(plane.normal, (17, 3)), atol=1e-9)
    np.testing.assert_allclose(cut_curved(NOISE, GEOMETRY, curve), cut(NOISE, GEOMETRY, plane), atol=0.02)
    thick = cut_curved(NOISE, GEOMETRY, curve, thickness=2.0, mode="max", step=0.5)
    np.testing.assert_allclose(thick, cut_slab(NOISE, GEOMETRY, plane, 2.0, "max", step=0.5), atol=0.02)


def test_every_pixel_shows_what_lies_where_it_says() -> None:
    curve = lay_along(ARC, Y, pixel_spacing=(0.3, 0.45), columns=31)
    pixels = np.stack(np.meshgrid(np.arange(curve.rows), np.arange(31), indexing="ij"), -1)
    points = curve.to_patient(pixels)
    at = GEOMETRY.to_index(points)
    inside = np.all((at >= 0) & (at <= np.array(GEOMETRY.shape) - 1), axis=-1)
    result = cut_curved(ramp(), GEOMETRY, curve)
    assert 300 < inside.sum() < inside.size
    np.testing.assert_allclose(result[inside], (points @ [1.0, -2.0, 3.0])[inside], atol=1e-4)
    assert np.isnan(result[np.any((at < -0.01) | (at > np.array(GEOMETRY.shape) - 0.99), axis=-1)]).all()


def test_rows_are_equally_far_apart_along_the_curve() -> None:
    curve = lay_along([(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (3.0, 0.0, 4.1)], Y, pixel_spacing=(1.0, 1.0), columns=3)
    middle = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 0, 1], [3, 0, 2], [3, 0, 3], [3, 0, 4]]
    np.testing.assert_allclose(curve.to_patient([(row, 1) for row in range(8)]), middle, atol=1e-12)
    np.testing.assert_allclose(curve.across, np.broadcast_to(Y, (8, 3)), atol=1e-12)
    # The corner is rounded: at it the curve runs halfway between both pieces.
    np.testing.assert_allclose(curve.depth[[1, 3, 6]], [[0, 0, -1], [0.5**0.5, 0, -(0.5**0.5)], [1, 0, 0]], atol=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_columns_run_at_right_angles_to_the_curve_and_evenly(seed: int) -> None:
    points = np.cumsum(np.random.default_rng(seed).uniform(0.2, 2, (5, 3)), axis=0)
    curve = lay_along(points, (1.0, -1.0, 0.2), pixel_spacing=(0.25, 0.4), columns=8)
    np.testing.assert_allclose(np.linalg.norm(curve.across, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(curve.depth, axis=1), 1)
    np.testing.assert_allclose(np.sum(curve.across * curve.depth, axis=1), 0, atol=1e-9)
    steps = np.diff(curve.to_patient([(2, column) for column in range(8)]), axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 0.4)
    rows = np.linalg.norm(np.diff(curve.centres, axis=0), axis=1)
    assert rows.max() <= 0.25 + 1e-9


@pytest.mark.parametrize("samples", [1, 100])
def test_what_is_worked_on_at_once_does_not_show(samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    curve = lay_along(ARC, Y, pixel_spacing=(0.3, 0.45), columns=61)
    expected = cut_curved(NOISE, GEOMETRY, curve, thickness=2.0, mode="max", step=0.5)
    monkeypatch.setattr(slab, "_OWN_SAMPLES_AT_ONCE", samples)
    found = cut_curved(NOISE, GEOMETRY, curve, thickness=2.0, mode="max", step=0.5)
    assert 0 < np.isnan(expected).sum() < expected.size
    np.testing.assert_allclose(found, expected, atol=0.005)


def test_padding_is_left_out() -> None:
    volume = np.where(NOISE > 2000, -5000, NOISE).astype(np.int16)
    curve = lay_along(ARC, Y, pixel_spacing=(0.3, 0.45), columns=9)
    plain, padded = (cut_curved(volume, GEOMETRY, curve, padding=p) for p in (None, (-5000.0, -5000.0)))
    shown = ~np.isnan(padded)
    assert 0 < shown.sum() < (~np.isnan(plain)).sum()
    np.testing.assert_allclose(padded[shown], plain[shown], atol=0.01)
    assert padded[shown].min() >= -1000.01


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"points": [(0.0, 0.0, 0.0)]}, "two different"),
        ({"points": [(1.0, 2.0, 3.0)] * 3}, "two different"),
        ({"points": []}, "three finite numbers"),
        ({"points": [(0.0, 0.0), (0.0, 1.0)]}, "three finite numbers"),
        ({"points": [(0.0, 0.0, 0.0), (0.0, np.nan, 1.0)]}, "three finite numbers"),
        ({"points": [(0.0, 0.0, 0.0), (0.0, 0.0, 0.9)]}, "shorter"),
        ({"points": [(0.0, 0.0, 0.0), (0.0, 0.0, 9e5)]}, "too long"),
        ({"points": [(0.0, 0.0, 0.0), (0.0, 0.0, 5.0), (0.0, 0.0, 1.0)]}, "turns back"),
        ({"points": [(0.0, 0.0, 0.0), (0.0, 0.0, 5.0), (5.0, 0.0, 5.0)]}, "to its sides"),
        ({"across": (0.0, 0.0, 0.0)}, "direction across"),
        ({"across": (0.0, np.inf, 0.0)}, "direction across"),
        ({"across": (0.01, 0.0, 1.0)}, "to its sides"),
        ({"pixel_spacing": (0.0, 1.0)}, "without size"),
        ({"pixel_spacing": (1.0, np.nan)}, "without size"),
        ({"columns": 0}, "no pixels"),
        ({"columns": 10_000}, "too many"),
    ],
)
def test_what_is_no_curve_is_refused(change: dict[str, Any], reason: str) -> None:
    good: dict[str, Any] = {
        "points": [(0.0, 0.0, 0.0), (0.0, 0.0, 5.0)],
        "across": X,
        "pixel_spacing": (1.0, 1.0),
        "columns": 5,
    }
    assert lay_along(**good).rows == 6
    with pytest.raises(GeometryError, match=reason):
        lay_along(**(good | change))
