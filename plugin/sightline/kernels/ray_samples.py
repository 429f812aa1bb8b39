"""Values and their differences at places between the voxels of a volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]
Whole = NDArray[np.int32]
Taken = Callable[[int | Indices], Singles]

_ROUNDING = np.float32(1e-3)


@dataclass(frozen=True)
class Places:
    """Places in a volume, (places,): the voxel before each, along all axes, and the part of a voxel beyond it.

    Parameters
    ----------
    voxel : array of intp
        Flat index of that voxel.
    whole : three arrays of int32
        Its indices.
    part : three arrays of float32
        0 to 1.
    """

    voxel: Indices
    whole: tuple[Whole, ...]
    part: tuple[Singles, ...]

    def take(self, which: Indices) -> Places:
        """Return some of them."""
        whole = tuple(axis.take(which) for axis in self.whole)
        return Places(self.voxel.take(which), whole, tuple(axis.take(which) for axis in self.part))


class VoxelField:
    """Interpolates the values of a volume, (slices, rows, columns) of any type, along all three axes."""

    def __init__(self, voxels: NDArray[Any]) -> None:
        self._flat = np.ascontiguousarray(voxels).reshape(-1)
        self._shape = voxels.shape
        strides = voxels.shape[1] * voxels.shape[2], voxels.shape[2], 1
        # Along an axis of one voxel there is nothing to go on to.
        self._strides = tuple(stride if size > 1 else 0 for stride, size in zip(strides, voxels.shape, strict=True))

    def places(self, index: tuple[Singles, ...]) -> tuple[Places, NDArray[np.bool_]]:
        """Return where voxel indices, three arrays, are, and which of them lie between voxel centres."""
        inside = np.ones(len(index[0]), np.bool_)
        wholes, parts = [], []
        voxel = np.zeros(len(index[0]), np.intp)
        for at, size, stride in zip(index, self._shape, self._strides, strict=True):
            held = np.clip(at, np.float32(0), np.float32(size - 1))
            whole = np.minimum(held.astype(np.int32), np.int32(max(size - 2, 0)))
            inside &= np.abs(at - held) <= _ROUNDING
            held -= whole
            wholes.append(whole)
            parts.append(held)
            voxel += whole.astype(np.intp) * stride
        return Places(voxel, tuple(wholes), tuple(parts)), inside

    def values(self, places: Places) -> Singles:
        """Return values, trilinear between the voxels."""
        return self._lerped(self._taker(places.voxel), places.part)

    def differences(self, places: Places) -> tuple[Singles, Singles, Singles]:
        """Return by how much values one voxel further differ from those one voxel before, along each axis.

        Each is trilinear; beyond the edge, values are those at the edge.
        """
        take = self._taker(places.voxel)
        around = [take(sum(corner)) for corner in product(*((0, stride) for stride in self._strides))]
        slices, rows, columns = (self._difference(take, around, places, axis) for axis in range(3))
        return slices, rows, columns

    def _taker(self, voxel: Indices) -> Taken:
        def take(further: int | Indices) -> Singles:
            return self._flat.take(voxel + further).astype(np.float32)

        return take

    def _lerped(self, take: Taken, part: tuple[Singles, ...]) -> Singles:
        """Interpolate between the eight voxels around each place."""
        slices, rows, columns = self._strides
        faces = []
        for ahead in (0, slices):
            near, far = (_lerp(take(ahead + row), take(ahead + row + columns), part[2]) for row in (0, rows))
            faces.append(_lerp(near, far, part[1]))
        return _lerp(faces[0], faces[1], part[0])

    def _difference(self, take: Taken, around: list[Singles], places: Places, axis: int) -> Singles:
        """Difference along one axis, from the eight voxels `around` and those next to them, interpolated."""
        stride, size, whole = self._strides[axis], self._shape[axis], places.whole[axis]
        before = np.where(whole > 0, -stride, 0)
        behind = np.where(whole < size - 2, 2 * stride, stride)
        one, other = (number for number in range(3) if number != axis)
        weight = 4 >> axis
        lines = []
        for first, second in product((0, 1), repeat=2):
            beside = first * self._strides[one] + second * self._strides[other]
            corner = first * (4 >> one) + second * (4 >> other)
            # From voxel -1 to 1, and from voxel 0 to 2.
            near = around[corner + weight] - take(before + beside)
            lines.append(_lerp(near, take(behind + beside) - around[corner], places.part[axis]))
        near, far = (_lerp(lines[number], lines[number + 1], places.part[other]) for number in (0, 2))
        return _lerp(near, far, places.part[one])


def _lerp(near: Singles, far: Singles, part: Singles) -> Singles:
    """Interpolate; overwrites `far`."""
    far -= near
    far *= part
    far += near
    return far
