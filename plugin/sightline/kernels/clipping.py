"""Cut parts of a volume away before it is looked at: a box of voxels, and planes in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.kernels.geometry import Floats, Vector, VolumeGeometry

Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
_ROUNDING_MM = 1e-6


@dataclass(frozen=True)
class HalfSpace:
    """One side of a plane: what lies where `normal` points to is kept, and so is the plane itself.

    Parameters
    ----------
    point : (float, float, float)
        LPS mm of any point of the plane.
    normal : (float, float, float)
        LPS; need not be a unit vector.

    Raises
    ------
    ValueError
        The normal has no length.

    Examples
    --------
    >>> HalfSpace((0.0, 0.0, 10.0), (0.0, 0.0, 2.0)).depth([(5.0, 5.0, 13.0), (0.0, 0.0, 9.0)]).tolist()
    [3.0, -1.0]
    """

    point: Vector
    normal: Vector

    def __post_init__(self) -> None:
        if not np.all(np.isfinite([*self.point, *self.normal])) or not np.any(self.normal):
            raise ValueError("A plane that cuts needs a point and a direction.")

    @property
    def equation(self) -> Floats:
        """(a, b, c, d), where a x + b y + c z + d is the depth in mm: at least 0 for what is kept."""
        unit = np.asarray(self.normal, np.float64) / np.linalg.norm(self.normal)
        return np.append(unit, _ROUNDING_MM - unit @ np.asarray(self.point))

    def depth(self, points: Sequence[Vector] | Floats) -> Floats:
        """Return how many mm points, shape (..., 3), lie on the kept side."""
        unit = np.asarray(self.normal, np.float64) / np.linalg.norm(self.normal)
        return np.asarray((np.asarray(points) - np.asarray(self.point)) @ unit)


def half_spaces_of_box(geometry: VolumeGeometry, box: Box) -> tuple[HalfSpace, ...]:
    """Return the six half-spaces of a box of voxels; samples on its faces are kept.

    Parameters
    ----------
    geometry : VolumeGeometry
    box : three pairs of float
        Lowest and highest (slice, row, column) that are kept, in voxel indices; fractions allowed.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (0.5, 0.5), 4, 6) for z in (0.0, 2.0, 4.0)])
    >>> low, high, *_ = half_spaces_of_box(geometry, ((1, 2), (0, 3), (0, 5)))
    >>> low.point, low.normal, high.point, high.normal
    ((0.0, 0.0, 2.0), (0.0, 0.0, 1.0), (2.5, 1.5, 4.0), (0.0, 0.0, -1.0))
    """
    corners = geometry.to_patient([[low for low, _ in box], [high for _, high in box]])
    inwards = np.linalg.inv(geometry.affine[:3, :3])
    found = []
    for axis in range(3):
        normal = inwards[axis] / np.linalg.norm(inwards[axis]) + 0.0
        found.append(HalfSpace(_vector(corners[0]), _vector(normal)))
        found.append(HalfSpace(_vector(corners[1]), _vector(0.0 - normal)))
    return tuple(found)


def _vector(values: Floats) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
