"""Contrast for each neighbourhood: histograms of tiles, held back where one value is frequent (as CLAHE does)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats
from sightline.kernels.neighbourhood import Float32s, Image, bands, require_image, store

BINS = 1024
"""Values from `low` to `high` are told apart in so many steps."""


def equalize_locally(
    image: Image, low: float, high: float, tiles: tuple[int, int] = (8, 8), clip_limit: float = 2.0
) -> Image:
    """Spread the values of each neighbourhood over the range from `low` to `high`.

    The image is divided into tiles. Each gives a table from value to the part of its pixels that are not above it;
    a pixel is looked up in the four tables whose tiles' centres are around it, and what they give is weighted by
    closeness. Before, a histogram's bins are cut at `clip_limit` times their mean, and what is cut is given to all bins
    alike.

    Parameters
    ----------
    image : array, (rows, columns)
        uint8, uint16, int16 or float32; stored or modality values.
    low, high : float
        Range of values that matter, such as the ends of a window; what is outside becomes the end.
    tiles : (int, int)
        Number of tiles over the rows, over the columns.
    clip_limit : float
        At least 1, which leaves contrast nearly as it is; larger is stronger.

    Returns
    -------
    array, (rows, columns)
        Of the image's type, from `low` to `high`, so that the window is applied as before. Integers are rounded as
        ``floor(x + 0.5)``. Not-a-number is in no histogram, and stays.

    Raises
    ------
    ValueError
        A parameter is out of its range, there are more tiles than pixels along a side, or it is no image.
    TypeError
        The image is of another type.

    Notes
    -----
    Memory beside the result: 8 bytes per pixel, and 4 kB per tile. The interpreter lock is held for at most a
    millisecond.

    Examples
    --------
    >>> ramp = np.arange(40, 56, dtype=np.uint8).reshape(4, 4)
    >>> equalize_locally(ramp, 0, 255, (1, 1), 1e9)[[0, -1], [0, -1]].tolist()
    [16, 255]
    """
    require_image(image)
    if not -np.inf < low < high < np.inf or not clip_limit >= 1:
        raise ValueError("The range goes from a lower to a higher value, and the clip limit is at least 1.")
    if not (1 <= tiles[0] <= image.shape[0] and 1 <= tiles[1] <= image.shape[1]):
        raise ValueError("There is at least one tile, and at most one for each pixel along a side.")
    bins = _binned(image, low, high)
    sides = tuple(_Side.divide(size, count) for size, count in zip(image.shape, tiles, strict=True))
    tables = (low + (high - low) * _tables(bins, sides[0], sides[1], clip_limit)).astype(np.float32).reshape(-1)
    result = np.empty_like(image, order="C")
    for rows in bands(image.shape):
        values = _looked_up(bins, tables, sides[0], sides[1], rows)
        if image.dtype.kind == "f":
            values[np.isnan(image[rows])] = np.nan
        store(values, result[rows])
    return result


@dataclass(frozen=True, eq=False)
class _Side:
    """How one side of the image is divided: tile k goes from ``edges[k]`` to ``edges[k + 1]``.

    Each pixel lies between the centres of tiles `before` and `after`, and takes `part` of the latter.
    """

    edges: NDArray[np.intp]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    part: Float32s

    @classmethod
    def divide(cls, size: int, count: int) -> _Side:
        edges = np.arange(count + 1) * size // count
        centres = (edges[:-1] + edges[1:] - 1) / 2
        at = np.interp(np.arange(size), centres, np.arange(count))
        before = at.astype(np.intp)
        return cls(edges, before, np.minimum(before + 1, count - 1), (at - before).astype(np.float32))


def _binned(image: Image, low: float, high: float) -> NDArray[np.intp]:
    """Return the bin of each pixel, `BINS` for what is not-a-number."""
    place = (image.astype(np.float32) - np.float32(low)) * np.float32(BINS / (high - low))
    place = np.where(np.isnan(place), BINS, np.clip(place, 0, BINS - 1))
    return np.asarray(place.astype(np.intp))


def _tables(bins: NDArray[np.intp], down: _Side, across: _Side, clip_limit: float) -> Floats:
    """Return each tile's table, from 0 to 1, shape (tiles down, tiles across, `BINS` + 1)."""
    tables = np.zeros((len(down.edges) - 1, len(across.edges) - 1, BINS + 1))
    for row, column in np.ndindex(*tables.shape[:2]):
        tile = bins[down.edges[row] : down.edges[row + 1], across.edges[column] : across.edges[column + 1]]
        counts = np.bincount(tile.reshape(-1), minlength=BINS + 1)[:BINS].astype(np.float64)
        total = max(1.0, float(counts.sum()))
        cut = np.minimum(counts, clip_limit * total / BINS)
        cut += (total - cut.sum()) / BINS
        tables[row, column, :BINS] = np.cumsum(cut) / total
    return tables


def _looked_up(bins: NDArray[np.intp], tables: Float32s, down: _Side, across: _Side, rows: slice) -> Float32s:
    """Return what the four tables around each pixel of these rows give."""
    width = BINS + 1
    stride = (len(across.edges) - 1) * width
    ends = []
    for tile in (down.before, down.after):
        index = bins[rows] + tile[rows, None] * stride
        left = tables.take(index + across.before * width)
        right = tables.take(index + across.after * width)
        ends.append(left + (right - left) * across.part)
    return np.asarray(ends[0] + (ends[1] - ends[0]) * down.part[rows, None])
