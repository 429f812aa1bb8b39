"""Which samples of a volume's slices the rays of a parallel projection take: shifts, tiles, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.shear_warp import ShearWarp

Interval = tuple[int, int]
Box = tuple[Interval, Interval, Interval]
Indices = NDArray[np.int32]

TILE = 1 << 17
"""Samples of a slice that are taken at once, so that what is in work stays in the processor's cache."""
_DEPTH_TILE = (64, 128)
"""Where rays are short, tiles are, too: those that no ray meets are passed over."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Depth:
    """Where rays begin and end: between two planes parallel to the picture.

    Parameters
    ----------
    near, far : float
        mm along the normal of the picture, from it.
    gradient : (float, float, float)
        mm along the normal per voxel, along the principal axis and the two across it.
    start : float
        mm along the normal of voxel (0, 0, 0).
    """

    near: float
    far: float
    gradient: tuple[float, float, float]
    start: float


@dataclass(frozen=True)
class Tile:
    """A part of all slices, and the slices in which rays meet it.

    Parameters
    ----------
    rows, columns : (int, int)
        From and to (exclusive), along the two axes across the rays.
    slices : sequence of int
    cut : frozenset of int
        Those of them in which a ray may begin or end within the tile.
    """

    rows: Interval
    columns: Interval
    slices: range
    cut: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SliceRays:
    """The rays through the pixels of the intermediate image.

    Parameters
    ----------
    split : ShearWarp
    box : three (int, int)
        Voxels that take part, from and to (exclusive), along the principal axis and the two across it.
    parts : int
        Shifts are rounded to this part of a voxel.
    depth : Depth, optional
    tile : int
        Samples of a slice that are taken at once.
    """

    split: ShearWarp
    box: Box
    parts: int = 1
    depth: Depth | None = None
    tile: int = TILE

    @property
    def is_straight(self) -> bool:
        """Whether rays run along the principal axis."""
        return self.split.shear == (0.0, 0.0)

    def shifts(self) -> tuple[Indices, Indices]:
        """Return for each slice of the volume, shape (slices, 2), how it lies in the intermediate image.

        Returns
        -------
        whole : array of int32
            The pixel on which, or right before which, sample 0 falls.
        part : array of int32
            How far, in `parts` of a voxel, that pixel lies after the centre of voxel 0.
        """
        index = np.arange(self.box[0][1], dtype=np.float64)[:, None]
        shift = np.asarray(self.split.offset) - index * np.asarray(self.split.shear)
        steps = np.floor(shift * self.parts + 0.5).astype(np.int32)
        whole = -(-steps // self.parts)
        return whole, whole * self.parts - steps

    def tiles(self) -> Iterator[Tile]:
        """Go through all samples once."""
        (first, last), rows, columns = self.box
        height, width = _DEPTH_TILE if self.depth else (max(1, self.tile // (columns[1] - columns[0])), self.tile)
        for top, bottom in pieces(rows, height):
            for left, right in pieces(columns, width):
                tile = Tile((top, bottom), (left, right), range(first, last))
                yield self._shortened(tile, self.depth) if self.depth else tile

    def _shortened(self, tile: Tile, depth: Depth) -> Tile:
        """Leave out the slices in which the tile lies before or behind the rays."""
        along, *across = depth.gradient
        # A voxel further on all sides, for a sample lies up to one voxel beside the voxel that it belongs to.
        ends = [
            sorted((slope * (start - 1), slope * stop))
            for slope, (start, stop) in zip(across, (tile.rows, tile.columns), strict=True)
        ]
        slices = np.arange(tile.slices.start, tile.slices.stop)
        middle = depth.start + along * slices
        low, high = middle + ends[0][0] + ends[1][0], middle + ends[0][1] + ends[1][1]
        met = slices[(high >= depth.near) & (low <= depth.far)]
        cut = slices[(low < depth.near) | (high > depth.far)]
        found = range(int(met[0]), int(met[-1]) + 1) if met.size else range(0)
        return Tile(tile.rows, tile.columns, found, frozenset(cut.tolist()))

    def ends(self) -> tuple[Indices, Indices]:
        """Return the first and the last slice between which the depth lets rays be, for each pixel."""
        if self.depth is None:
            raise ValueError("These rays are as long as the volume.")
        along, *across = self.depth.gradient
        i, j = (np.arange(size) - start for size, start in zip(self.split.shape, self.split.offset, strict=True))
        step = along + across[0] * self.split.shear[0] + across[1] * self.split.shear[1]
        at_slice_0 = self.depth.start + across[0] * i[:, None] + across[1] * j
        between = [(limit - at_slice_0) / step for limit in (self.depth.near, self.depth.far)]
        low, high = between if step > 0 else reversed(between)
        bounds = (-1, self.box[0][1])
        first = np.clip(np.ceil(low - _ROUNDING), *bounds).astype(np.int32)
        return first, np.clip(np.floor(high + _ROUNDING), *bounds).astype(np.int32)

    def counts(self) -> Indices:
        """Return how many samples each ray takes, shape of the intermediate image."""
        whole, part = self.shifts()
        (i_first, i_last), (j_first, j_last) = (self._met(axis, whole[:, axis], part[:, axis]) for axis in (0, 1))
        first, last = np.maximum(i_first[:, None], j_first), np.minimum(i_last[:, None], j_last)
        if self.depth is not None:
            near, far = self.ends()
            first, last = np.maximum(first, near), np.minimum(last, far)
        return np.asarray(np.maximum(last - first + 1, 0))

    def _met(self, axis: int, whole: Indices, part: Indices) -> tuple[Indices, Indices]:
        """Return the first and the last slice whose samples reach each pixel along one axis: all between do, too.

        Where none does, the first is behind the last.
        """
        start, stop = self.box[axis + 1]
        begin = self.box[0][0]
        pixels = np.arange(self.split.shape[axis])
        low, high = whole[begin:] + start, (whole + stop - (part > 0))[begin:]
        # From slice to slice both only rise, or only fall.
        if self.split.shear[axis] > 0:
            first, last = np.searchsorted(-low, -pixels), np.searchsorted(-high, -pixels) - 1
        else:
            first, last = np.searchsorted(high, pixels, "right"), np.searchsorted(low, pixels, "right") - 1
        return (first + begin).astype(np.int32), (last + begin).astype(np.int32)


def depth_between(geometry: VolumeGeometry, plane: ImagePlane, split: ShearWarp, near: float, far: float) -> Depth:
    """Return where rays begin and end that are as long as a slab is thick.

    Raises
    ------
    ValueError
        `near` is beyond `far`.
    """
    if not near <= far:
        raise ValueError("The slab ends before it begins.")
    matrix = np.linalg.inv(plane.affine) @ geometry.affine
    along, i, j = (float(matrix[0, axis]) for axis in (split.axis, *split.across))
    return Depth(near, far, (along, i, j), float(matrix[0, 3]))


def pieces(interval: Interval, length: int) -> Iterator[Interval]:
    """Cut an interval into such of a length; the last may be shorter."""
    for start in range(*interval, length):
        yield start, min(start + length, interval[1])
