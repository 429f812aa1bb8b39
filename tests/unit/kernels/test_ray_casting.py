"""Ray casting against the straightforward ray caster: noise, tilt, cuts, borders and types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.clipping import HalfSpace
from sightline.kernels.geometry import SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.pyramid import build_pyramid
from sightline.kernels.ray_casting import RayCaster
from sightline.kernels.ray_samples import VoxelField
from sightline.kernels.transfer import Light, Point, TransferFunction
from sightline.kernels.volume_rendering import render
from tests.support.ray_caster import cast_rays, trilinear

Array = np.ndarray[Any, Any]
Step = tuple[float, float, float]

RED, WHITE = (0.9, 0.3, 0.2), (1.0, 1.0, 1.0)
HAZE = TransferFunction((Point(0, 0.0, RED), Point(100, 0.02, RED), Point(200, 0.3, WHITE)), Light(surface=20.0))
STRAIGHT, TILTED = (0.0, 0.0, 1.0), (0.0, 0.35, 1.0)


def geometry_of(shape: tuple[int, int, int], step: Step = STRAIGHT) -> VolumeGeometry:
    """Return an axial volume of voxels of 2 x 1.5 x 1 mm about the origin."""
    corner = np.array([(1 - shape[2]) / 2, 0.75 * (1 - shape[1]), 1 - shape[0]])
    place = [corner + np.multiply(2.0 * k, step) for k in range(shape[0])]
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    planes = [SlicePlane(tuple(map(float, at)), flat, (1.5, 1.0), shape[1], shape[2]) for at in place]  # type: ignore[arg-type]
    return plan_volume(planes)[0]


def view(turn: float, rise: float, size: int = 40, spacing: float = 1.3) -> ImagePlane:
    a, e = np.radians(turn), np.radians(rise)
    normal = np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), -np.sin(a), 0.0])
    down = np.cross(normal, right)
    origin, right, down = (tuple(v.tolist()) for v in (-(right + down) * spacing * (size - 1) / 2, right, down))
    return ImagePlane(origin, right, down, (spacing, spacing), size, size)  # type: ignore[arg-type]


def noise(shape: tuple[int, int, int]) -> Array:
    return np.random.default_rng(7).integers(-100, 250, shape).astype(np.int16)


def cast(volume: Array, geometry: VolumeGeometry, plane: ImagePlane, *clip: HalfSpace) -> Array:
    return RayCaster(build_pyramid(volume, geometry).levels[0], plane, HAZE, clip).cast()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 359), st.integers(-90, 90), st.sampled_from([STRAIGHT, TILTED]))
def test_every_pixel_is_that_of_the_ray_caster_even_in_noise(turn: int, rise: int, step: Step) -> None:
    volume, geometry = noise((12, 19, 26)), geometry_of((12, 19, 26), step)
    plane = view(turn, rise)
    difference = np.abs(cast(volume, geometry, plane) - cast_rays(volume, geometry, plane, HAZE))
    # At the very border, rounding decides whether there is a sample; rays here end a little sooner.
    assert np.quantile(difference, 0.98) < 0.02
    assert difference.mean() < 0.004


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_what_is_cut_away_is_not_there(side: float) -> None:
    volume, geometry = noise((12, 19, 26)), geometry_of((12, 19, 26), TILTED)
    plane, cut = view(40, 20), HalfSpace((1.0, 2.0, 3.0), (side, 0.5 * side, 0.2))
    picture = cast(volume, geometry, plane, cut)
    difference = np.abs(picture - cast_rays(volume, geometry, plane, HAZE, (cut,)))
    assert np.quantile(difference, 0.98) < 0.02
    assert np.abs(picture - cast(volume, geometry, plane)).max() > 0.1


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_what_lies_in_one_block_only_is_found_from_everywhere(empty: int) -> None:
    """Blocks without anything are passed over: none that a ray enters within a segment may be among them."""
    volume = np.full((40, 40, 40), -500, np.int16)
    place = [slice(15, 18)] * 3
    place[empty] = slice(30, 33)
    volume[tuple(place)] = 200
    geometry = geometry_of((40, 40, 40))
    for turn, rise in ((0, 0), (33, 12), (90, 0), (135, -40), (225, 60), (0, 90)):
        plane = view(turn, rise, 64, 1.9)
        expected = cast_rays(volume, geometry, plane, HAZE)
        assert expected[..., 3].max() > 0.3
        assert np.abs(cast(volume, geometry, plane) - expected).max() < 0.03


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_any_type_of_voxel(dtype: type[np.generic]) -> None:
    volume, geometry = np.abs(noise((12, 19, 26))), geometry_of((12, 19, 26))
    plane = view(20, 10)
    assert np.array_equal(cast(volume.astype(dtype), geometry, plane), cast(volume, geometry, plane))


def test_highlights_brighter_than_white_are_white() -> None:
    volume, geometry = np.full((12, 19, 26), 200, np.int16), geometry_of((12, 19, 26))
    shining = TransferFunction((Point(0, 0.9, WHITE), Point(100, 0.9, WHITE)), Light(specular=0.5))
    picture = render(build_pyramid(volume, geometry), view(0, 0), shining)
    assert picture[20, 20].tolist() == [255, 255, 255, 255]


def test_values_and_differences_are_trilinear_up_to_the_edge() -> None:
    volume = noise((3, 5, 9))
    index = np.random.default_rng(1).uniform(-0.5, 1.0, (500, 3)) * 0.7 * np.array(volume.shape)
    index = np.clip(index + np.array(volume.shape) / 2, 0, np.array(volume.shape) - 1).astype(np.float32)
    field = VoxelField(volume)
    places, inside = field.places(tuple(np.ascontiguousarray(axis) for axis in index.T))
    assert inside.all()
    assert field.values(places) == pytest.approx(trilinear(volume, index), abs=1e-2)
    for axis, found in enumerate(field.differences(places)):
        step = np.eye(3)[axis]
        # One voxel on and one before, of values that go on as they are at the edge.
        padded = np.pad(volume, 2, mode="edge")
        expected = trilinear(padded, index + 2 + step) - trilinear(padded, index + 2 - step)
        assert found == pytest.approx(expected, abs=2e-2)


def test_places_beside_the_volume_are_told() -> None:
    field = VoxelField(noise((3, 5, 9)))
    ones = np.ones(4, np.float32)
    _, inside = field.places((np.array([-0.1, 0.0, 2.0, 2.1], np.float32), ones, ones))
    assert inside.tolist() == [False, True, True, False]
