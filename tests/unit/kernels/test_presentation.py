"""Shutters, orientation, curves and colours against loops and known values."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from sightline.kernels.presentation import cielab_to_srgb, oriented, oriented_point, polygon_mask, spline

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [False, True])
def test_points_move_with_their_pixels(rotation: int, flip: bool) -> None:
    picture = np.arange(5 * 7).reshape(5, 7)
    turned = oriented(picture, rotation, flip)
    for row in range(5):
        for column in range(7):
            x, y = oriented_point((column + 0.5, row + 0.5), (7, 5), rotation, flip)
            assert turned[int(y), int(x)] == picture[row, column]


def test_a_polygon_is_what_a_ray_crosses_an_odd_number_of_times() -> None:
    vertices = [(2.3, 3.1), (15.2, 1.4), (18.6, 17.3), (9.5, 8.2), (3.7, 18.8)]
    found = polygon_mask((20, 20), vertices)
    for row in range(1, 21):
        for column in range(1, 21):
            crossings = 0
            for (r1, c1), (r2, c2) in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
                if min(r1, r2) <= row < max(r1, r2):
                    crossings += c1 + (row - r1) / (r2 - r1) * (c2 - c1) > column
            assert found[row - 1, column - 1] == crossings % 2
    assert 20 < found.sum() < 200


def test_curves_go_through_their_points_and_close_smoothly() -> None:
    points = [(float(x), float(y)) for x, y in RANDOM.random((5, 2)) * 100]
    curve = spline(points, 8)
    assert len(curve) == 4 * 8 + 1
    np.testing.assert_allclose(curve[::8], points)
    closed = spline([*points, points[0]], 64)
    ends = np.subtract(closed[1], closed[0]), np.subtract(closed[-1], closed[-2])
    np.testing.assert_allclose(ends[0], ends[1], atol=0.5)
    assert spline(points[:2]) == points[:2]


def test_colours_are_those_of_a_colour_management_system() -> None:
    """Little CMS takes Lab of D50 to sRGB, as profiles do."""
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
    for lightness, a, b in ((50, 0, 0), (53, 60, 40), (70, -40, 40), (40, 20, -60), (90, -5, 70)):
        image = Image.new("LAB", (1, 1), (round(lightness * 2.55), a + 128, b + 128))
        expected = ImageCms.applyTransform(image, transform).getpixel((0, 0))  # type: ignore[union-attr]
        encoded = (round(lightness * 655.35), round((a + 128) * 257), round((b + 128) * 257))
        assert np.abs(np.subtract(cielab_to_srgb(encoded), expected)).max() <= 6  # type: ignore[arg-type]
