"""Volume rendering is held against a straightforward ray caster, and against what can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.kernels.clipping import HalfSpace, half_spaces_of_box
from sightline.kernels.geometry import GeometryError, SlicePlane, VolumeGeometry, plan_volume
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.pyramid import Level, Pyramid, build_pyramid
from sightline.kernels.shear_warp import factorise
from sightline.kernels.transfer import Light, Point, TransferFunction
from sightline.kernels.volume_rendering import over_background, render, render_level
from tests.support.ray_caster import cast_rays
from tests.support.similarity import structural_similarity

Array = np.ndarray[Any, Any]

IVORY, PINK, WHITE = (1.0, 0.9, 0.8), (0.9, 0.5, 0.4), (1.0, 1.0, 1.0)
BONE = TransferFunction((Point(150, 0.0, PINK), Point(450, 0.5, IVORY), Point(1500, 0.9, WHITE)), Light(surface=40.0))
SOFT = TransferFunction(
    (Point(-200, 0.0, PINK), Point(0, 0.015, PINK), Point(100, 0.03, PINK), Point(300, 0.2, IVORY)),
    Light(specular=0.2, surface=40.0),
)
FLAT = Light(ambient=1.0, diffuse=0.0)
TURNS = (0, 20, 44, 46, 75, 90, 130, 160, 180, 225, 275, 330)
RISES = (0, 10, 0, 0, -20, 0, 35, 50, 5, -40, 80, 15)
ANGLES = list(zip(TURNS, RISES, strict=True))
TILTED = (0.0, 0.35, 1.0)


def even_geometry(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], step: tuple[float, float, float] = (0.0, 0.0, 1.0)
) -> VolumeGeometry:
    """Return an axial volume around the origin."""
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    x, y, z = ((1 - n) / 2 * s for n, s in zip(reversed(shape), reversed(spacing), strict=True))
    place = [
        tuple(float(c + k * spacing[0] * s) for c, s in zip((x, y, z), step, strict=True)) for k in range(shape[0])
    ]
    planes = [SlicePlane(position, flat, spacing[1:], shape[1], shape[2]) for position in place]  # type: ignore[arg-type]
    return plan_volume(planes)[0]


def view(turn: float, rise: float, size: int, side: float) -> ImagePlane:
    """Return a square picture around the origin, seen from the front, turned and raised by degrees."""
    a, e = np.radians(turn), np.radians(rise)
    normal = np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), -np.sin(a), 0.0])
    down = np.cross(normal, right)
    step = side / size
    origin, right, down = (tuple(v.tolist()) for v in (-(right + down) * step * (size - 1) / 2, right, down))
    return ImagePlane(origin, right, down, (step, step), size, size)  # type: ignore[arg-type]


def one_level(volume: Array, geometry: VolumeGeometry) -> Level:
    return build_pyramid(volume, geometry).levels[0]


@cache
def body() -> tuple[Array, VolumeGeometry]:
    """Return a trunk with ribs, spine, organs and noise, as sharp as a scanner would show it."""
    shape, spacing = (56, 64, 72), (1.5, 1.1, 1.0)
    z, y, x = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij"
    )

    def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Array:
        where = [(axis - c) / r for axis, c, r in zip((z, y, x), centre, radii, strict=True)]
        distance = (np.sqrt(sum(w**2 for w in where)) - 1) * min(radii)
        return np.clip(0.5 - distance / 2.5, 0, 1)

    values = np.full(shape, -1000.0)
    shell = ellipsoid((0, 0, 0), (60, 26, 30)) - ellipsoid((0, 0, 0), (55, 21, 25))
    ribs = shell * np.clip(np.sin(z / 2.2 + y / 9) * 2, 0, 1)
    for part, value in (
        (ellipsoid((0, 0, 0), (70, 31, 34)), 40.0),
        (ellipsoid((8, -4, -12), (22, 14, 9)), -800.0),
        (ellipsoid((8, -4, 12), (22, 14, 9)), -800.0),
        (ellipsoid((-20, -3, 6), (13, 13, 16)), 180.0),
        (ellipsoid((0, 20, 0), (60, 6, 6)), 500.0),
        (ribs, 700.0),
    ):
        values += part * (value - values)
    noise = np.random.default_rng(3).normal(0, 8, shape)
    return np.rint(values + noise).astype(np.int16), even_geometry(shape, spacing)


def strip(plane: ImagePlane, rows: int) -> tuple[ImagePlane, slice]:
    """Return the middle rows of a picture, and which rows they are."""
    first = (plane.rows - rows) // 2
    x, y, z = plane.to_patient((first, 0)).tolist()
    return replace(plane, origin=(x, y, z), rows=rows), slice(first, first + rows)


@pytest.mark.parametrize("transfer", [BONE, SOFT], ids=["bone", "soft"])
@pytest.mark.parametrize(
    ("size", "rows", "angle"),
    [(size, rows, angle) for size, rows in ((128, 32), (256, 24), (512, 16)) for angle in ANGLES],
)
def test_pictures_look_like_those_of_a_ray_caster(
    size: int, rows: int, angle: tuple[int, int], transfer: TransferFunction
) -> None:
    """Rays are slow to cast: those through the middle of the picture are."""
    volume, geometry = body()
    plane = view(*angle, size, 150.0)
    picture = render(build_pyramid(volume, geometry), plane, transfer)
    part, place = strip(plane, rows)
    # Highlights may be brighter than white.
    expected = np.minimum(cast_rays(volume, geometry, part, transfer) * 255, 255)
    assert expected[..., 3].max() > 128
    assert structural_similarity(picture[place], expected, 255) >= 0.99


def test_a_tilted_volume_is_lit_and_placed_as_by_a_ray_caster() -> None:
    volume, even = body()
    geometry = even_geometry(even.shape, (1.5, 1.1, 1.0), TILTED)
    plane = view(30, 20, 96, 110.0)
    expected = cast_rays(volume, geometry, plane, SOFT)
    assert structural_similarity(render_level(one_level(volume, geometry), plane, SOFT), expected, 1.0) >= 0.97
    assert structural_similarity(render_level(one_level(volume, even), plane, SOFT), expected, 1.0) < 0.9


@pytest.mark.parametrize("transfer", [BONE, SOFT], ids=["bone", "soft"])
@pytest.mark.parametrize("rise", [0, 20])
def test_no_seam_where_the_principal_axis_changes(rise: int, transfer: TransferFunction) -> None:
    """Turning by a hundredth of a degree past the change alters no more than the same turn short of it."""
    volume, geometry = body()
    level = one_level(volume, geometry)
    change = float(np.degrees(np.arctan(geometry.spacing[1] / geometry.spacing[0])))
    planes = [view(change + turn, rise, 128, 110.0) for turn in (-0.01, 0.01)]
    assert [factorise(geometry, plane).axis for plane in planes] == [1, 2]
    one, other = (render_level(level, plane, transfer) for plane in planes)
    assert np.abs(one.mean(axis=(0, 1)) - other.mean(axis=(0, 1))).max() < 0.004
    assert structural_similarity(one, other, 1.0) >= 0.97


@settings(max_examples=25)
@given(st.integers(0, 359), st.integers(-80, 80), st.sampled_from([(0.0, 0.0, 1.0), TILTED]))
def test_a_bright_voxel_shows_where_the_geometry_says(turn: int, rise: int, step: tuple[float, float, float]) -> None:
    geometry = even_geometry((15, 17, 19), (2.0, 1.5, 1.0), step)
    plane = view(turn, rise, 64, 40.0)
    volume = np.zeros(geometry.shape, np.int16)
    volume[9, 7, 12] = 1000
    picture = render_level(
        one_level(volume, geometry), plane, TransferFunction((Point(0, 0, WHITE), Point(1000, 0.9, WHITE)), FLAT)
    )
    weights = picture[..., 3].astype(np.float64)
    rows, columns = np.indices(weights.shape)
    centre = [(weights * rows).sum() / weights.sum(), (weights * columns).sum() / weights.sum()]
    _, *expected = plane.to_pixel(geometry.to_patient((9, 7, 12)))
    assert centre == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(("turn", "rise"), [(0, 0), (25, 0), (44, 0), (46, 10), (90, 0), (30, 70), (0, 90)])
@pytest.mark.parametrize("per_mm", [0.02, 0.2])
def test_a_homogeneous_slab_follows_the_power_law(turn: float, rise: float, per_mm: float) -> None:
    """Light falls as (1 - opacity per mm) ** mm, whatever the axis, the angle and the spacing."""
    geometry = even_geometry((40, 50, 60), (1.5, 1.2, 1.0))
    volume = np.full(geometry.shape, 100, np.int16)
    plane = view(turn, rise, 5, 10.0)
    transfer = TransferFunction((Point(50, per_mm, PINK), Point(150, per_mm, PINK)), FLAT)
    picture = render_level(one_level(volume, geometry), plane, transfer)
    half = np.array([1.0 * 59, 1.2 * 49, 1.5 * 39]) / 2
    length = 2 * (half / np.maximum(np.abs(plane.normal), 1e-12)).min()
    step = factorise(geometry, plane).step
    expected = [1 - (1 - per_mm) ** (length + samples * step) for samples in (-1, 2)]
    assert expected[0] - 0.01 <= picture[2, 2, 3] <= expected[1]
    assert picture[2, 2, :3] == pytest.approx(np.multiply(PINK, picture[2, 2, 3]), abs=1e-5)


@pytest.mark.parametrize(("turn", "visible"), [(0, PINK), (180, IVORY)])
def test_an_opaque_box_shows_its_front_face(turn: float, visible: tuple[float, float, float]) -> None:
    geometry = even_geometry((20, 20, 20), (1.0, 1.0, 1.0))
    volume = np.zeros(geometry.shape, np.int16)
    volume[5:15, 5:10, 5:15] = 200
    volume[5:15, 10:15, 5:15] = 100
    transfer = TransferFunction(
        (Point(50, 0.0, IVORY), Point(80, 1.0, IVORY), Point(110, 1.0, IVORY), Point(190, 1.0, PINK)), FLAT
    )
    picture = render_level(one_level(volume, geometry), view(turn, 0, 20, 20.0), transfer)
    assert picture[10, 10] == pytest.approx((*visible, 1.0), abs=1e-3)
    assert picture[1, 1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(("turn", "rise"), [(0, 0), (30, 0), (80, 10), (10, 80)])
def test_a_plane_cuts_away_exactly_one_side(turn: float, rise: float, side: float) -> None:
    volume, geometry = body()
    plane = view(turn, rise, 96, 110.0)
    cut = HalfSpace((1.0, 2.0, 3.0), (side, 0.5 * side, 0.2))
    picture = render_level(one_level(volume, geometry), plane, SOFT, (cut,))
    expected = cast_rays(volume, geometry, plane, SOFT, (cut,))
    assert structural_similarity(picture, expected, 1.0) >= 0.97
    whole = render_level(one_level(volume, geometry), plane, SOFT)
    assert np.abs(picture - whole).max() > 0.1


def test_a_cut_across_the_view_leaves_what_is_behind() -> None:
    geometry = even_geometry((20, 20, 20), (1.0, 1.0, 1.0))
    volume = np.full(geometry.shape, 100, np.int16)
    transfer = TransferFunction((Point(50, 0.1, WHITE), Point(150, 0.1, WHITE)), FLAT)
    plane = view(0, 0, 5, 5.0)
    for depth, samples in ((0.0, 10), (5.0, 5), (-20.0, 20), (20.0, 0)):
        cut = HalfSpace((0.0, depth, 0.0), (0.0, 1.0, 0.0))
        picture = render_level(one_level(volume, geometry), plane, transfer, (cut,))
        assert picture[2, 2, 3] == pytest.approx(1 - 0.9**samples, abs=1e-5)


@pytest.mark.parametrize("step", [(0.0, 0.0, 1.0), TILTED])
def test_a_box_keeps_the_same_place_at_every_level(step: tuple[float, float, float]) -> None:
    geometry = even_geometry((64, 64, 64), (1.0, 1.0, 1.0), step)
    volume = np.full(geometry.shape, 100, np.int16)
    pyramid = build_pyramid(volume, geometry)
    box = half_spaces_of_box(geometry, ((10, 30), (20, 50), (16, 40)))
    plane = view(0, 0, 64, 64.0)
    transfer = TransferFunction((Point(50, 0.9, WHITE), Point(150, 0.9, WHITE)), FLAT)
    full, half = (render_level(level, plane, transfer, box)[..., 3] for level in pyramid.levels[:2])
    rows, columns = np.nonzero(full > 0.5)
    found = geometry.to_index(plane.to_patient(np.stack([rows, columns], axis=-1)))
    assert [found[:, 2].min(), found[:, 2].max()] == pytest.approx([16, 40], abs=0.51)
    assert np.mean((full > 0.5) != (half > 0.5)) < 0.05


def test_levels_differ_in_detail_only() -> None:
    """The opacity of a step is that of its length: coarser levels are neither thinner nor denser."""
    geometry = even_geometry((64, 64, 64), (1.0, 1.0, 1.0))
    z, y, x = np.indices(geometry.shape) - 31.5
    volume = np.rint(100 * np.exp(-(x**2 + y**2 + z**2) / 400)).astype(np.int16)
    transfer = TransferFunction((Point(10, 0.0, PINK), Point(100, 0.05, IVORY)), Light())
    plane = view(20, 30, 48, 64.0)
    pyramid = build_pyramid(volume, geometry)
    full, half = (render_level(level, plane, transfer) for level in pyramid.levels[:2])
    assert np.abs(full - half).max() < 0.02


def test_quality_chooses_the_level() -> None:
    volume, geometry = body()
    pyramid = build_pyramid(volume, geometry)
    plane = view(20, 10, 55, 110.0)
    level = pyramid.level_for(plane.pixel_spacing)
    assert level == 1
    for quality, number in (("fitting", 1), ("interactive", 2)):
        expected = render_level(pyramid.levels[number], plane, BONE, finest=1 if number == 2 else 4)
        picture = render(pyramid, plane, BONE, quality=quality)  # type: ignore[arg-type]
        assert np.array_equal(picture, np.floor(expected * 255 + 0.5).astype(np.uint8))


@pytest.mark.parametrize(
    "transfer",
    [
        TransferFunction((Point(0, 0.0, WHITE), Point(100, 0.0, WHITE))),
        TransferFunction((Point(4000, 0.0, WHITE), Point(5000, 1.0, WHITE))),
    ],
    ids=["nothing is opaque", "no such value"],
)
def test_nothing_to_see_is_transparent(transfer: TransferFunction) -> None:
    volume, geometry = body()
    picture = render(build_pyramid(volume, geometry), view(20, 10, 16, 110.0), transfer)
    assert picture.shape == (16, 16, 4)
    assert not picture.any()


def test_a_band_of_values_leaves_out_what_is_above_it() -> None:
    geometry = even_geometry((20, 20, 20), (1.0, 1.0, 1.0))
    volume = np.full(geometry.shape, 100, np.int16)
    volume[:, :10] = 200
    band = TransferFunction((Point(50, 0.0, PINK), Point(100, 0.1, PINK), Point(150, 0.0, PINK)), FLAT)
    picture = render_level(one_level(volume, geometry), view(0, 0, 5, 5.0), band)
    assert picture[2, 2, 3] == pytest.approx(1 - 0.9**10, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_any_type_of_voxel(dtype: type[np.generic]) -> None:
    _, geometry = body()
    volume = np.random.default_rng(0).integers(0, 200, geometry.shape).astype(np.int16)
    transfer = TransferFunction((Point(150, 0.0, PINK), Point(200, 0.5, IVORY)))
    plane = view(20, 10, 32, 110.0)
    expected = render_level(one_level(volume, geometry), plane, transfer)
    assert expected.max() > 0.1
    assert np.array_equal(render_level(one_level(volume.astype(dtype), geometry), plane, transfer), expected)


def test_uneven_slices_are_refused() -> None:
    flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    planes = [SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 4, 4) for z in (0.0, 1.0, 2.0, 9.0)]
    with pytest.raises(GeometryError, match="unevenly"):
        build_pyramid(np.zeros((4, 4, 4), np.int16), plan_volume(planes)[0])


def test_a_picture_lies_over_its_background() -> None:
    picture = np.array([[[0, 0, 0, 0], [100, 50, 0, 128], [255, 255, 255, 255]]], np.uint8)
    assert over_background(picture, (10, 20, 30)).tolist() == [[[10, 20, 30], [105, 60, 15], [255, 255, 255]]]


def test_an_unknown_quality_is_refused() -> None:
    volume, geometry = body()
    pyramid = Pyramid((one_level(volume, geometry),))
    with pytest.raises(ValueError, match="quality"):
        render(pyramid, view(0, 0, 4, 4.0), BONE, quality="best")  # type: ignore[arg-type]
