"""Planes along the patient's axes: voxels as they are where the grids coincide, trilinear interpolation elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import VolumeGeometry
from sightline.kernels.image_plane import plane_of_grid
from sightline.kernels.oblique import cut
from sightline.kernels.planes import PlaneGrid
from sightline.kernels.sampling import Samples

_WAYS = slice(None), slice(None, None, -1)
"""In the order of voxels, and in the opposite one."""


def cut_voxels(volume: NDArray[Any], geometry: VolumeGeometry, grid: PlaneGrid, index: int) -> NDArray[Any]:
    """Return one plane of an exact grid: the volume's own voxels, turned into the picture's rows and columns.

    Parameters
    ----------
    volume : array, (slices, rows, columns)
        Any type. Planes across the columns (of an axial series: sagittal ones) cost far less where they lie as a
        whole in memory, as in ``numpy.moveaxis(x_major_copy(volume), 0, 2)``.
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
    return voxel_planes(geometry, grid).plane(volume, index)


@dataclass(frozen=True)
class VoxelPlanes:
    """Which of a volume's voxels are the planes of an exact grid.

    Parameters
    ----------
    axis : int
        Volume axis (0 slice, 1 row, 2 column) across the planes.
    count : int
        Number of planes.
    ascending : bool
        Whether planes are in the order of the voxels along that axis.
    transposed : bool
        Whether the picture's rows run along the later of the other two axes.
    flipped : (bool, bool)
        Whether rows, and columns, of the picture are in the opposite order of voxels.
    """

    axis: int
    count: int
    ascending: bool
    transposed: bool
    flipped: tuple[bool, bool]

    def plane(self, volume: NDArray[Any], index: int) -> NDArray[Any]:
        """Return one plane of a volume as `cut_voxels` does."""
        if not 0 <= index < self.count:
            raise IndexError(f"There are {self.count} planes.")
        place = index if self.ascending else self.count - 1 - index
        rows, columns = self.flipped
        where: list[Any] = [_WAYS[columns], _WAYS[rows]] if self.transposed else [_WAYS[rows], _WAYS[columns]]
        where.insert(self.axis, place)
        view: NDArray[Any] = volume[tuple(where)]
        return view.T if self.transposed else view


def voxel_planes(geometry: VolumeGeometry, grid: PlaneGrid) -> VoxelPlanes:
    """Find which voxels the planes of an exact grid are, once for all of them.

    Raises
    ------
    ValueError
        The grid is not exact.

    Examples
    --------
    Sagittal planes of an axial volume: head up, so that rows are in the opposite order of slices.

    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> from sightline.kernels.planes import plan_planes
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 3) for z in (0.0, 2.0, 4.0)])
    >>> found = voxel_planes(geometry, plan_planes(geometry)["sagittal"])
    >>> found.axis, found.ascending, found.transposed, found.flipped
    (2, True, False, (True, False))
    >>> found.plane(np.arange(18).reshape(3, 2, 3), 1).tolist()
    [[13, 16], [7, 10], [1, 4]]
    """
    if not grid.exact:
        raise ValueError("This grid does not coincide with the voxels.")
    directions = geometry.to_index(grid.to_patient(np.eye(3))) - geometry.to_index(grid.to_patient((0, 0, 0)))
    axis, down, across = (int(np.argmax(np.abs(direction))) for direction in directions)
    forward, rows_forward, columns_forward = (
        bool(d[a] > 0) for d, a in zip(directions, (axis, down, across), strict=True)
    )
    return VoxelPlanes(
        axis=axis,
        count=grid.count,
        ascending=forward,
        transposed=down > across,
        flipped=(not rows_forward, not columns_forward),
    )


def cut_plane(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    grid: PlaneGrid,
    index: int,
    padding: tuple[float, float] | None = None,
) -> Samples:
    """Return one plane of any grid, (rows, columns) of float32, interpolated as `cut` does.

    Raises
    ------
    IndexError
        There is no such plane.
    """
    return cut(volume, geometry, plane_of_grid(grid, index), padding=padding)
