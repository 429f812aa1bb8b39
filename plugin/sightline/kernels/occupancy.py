"""Which values the blocks of a volume hold, so that what cannot be seen need not be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 8


@dataclass(frozen=True)
class Occupancy:
    """Least and greatest value of each block, (slices, rows, columns) of blocks.

    Block b covers voxels 8 b to 8 b + 8 along each axis, both included: whatever is interpolated from index 8 b up to
    8 b + 8 lies between its least and greatest value.
    """

    least: NDArray[Any]
    greatest: NDArray[Any]

    def blocks_within(self, low: float, high: float) -> NDArray[np.bool_]:
        """Return which blocks may hold values from `low` to `high`."""
        return np.asarray((self.greatest >= low) & (self.least <= high))


def occupancy_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many blocks a volume of that shape has along each axis.

    >>> occupancy_shape((3, 20, 9))
    (1, 3, 2)
    """
    return tuple(-(-size // BLOCK) for size in shape)


def measure_occupancy(volume: NDArray[Any]) -> Occupancy:
    """Find the least and greatest value of each block of a volume, (slices, rows, columns).

    Examples
    --------
    >>> volume = np.zeros((3, 20, 9), np.int16)
    >>> volume[1, 8, 4] = 5
    >>> measure_occupancy(volume).greatest.tolist()
    [[[5, 0], [5, 0], [0, 0]]]
    """
    return Occupancy(_reduced(np.minimum, volume), _reduced(np.maximum, volume))


def _reduced(function: np.ufunc, volume: NDArray[Any]) -> NDArray[Any]:
    """Reduce blocks along one axis after the other; each takes the first voxel of the next one in."""
    result = volume
    for axis in range(3):
        starts = range(0, result.shape[axis], BLOCK)
        parts = [np.moveaxis(result, axis, 0)[start : start + BLOCK + 1] for start in starts]
        result = np.stack([function.reduce(part, axis=0) for part in parts], axis=axis)
    return result


MARGIN = 2
"""Voxels around a region that gradients at its edge may read."""


@dataclass(frozen=True)
class Region:
    """The least box of voxels around some blocks, with a margin.

    Parameters
    ----------
    first, stop : (int, int, int)
        (slice, row, column) of the first voxel and of the one beyond the last.
    blocks : array of bool
        All blocks of the volume.
    """

    first: tuple[int, ...]
    stop: tuple[int, ...]
    blocks: NDArray[np.bool_]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Index of the region in the volume."""
        return tuple(slice(first, stop) for first, stop in zip(self.first, self.stop, strict=True))

    def row_ranges(self, axis: int) -> NDArray[np.intp]:
        """Return first row and the one beyond the last, (slices, 2), that blocks hold in each slice across an axis.

        Slices and rows are counted from those of the region; rows run along the first of the other two axes. Where a
        slice holds nothing, both are 0.
        """
        across = 1 if axis == 0 else 0
        rows = self.blocks.any(axis=3 - axis - across)
        rows = rows if axis < across else rows.T
        ends = np.stack([rows.argmax(axis=1), rows.shape[1] - rows[:, ::-1].argmax(axis=1)], axis=1) * BLOCK
        ends = np.clip(ends - self.first[across], 0, self.stop[across] - self.first[across])
        ends[~rows.any(axis=1)] = 0
        return np.asarray(ends[np.arange(self.first[axis], self.stop[axis]) // BLOCK])


def region_of(blocks: NDArray[np.bool_], shape: tuple[int, ...]) -> Region | None:
    """Return the region of the blocks that are true, in a volume of that shape; None without any."""
    if not blocks.any():
        return None
    first, stop = [], []
    for axis in range(3):
        found = np.flatnonzero(blocks.any(axis=tuple(other for other in range(3) if other != axis)))
        first.append(max(0, int(found[0]) * BLOCK - MARGIN))
        stop.append(min(shape[axis], int(found[-1] + 1) * BLOCK + 1 + MARGIN))
    return Region(tuple(first), tuple(stop), blocks)
