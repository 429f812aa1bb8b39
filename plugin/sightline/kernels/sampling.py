"""Sample a volume along straight lines in the patient: what planes, slabs and curved reformats are made of.

Eight voxels are gathered per sample, each from the volume moved by a constant, so that one index serves all eight.
More than half of the time passes in waiting for memory: a copy of the volume with neighbours in pairs, which halves the
number of gathers and doubles the memory, was measured to gain nothing over this.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, VolumeGeometry
from sightline.kernels.lines import Bundles, Fixed, Places
from sightline.kernels.row_loops import rows_as_they_lie

Interpolation = Literal["trilinear", "nearest"]
Samples = NDArray[np.float32]

EDGE_TOLERANCE = 1e-3
"""A point this part of a voxel outside the outermost voxel centres still counts as on them."""
CHUNK = 24576
"""Samples that are worked on at once: few enough for the caches, enough for numpy's calls to be cheap."""
TILE = 128
"""At most so many of them on one line: neighbouring lines share what the cache holds of the volume."""
_LAID_OUT = 2**18
"""At most so many places relative to a line are kept for all lines."""
_FINEST = 22
"""Most bits of a fraction: float32 takes them without rounding."""
_MARGIN = 1e-4
"""Samples this part of a voxel within the outermost voxel centres stay there whatever rounding does."""


