"""Any plane in the patient, with a grid of pixels on it: what an oblique cut, a projection or a rendering is made for.

The picture is looked at along its normal, which points away from the reader: columns cross rows. A cut takes what lies
in the plane; a projection and a volume rendering take what lies on the parallel rays through its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sightline.kernels.geometry import Floats, GeometryError, Vector
from sightline.kernels.planes import Edges, PlaneGrid, edge_letters

DIRECTION_TOLERANCE = 1e-4
"""Largest error of a unit length and of a right angle that is taken for rounding."""


@dataclass(frozen=True)
class ImagePlane:
    """A picture's pixels in the patient.

    Parameters
    ----------
    origin : (float, float, float)
        LPS mm of the centre of pixel (0, 0).
    column_direction, row_direction : unit vectors
        LPS directions in which the column index, and the row index, increases; at right angles.
    pixel_spacing : (float, float)
        mm between rows, mm between columns.
    rows, columns : int
        Size in pixels.

    Raises
    ------
    GeometryError
        The directions are no unit vectors at right angles, a spacing is not above 0, or there are no pixels.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 0.0, 5.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 0.5), 4, 6)
    >>> plane.to_patient((1, 3)).tolist(), plane.normal
    ([1.5, 2.0, 5.0], (0.0, 0.0, 1.0))
    """

    origin: Vector
    column_direction: Vector
    row_direction: Vector
    pixel_spacing: tuple[float, float]
    rows: int
    columns: int

    def __post_init__(self) -> None:
        pair = np.array([self.column_direction, self.row_direction], np.float64)
        if not np.all(np.isfinite([*pair.ravel(), *self.origin, *self.pixel_spacing])):
            raise GeometryError("The place of the plane is not given in finite numbers.")
        if np.abs(pair @ pair.T - np.eye(2)).max() > DIRECTION_TOLERANCE:
            raise GeometryError("The directions of the plane's rows and columns are no unit vectors at right angles.")
        if min(self.pixel_spacing) <= 0 or min(self.rows, self.columns) < 1:
            raise GeometryError("The plane has no pixels, or pixels without size.")

    @property
    def normal(self) -> Vector:
        """Unit vector along which the picture is looked at, away from the reader."""
        x, y, z = (float(v) + 0.0 for v in np.cross(self.column_direction, self.row_direction))
        return x, y, z

    @property
    def centre(self) -> Vector:
        """LPS mm of the middle of the picture."""
        x, y, z = (float(v) for v in self.to_patient(((self.rows - 1) / 2, (self.columns - 1) / 2)))
        return x, y, z

    @property
    def edges(self) -> Edges:
        """Orientation letters at the edges of the picture."""
        return edge_letters((*self.column_direction, *self.row_direction))

    @property
    def affine(self) -> Floats:
        """Matrix (4, 4) from (mm along the normal, row, column, 1) to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, 0] = self.normal
        matrix[:3, 1] = np.asarray(self.row_direction) * self.pixel_spacing[0]
        matrix[:3, 2] = np.asarray(self.column_direction) * self.pixel_spacing[1]
        matrix[:3, 3] = self.origin
        return matrix

    def to_patient(self, pixel: Any) -> Floats:
        """Return LPS mm, shape (..., 3), of (row, column), shape (..., 2), fractions allowed."""
        matrix = self.affine
        return np.asarray(matrix[:3, 3] + np.asarray(pixel, np.float64) @ matrix[:3, 1:3].T)

    def to_pixel(self, point: Any) -> Floats:
        """Return (mm along the normal, row, column), shape (..., 3), of LPS mm, shape (..., 3); not rounded."""
        offset = np.asarray(point, np.float64) - np.asarray(self.origin)
        return np.asarray(offset @ np.linalg.inv(self.affine[:3, :3]).T)

    def moved(self, distance: float) -> ImagePlane:
        """Return the plane so many mm further along its normal."""
        x, y, z = (p + distance * n for p, n in zip(self.origin, self.normal, strict=True))
        return replace(self, origin=(x, y, z))


def plane_of_grid(grid: PlaneGrid, index: int) -> ImagePlane:
    """Return one of the planes along the patient's axes, as the grid lays it.

    Raises
    ------
    IndexError
        There is no such plane.
    """
    if not 0 <= index < grid.count:
        raise IndexError(f"There are {grid.count} planes.")
    x, y, z = (float(v) for v in grid.to_patient((index, 0, 0)))
    return ImagePlane(
        origin=(x, y, z),
        column_direction=grid.column_direction,
        row_direction=grid.row_direction,
        pixel_spacing=grid.pixel_spacing,
        rows=grid.rows,
        columns=grid.columns,
    )
