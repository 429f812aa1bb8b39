"""Take planes of a volume's own voxels, as they are; `oblique` interpolates where grids do not coincide."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.planes import PlaneGrid

_SLICES_AT_ONCE = 8


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


def x_major(volume: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of a volume in which planes across the columns lie as a whole in memory.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Any type.

    Returns
    -------
    array, (slices, rows, columns)
        The same values at the same indices. What `cut_voxels` takes of it across the columns (of an axial series:
        sagittal planes) costs about a twentieth.

    Notes
    -----
    Memory beside the result: none. Holds the GIL for single numpy calls on `_SLICES_AT_ONCE` slices.

    Examples
    --------
    >>> volume = np.arange(24).reshape(2, 3, 4)
    >>> copy = x_major(volume)
    >>> bool((copy == volume).all()), copy[:, :, 1].flags.c_contiguous
    (True, True)
    """
    slices, rows, columns = volume.shape
    copy = np.empty((columns, slices, rows), volume.dtype)
    for start in range(0, slices, _SLICES_AT_ONCE):
        some = slice(start, start + _SLICES_AT_ONCE)
        copy[:, some] = np.moveaxis(volume[some], 2, 0)
    return np.moveaxis(copy, 0, 2)
