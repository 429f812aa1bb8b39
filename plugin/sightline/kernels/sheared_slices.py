"""The slices of a volume, resampled one after the other so that all rays meet them at whole pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.shear_warp import ShearWarp

Singles = NDArray[np.float32]
Rows = tuple[int, int]

EDGE = 2
"""Pixels around a slice in which its outermost values are repeated."""
_AT_ONCE = 32
"""Slices across the fastest axis that are brought into order at a time: as many int16 as fill a line of the cache."""


@dataclass(frozen=True)
class ShearedSlice:
    """A slice as the rays meet it.

    Parameters
    ----------
    values : array of float32, flat
        Pixel (row, column) is at ``(row + EDGE) * width + column + EDGE``; beyond the edge, values are repeated.
    first : (int, int)
        Where pixel (0, 0) lies in the intermediate image.
    parts : (float, float)
        By how much of a voxel pixels lie beyond the voxel of the same row and column.
    inside : (int, int)
        Rows and columns of pixels that lie between the outermost voxel centres.
    """

    values: Singles
    first: tuple[int, int]
    parts: tuple[float, float]
    inside: tuple[int, int]


class ShearedSlices:
    """Resamples slices of a volume into three buffers in turn.

    Parameters
    ----------
    voxels : array, (slices, rows, columns)
        Any type.
    split : ShearWarp
        Of that volume.
    """

    def __init__(self, voxels: NDArray[Any], split: ShearWarp) -> None:
        self._slices = np.moveaxis(voxels, split.axis, 0)
        self._split = split
        self.count, self.rows, self.columns = self._slices.shape
        self.width = self.columns + 2 * EDGE
        size = (self.rows + 2 * EDGE) * self.width
        self._plain = np.zeros((self.rows + 2 * EDGE, self.width), np.float32)
        self._between = np.zeros(size, np.float32)
        self._buffers = [np.zeros(size, np.float32) for _ in range(3)]
        self._block: tuple[int, NDArray[Any]] = (-1, self._slices[:0])

    def resample(self, index: int, rows: Rows) -> ShearedSlice:
        """Return a slice, right for those rows (which may reach EDGE - 1 beyond it) and their neighbours.

        It is overwritten when a slice is asked for that lies more than two from it.
        """
        shift = self._split.shift_of(index)
        first = ceil(shift[0] - 1e-9), ceil(shift[1] - 1e-9)
        parts = _part(first[0] - shift[0]), _part(first[1] - shift[1])
        buffer = self._buffers[index % len(self._buffers)]
        low, high = max(rows[0], -EDGE), min(rows[1], self.rows + EDGE - 1)
        if low < high:
            self._read(index, low, high + 1)
            self._shift(buffer, low + EDGE, high + EDGE, parts)
        inside = self.rows - (parts[0] > 0), self.columns - (parts[1] > 0)
        return ShearedSlice(buffer, first, parts, inside)

    def _shift(self, target: Singles, low: int, high: int, parts: tuple[float, float]) -> None:
        """Interpolate buffer rows `low` to `high` between rows, then between columns."""
        width = self.width
        source = self._plain.reshape(-1)
        here, below = source[low * width : high * width], source[(low + 1) * width : (high + 1) * width]
        target = target[low * width : high * width]
        if parts[0] > 0:
            between = self._between[: len(target)] if parts[1] > 0 else target
            _interpolate(here, below, parts[0], between)
            here = between
        if parts[1] > 0:
            _interpolate(here[:-1], here[1:], parts[1], target[:-1])
        elif parts[0] == 0:
            target[:] = here

    def _read(self, index: int, low: int, high: int) -> None:
        """Bring rows `low` to `high` of a slice into place, edges repeated."""
        plain = self._plain
        inner = slice(max(low, 0), min(high, self.rows))
        rows = slice(inner.start + EDGE, inner.stop + EDGE)
        plain[rows, EDGE:-EDGE] = self._stored(index)[inner]
        plain[rows, :EDGE] = plain[rows, EDGE : EDGE + 1]
        plain[rows, -EDGE:] = plain[rows, -EDGE - 1 : -EDGE]
        plain[low + EDGE : rows.start] = plain[rows.start]
        plain[rows.stop : high + EDGE] = plain[rows.stop - 1]

    def _stored(self, index: int) -> NDArray[Any]:
        """Return a slice; across the fastest axis, several are copied at once, as each would touch all of memory."""
        if self._split.axis != 2:
            return np.asarray(self._slices[index])
        number = index // _AT_ONCE
        if self._block[0] != number:
            block = self._slices[number * _AT_ONCE : (number + 1) * _AT_ONCE]
            self._block = number, np.ascontiguousarray(block)
        return np.asarray(self._block[1][index % _AT_ONCE])


def _part(distance: float) -> float:
    """Take for 0 what is 0 but for rounding."""
    return distance if distance > 1e-9 else 0.0


def _interpolate(near: Singles, far: Singles, part: float, out: Singles) -> None:
    np.subtract(far, near, out=out)
    np.multiply(out, np.float32(part), out=out)
    np.add(out, near, out=out)
