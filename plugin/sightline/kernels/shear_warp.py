"""Parallel projection in two steps: shear the volume so that all rays run along one of its axes, then warp the result.

After the shear a ray meets every slice at the same pixel, so that a projection is one pass over whole slices, each
shifted by a constant. What comes out, the intermediate image, lies askew; one two-dimensional resampling puts it right.
The decomposition is exact for parallel rays and any affine volume, gantry tilt included (Lacroute and Levoy, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.kernels.geometry import Floats, GeometryError, VolumeGeometry
from sightline.kernels.image_plane import ImagePlane

AXIS_NAMES = ("slice", "row", "column")


@dataclass(frozen=True)
class ShearWarp:
    """How the rays through a picture's pixels run through the slices of a volume.

    In words: take the volume's slices across `axis`, from the reader's side; slice k, whose pixels are (i, j) along
    `across`, lies in the intermediate image at (i, j) + `offset` - k * `shear`. Picture pixel (row, column) is the
    intermediate image at ``warp @ (row, column, 1)``.

    Parameters
    ----------
    axis : int
        Volume axis (0 slice, 1 row, 2 column) that the rays follow most closely, counted in voxels.
    across : (int, int)
        The other two volume axes, ascending.
    shear : (float, float)
        Voxels along each of `across` by which a ray moves from one slice to the next; at most 1 either way.
    offset : (float, float)
        Keeps every slice at indices of at least 0.
    shape : (int, int)
        Size of the intermediate image, in voxels along `across`.
    ascending : bool
        Whether the slice nearest to the reader is the one of index 0.
    step : float
        mm that a ray passes from one slice to the next.
    warp : ((float, float, float), (float, float, float))
        From (row, column, 1) of the picture to the intermediate image.
    """

    axis: int
    across: tuple[int, int]
    shear: tuple[float, float]
    offset: tuple[float, float]
    shape: tuple[int, int]
    ascending: bool
    step: float
    warp: tuple[tuple[float, float, float], tuple[float, float, float]]

    def shift_of(self, index: int) -> tuple[float, float]:
        """Return where pixel (0, 0) of a slice lies in the intermediate image."""
        return self.offset[0] - index * self.shear[0], self.offset[1] - index * self.shear[1]


def factorise(geometry: VolumeGeometry, plane: ImagePlane) -> ShearWarp:
    """Split the parallel projection of a volume along the normal of a plane into shear and warp.

    Parameters
    ----------
    geometry : VolumeGeometry
        Evenly spaced; resample an uneven volume first.
    plane : ImagePlane
        The picture; rays run along its normal through the centres of its pixels, through the whole volume.

    Returns
    -------
    ShearWarp

    Raises
    ------
    GeometryError
        The volume's slices are unevenly spaced.

    Examples
    --------
    A picture of an axial volume seen from the front, head up: rays follow the rows, nothing is sheared.

    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (0.5, 0.5), 4, 6) for z in (0.0, 2.0, 4.0)])
    >>> plane = ImagePlane((0.0, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (2.0, 0.5), 3, 6)
    >>> found = factorise(geometry, plane)
    >>> AXIS_NAMES[found.axis], found.ascending, found.step, found.shape, found.shear
    ('row', True, 0.5, (3, 6), (0.0, 0.0))
    """
    if not geometry.even:
        raise GeometryError("The slices are unevenly spaced: they can be cut, but not projected.")
    to_index = np.linalg.inv(geometry.affine)
    ray = to_index[:3, :3] @ np.asarray(plane.normal)
    axis = int(np.argmax(np.round(np.abs(ray) / np.abs(ray).max(), 9)))
    first, second = (other for other in range(3) if other != axis)
    across = np.array([first, second])
    shear = _clean(ray[across] / ray[axis])
    last = geometry.shape[axis] - 1
    offset = np.maximum(0.0, shear * last)
    extent = np.abs(shear) * last
    pixels = to_index @ plane.affine
    warp = pixels[across][:, 1:] - shear[:, None] * pixels[axis, 1:]
    warp[:, 2] += offset
    return ShearWarp(
        axis=axis,
        across=(first, second),
        shear=(float(shear[0]), float(shear[1])),
        offset=(float(offset[0]), float(offset[1])),
        shape=(
            geometry.shape[first] + int(np.ceil(extent[0] - 1e-9)),
            geometry.shape[second] + int(np.ceil(extent[1] - 1e-9)),
        ),
        ascending=bool(ray[axis] > 0),
        step=float(1.0 / abs(ray[axis])),
        warp=_rows(warp),
    )


def _clean(values: Floats) -> Floats:
    """Take for 0 what is 0 but for rounding, so that views along an axis need no interpolation."""
    return np.where(np.abs(values) < 1e-9, 0.0, values)


def _rows(matrix: Floats) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = ((float(x), float(y), float(z)) for x, y, z in matrix)
    return (a, b, c), (d, e, f)
