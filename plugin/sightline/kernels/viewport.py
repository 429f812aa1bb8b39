"""A region of a picture, reduced or enlarged to another size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
_BLOCK_BYTES = 32 << 20
"""Memory beside the result: so many new rows are made at once that their sums take this much."""


def fitted_shape(height: float, width: float, rows: int, columns: int) -> tuple[int, int]:
    """Return the largest (rows, columns) that keep the ratio of a region and fit into a viewport.

    References
    ----------
    PS3.18 section 8.3.5.1.3.

    Examples
    --------
    >>> fitted_shape(100, 200, 300, 300), fitted_shape(100, 200, 10, 300), fitted_shape(0.5, 400, 10, 10)
    ((150, 300), (10, 20), (1, 10))
    """
    factor = min(rows / height, columns / width)
    return tuple(  # type: ignore[return-value]
        min(largest, max(1, int(length * factor + 0.5))) for length, largest in ((height, rows), (width, columns))
    )


def resample_region(image: Bytes, region: tuple[float, float, float, float], rows: int, columns: int) -> Bytes:
    """Cut a region out of a picture and give it another size.

    Where a direction shrinks, a new pixel is the mean of what it covers; where it grows, it is interpolated linearly
    between the centres of the region's pixels, the outermost of which are repeated outwards. Nothing outside the region
    is mixed in, except parts of pixels that the region's edge goes through.

    Parameters
    ----------
    image : array of uint8, (rows, columns) or (rows, columns, samples)
    region : four float
        Left, top, width and height in pixels; (0, 0) is the upper left corner of the first pixel. Inside the image.
    rows, columns : int
        New size.

    Returns
    -------
    array of uint8, (rows, columns) or (rows, columns, samples)
        Rounded as ``floor(x + 0.5)``.

    Raises
    ------
    ValueError
        The region is empty or not inside the image, or the new size is.

    Notes
    -----
    Takes some 32 MB, and twice that where the picture is enlarged a little, beside the result. Holds the interpreter
    lock between rows only.

    Examples
    --------
    >>> resample_region(np.array([[0, 100]], np.uint8), (0, 0, 2, 1), 1, 4).tolist()
    [[0, 25, 75, 100]]
    >>> resample_region(np.array([[9, 0, 30, 60]], np.uint8), (1, 0, 3, 1), 1, 2).tolist()
    [[10, 50]]
    """
    left, top, width, height = region
    is_inside = left >= 0 and top >= 0 and left + width <= image.shape[1] and top + height <= image.shape[0]
    if not (width > 0 and height > 0 and is_inside and rows > 0 and columns > 0):
        raise ValueError("The region must be inside the image, and the new size at least 1.")
    result = np.empty((rows, columns, *image.shape[2:]), np.uint8)
    height_of_block = max(1, _BLOCK_BYTES // (8 * int(np.prod(image.shape[1:]))))
    for start in range(0, rows, height_of_block):
        stop = min(start + height_of_block, rows)
        block = _resample_rows(image, top, height, rows, range(start, stop))
        block = _resample_rows(np.ascontiguousarray(np.swapaxes(block, 0, 1)), left, width, columns, range(columns))
        # What is exactly half-way must not fall below it by rounding errors of sums.
        result[start:stop] = np.floor(np.swapaxes(block, 0, 1) + (0.5 + 1e-9))
    return result


def _resample_rows(image: NDArray[Any], start: float, length: float, count: int, wanted: range) -> NDArray[np.float64]:
    """Return some of `count` rows that take the place of the rows from `start` to ``start + length``."""
    step = length / count
    result = np.empty((len(wanted), *image.shape[1:]))
    first, last = int(start), min(int(np.ceil(start + length)), image.shape[0]) - 1
    for place, index in enumerate(wanted):
        low, high = start + index * length / count, start + (index + 1) * length / count
        if step > 1:
            result[place] = _mean(image, low, high)
            continue
        centre = min(max((low + high) / 2 - 0.5, first), last)
        below = int(centre)
        part = centre - below
        result[place] = image[below] * (1 - part) + image[min(below + 1, last)] * part
    return result


def _mean(image: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Return the mean of the rows between two places, parts of rows counted as parts."""
    first, last = int(low), min(int(np.ceil(high)), image.shape[0]) - 1
    total = image[first : last + 1].sum(axis=0, dtype=np.float64)
    total -= image[first] * (low - first)
    total -= image[last] * max(0.0, last + 1 - high)
    return np.asarray(total / (high - low))
