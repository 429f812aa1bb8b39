"""Regions in volumes: the voxels of a sphere, and the hottest cubic centimetre (SUV peak)."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, Vector, VolumeGeometry
from sightline.kernels.regions import Mask, Sphere

PEAK_VOLUME = 1000.0
"""mm3 of the sphere whose mean is the peak."""
PEAK_RADIUS = (3 * PEAK_VOLUME / (4 * pi)) ** (1 / 3)
"""mm; 6.2035."""
_PARTS = 5
"""A voxel is looked at in so many parts along each axis to tell how much of it a sphere covers."""
_LARGEST_WEIGHTS = 100_000


@dataclass(frozen=True, eq=False)
class VolumeRegion:
    """The voxels of a volume that belong to a region.

    Parameters
    ----------
    box : (slice, slice, slice)
        Where in the volume the mask lies: ``volume[region.box][region.mask]`` are the values.
    mask : array of bool, (slices, rows, columns) of the box
    volume : float
        mm3 of the shape itself.
    voxel_volume : float
        mm3 of one voxel.
    complete : bool
        Whether all of the shape lies within the voxels.
    """

    box: tuple[slice, slice, slice]
    mask: Mask
    volume: float
    voxel_volume: float
    complete: bool

    @property
    def count(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))

    @property
    def voxels_volume(self) -> float:
        """mm3 of all voxels that belong to the region."""
        return self.count * self.voxel_volume


@dataclass(frozen=True)
class Peak:
    """The highest mean of a sphere of 1 cm3.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
    index : (int, int, int)
        Voxel at its centre: (slice, row, column).
    centre : (float, float, float)
        LPS mm.
    radius : float
        mm.
    """

    value: float
    unit: str
    index: tuple[int, int, int]
    centre: Vector
    radius: float


def voxel_volume(geometry: VolumeGeometry) -> float:
    """Return mm3 of a voxel; gantry tilt shears voxels and changes nothing.

    Raises
    ------
    GeometryError
        The slices are not evenly spaced, so that voxels are of different sizes.
    """
    if not geometry.even:
        raise GeometryError("The slices are not evenly spaced: volumes cannot be measured.")
    return geometry.slice_spacing * geometry.spacing[0] * geometry.spacing[1]


def sphere_in_volume(sphere: Sphere, geometry: VolumeGeometry) -> VolumeRegion:
    """Return the voxels whose centres lie in a sphere, or on it.

    Parameters
    ----------
    sphere : Sphere
        In patient mm.
    geometry : VolumeGeometry

    Returns
    -------
    VolumeRegion

    Raises
    ------
    GeometryError
        The sphere has no extent or does not reach the volume, or the slices are not evenly spaced.

    Notes
    -----
    Memory beside the result: 70 bytes per voxel of the box around the sphere.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> slices = [SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 9, 9) for z in (0.0, 2.0, 4.0, 6.0)]
    >>> found = sphere_in_volume(Sphere((4.0, 4.0, 2.0), 1.5), plan_volume(slices)[0])
    >>> found.box[0], found.count, found.voxels_volume, round(found.volume, 2), found.complete
    (slice(1, 2, None), 9, 18.0, 14.14, True)
    """
    if not 0 < sphere.radius < np.inf or not np.all(np.isfinite(sphere.centre)):
        raise GeometryError("The radius of a sphere is above 0 mm, and its centre is known.")
    size = voxel_volume(geometry)
    middle, reach = geometry.to_index(sphere.centre), _reach(geometry, sphere.radius)
    low, high = middle - reach, middle + reach
    first = np.maximum(np.ceil(np.round(low, 9)), 0).astype(int)
    last = np.minimum(np.floor(np.round(high, 9)), np.array(geometry.shape) - 1).astype(int)
    if np.any(first > last):
        raise GeometryError("The sphere contains no voxel of this volume.")
    index = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True)), indexing="ij"), -1)
    offset = (index - middle) @ geometry.affine[:3, :3].T
    mask = np.round((offset**2).sum(axis=-1), 9) <= sphere.radius**2
    complete = bool(np.all(low >= -0.5 - 1e-6) and np.all(high <= np.array(geometry.shape) - 0.5 + 1e-6))
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
    return VolumeRegion((box[0], box[1], box[2]), mask, 4 / 3 * pi * sphere.radius**3, size, complete)


def peak(volume: NDArray[Any], geometry: VolumeGeometry, region: VolumeRegion, unit: str = "{SUVbw}g/ml") -> Peak:
    """Return the highest mean of a sphere of 1 cm3 whose centre is a voxel of the region (SUV peak).

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        In `unit`, such as SUV; not-a-number means padding.
    geometry : VolumeGeometry
    region : VolumeRegion
        Voxels that may be the centre. The sphere itself may reach beyond the region, not beyond the volume.
    unit : str
        Of the values, in UCUM.

    Returns
    -------
    Peak
        The mean counts a voxel by the part of it that the sphere covers, found at 5 x 5 x 5 points of each voxel. Of
        equal means the first one in the order of voxels is taken.

    Raises
    ------
    GeometryError
        No sphere around a voxel of the region lies wholly within the volume and on values; the slices are not evenly
        spaced; or the voxels are too small for this way of counting.
    ValueError
        The volume is not of the geometry's shape.

    References
    ----------
    Wahl et al., From RECIST to PERCIST, J Nucl Med 2009;50(Suppl 1):122S-150S: a sphere of 1 cm3 that need not be
    centred on the hottest voxel.

    Notes
    -----
    Memory beside the result: 30 bytes per voxel of the region. Takes the number of voxels of the region times that of a
    sphere.
    """
    if volume.shape != geometry.shape:
        raise ValueError("The volume is not of the geometry's shape.")
    offsets, weights = _sphere_weights(geometry)
    centres = np.argwhere(region.mask) + [side.start for side in region.box]
    margin = np.abs(offsets).max(axis=0)
    centres = centres[np.all((centres >= margin) & (centres < np.array(geometry.shape) - margin), axis=1)]
    if not len(centres):
        raise GeometryError("No sphere of 1 cm3 around a voxel of the region lies within the volume.")
    total = np.zeros(len(centres))
    for offset, weight in zip(offsets, weights, strict=True):
        total += weight * volume[tuple((centres + offset).T)].astype(np.float64)
    if not np.any(np.isfinite(total)):
        raise GeometryError("No sphere of 1 cm3 around a voxel of the region lies wholly on values.")
    best = int(np.argmax(np.where(np.isfinite(total), total, -np.inf)))
    s, r, c = (int(i) for i in centres[best])
    x, y, z = (float(v) for v in geometry.to_patient((s, r, c)))
    return Peak(float(total[best]), unit, (s, r, c), (x, y, z), PEAK_RADIUS)


def _reach(geometry: VolumeGeometry, radius: float) -> Floats:
    """Return by how many (slices, rows, columns) a sphere reaches to each side of its centre."""
    return np.asarray(radius * np.linalg.norm(np.linalg.inv(geometry.affine[:3, :3]), axis=1))


def _sphere_weights(geometry: VolumeGeometry) -> tuple[NDArray[np.intp], Floats]:
    """Return offsets of voxels, shape (voxels, 3), that a sphere around a voxel's centre covers, and their weights."""
    voxel_volume(geometry)
    sides = np.ceil(_reach(geometry, PEAK_RADIUS) + 0.5).astype(int)
    if np.prod(2 * sides + 1) > _LARGEST_WEIGHTS:
        raise GeometryError("The voxels are too small to look for the hottest cubic centimetre.")
    offsets = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in sides), indexing="ij"), -1).reshape(-1, 3)
    parts = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
    covered = np.zeros(len(offsets))
    for part in np.stack(np.meshgrid(parts, parts, parts, indexing="ij"), -1).reshape(-1, 3):
        offset = (offsets + part) @ geometry.affine[:3, :3].T
        covered += (offset**2).sum(axis=1) <= PEAK_RADIUS**2
    used = covered > 0
    return offsets[used], covered[used] / covered.sum()
