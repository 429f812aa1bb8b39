"""Resample a picture onto another grid in its own plane: the second step of a projection by shear and warp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]

_FRACTION_BITS = 14
"""Positions are rounded to 2**-14 pixel, so that one that is whole but for rounding takes its own pixel only."""
_SAMPLES_AT_ONCE = 1 << 14


def warp_bilinear(image: Image, matrix: Matrix, shape: tuple[int, int]) -> Image:
    """Resample a picture by an affine map, bilinearly.

    Parameters
    ----------
    image : array of float32, (rows, columns)
        Not-a-number means that there is nothing. Index (0, 0) is the centre of the first pixel.
    matrix : two rows of three
        From (row, column, 1) of the result to (row, column) of `image`.
    shape : (int, int)
        Rows and columns of the result.

    Returns
    -------
    array of float32, `shape`
        Not-a-number outside of the outermost pixel centres, and wherever a pixel that is not a number would have taken
        part; a pixel of no weight takes no part.

    Examples
    --------
    >>> image = np.array([[0, 1], [2, 3]], np.float32)
    >>> warp_bilinear(image, ((0, 1, 0), (0.5, 0, 0)), (3, 2)).tolist()
    [[0.0, 2.0], [0.5, 2.5], [1.0, 3.0]]

    Notes
    -----
    Memory beside the result: a copy of `image` and ten arrays of 16384 values. numpy lets go of the interpreter's lock
    within each of its calls.
    """
    height, width = image.shape
    framed = np.full((height + 2, width + 2), np.nan, np.float32)
    framed[1:-1, 1:-1] = image
    result = np.empty(shape, np.float32)
    at_once = max(1, _SAMPLES_AT_ONCE // shape[1])
    columns = np.arange(shape[1], dtype=np.float64)
    for start in range(0, shape[0], at_once):
        rows = np.arange(start, min(start + at_once, shape[0]), dtype=np.float64)[:, None]
        y, x = (_positions(line, rows, columns, size) for line, size in zip(matrix, (height, width), strict=True))
        result[start : start + at_once] = _interpolate(framed, y, x)
    return result


def _positions(
    line: tuple[float, float, float], rows: NDArray[np.float64], columns: NDArray[np.float64], size: int
) -> NDArray[np.int32]:
    """Return positions in the framed picture along one axis, in units of 2**-14; what lies beyond, on the frame."""
    scale = 1 << _FRACTION_BITS
    position = (line[0] * scale) * rows + ((line[2] + 1) * scale + (line[1] * scale) * columns)
    return np.rint(np.clip(position, 0, (size + 1) * scale)).astype(np.int32)


def _interpolate(framed: Image, y: NDArray[np.int32], x: NDArray[np.int32]) -> Image:
    """Interpolate between the pixels around a position, and between those only that have a weight."""
    flat, pitch = framed.reshape(-1), framed.shape[1]
    down, right = _fraction(y), _fraction(x)
    upper_left = (y >> _FRACTION_BITS) * pitch + (x >> _FRACTION_BITS)
    upper_right = upper_left + (right > 0)
    below = np.multiply(down > 0, pitch, dtype=np.int32)
    upper: Image = flat.take(upper_left)
    upper += (flat.take(upper_right) - upper) * right
    lower = flat.take(upper_left + below)
    lower += (flat.take(upper_right + below) - lower) * right
    upper += (lower - upper) * down
    return upper


def _fraction(position: NDArray[np.int32]) -> Image:
    fraction = (position & ((1 << _FRACTION_BITS) - 1)).astype(np.float32)
    return np.asarray(fraction * np.float32(2.0**-_FRACTION_BITS))
