"""A volume at half, quarter and smaller resolution, each with its place in the patient and where it holds what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import GeometryError, VolumeGeometry
from sightline.kernels.occupancy import Occupancy, measure_occupancy

SMALLEST_SIDE = 32
"""No further level is made once the longest side has no more voxels than this."""
FIT_TOLERANCE = 1.1
"""A voxel fits a pixel that is smaller by no more than this factor."""


@dataclass(frozen=True)
class Level:
    """A volume at one resolution.

    Parameters
    ----------
    voxels : array, (slices, rows, columns)
    geometry : VolumeGeometry
        Of these voxels.
    occupancy : Occupancy
        Which values its blocks hold.
    """

    voxels: NDArray[Any]
    geometry: VolumeGeometry
    occupancy: Occupancy

    @property
    def finest_spacing(self) -> float:
        """The least distance of voxels along an axis, in mm."""
        return float(np.linalg.norm(self.geometry.affine[:3, :3], axis=0).min())


@dataclass(frozen=True)
class Pyramid:
    """The levels of a volume; level 0 is the volume itself, and each further one has half the resolution."""

    levels: tuple[Level, ...]

    def level_for(self, pixel_spacing: tuple[float, float], coarser: int = 0) -> int:
        """Return the coarsest level whose voxels are no larger than the pixels, or so many levels coarser."""
        pixel = min(pixel_spacing) * FIT_TOLERANCE
        fitting = [number for number, level in enumerate(self.levels) if level.finest_spacing <= pixel]
        return min(max(fitting, default=0) + coarser, len(self.levels) - 1)


def level_shapes(shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of all levels of a volume of that shape, level 0 first.

    >>> level_shapes((64, 65, 20))
    ((64, 65, 20), (32, 33, 10), (16, 17, 5))
    """
    shapes = [tuple(shape)]
    while max(shapes[-1]) > SMALLEST_SIDE and min(shapes[-1]) > 2:
        shapes.append(tuple((size + 1) // 2 for size in shapes[-1]))
    return tuple(shapes)


def pyramid_of(levels: Sequence[NDArray[Any]], occupancies: Sequence[Occupancy], geometry: VolumeGeometry) -> Pyramid:
    """Put a pyramid together again from the arrays of its levels, and the geometry of level 0."""
    found: list[Level] = []
    for voxels, occupancy in zip(levels, occupancies, strict=True):
        geometry = _halved_geometry(geometry, voxels.shape) if found else geometry
        found.append(Level(voxels, geometry, occupancy))
    return Pyramid(tuple(found))


def build_pyramid(volume: NDArray[Any], geometry: VolumeGeometry) -> Pyramid:
    """Make the levels of a volume by taking means of 2 x 2 x 2 voxels.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Integers or floats; level 0 is this array, not a copy.
    geometry : VolumeGeometry
        Evenly spaced.

    Returns
    -------
    Pyramid
        Levels have the type of the volume; means of integers are rounded as floor(y + 0.5). Where a side is odd, its
        last voxel counts twice.

    Raises
    ------
    GeometryError
        The volume's slices are unevenly spaced, or its shape is not that of the geometry.

    Examples
    --------
    A voxel of a level lies amid the eight it was made of:

    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> planes = [SlicePlane((0.0, 0.0, 2.0 * k), flat, (0.5, 0.5), 64, 64) for k in range(64)]
    >>> pyramid = build_pyramid(np.ones((64, 64, 64), np.int16), plan_volume(planes)[0])
    >>> level = pyramid.levels[1]
    >>> len(pyramid.levels), level.voxels.shape, level.geometry.origin, level.geometry.slice_spacing
    (2, (32, 32, 32), (0.25, 0.25, 1.0), 4.0)

    Notes
    -----
    Memory: a seventh of the volume for all levels, and some slices beside. The lock is held for one pair of slices at
    most, under a millisecond at 512 x 512, but for blocks of the occupancy: 10 ms at 512 x 512.
    """
    if not geometry.even:
        raise GeometryError("The slices are unevenly spaced: they can be cut, but not projected.")
    if volume.shape != geometry.shape:
        raise GeometryError("The volume has another shape than its geometry.")
    levels = [volume]
    for _ in level_shapes(volume.shape)[1:]:
        levels.append(_halved(levels[-1]))
    return pyramid_of(levels, [measure_occupancy(voxels) for voxels in levels], geometry)


def _halved(volume: NDArray[Any]) -> NDArray[Any]:
    """Return means of 2 x 2 x 2 voxels."""
    slices, rows, columns = volume.shape
    result = np.empty(((slices + 1) // 2, (rows + 1) // 2, (columns + 1) // 2), volume.dtype)
    integers = np.issubdtype(volume.dtype, np.integer)
    for index in range(len(result)):
        pair = volume[2 * index].astype(np.int32 if integers else np.float32)
        pair += volume[min(2 * index + 1, slices - 1)]
        pair = _pair_sums(_pair_sums(pair).T).T
        result[index] = (pair + 4) >> 3 if integers else pair / 8
    return result


def _pair_sums(image: NDArray[Any]) -> NDArray[Any]:
    """Add rows in pairs; a last single one counts twice."""
    even = image[0::2]
    result = even + image[1::2] if len(image) % 2 == 0 else even + np.concatenate([image[1::2], image[-1:]])
    return np.ascontiguousarray(result)


def _halved_geometry(geometry: VolumeGeometry, shape: tuple[int, ...]) -> VolumeGeometry:
    """Return where those voxels are: half a voxel further in, and twice as far apart."""
    x, y, z = (float(part) for part in geometry.affine[:3] @ (0.5, 0.5, 0.5, 1.0))
    slices, rows, columns = shape
    return replace(
        geometry,
        shape=(slices, rows, columns),
        origin=(x, y, z),
        spacing=(2 * geometry.spacing[0], 2 * geometry.spacing[1]),
        distances=tuple(2 * geometry.slice_spacing * index for index in range(slices)),
    )
