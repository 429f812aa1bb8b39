"""What a projection reads of one slice that is shifted by a part of a voxel: stored values, or bilinear between four.

A slice is shifted as a whole, so that its samples all lie at the same part of a voxel and interpolation needs no
gathering: the slice, taken as one flat vector, is combined with itself one voxel further and one row further.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

PARTS = 8
"""Interpolated samples lie at whole eighths of a voxel."""
FIXED_LOW, FIXED_HIGH = -4096, 4095
"""Values between which, eightfold, 16 bits hold."""
FIXED_RANGE = 4095
"""Largest difference of values that, eightfold, 16 bits hold with a sign."""


class Sampler(Protocol):
    """Reads the samples of a slice."""

    dtype: np.dtype[Any]
    parts: int
    scale: int

    def __call__(self, voxels: NDArray[Any], part: tuple[int, int]) -> NDArray[Any]:
        """Return the samples that lie `part` of `parts` of a voxel after each of a slice's voxels.

        Parameters
        ----------
        voxels : array, (i, j)
            The slice, or a part of it that is not larger than what the sampler was made for.
        part : (int, int)
            Along i and j, from 0; where it is not 0 the last row, or column, has no sample.

        Returns
        -------
        array, (i, j) or one less, of `dtype`
            `scale` times the value. It is only good until the next call.
        """


class Stored:
    """Voxels as they are."""

    parts = 1
    scale = 1

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def __call__(self, voxels: NDArray[Any], part: tuple[int, int]) -> NDArray[Any]:  # noqa: ARG002
        # Rows that lie far apart in memory get in each other's way in the cache; copied one by one they do not.
        return np.ascontiguousarray(voxels)


class Fixed:
    """Bilinear in 16 bits, eightfold: values between `FIXED_LOW` and `FIXED_HIGH` that differ by `FIXED_RANGE` at most.

    A sample is at most 0.8 too low: eighths are cut off once.
    """

    dtype = np.dtype(np.int16)
    parts = PARTS
    scale = PARTS

    def __init__(self, size: int) -> None:
        self._near, self._far = np.empty((2, size), np.int16)

    def __call__(self, voxels: NDArray[Any], part: tuple[int, int]) -> NDArray[Any]:
        flat, pitch = np.ascontiguousarray(voxels, np.int16).reshape(-1), voxels.shape[1]
        near, far = self._near[: flat.size], self._far[: flat.size]
        np.multiply(flat, np.int16(PARTS - part[1]), out=near)
        if part[1]:
            np.multiply(flat[1:], np.int16(part[1]), out=far[1:])
            np.add(near[:-1], far[1:], out=near[:-1])
        if part[0]:
            upper, difference = near[:-pitch], far[pitch:]
            np.subtract(near[pitch:], upper, out=difference)
            np.right_shift(difference, np.int16(3), out=difference)
            np.multiply(difference, np.int16(part[0]), out=difference)
            np.add(upper, difference, out=upper)
        return _complete(near, voxels.shape, part)


class Floats:
    """Bilinear in float32, with padding as not-a-number; a sample in which padding takes part is not a number."""

    dtype = np.dtype(np.float32)
    scale = 1

    def __init__(self, size: int, parts: int, padding: tuple[float, float] | None) -> None:
        self.parts = parts
        self._padding = padding
        self._values, self._difference = np.empty((2, size), np.float32)

    def __call__(self, voxels: NDArray[Any], part: tuple[int, int]) -> NDArray[Any]:
        values = self._values[: voxels.size]
        shaped = values.reshape(voxels.shape)
        np.copyto(shaped, voxels, casting="unsafe")
        if self._padding is not None:
            low, high = self._padding
            np.copyto(shaped, np.nan, where=(voxels >= low) & (voxels <= high))
        self._blend(values, 1, part[1])
        self._blend(values, voxels.shape[1], part[0])
        return _complete(values, voxels.shape, part)

    def _blend(self, values: NDArray[np.float32], further: int, part: int) -> None:
        """Move every value towards the one `further` on."""
        if part:
            near, difference = values[:-further], self._difference[: max(values.size - further, 0)]
            np.subtract(values[further:], near, out=difference)
            np.multiply(difference, np.float32(part / PARTS), out=difference)
            np.add(near, difference, out=near)


def _complete(flat: NDArray[Any], shape: tuple[int, ...], part: tuple[int, int]) -> NDArray[Any]:
    """Leave out the last row and column where they were blended with what is not their neighbour."""
    rows, columns = shape
    return flat.reshape(shape)[: rows - (part[0] > 0), : columns - (part[1] > 0)]
