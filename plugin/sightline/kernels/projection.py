"""Project a volume onto a plane at any angle: maximum (MIP), minimum (MinIP), mean and sum along parallel rays.

By shear and warp: rays take one sample in each slice across the volume's axis that they follow most closely, so that a
projection combines whole slices, each shifted by a constant; the result is put right by one warp in two dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import ImagePlane
from sightline.kernels.row_loops import rows_as_they_lie
from sightline.kernels.shear_warp import ShearWarp, factorise
from sightline.kernels.slice_rays import TILE, Box, SliceRays, Tile, depth_between, pieces
from sightline.kernels.slice_samples import FIXED_HIGH, FIXED_LOW, FIXED_RANGE, PARTS, Fixed, Floats, Sampler, Stored
from sightline.kernels.warp import Image, warp_bilinear

Range = tuple[float, float]
Interpolation = Literal["nearest", "bilinear"]

_COLUMN = 2
_COLUMNS_AT_ONCE = 32
"""A line of the cache: what is read of memory is used before it is gone."""
_COPIED_TILE = TILE // 4
"""Samples of a slice that are taken at once where those of all slices have to be copied for it."""


@dataclass(frozen=True)
class Mode:
    """How the samples along a ray become one value.

    Parameters
    ----------
    combine : ufunc
        Of integers.
    combine_numbers : ufunc
        Of floats; leaves out what is not a number.
    adds : bool
        Whether samples are summed, for which they have to be counted and to be given more bits.
    divides : bool
        Whether the result is divided by the count.
    highest : bool
        Whether the neutral integer is the highest of its type, not the lowest.
    """

    combine: np.ufunc
    combine_numbers: np.ufunc
    adds: bool = False
    divides: bool = False
    highest: bool = False


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        "max": Mode(np.maximum, np.fmax),
        "min": Mode(np.minimum, np.fmin, highest=True),
        "mean": Mode(np.add, np.add, adds=True, divides=True),
        "sum": Mode(np.add, np.add, adds=True),
    }
)


def project(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    plane: ImagePlane,
    mode: str,
    *,
    interpolation: Interpolation = "nearest",
    padding: Range | None = None,
    clip: Box | None = None,
    depth: Range | None = None,
    value_range: Range | None = None,
    x_major: NDArray[Any] | None = None,
) -> Image:
    """Project a volume along the normal of a plane, onto the pixels of that plane.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Integers or floats of any size; not-a-number means padding.
    geometry : VolumeGeometry
        Of the volume; evenly spaced.
    plane : ImagePlane
        The picture. Rays run through the centres of its pixels along its normal.
    mode : str
        One of `MODES`: "max" (MIP), "min" (MinIP), "mean", "sum".
    interpolation : "nearest" or "bilinear"
        How a sample comes from its slice: the nearest voxel, or between four, at a place rounded to 1/8 voxel.
    padding : (low, high), optional
        Inclusive range of values that are no image. They are left out, and so is a sample between them and others.
    clip : three (start, stop), optional
        Slices, rows and columns of the voxels that take part, as in ``range(start, stop)``; all without it.
    depth : (near, far), optional
        mm along the normal, from the plane, between which samples take part (inclusive): a slab, parallel to the
        picture. It should be at least as thick as slices lie apart along a ray, else rays may fall between them.
    value_range : (low, high), optional
        Least and greatest value of the volume, where known; else it is searched when it matters.
    x_major : array, (columns, slices, rows), optional
        `x_major_copy` of the volume, for views that are closest to its third axis; without it they take longer.

    Returns
    -------
    array of float32, (rows, columns) of the plane
        Not-a-number where a ray takes no sample.

    Raises
    ------
    GeometryError
        The volume's slices are unevenly spaced.
    ValueError
        There is no such mode or interpolation, an array has not the size of the geometry, the box lies outside of the
        volume, or the slab ends before it begins.

    Examples
    --------
    An axial volume of three slices, seen from the front, head up.

    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 4) for z in (0.0, 2.0, 4.0)])
    >>> volume = np.arange(24, dtype=np.int16).reshape(3, 2, 4)
    >>> plane = ImagePlane((0.0, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (2.0, 1.0), 3, 4)
    >>> project(volume, geometry, plane, "max").tolist()
    [[20.0, 21.0, 22.0, 23.0], [12.0, 13.0, 14.0, 15.0], [4.0, 5.0, 6.0, 7.0]]

    Notes
    -----
    Along an axis of the volume, in whole voxels, the result is exactly that of the voxels. In eighths of a voxel,
    16-bit arithmetic cuts off at most 0.8; it is used for "max" and "min" of integers that lie within `FIXED_LOW` and
    `FIXED_HIGH` and differ by `FIXED_RANGE` at most, float32 for others. A sum depends on how many samples a ray
    takes: one in each slice that it meets.

    Memory beside the result: the intermediate image (each side at most two sides of the volume together) three times,
    and some 1 MB; where `x_major` is missed, 64 of its rows as well. numpy lets go of the interpreter's lock within
    each of its calls.
    """
    rule = MODES.get(mode)
    if rule is None:
        raise ValueError(f"There is no projection {mode!r}.")
    if volume.shape != geometry.shape:
        raise ValueError("The volume has not the size of its geometry.")
    split = factorise(geometry, plane)
    sampler = _sampler(volume, split, rule, _parts(interpolation, split), padding, value_range)
    slices = _slices(volume, split, x_major)
    rays = SliceRays(
        split=split,
        box=_box(clip, geometry.shape, split),
        parts=sampler.parts,
        depth=depth_between(geometry, plane, split, *depth) if depth else None,
        tile=TILE if _is_readable(slices) else _COPIED_TILE,
    )
    image = _cast(slices, rays, sampler, rule)
    return warp_bilinear(image, split.warp, (plane.rows, plane.columns))


def x_major_copy(volume: NDArray[Any]) -> NDArray[Any]:
    """Return a volume so laid out in memory that views along its third axis are as fast as others.

    Parameters
    ----------
    volume : array, (slices, rows, columns)

    Returns
    -------
    array, (columns, slices, rows)
        A copy, contiguous.

    Examples
    --------
    >>> x_major_copy(np.zeros((2, 3, 4), np.int16)).shape
    (4, 2, 3)

    Notes
    -----
    Memory beside the result: none. numpy lets go of the interpreter's lock within each of its calls.
    """
    slices, rows, columns = volume.shape
    result = np.empty((columns, slices, rows), volume.dtype)
    for index, voxels in enumerate(volume):
        for start, stop in pieces((0, columns), _COLUMNS_AT_ONCE):
            result[start:stop, index] = voxels[:, start:stop].T
    return result


def _parts(interpolation: str, split: ShearWarp) -> int:
    """Return to which part of a voxel slices are shifted; along an axis there is nothing between voxels."""
    parts = {"nearest": 1, "bilinear": PARTS}.get(interpolation)
    if parts is None:
        raise ValueError(f"There is no interpolation {interpolation!r}.")
    return parts if any(split.shear) else 1


def _sampler(
    volume: NDArray[Any], split: ShearWarp, rule: Mode, parts: int, padding: Range | None, known: Range | None
) -> Sampler:
    """Choose the quickest way to read samples that is right for these values."""
    size = volume.size // volume.shape[split.axis]
    if volume.dtype.kind == "f":
        return Stored(volume.dtype) if parts == 1 and padding is None else Floats(size, parts, padding)
    if parts == 1 and padding is None:
        return Stored(volume.dtype)
    low, high = known or _value_range(volume)
    if padding is not None and padding[0] <= high and padding[1] >= low:
        return Floats(size, parts, padding)
    if parts == 1:
        return Stored(volume.dtype)
    fits = low >= FIXED_LOW and high <= FIXED_HIGH and high - low <= FIXED_RANGE
    return Fixed(size) if fits and not rule.adds else Floats(size, parts, None)


def _value_range(volume: NDArray[Any]) -> Range:
    """Return the least and the greatest value of integers; slice by slice, so that each is read from memory once."""
    return min(float(voxels.min()) for voxels in volume), max(float(voxels.max()) for voxels in volume)


def _box(clip: Box | None, shape: tuple[int, int, int], split: ShearWarp) -> Box:
    """Return which voxels take part, along the principal axis and the two across it."""
    box = clip or ((0, shape[0]), (0, shape[1]), (0, shape[2]))
    if any(not 0 <= start < stop <= size for (start, stop), size in zip(box, shape, strict=True)):
        raise ValueError("The box lies outside of the volume, or is empty.")
    first, second = split.across
    return box[split.axis], box[first], box[second]


def _slices(volume: NDArray[Any], split: ShearWarp, x_major: NDArray[Any] | None) -> NDArray[Any]:
    """Return the volume as slices across the principal axis, a view."""
    slices = np.moveaxis(volume, split.axis, 0)
    if x_major is None or split.axis != _COLUMN:
        return slices
    if x_major.shape != slices.shape:
        raise ValueError("The copy in the order of columns has not the size of the volume.")
    return x_major


def _cast(slices: NDArray[Any], rays: SliceRays, sampler: Sampler, rule: Mode) -> Image:
    """Return the intermediate image, not a number where no sample is taken."""
    fold = _Fold(rays.split.shape, sampler.dtype, rule)
    if rays.is_straight and rays.depth is None and fold.counts is None and isinstance(sampler, Stored):
        for tile in rays.tiles():
            fold.take_all(slices, tile)
    elif rays.depth is None and not rule.adds and isinstance(sampler, Stored) and _is_wide(rays):
        _cast_whole_voxels(slices, rays, fold)
    else:
        _cast_slice_by_slice(slices, rays, sampler, fold)
    counts = rays.counts() if fold.counts is None else fold.counts
    return _result(fold.image, counts, rule, sampler.scale)


def _is_wide(rays: SliceRays) -> bool:
    """Whether the image is at most twice as wide as the slices."""
    start, stop = rays.box[2]
    return 2 * (stop - start) >= rays.split.shape[1]


def _cast_whole_voxels(slices: NDArray[Any], rays: SliceRays, fold: _Fold) -> None:
    """Combine slices that are shifted by whole voxels.

    Copied to rows as long as those of the image, with what is neutral behind them, a slice is one vector and its shift
    one number: numpy's work with row after row would take longer than the copy and the neutral values.
    """
    pitch = fold.image.shape[1]
    shifts = (rays.shifts()[0] @ np.array([pitch, 1])).tolist()
    for tile in rays.tiles():
        height, width = (stop - start for start, stop in (tile.rows, tile.columns))
        room = np.full((height, pitch), fold.neutral)
        samples = room.reshape(-1)[: (height - 1) * pitch + width]
        begin = tile.rows[0] * pitch + tile.columns[0]
        for index, voxels in zip(tile.slices, _readable(_voxels(slices, rays.box, tile)), strict=True):
            room[:, :width] = voxels[:height, :width]
            fold.take_vector(samples, shifts[index] + begin)


def _cast_slice_by_slice(slices: NDArray[Any], rays: SliceRays, sampler: Sampler, fold: _Fold) -> None:
    """Combine what the rays meet in each tile, slice after slice."""
    whole, part = (shifts.tolist() for shifts in rays.shifts())
    ends = None if rays.depth is None else rays.ends()
    for tile in rays.tiles():
        source = _readable(_voxels(slices, rays.box, tile))
        height, width = (stop - start for start, stop in (tile.rows, tile.columns))
        with rows_as_they_lie(width):
            for index, voxels in zip(tile.slices, source, strict=True):
                down, right = part[index]
                samples = sampler(voxels[: height + (down > 0), : width + (right > 0)], (down, right))
                top, left = whole[index][0] + tile.rows[0], whole[index][1] + tile.columns[0]
                window = slice(top, top + samples.shape[0]), slice(left, left + samples.shape[1])
                if ends and index in tile.cut:
                    within = (ends[0][window] <= index) & (ends[1][window] >= index)
                    samples = np.where(within, samples, fold.neutral)
                fold.take(samples, window)


class _Fold:
    """The intermediate image in the making."""

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any], rule: Mode) -> None:
        floats = dtype.kind == "f"
        self.neutral = _neutral(dtype, rule)
        self._combine = rule.combine_numbers if floats else rule.combine
        wide = np.dtype(np.float64 if floats else np.int64)
        self.image = np.zeros(shape, wide) if rule.adds else np.full(shape, self.neutral)
        self.counts = np.zeros(shape, np.int32) if rule.adds and floats else None

    def take(self, samples: NDArray[Any], window: tuple[slice, slice]) -> None:
        """Combine what is there with the samples of one slice."""
        if self.counts is not None:
            numbers = ~np.isnan(samples)
            self.counts[window] += numbers
            samples = np.where(numbers, samples, 0)
        target = self.image[window]
        self._combine(target, samples, out=target)

    def take_vector(self, samples: NDArray[Any], first: int) -> None:
        """Combine what is there, as one vector, with samples from the pixel `first` on."""
        target = self.image.reshape(-1)[first : first + samples.size]
        self._combine(target, samples, out=target)

    def take_all(self, slices: NDArray[Any], tile: Tile) -> None:
        """Combine all slices where none is shifted."""
        window = slice(*tile.rows), slice(*tile.columns)
        voxels = slices[tile.slices.start : tile.slices.stop, *window]
        self._combine.reduce(voxels, axis=0, dtype=self.image.dtype, out=self.image[window])


def _neutral(dtype: np.dtype[Any], rule: Mode) -> Any:
    """Return the value of that type that changes nothing when it is combined."""
    if dtype.kind == "f":
        return dtype.type(np.nan)
    limits = np.iinfo(dtype)
    return dtype.type(0 if rule.adds else limits.max if rule.highest else limits.min)


def _voxels(slices: NDArray[Any], box: Box, tile: Tile) -> NDArray[Any]:
    """Return the voxels of a tile in its slices, and those next to it, as far as they take part."""
    (top, bottom), (left, right) = tile.rows, tile.columns
    return slices[
        tile.slices.start : tile.slices.stop, top : min(bottom + 1, box[1][1]), left : min(right + 1, box[2][1])
    ]


def _is_readable(slices: NDArray[Any]) -> bool:
    """Whether voxels that are read together lie together in memory."""
    return slices.strides[-1] == slices.itemsize


def _readable(voxels: NDArray[Any]) -> NDArray[Any]:
    """Bring together in memory what is read together."""
    return voxels if _is_readable(voxels) else x_major_copy(np.moveaxis(voxels, 0, -1))


def _result(image: NDArray[Any], counts: NDArray[np.int32], rule: Mode, scale: int) -> Image:
    """Finish what was combined."""
    divisor = np.maximum(counts, 1) if rule.divides else scale
    values = image.astype(np.float32) if np.all(divisor == 1) else (image / divisor).astype(np.float32)
    values[counts == 0] = np.nan
    return values
