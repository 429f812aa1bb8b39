"""Volumes planned from headers: what is accepted, what is corrected, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def stack(
    count: int = 5,
    orientation: tuple[float, ...] = AXIAL,
    step: Any = (0.0, 0.0, 2.5),
    origin: Any = (-10.0, 20.0, 30.0),
    spacing: tuple[float, float] = (0.5, 0.75),
    shape: tuple[int, int] = (4, 6),
) -> list[SlicePlane]:
    """Slices in a row."""
    return [
        SlicePlane(tuple(float(v) for v in np.asarray(origin) + k * np.asarray(step)), orientation, spacing, *shape)  # type: ignore[arg-type]
        for k in range(count)
    ]


def reason(slices: list[SlicePlane]) -> str:
    with pytest.raises(GeometryError) as refusal:
        plan_volume(slices)
    return refusal.value.reason


def equation(plane: SlicePlane, row: float, column: float) -> Any:
    """PS3.3 C.7.6.2.1-1: P = S + X * column spacing * column index + Y * row spacing * row index."""
    assert plane.position and plane.orientation and plane.pixel_spacing
    x, y = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    return np.array(plane.position) + x * plane.pixel_spacing[1] * column + y * plane.pixel_spacing[0] * row


def test_a_plain_stack_by_hand() -> None:
    geometry, order = plan_volume(stack())
    assert order == (0, 1, 2, 3, 4)
    assert geometry.shape == (5, 4, 6)
    assert geometry.even
    assert geometry.slice_spacing == 2.5
    assert geometry.tilt_degrees == 0
    # Slice 2, row 3, column 4: x = -10 + 4 * 0.75, y = 20 + 3 * 0.5, z = 30 + 2 * 2.5.
    assert geometry.to_patient((2, 3, 4)).tolist() == [-7.0, 21.5, 35.0]
    assert (geometry.affine @ [2, 3, 4, 1]).tolist() == [-7.0, 21.5, 35.0, 1.0]


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 2**32 - 1))
def test_any_order_and_orientation_obeys_the_standards_equation(order: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
    normal = np.cross(axes[0], axes[1])
    orientation = tuple(float(v) for v in (*axes[0], *axes[1]))
    planes = stack(6, orientation, normal * 3.3, random.normal(size=3) * 100)
    shuffled = [planes[index] for index in order]
    geometry, found = plan_volume(shuffled)
    assert [shuffled[index] for index in found] == planes
    for k, plane in enumerate(planes):
        np.testing.assert_allclose(geometry.to_patient((k, 1.5, 4)), equation(plane, 1.5, 4), atol=1e-9)
    points = random.normal(size=(7, 3)) * 50
    np.testing.assert_allclose(geometry.to_patient(geometry.to_index(points)), points, atol=1e-8)


def test_gantry_tilt_is_a_shear() -> None:
    angle = np.radians(20)
    tilted = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), -float(np.sin(angle)))
    planes = stack(7, tilted, (0.0, 0.0, 5.0))
    geometry, order = plan_volume(planes)
    assert geometry.tilt_degrees == pytest.approx(20)
    assert geometry.slice_spacing == pytest.approx(5 * np.cos(angle))
    for k, index in enumerate(order):
        np.testing.assert_allclose(geometry.to_patient((k, 3, 5)), equation(planes[index], 3, 5), atol=1e-9)


def test_uneven_slices_keep_their_true_places() -> None:
    heights = [0, 1, 2, 3, 5, 7, 9]
    planes = [replace(stack(1)[0], position=(0.0, 0.0, float(z))) for z in heights]
    geometry, _ = plan_volume(planes)
    assert not geometry.even
    assert geometry.gaps == ()
    assert [float(geometry.to_patient((k, 0, 0))[2]) for k in range(7)] == heights
    assert geometry.to_index((0, 0, 6)).tolist() == [4.5, 0, 0]
    # Outside, the last distances go on.
    assert geometry.to_index((0, 0, -2)).tolist() == [-2, 0, 0]
    assert geometry.to_index((0, 0, 11)).tolist() == [7, 0, 0]


def test_a_missing_slice_is_a_gap_and_a_change_of_distance_is_none() -> None:
    def gaps(heights: list[float]) -> tuple[tuple[float, float], ...]:
        return plan_volume([replace(stack(1)[0], position=(0.0, 0.0, z)) for z in heights])[0].gaps

    assert gaps([0, 1, 2, 4, 5, 6, 7]) == ((2, 4),)
    assert gaps([0, 1, 2, 3, 103, 104, 105]) == ((3, 103),)
    assert gaps([0, 1, 2, 3, 4, 9, 14, 19]) == ()


def test_small_jitter_counts_as_even() -> None:
    heights = [0.0, 1.004, 1.998, 3.001, 4.0]
    geometry, _ = plan_volume([replace(stack(1)[0], position=(0.0, 0.0, z)) for z in heights])
    assert geometry.even
    assert geometry.distances == (0, 1, 2, 3, 4)


def test_refusals_say_why() -> None:
    planes = stack()
    assert "different directions" in reason([*planes[:-1], replace(planes[-1], orientation=(1, 0, 0, 0, 0, -1))])
    assert "where they lie" in reason([*planes[:-1], replace(planes[-1], position=None)])
    assert "where they lie" in reason([*planes[:-1], replace(planes[-1], orientation=None)])
    assert "where they lie" in reason([*planes[:-1], replace(planes[-1], position=(0.0, float("nan"), 0.0))])
    assert "how large" in reason([*planes[:-1], replace(planes[-1], pixel_spacing=None)])
    assert "how large" in reason([replace(plane, pixel_spacing=(0.0, 1.0)) for plane in planes])
    assert "pixels of different sizes" in reason([*planes[:-1], replace(planes[-1], pixel_spacing=(0.5, 0.8))])
    assert "of different sizes" in reason([*planes[:-1], replace(planes[-1], rows=5)])
    assert "same place" in reason([*planes, planes[2]])
    assert "displaced" in reason([*planes[:-1], replace(planes[-1], position=(-8.0, 20.0, 40.0))])
    assert "not valid" in reason([replace(plane, orientation=(1, 0, 0, 1, 0, 0)) for plane in planes])
    assert "At least 3" in reason(planes[:2])
    assert "At least 3" in reason([])


def test_one_zigzagging_slice_is_displaced() -> None:
    planes = stack(9)
    planes[4] = replace(planes[4], position=(-10.0, 20.3, 40.0))
    assert "displaced" in reason(planes)


def test_geometry_is_a_value() -> None:
    first, second = plan_volume(stack())[0], plan_volume(stack())[0]
    assert first == second
    assert isinstance(hash(first), int)
    assert isinstance(first, VolumeGeometry)
