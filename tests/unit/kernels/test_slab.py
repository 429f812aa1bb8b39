"""Thick slabs against planes cut one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels import sampling, slab
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.oblique import cut
from sightline.kernels.slab import cut_slab, offsets, smallest_spacing

Array = np.ndarray[Any, Any]
MODES = ("max", "min", "mean", "sum")


def volume_geometry(distances: Any = tuple(range(9)), shape: tuple[int, int] = (11, 13)) -> VolumeGeometry:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return plan_volume([SlicePlane((0.0, 0.0, float(z)), flat, (0.9, 0.7), *shape) for z in distances])[0]


def noise(geometry: VolumeGeometry) -> Array:
    return np.random.default_rng(4).integers(-1000, 3000, geometry.shape).astype(np.int16)


def plane_through(seed: int) -> ImagePlane:
    random = np.random.default_rng(seed)
    across, down = np.linalg.qr(random.normal(size=(3, 3)))[0][:2]
    origin = np.array([4.0, 4.0, 4.0]) - across * 4 - down * 3.5
    vectors: list[Any] = [tuple(vector.tolist()) for vector in (origin, across, down)]
    return ImagePlane(*vectors, (0.5, 0.4), 15, 21)


def brute_force(planes: Array, mode: str) -> Array:
    """Pixel by pixel, over the samples that are there."""
    result = np.full(planes.shape[1:], np.nan)
    for pixel in np.ndindex(*result.shape):
        there = [float(v) for v in planes[(slice(None), *pixel)] if not np.isnan(v)]
        if there:
            kinds = {"max": max(there), "min": min(there), "mean": sum(there) / len(there), "sum": sum(there)}
            result[pixel] = kinds[mode]
    return result


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [None, (2500.0, 9999.0)], ids=["plain", "padding"])
def test_a_slab_is_what_its_planes_are(mode: Any, padding: Any) -> None:
    geometry = volume_geometry()
    volume, plane = noise(geometry), plane_through(1)
    planes = np.stack([cut(volume, geometry, plane.moved(d), padding=padding) for d in (-3, -1.5, 0, 1.5, 3)])
    result = cut_slab(volume, geometry, plane, 6.0, mode, step=1.5, padding=padding)
    expected = brute_force(planes, mode)
    assert 0 < np.isnan(planes).sum() < planes.size
    assert np.isfinite(expected).sum() > 100
    np.testing.assert_allclose(result, expected, atol=0.02)
    assert result.dtype == np.float32


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_least_mean_and_greatest_are_in_order_and_hold_the_middle(seed: int) -> None:
    geometry = volume_geometry()
    volume, plane = noise(geometry), plane_through(seed)
    least, mean, most, total = (
        cut_slab(volume, geometry, plane, 3.0, m, step=0.75) for m in ("min", "mean", "max", "sum")
    )  # type: ignore[arg-type]
    middle = cut(volume, geometry, plane)
    there = ~np.isnan(middle)
    assert np.all(least[there] <= middle[there] + 0.01)
    assert np.all(most[there] >= middle[there] - 0.01)
    assert np.all((least <= mean + 0.01) & (mean <= most + 0.01) | np.isnan(mean))
    np.testing.assert_array_equal(np.isnan(total), np.isnan(mean))


def test_a_slab_without_thickness_is_the_plane() -> None:
    geometry = volume_geometry([0, 1, 2, 3.5, 5, 6])
    volume, plane = noise(geometry), plane_through(3)
    for mode in MODES:
        np.testing.assert_array_equal(cut_slab(volume, geometry, plane, 0.0, mode), cut(volume, geometry, plane))  # type: ignore[arg-type]


def test_whole_slices_by_hand() -> None:
    geometry = volume_geometry()
    volume = noise(geometry)
    plane = ImagePlane((0.0, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.9, 0.7), 11, 13)
    some = volume[3:6].astype(float)
    for mode, expected in (("max", some.max(0)), ("min", some.min(0)), ("mean", some.mean(0)), ("sum", some.sum(0))):
        np.testing.assert_allclose(
            cut_slab(volume, geometry, plane, 2.0, mode, step=1.0), expected, rtol=1e-6, atol=0.02
        )  # type: ignore[arg-type]
    # Half of a slab outside: what is there counts.
    edge = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.9, 0.7), 11, 13)
    np.testing.assert_allclose(cut_slab(volume, geometry, edge, 2.0, "mean", step=1.0), volume[:2].mean(0), atol=0.01)
    np.testing.assert_allclose(cut_slab(volume, geometry, edge, 2.0, "sum", step=1.0), volume[:2].sum(0), atol=0.01)
    assert np.isnan(cut_slab(volume, geometry, edge.moved(-5), 2.0, "sum", step=1.0)).all()


def test_both_faces_are_sampled_and_none_farther_apart_than_asked() -> None:
    assert offsets(10, 1).tolist() == list(range(-5, 6))
    assert offsets(1, 0.3).tolist() == pytest.approx([-0.5, -0.25, 0, 0.25, 0.5])
    assert offsets(0, 1).tolist() == [0]
    assert offsets(0.2, 1).tolist() == pytest.approx([-0.1, 0.1])


def test_the_step_that_is_taken_by_itself_is_the_smallest_spacing() -> None:
    assert smallest_spacing(volume_geometry()) == 0.7
    assert smallest_spacing(volume_geometry([0, 0.5, 2, 4, 6])) == 0.5
    geometry = volume_geometry()
    volume, plane = noise(geometry), plane_through(5)
    by_itself = cut_slab(volume, geometry, plane, 3.0, "max")
    np.testing.assert_array_equal(by_itself, cut_slab(volume, geometry, plane, 3.0, "max", step=0.7))


@pytest.mark.parametrize(("chunk", "laid_out"), [(1, 1), (40, 1), (250, 60), (1000, 2**18)])
def test_what_is_worked_on_at_once_does_not_show(chunk: int, laid_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = volume_geometry()
    volume, plane = noise(geometry), plane_through(5)
    expected = cut_slab(volume, geometry, plane, 3.0, "mean")
    monkeypatch.setattr(slab, "_LINES_AT_ONCE", chunk)
    monkeypatch.setattr(sampling, "CHUNK", chunk)
    monkeypatch.setattr(sampling, "_LAID_OUT", laid_out)
    np.testing.assert_allclose(cut_slab(volume, geometry, plane, 3.0, "mean"), expected, atol=0.005)


@pytest.mark.parametrize(
    ("thickness", "step", "reason"),
    [
        (-1.0, 1.0, "thickness"),
        (np.nan, 1.0, "thickness"),
        (1.0, 0.0, "distance"),
        (1.0, np.inf, "distance"),
        (1e6, 0.1, "too thick"),
    ],
)
def test_what_is_no_slab_is_refused(thickness: float, step: float, reason: str) -> None:
    geometry = volume_geometry()
    with pytest.raises(GeometryError, match=reason):
        cut_slab(noise(geometry), geometry, plane_through(1), thickness, "max", step=step)
