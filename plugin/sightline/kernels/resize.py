"""Make pictures smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def reduced_shape(rows: int, columns: int, max_size: int) -> tuple[int, int]:
    """Return (rows, columns) reduced by one factor so that no side is longer than `max_size`; never enlarged.

    Examples
    --------
    >>> reduced_shape(400, 300, 100), reduced_shape(40, 30, 100), reduced_shape(3000, 2, 100)
    ((100, 75), (40, 30), (100, 1))
    """
    factor = max_size / max(rows, columns)
    if factor >= 1:
        return rows, columns
    return max(1, round(rows * factor)), max(1, round(columns * factor))


def reduce_by_area(image: Bytes, rows: int, columns: int) -> Bytes:
    """Reduce an image; each new pixel is the mean of the area that it covers, parts of pixels counted as parts.

    Parameters
    ----------
    image : array of uint8, (rows, columns) or (rows, columns, samples)
    rows, columns : int
        New size, at most the old one.

    Returns
    -------
    array of uint8, (rows, columns) or (rows, columns, samples)
        Rounded as ``floor(x + 0.5)``.

    Raises
    ------
    ValueError
        A side would grow, or vanish.

    Examples
    --------
    >>> reduce_by_area(np.array([[0, 30, 60]], np.uint8), 1, 2).tolist()
    [[10, 50]]
    """
    if not (0 < rows <= image.shape[0] and 0 < columns <= image.shape[1]):
        raise ValueError("The new size must be at least 1 and at most the old one.")
    means = _mean_of_rows(image, rows)
    means = np.swapaxes(_mean_of_rows(np.ascontiguousarray(np.swapaxes(means, 0, 1)), columns), 0, 1)
    # Means that are exactly half-way must not fall below it by rounding errors of the sums.
    return np.asarray(np.floor(means + (0.5 + 1e-9)).astype(np.uint8))


def _mean_of_rows(image: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Return the means of `count` equal intervals of rows, shape (count, ...)."""
    size = image.shape[0]
    means = np.empty((count, *image.shape[1:]))
    for index in range(count):
        # Whole numbers, so that the ends of an interval are exact: pixel i covers [i * count, (i + 1) * count).
        low, high = index * size, (index + 1) * size
        first, last = low // count, (high - 1) // count
        total = image[first : last + 1].sum(axis=0, dtype=np.float64) * count
        total -= image[first] * float(low - first * count)
        total -= image[last] * float((last + 1) * count - high)
        means[index] = total / size
    return means
