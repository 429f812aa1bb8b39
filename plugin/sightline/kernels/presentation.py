"""What a presentation state does with a picture beside its grey scale: shutters, orientation, curves, colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.overlays import Mask

Point = tuple[float, float]


def rectangle_mask(shape: tuple[int, int], left: int, right: int, upper: int, lower: int) -> Mask:
    """Return what a rectangular shutter leaves visible: its edges, as columns and rows from 1, and what lies between.

    References
    ----------
    PS3.3 C.7.6.11.

    Examples
    --------
    >>> rectangle_mask((2, 4), 2, 3, 2, 9).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 1, 0]]
    """
    rows, columns = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    return np.asarray((rows >= upper) & (rows <= lower) & (columns >= left) & (columns <= right))


def circle_mask(shape: tuple[int, int], centre: Point, radius: float) -> Mask:
    """Return what a circular shutter leaves visible; `centre` is (row, column) from 1, lengths are in pixels.

    Examples
    --------
    >>> circle_mask((3, 3), (2, 2), 1).astype(int).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    rows, columns = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    return np.asarray((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2)


def polygon_mask(shape: tuple[int, int], vertices: Sequence[Point]) -> Mask:
    """Return what a polygonal shutter leaves visible: the pixels whose centre is inside, by the even-odd rule.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    vertices : sequence of (row, column)
        From 1; the last is joined to the first.

    Examples
    --------
    >>> polygon_mask((3, 3), [(0.5, 0.5), (0.5, 2.5), (2.5, 2.5), (2.5, 0.5)]).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    """
    rows, columns = np.ogrid[1.0 : shape[0] + 1, 1.0 : shape[1] + 1]
    inside = np.zeros(shape, np.bool_)
    for (row, column), (next_row, next_column) in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
        if row == next_row:
            continue
        crosses = (row > rows) != (next_row > rows)
        inside ^= crosses & (columns < (next_column - column) * (rows - row) / (next_row - row) + column)
    return inside


def oriented(picture: NDArray[Any], rotation: int, flip: bool) -> NDArray[Any]:
    """Return a picture rotated clockwise by 0, 90, 180 or 270 degrees, and then flipped left to right if wanted.

    References
    ----------
    PS3.3 C.10.6.

    Examples
    --------
    >>> oriented(np.array([[1, 2], [3, 4]]), 90, False).tolist()
    [[3, 1], [4, 2]]
    """
    turned = np.rot90(picture, -(rotation // 90))
    return turned[:, ::-1] if flip else turned


def oriented_point(point: Point, size: tuple[float, float], rotation: int, flip: bool) -> Point:
    """Return where a point of a picture comes to lie when `oriented` is applied to it.

    Parameters
    ----------
    point : (x, y)
        From the upper left corner, which is (0, 0).
    size : (width, height)
        Of the picture before.

    Examples
    --------
    >>> oriented_point((1, 0), (4, 2), 90, False), oriented_point((1, 0), (4, 2), 90, True)
    ((2, 1), (0, 1))
    """
    (x, y), (width, height) = point, size
    x, y = {0: (x, y), 90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[rotation]
    across = height if rotation in (90, 270) else width
    return (across - x if flip else x), y


def spline(points: Sequence[Point], steps: int = 16) -> list[Point]:
    """Return a smooth curve through all points (Catmull-Rom), `steps` straight pieces between two of them.

    The standard leaves open how INTERPOLATED graphics run between their points (PS3.3 C.10.5.1.2). A curve that ends
    where it began is closed smoothly.

    Examples
    --------
    >>> spline([(0, 0), (2, 0), (4, 0)], 2)
    [(0.0, 0.0), (0.875, 0.0), (2.0, 0.0), (3.125, 0.0), (4.0, 0.0)]
    """
    given = np.asarray(points, np.float64)
    if len(given) < 3:
        return [(float(x), float(y)) for x, y in given]
    closed = bool(np.array_equal(given[0], given[-1]))
    before, after = (given[-2], given[1]) if closed else (given[0], given[-1])
    wide = np.vstack([before, given, after])
    t = (np.arange(steps) / steps)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(wide, wide[1:], wide[2:], wide[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.vstack([*pieces, given[-1:]])]


def cielab_to_srgb(encoded: Sequence[int]) -> tuple[int, int, int]:
    """Return the sRGB colour of a CIELab value as DICOM encodes it, limited to what sRGB has.

    Parameters
    ----------
    encoded : three int
        L* from 0 to 65535 for 0 to 100, a* and b* from 0 to 65535 for -128 to 127 (PS3.3 C.10.7.1.1).

    Examples
    --------
    >>> cielab_to_srgb((65535, 32896, 32896)), cielab_to_srgb((0, 32896, 32896))
    ((255, 255, 255), (0, 0, 0))
    """
    lightness, a, b = encoded[0] * 100 / 65535, encoded[1] * 255 / 65535 - 128, encoded[2] * 255 / 65535 - 128
    fy = (lightness + 16) / 116
    cubes = [f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29) for f in (fy + a / 500, fy, fy - b / 200)]
    # White of D50, which the profile connection space has, and its matrix to linear sRGB (ICC.1, Bradford adapted).
    x, y, z = (c * w for c, w in zip(cubes, (0.9642, 1.0, 0.8249), strict=True))
    linear = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    limited = [min(max(value, 0.0), 1.0) for value in linear]
    curved = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in limited]
    red, green, blue = (int(v * 255 + 0.5) for v in curved)
    return red, green, blue
