"""Rays in short pieces from the front to the back, each without the rays that meet nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.occupancy import BLOCK

Singles = NDArray[np.float32]
Indices = NDArray[np.intp]

DENSITY = 2
"""Samples to the shortest side of a voxel along a ray."""
SAMPLES = BLOCK * DENSITY
"""Samples to a segment: it passes from a block into the next one along an axis, but not further."""
_AROUND = 2
"""Blocks without anything around the volume: no sample of a segment that begins right beside it lies beyond them."""
_ROUNDING = 1 / 8192
"""Blocks by which all is moved, so that a ray along the volume's first voxels is not taken for one beside them."""


@dataclass(frozen=True)
class Segment:
    """Some samples of all rays.

    Parameters
    ----------
    starts : three arrays of float32, (rays,)
        Where the first sample of each ray lies, along slices, rows and columns, in blocks of the padded volume.
    steps : three arrays of float32, (samples, 1)
        From there to each sample.
    """

    starts: tuple[Singles, ...]
    steps: tuple[Singles, ...]


class RaySegments:
    """The rays through the pixels of a picture, cut into segments.

    Parameters
    ----------
    geometry : VolumeGeometry
    plane : ImagePlane
        Rays run along its normal through the centres of its pixels.
    blocks : array of bool, (slices, rows, columns)
        Which blocks of the volume hold something.
    step : float
        mm from one sample to the next: the shortest side of a voxel, divided by `DENSITY`.
    """

    def __init__(self, geometry: VolumeGeometry, plane: ImagePlane, blocks: NDArray[np.bool_], step: float) -> None:
        to_index = np.linalg.inv(geometry.affine)
        self._step = step
        self._move = to_index[:3, :3] @ np.asarray(plane.normal) / BLOCK
        self._pixels = (to_index @ plane.affine)[:3, 1:] / BLOCK
        self._pixels[:, 2] += _AROUND + _ROUNDING
        self._rows, self._columns = np.arange(plane.rows)[:, None], np.arange(plane.columns)
        ends = (geometry.corners() - np.asarray(plane.origin)) @ np.asarray(plane.normal)
        self._first, self._last = float(ends.min()), float(ends.max())
        padded = np.pad(blocks, _AROUND)
        self._shape = padded.shape
        self._occupied = padded.reshape(-1)
        self._ahead = self._with_blocks_ahead(padded).reshape(-1)

    def __iter__(self) -> Iterator[Segment]:
        """Go through the segments, that next to the reader first."""
        count = int(np.ceil((self._last - self._first) / self._step)) + 1
        along = np.arange(SAMPLES)[:, None] * self._step
        steps = tuple((along * move).astype(np.float32) for move in self._move)
        for first in range(0, count, SAMPLES):
            depth = self._first + first * self._step
            starts = tuple(self._start(axis, depth) for axis in range(3))
            yield Segment(starts, steps)

    def meeting(self, segment: Segment) -> NDArray[np.bool_]:
        """Return which rays may meet something in a segment, (rays,)."""
        inside = [np.clip(start, 0, size - 1) for start, size in zip(segment.starts, self._shape, strict=True)]
        return np.asarray(self._ahead.take(self._block(inside)))

    def occupied(self, places: tuple[Singles, ...]) -> NDArray[np.bool_]:
        """Return which places, in blocks of the padded volume, lie in blocks that hold something."""
        return np.asarray(self._occupied.take(self._block(places), mode="clip"))

    @staticmethod
    def voxels(places: Singles) -> Singles:
        """Return the voxel indices of places, which it overwrites."""
        places -= np.float32(_AROUND + _ROUNDING)
        places *= np.float32(BLOCK)
        return places

    def _start(self, axis: int, depth: float) -> Singles:
        down, right, first = self._pixels[axis]
        place: Singles = (self._rows * down + (self._columns * right + (first + depth * self._move[axis]))).astype(
            np.float32
        )
        return place.reshape(-1)

    def _block(self, places: tuple[Singles, ...] | list[Singles]) -> Indices:
        slices, rows, columns = (place.astype(np.int32) for place in places)
        slices *= np.int32(self._shape[1])
        slices += rows
        slices *= np.int32(self._shape[2])
        slices += columns
        return slices.astype(np.intp)

    def _with_blocks_ahead(self, blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which blocks hold something, or one does into which a ray may pass from them within a segment."""
        result = blocks
        for axis, move in enumerate(self._move):
            if move != 0:
                result = result | np.roll(result, -1 if move > 0 else 1, axis)
        return result
