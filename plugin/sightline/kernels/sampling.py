"""Sample a volume along straight lines in the patient: what planes, slabs and curved reformats are made of.

Eight voxels are gathered per sample, each from the volume moved by a constant, so that one index serves all eight.
More than half of the time passes in waiting for memory: a copy of the volume with neighbours in pairs, which halves the
number of gathers and doubles the memory, was measured to gain nothing over this.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, VolumeGeometry
from sightline.kernels.lines import Fixed, Places, reach

Interpolation = Literal["trilinear", "nearest"]
Samples = NDArray[np.float32]

EDGE_TOLERANCE = 1e-3
"""A point this part of a voxel outside the outermost voxel centres still counts as on them."""
CHUNK = 24576
"""Samples that are worked on at once: few enough for the caches, enough for numpy's calls to be cheap."""
TILE = 128
"""At most so many of them on one line: neighbouring lines share what the cache holds of the volume."""
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
    Memory: 120 bytes for each of `CHUNK` samples, or of one line where that is longer.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 3) for z in (0.0, 2.0, 4.0)])
    >>> sampler = Sampler(np.arange(18, dtype=np.int16).reshape(3, 2, 3), geometry)
    >>> sampler.along(np.array([[0.5, 0.0, 1.0]]), np.array([[1.0, 0.0, 0.0]]), 3).tolist()
    [[3.5, 4.5, nan]]
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
        self._last = np.array(volume.shape, np.int32)[:, None] - 1
        self._low, self._high = _boxes(geometry)
        self._bits = min(_FINEST, 31 - int(self._last.max()).bit_length())
        neighbours = [0] if interpolation == "nearest" else _neighbours(volume.shape)
        self._moved = [self._flat[neighbour:] for neighbour in neighbours]
        self._room = _Room.for_samples(CHUNK, len(neighbours), volume.dtype)

    def along(self, start: Floats, step: Floats, count: int) -> Samples:
        """Return samples along straight lines.

        Parameters
        ----------
        start : array, (lines, 3)
            LPS mm of the first sample of each line.
        step : array, (1, 3) or (lines, 3)
            LPS mm from each sample to the next, of all lines or of each.
        count : int
            Samples on each line.

        Returns
        -------
        array of float32, (lines, count)
            Not-a-number outside of the outermost voxel centres, within gaps between slices, and wherever a voxel of
            padding would have taken part, however little.

        Notes
        -----
        Places are exact to 2 ** -18 voxel where no axis has more than 8192. Holds the GIL for single numpy calls on
        `CHUNK` samples.
        """
        start, step = self._to_index[:, :3] @ start.T + self._to_index[:, 3:], self._to_index[:, :3] @ step.T
        outer, inner = reach(start, step, count, self._low, self._high)
        places = Places.of(start, step, count, 1 << self._bits)
        result = np.empty((start.shape[1], count), np.float32)
        width = -(-count // -(-count // TILE))
        at_once = max(1, CHUNK // width)
        for low in range(0, len(result), at_once):
            lines = slice(low, low + at_once)
            within, usual = outer.of(lines), inner.of(lines)
            for left in range(0, count, width):
                right = min(left + width, count)
                out = result[lines, left:right]
                if not within.touches(left, right):
                    out[...] = np.nan
                    continue
                self._tile(places.part(lines, slice(left, right)), usual.covers(left, right), out)
                if not within.covers(left, right):
                    out[within.beyond(left, right)] = np.nan
        return result

    def _tile(self, places: Places, usual: bool, out: Samples) -> None:
        """Interpolate; `usual` promises that all places are well within a volume of evenly spaced slices."""
        room = self._room.of(places.shape[1] * places.shape[2])
        fixed, missing = room.fixed.reshape(places.shape), None
        if self._straight:
            np.add(places.fixed_near, places.fixed_way, out=fixed)
            if not usual:
                np.clip(fixed, 0, self._last[..., None] << self._bits, out=fixed)
        else:
            usual, missing = False, self._place_within(places, room.places.reshape(places.shape), fixed)
        self._interpolate(room, usual, out)
        if missing is not None:
            out[missing] = np.nan

    def _place_within(self, places: Places, at: Floats, fixed: Fixed) -> NDArray[np.bool_]:
        """Write the places among unevenly spaced slices that are nearest to these, and return which lie in a gap."""
        np.add(places.near, places.way, out=at)
        missing = self._find_slices(at[0])
        np.clip(at, 0, self._last[..., None], out=at)
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

    def _interpolate(self, room: _Room, usual: bool, out: Samples) -> None:
        """Write the values at the room's places, (lines, samples)."""
        fixed, voxels, parts = room.fixed, room.voxels, room.parts
        if len(self._moved) == 1:
            fixed += 1 << self._bits - 1
        np.right_shift(fixed, self._bits, out=voxels)
        if len(self._moved) == 1:
            out[...] = self._gather(room)[0].reshape(out.shape)
            return
        if usual:
            fixed &= (1 << self._bits) - 1
        else:
            np.minimum(voxels, np.maximum(self._last - 1, 0), out=voxels)
            fixed -= voxels << self._bits
        np.copyto(parts, fixed, casting="unsafe")
        parts *= np.float32(0.5**self._bits)
        values = self._gather(room)
        between = _between_present if self._absent else _between
        for axis in (2, 1):
            half = len(values) // 2
            values = between(values[:half], values[half:], parts[axis], values[half:])
        near, far, part = (row.reshape(out.shape) for row in (*values, parts[0]))
        between(near, far, part, out)

    def _gather(self, room: _Room) -> Samples:
        """Return the room's voxels moved by each of the neighbours, one row for each, padding as not-a-number."""
        slices, rows, columns = room.voxels if self._flat.size < 2**31 else room.voxels.astype(np.int64)
        _, height, width = self._geometry.shape
        slices *= height
        slices += rows
        slices *= width
        slices += columns
        room.flat[...] = slices
        for row, moved in zip(room.found, self._moved, strict=True):
            # No index is beyond the end; "wrap" keeps numpy from copying the row, as it does where it may raise.
            moved.take(room.flat, out=row, mode="wrap")
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
            flat=np.empty(count, np.intp),
            found=np.empty((neighbours, count), dtype),
            values=np.empty((neighbours, count), np.float32),
        )

    def of(self, count: int) -> _Room:
        """Return the part of it that serves for so many samples, or another where it is too small."""
        if count > len(self.flat):
            return self.for_samples(count, len(self.found), self.found.dtype)
        places, fixed, voxels, parts, flat, found, values = self
        return _Room(
            places[:, :count],
            fixed[:, :count],
            voxels[:, :count],
            parts[:, :count],
            flat[:count],
            found[:, :count],
            values[:, :count],
        )


def _between(near: Samples, far: Samples, part: Samples, out: Samples) -> Samples:
    """Interpolate; `far` is used up."""
    far -= near
    far *= part
    return np.add(far, near, out=out)


def _between_present(near: Samples, far: Samples, part: Samples, out: Samples) -> Samples:
    """Interpolate where there is not-a-number, which does not count where it has no weight."""
    result = near + part * (far - near)
    np.copyto(result, near, where=part == 0)
    np.copyto(result, far, where=part == 1)
    out[...] = result
    return out


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
