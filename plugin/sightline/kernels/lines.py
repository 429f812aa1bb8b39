"""Where samples of straight lines lie among voxels: which are within a box, and their indices in fixed point.

Fixed point counts parts of a voxel, 1 / `one`, as int32: shifting it gives the voxel and masking the part of the way to
the next one, which costs less than in floating point and is finer than float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats

Fixed = NDArray[np.int32]


@dataclass(frozen=True)
class Reach:
    """The first and the last sample of each line within a box, (lines,); the first is greater where there is none."""

    first: NDArray[np.intp]
    last: NDArray[np.intp]

    def of(self, lines: slice) -> Reach:
        """Return what it says of some of the lines."""
        return Reach(self.first[lines], self.last[lines])

    def touches(self, left: int, right: int) -> bool:
        """Whether any of the samples from `left` to before `right` may be within."""
        return self._ends[0] < right and self._ends[3] >= left

    def covers(self, left: int, right: int) -> bool:
        """Whether all of them are."""
        return self._ends[1] <= left and self._ends[2] >= right - 1

    def beyond(self, left: int, right: int) -> NDArray[np.bool_]:
        """Return which of them are not, (lines, samples)."""
        sample = np.arange(left, right)
        return (sample < self.first[:, None]) | (sample > self.last[:, None])

    @cached_property
    def _ends(self) -> tuple[int, int, int, int]:
        return int(self.first.min()), int(self.first.max()), int(self.last.min()), int(self.last.max())


def reach(start: Floats, step: Floats, count: int, low: Floats, high: Floats) -> list[Reach]:
    """Find which samples lie within boxes.

    Parameters
    ----------
    start : array, (3, lines)
        First sample of each line.
    step : array, (3, 1) or (3, lines)
        From each sample to the next.
    count : int
        Samples on each line.
    low, high : array, (boxes, 3, 1)
        Ends of each box, which belong to it.

    Returns
    -------
    list of Reach
        One for each box.

    Examples
    --------
    >>> found = reach(np.zeros((3, 1)), np.array([[0.0], [0.0], [0.5]]), 9, -np.ones((1, 3, 1)), np.ones((1, 3, 1)))
    >>> found[0].first.tolist(), found[0].last.tolist()
    ([0], [2])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (low - start) / step, (high - start) / step
    still = np.broadcast_to(step == 0, one.shape)
    never = np.where((start >= low) & (start <= high), -np.inf, np.inf)
    first = np.where(still, never, np.minimum(one, other)).max(axis=1)
    last = np.where(still, -never, np.maximum(one, other)).min(axis=1)
    first = np.ceil(np.clip(first, 0, count)).astype(np.intp)
    last = np.floor(np.clip(last, -1, count - 1)).astype(np.intp)
    return [Reach(*pair) for pair in zip(first, last, strict=True)]


class Places(NamedTuple):
    """Indices of samples, which are ``near + way``: (3, lines, samples) after broadcasting, also in fixed point.

    In fixed point they are counted modulo 2 ** 32: lines may begin far outside, and what of them is in the volume is
    where it should be all the same.
    """

    near: Floats
    way: Floats
    fixed_near: Fixed
    fixed_way: Fixed

    @classmethod
    def of(cls, start: Floats, step: Floats, count: int, one: int) -> Places:
        """Lay samples on lines as for `reach`."""
        near, way = start[..., None], step[..., None] * np.arange(count)
        return cls(near, way, *(_wrapped(np.rint(part * one)) for part in (near, way)))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, lines, samples)."""
        return 3, self.near.shape[1], self.way.shape[2]

    def part(self, lines: slice, samples: slice) -> Places:
        """Return those of some lines and samples."""
        own = lines if self.way.shape[1] > 1 else slice(None)
        return Places(
            self.near[:, lines],
            self.way[:, own, samples],
            self.fixed_near[:, lines],
            self.fixed_way[:, own, samples],
        )


def _wrapped(whole: Floats) -> Fixed:
    """Return whole numbers of any size modulo 2 ** 32, which loses nothing of a sum that is small."""
    return np.mod(whole, 2.0**32).astype(np.uint32).view(np.int32)
