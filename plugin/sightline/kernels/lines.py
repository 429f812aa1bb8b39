"""Where samples of straight lines lie among voxels: which are within a box, and their indices in fixed point.

Fixed point counts parts of a voxel, 1 / `one`, as int32: shifting it gives the voxel and masking the part of the way to
the next one, which costs less than in floating point and is finer than float32.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats

Fixed = NDArray[np.int32]


class Reach(NamedTuple):
    """The first and the last sample of each line within a box, (lines,); the first is greater where there is none."""

    first: NDArray[np.intp]
    last: NDArray[np.intp]

    def split(self, lines: int) -> list[Ends]:
        """Return what is known of so many lines together, from the first on; fewer at the end."""
        at = np.arange(0, len(self.first), lines)
        ends = [end.reduceat(samples, at).tolist() for samples in self for end in (np.minimum, np.maximum)]
        return [Ends(*each) for each in zip(*ends, strict=True)]

    def beyond(self, lines: slice, left: int, right: int) -> NDArray[np.bool_]:
        """Return which samples from `left` to before `right` are not within, (lines, samples)."""
        sample = np.arange(left, right)
        return (sample < self.first[lines, None]) | (sample > self.last[lines, None])


class Ends(NamedTuple):
    """Between which samples several lines come to be within a box, and leave it again."""

    earliest: int
    latest: int
    soonest_out: int
    last_out: int

    def touches(self, left: int, right: int) -> bool:
        """Whether any of the samples from `left` to before `right` may be within."""
        return self.earliest < right and self.last_out >= left

    def covers(self, left: int, right: int) -> bool:
        """Whether all of them are."""
        return self.latest <= left and self.soonest_out >= right - 1


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
    first = np.ceil(np.minimum(np.maximum(first, 0), count)).astype(np.intp)
    last = np.floor(np.minimum(np.maximum(last, -1), count - 1)).astype(np.intp)
    return [Reach(*pair) for pair in zip(first, last, strict=True)]


class Bundles(NamedTuple):
    """Straight lines of samples, and others beside each: (3, lines, beside, samples) after adding up.

    What all lines have in common is kept apart from where each begins, so that it is laid out once for all of them.
    """

    near: Floats
    fixed_near: Fixed
    beside: Floats
    step: Floats
    one: int

    @classmethod
    def of(cls, start: Floats, step: Floats, beside: Floats, one: int) -> Bundles:
        """Put together lines as for `reach` with what leads from each to those beside it, (3, 1 or lines, beside)."""
        near, beside = start[:, :, None, None], beside[..., None]
        if max(step.shape[1], beside.shape[1]) > 1:
            near, beside = near + beside, np.zeros((3, 1, 1, 1))
        return cls(near, _fixed(near, one), beside, step[:, :, None, None], one)

    def reach(self, count: int, low: Floats, high: Floats) -> list[Reach]:
        """Find which samples lie within boxes, as `reach` does; each line is followed by those beside it."""
        start = self.near + self.beside
        step = np.broadcast_to(self.step, start.shape) if self.step.shape[1] > 1 else self.step
        return reach(start.reshape(3, -1), step.reshape(3, -1), count, low, high)

    def places(self, left: int, right: int) -> Places:
        """Lay out the samples from `left` to before `right`."""
        way = np.ascontiguousarray(self.beside + self.step * np.arange(left, right))
        return Places(self.near, way, self.fixed_near, _fixed(way, self.one))


class Places(NamedTuple):
    """Indices of samples, which are ``near + way``: (3, lines, beside, samples) by broadcasting, also in fixed point.

    In fixed point they are counted modulo 2 ** 32: lines may begin far outside, and what of them is in the volume is
    where it should be all the same.
    """

    near: Floats
    way: Floats
    fixed_near: Fixed
    fixed_way: Fixed

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all of them."""
        return np.broadcast_shapes(self.near.shape, self.way.shape)

    def of(self, lines: slice) -> Places:
        """Return those of some lines."""
        own = lines if self.way.shape[1] > 1 else slice(None)
        return Places(self.near[:, lines], self.way[:, own], self.fixed_near[:, lines], self.fixed_way[:, own])


def _fixed(index: Floats, one: int) -> Fixed:
    """Return indices in fixed point modulo 2 ** 32, which loses nothing of a sum that is small."""
    places = np.rint(index * one)
    places -= np.floor(places * 2.0**-32) * 2.0**32  # a sixth of the time of numpy's own modulo, and as exact
    return places.astype(np.uint32).view(np.int32)