class Sampler:
    """Interpolates one volume along lines. Keeps what it works with from call to call: one for each thread.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Any real type; not-a-number means padding. Copied where it does not lie in this order in memory.
    geometry : VolumeGeometry
        Of the volume: any orientation, gantry tilt by its shear, slices at their true places, gaps.
    padding : (low, high), optional
        Inclusive range of values that are no image.
    interpolation : str
        ``trilinear`` between voxel centres, or ``nearest`` voxel (halfway: the one of the higher index).

    Raises
    ------
    GeometryError
        The volume is of another size than its geometry.

    Notes
    -----
    Memory: 120 bytes for each of `CHUNK` samples.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 3) for z in (0.0, 2.0, 4.0)])
    >>> sampler = Sampler(np.arange(18, dtype=np.int16).reshape(3, 2, 3), geometry)
    >>> ways = np.array([[1.0, 0.0, 0.0]]), 3, np.array([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> for lines, columns, values in sampler.along(np.array([[0.5, 0.0, 1.0]]), *ways):
    ...     lines.start, columns.start, values.tolist()
    (0, 0, [[[3.5, 4.5, nan], [6.5, 7.5, nan]]])
    """

    def __init__(
        self,
        volume: NDArray[Any],
        geometry: VolumeGeometry,
        *,
        padding: tuple[float, float] | None = None,
        interpolation: Interpolation = "trilinear",
    ) -> None:
        if volume.shape != geometry.shape:
            raise GeometryError("The volume is of another size than its geometry says.")
        self._flat = np.ascontiguousarray(volume).reshape(-1)
        self._geometry = geometry
        self._padding = padding
        self._absent = padding is not None or volume.dtype.kind == "f"
        self._straight = geometry.even and not geometry.gaps
        self._to_index = _to_index(geometry)
        self._last = np.array(volume.shape, np.int32)[:, None, None, None] - 1
        self._low, self._high = _boxes(geometry)
        self._bits = min(_FINEST, 31 - int(self._last.max()).bit_length())
        neighbours = [0] if interpolation == "nearest" else _neighbours(volume.shape)
        self._moved = [self._flat[neighbour:] for neighbour in neighbours]
        self._most = self._room = _Room.for_samples(CHUNK, len(neighbours), volume.dtype)

    def along(self, start: Floats, step: Floats, count: int, beside: Floats) -> Iterator[tuple[slice, slice, Samples]]:
        """Go through samples along straight lines, and others beside each.

        Parameters
        ----------
        start : array, (lines, 3)
            LPS mm of the first sample of each line.
        step : array, (1, 3) or (lines, 3)
            LPS mm from each sample to the next, of all lines or of each.
        count : int
            Samples on each line.
        beside : array, (1, beside, 3) or (lines, beside, 3)
            LPS mm from each line to those that are sampled for it, of all lines or of each.

        Yields
        ------
        lines, columns : slice
            Of the lines, and of the samples on them; all come up once.
        values : array of float32, (lines, beside, columns)
            Not-a-number outside of the outermost voxel centres, within gaps between slices, and wherever a voxel of
            padding would have taken part, however little. Only good until the next.

        Notes
        -----
        Places are exact to 2 ** -18 voxel where no axis has more than 8192. Holds the GIL for single numpy calls on
        `CHUNK` samples. Memory: 36 bytes for each place that is laid out. That is once for all lines, at most 2 ** 18,
        unless each has its own step.
        """
        turn = self._to_index[:, :3]
        near = turn @ start.T + self._to_index[:, 3:]
        bundles = Bundles.of(near, turn @ step.T, np.moveaxis(beside @ turn.T, 2, 0), 1 << self._bits)
        within, usual = bundles.reach(count, self._low, self._high)
        many = beside.shape[1]
        width = min(TILE, max(1, CHUNK // many))
        width = -(-count // -(-count // width))
        at_once = max(1, CHUNK // (width * many))
        ends = list(zip(within.split(at_once * many), usual.split(at_once * many), strict=True))
        columns = [(left, min(left + width, count)) for left in range(0, count, width)]
        for first in range(0, len(columns), per_row := max(1, _LAID_OUT // (width * many))):
            places = [(*each, bundles.places(*each)) for each in columns[first : first + per_row]]
            for index, (inside, well_inside) in enumerate(ends):
                lines = slice(index * at_once, (index + 1) * at_once)
                for left, right, laid in places:
                    own = laid.of(lines)
                    if inside.touches(left, right):
                        values = self._tile(own, well_inside.covers(left, right))
                    else:
                        values = np.full(own.shape[1:], np.nan, np.float32)
                    if not inside.covers(left, right):
                        flat = slice(lines.start * many, lines.stop * many)
                        values.reshape(-1, right - left)[within.beyond(flat, left, right)] = np.nan
                    yield lines, slice(left, right), values

    def _tile(self, places: Places, usual: bool) -> Samples:
        """Interpolate; `usual` promises that all places are well within a volume of evenly spaced slices."""
        shape = places.shape
        room = self._room_for(prod(shape[1:]))
        fixed, missing = room.fixed.reshape(shape), None
        if self._straight:
            with rows_as_they_lie(prod(places.way.shape[2:])):
                np.add(places.fixed_near, places.fixed_way, out=fixed)
            if not usual:
                np.clip(fixed, 0, self._last << self._bits, out=fixed)
        else:
            usual, missing = False, self._place_within(places, room.places.reshape(shape), fixed)
        values = self._interpolate(room, usual).reshape(shape[1:])
        if missing is not None:
            values[missing] = np.nan
        return values

    def _room_for(self, count: int) -> _Room:
        """Return arrays for so many samples; from tile to tile that rarely changes."""
        if count != self._room.size:
            self._room = self._most.of(count)
        return self._room

    def _place_within(self, places: Places, at: Floats, fixed: Fixed) -> NDArray[np.bool_]:
        """Write the places among unevenly spaced slices that are nearest to these, and return which lie in a gap."""
        np.add(places.near, places.way, out=at)
        missing = self._find_slices(at[0])
        np.clip(at, 0, self._last, out=at)
        at *= 1 << self._bits
        at += 0.5
        np.copyto(fixed, at, casting="unsafe")
        return missing

    def _find_slices(self, at: Floats) -> NDArray[np.bool_]:
        """Turn distances along the normal into indices of slices, and return which distances lie in gaps."""
        geometry = self._geometry
        distances = np.asarray(geometry.distances)
        if geometry.even:
            at *= geometry.slice_spacing
        missing = np.zeros(at.shape, np.bool_)
        for low, high in geometry.gaps:
            missing |= (at > low + _MARGIN) & (at < high - _MARGIN)
        at[...] = np.interp(at, distances, np.arange(len(distances), dtype=np.float64))
        return missing

    def _interpolate(self, room: _Room, usual: bool) -> Samples:
        """Return the values at the room's places."""
        fixed, voxels, parts = room.fixed, room.voxels, room.parts
        if len(self._moved) == 1:
            fixed += 1 << self._bits - 1
        np.right_shift(fixed, self._bits, out=voxels)
        if len(self._moved) == 1:
            (nearest,) = self._gather(room)
            return np.asarray(nearest)
        if usual:
            fixed &= (1 << self._bits) - 1
        else:
            np.minimum(voxels, np.maximum(self._last[..., 0, 0] - 1, 0), out=voxels)
            fixed -= voxels << self._bits
        np.copyto(parts, fixed, casting="unsafe")
        parts *= np.float32(0.5**self._bits)
        values = self._gather(room)
        between = _between_present if self._absent else _between
        for part in parts[::-1]:
            half = len(values) // 2
            values = between(values[:half], values[half:], part)
        (result,) = values
        return np.asarray(result)

    def _gather(self, room: _Room) -> Samples:
        """Return the room's voxels moved by each of the neighbours, one row for each, padding as not-a-number."""
        slices, rows, columns = room.voxels if self._flat.size < 2**31 else room.voxels.astype(np.int64)
        _, height, width = self._geometry.shape
        slices *= height
        slices += rows
        slices *= width
        slices += columns
        room.flat[0] = slices
        for row, moved in zip(room.found, self._moved, strict=True):
            # No index is beyond the end; "wrap" keeps numpy from copying the row, as it does where it may raise.
            moved.take(room.flat[0], out=row, mode="wrap")
        np.copyto(room.values, room.found, casting="unsafe")
        if self._padding is not None:
            low, high = self._padding
            room.values[(room.found >= low) & (room.found <= high)] = np.nan
        return room.values


class _Room(NamedTuple):
    """Arrays to work in, a column for each sample: to be given new memory each time costs more than the work."""

    places: Floats
    fixed: Fixed
    voxels: Fixed
    parts: Samples
    flat: NDArray[np.intp]
    found: NDArray[Any]
    values: Samples

    @classmethod
    def for_samples(cls, count: int, neighbours: int, dtype: np.dtype[Any]) -> _Room:
        return cls(
            places=np.empty((3, count)),
            fixed=np.empty((3, count), np.int32),
            voxels=np.empty((3, count), np.int32),
            parts=np.empty((3, count), np.float32),
            flat=np.empty((1, count), np.intp),
            found=np.empty((neighbours, count), dtype),
            values=np.empty((neighbours, count), np.float32),
        )

    @property
    def size(self) -> int:
        """How many samples it serves for."""
        return int(self.flat.shape[1])

    def of(self, count: int) -> _Room:
        """Return the beginning of its memory for so many samples, or another where it is too small."""
        if count > self.size:
            return self.for_samples(count, len(self.found), self.found.dtype)
        return _Room(
            places=_beginning(self.places, count),
            fixed=_beginning(self.fixed, count),
            voxels=_beginning(self.voxels, count),
            parts=_beginning(self.parts, count),
            flat=_beginning(self.flat, count),
            found=_beginning(self.found, count),
            values=_beginning(self.values, count),
        )


def _beginning(array: NDArray[Any], columns: int) -> NDArray[Any]:
    """Return an array's memory as one of so many columns without gaps: numpy goes through it as through one row."""
    rows = len(array)
    return array.reshape(-1)[: rows * columns].reshape(rows, columns)


def _between(near: Samples, far: Samples, part: Samples) -> Samples:
    """Interpolate; `far` becomes the result."""
    far -= near
    far *= part
    far += near
    return far


def _between_present(near: Samples, far: Samples, part: Samples) -> Samples:
    """Interpolate where there is not-a-number, which does not count where it has no weight."""
    result = near + part * (far - near)
    np.copyto(result, near, where=part == 0)
    np.copyto(result, far, where=part == 1)
    return np.asarray(result)


def _neighbours(shape: tuple[int, ...]) -> list[int]:
    """Return how far the eight corners of a cell are in the flat volume; an axis of one voxel has no next one."""
    slices, rows, columns = (
        stride if size > 1 else 0 for size, stride in zip(shape, (shape[1] * shape[2], shape[2], 1), strict=True)
    )
    return [c * columns + r * rows + s * slices for c in (0, 1) for r in (0, 1) for s in (0, 1)]


def _to_index(geometry: VolumeGeometry) -> Floats:
    """Return (3, 4), from (LPS mm, 1) to indices; for the slice, where unevenly spaced, to mm along the normal."""
    matrix = geometry.affine
    if not geometry.even:
        matrix[:3, 0] = geometry.step
    return np.asarray(np.linalg.inv(matrix)[:3])


def _boxes(geometry: VolumeGeometry) -> tuple[Floats, Floats]:
    """Return the ends of what counts as within the volume, and of where neighbours are sure, as `_to_index` counts."""
    last = np.array(geometry.shape, np.float64) - 1
    low, high = np.full(3, -EDGE_TOLERANCE), last + EDGE_TOLERANCE
    if not geometry.even:
        distances = geometry.distances
        low[0] *= distances[1] - distances[0]
        high[0] = distances[-1] + EDGE_TOLERANCE * (distances[-1] - distances[-2])
    return np.stack([low, np.full(3, _MARGIN)])[..., None], np.stack([high, last - _MARGIN])[..., None]
