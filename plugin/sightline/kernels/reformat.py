"""Cut planes out of a volume: voxels as they are where the grids coincide, trilinear interpolation elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, VolumeGeometry
from sightline.kernels.planes import PlaneGrid

EDGE_TOLERANCE = 1e-3
"""A point this part of a voxel outside the outermost voxel centres still counts as on them."""
_ROWS_AT_ONCE = 64


def cut_voxels(volume: NDArray[Any], geometry: VolumeGeometry, grid: PlaneGrid, index: int) -> NDArray[Any]:
    """Return one plane of an exact grid: the volume's own voxels, turned into the picture's rows and columns.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Any type.
    geometry : VolumeGeometry
        Of the volume.
    grid : PlaneGrid
        From `plan_planes` of that geometry; `exact`.
    index : int
        Plane, from 0.

    Returns
    -------
    array, (rows, columns) of the grid
        A view of the volume, of its type.

    Raises
    ------
    IndexError
        There is no such plane.
    ValueError
        The grid is not exact.
    """
    if not grid.exact:
        raise ValueError("This grid does not coincide with the voxels.")
    if not 0 <= index < grid.count:
        raise IndexError(f"There are {grid.count} planes.")
    voxels = np.rint(geometry.to_index(grid.to_patient([(index, 0, 0), (index, 1, 0), (index, 0, 1)]))).astype(int)
    corner = voxels[0]
    steps = (voxels[1] - corner, voxels[2] - corner)
    axes = [int(np.argmax(np.abs(step))) for step in steps]
    fixed = 3 - sum(axes)
    plane: NDArray[Any] = np.moveaxis(volume, fixed, 0)[corner[fixed]]
    if axes[0] > axes[1]:
        plane = plane.T
    for side, (step, axis) in enumerate(zip(steps, axes, strict=True)):
        if step[axis] < 0:
            plane = np.flip(plane, side)
    return plane


def cut_plane(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    grid: PlaneGrid,
    index: int,
    padding: tuple[float, float] | None = None,
) -> Floats:
    """Return one plane, interpolated trilinearly between voxel centres.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Any type; not-a-number means padding.
    geometry : VolumeGeometry
        Of the volume; unevenly spaced slices are taken at their true places.
    grid : PlaneGrid
    index : int
        Plane, from 0.
    padding : (low, high), optional
        Inclusive range of values that are no image.

    Returns
    -------
    array of float64, (rows, columns) of the grid
        Not-a-number outside of the outermost voxel centres, within gaps between slices, and wherever a voxel of
        padding would have taken part.

    Raises
    ------
    IndexError
        There is no such plane.

    Notes
    -----
    Memory beside the result: some 20 arrays of 64 rows.
    """
    if not 0 <= index < grid.count:
        raise IndexError(f"There are {grid.count} planes.")
    result = np.empty((grid.rows, grid.columns))
    flat = np.ascontiguousarray(volume).reshape(-1)
    for start in range(0, grid.rows, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, grid.rows))
        pixels = np.stack(np.broadcast_arrays(index, rows[:, None], np.arange(grid.columns)), axis=-1)
        points = grid.to_patient(pixels)
        values = _interpolate(flat, geometry.shape, geometry.to_index(points), padding)
        values[_in_gap(points, geometry)] = np.nan
        result[rows] = values
    return result


def _interpolate(
    flat: NDArray[Any], shape: tuple[int, int, int], at: Floats, padding: tuple[float, float] | None
) -> Floats:
    """Interpolate at voxel indices, shape (..., 3)."""
    last = np.array(shape) - 1
    outside = np.any((at < -EDGE_TOLERANCE) | (at > last + EDGE_TOLERANCE), axis=-1)
    at = np.clip(at, 0, last)
    base = np.minimum(at.astype(np.intp), np.maximum(last - 1, 0))
    part = at - base
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    origin = base @ strides
    # A neighbour of no weight is left out, so that it spreads no padding.
    near, far = 1.0 - part, part
    values = np.zeros(origin.shape)
    for corner in range(8):
        chosen = [corner >> axis & 1 for axis in (2, 1, 0)]
        weight = np.prod([(far if c else near)[..., axis] for axis, c in enumerate(chosen)], axis=0)
        used = weight > 0
        offset = sum(int(stride) for stride, c in zip(strides, chosen, strict=True) if c)
        found = flat.take(np.where(used, origin + offset, 0)).astype(np.float64)
        if padding is not None:
            found[(found >= padding[0]) & (found <= padding[1])] = np.nan
        values += np.where(used, weight * found, 0.0)
    values[outside] = np.nan
    return values


def _in_gap(points: Floats, geometry: VolumeGeometry) -> NDArray[np.bool_]:
    """Return which points lie where slices are missing."""
    inside = np.zeros(points.shape[:-1], np.bool_)
    if geometry.gaps:
        distance = (points - np.asarray(geometry.origin)) @ np.asarray(geometry.normal)
        for low, high in geometry.gaps:
            inside |= (distance > low) & (distance < high)
    return inside
