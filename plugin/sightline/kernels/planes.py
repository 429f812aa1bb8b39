"""Planes along the patient's axes: which there are, where their pixels lie, and which way is up.

Pictures follow radiological convention: axial seen from the feet (left of the patient on the right of the picture,
front on top), coronal seen from the front (head on top), sagittal seen from the left (front on the left, head on top).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import floor
from typing import Any

import numpy as np

from sightline.kernels.geometry import Floats, GeometryError, Vector, VolumeGeometry

AXES = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)),
}
"""Orientation -> directions in LPS of increasing column index, row index and plane index."""

LARGEST_SIDE = 8192
"""More pixels along a side, or more planes, are refused."""


@dataclass(frozen=True)
class Edges:
    """Letters at the four edges of a picture: A P L R H F, two or three of them where an edge lies between axes."""

    left: str
    right: str
    top: str
    bottom: str


@dataclass(frozen=True)
class PlaneGrid:
    """All planes of one orientation through a volume, and the mapping of their pixels to the patient.

    Parameters
    ----------
    orientation : str
        ``axial``, ``coronal`` or ``sagittal``.
    count, rows, columns : int
        Number of planes, and the size of each in pixels.
    pixel_spacing : (float, float)
        mm between rows, mm between columns. Pixels need not be square.
    spacing : float
        mm between planes.
    origin : (float, float, float)
        LPS mm of the centre of pixel (0, 0) of plane 0.
    exact : bool
        Whether every pixel centre is a voxel centre, so that pictures show stored values without interpolation.
    """

    orientation: str
    count: int
    rows: int
    columns: int
    pixel_spacing: tuple[float, float]
    spacing: float
    origin: Vector
    exact: bool

    @property
    def column_direction(self) -> Vector:
        """LPS direction in which the column index increases."""
        return AXES[self.orientation][0]

    @property
    def row_direction(self) -> Vector:
        """LPS direction in which the row index increases."""
        return AXES[self.orientation][1]

    @property
    def normal(self) -> Vector:
        """LPS direction in which the plane index increases."""
        return AXES[self.orientation][2]

    @property
    def edges(self) -> Edges:
        """Orientation letters of every plane of this grid."""
        return edge_letters((*self.column_direction, *self.row_direction))

    def to_patient(self, index: Any) -> Floats:
        """Return LPS mm, shape (..., 3), of (plane, row, column), shape (..., 3), fractions allowed."""
        return np.asarray(np.asarray(self.origin) + np.asarray(index, np.float64) @ self._matrix())

    def to_index(self, point: Any) -> Floats:
        """Return (plane, row, column), shape (..., 3), of LPS mm, shape (..., 3); not rounded."""
        offset = np.asarray(point, np.float64) - np.asarray(self.origin)
        return np.asarray(offset @ np.linalg.inv(self._matrix()))

    def _matrix(self) -> Floats:
        """Return (3, 3): displacement in LPS mm per plane, per row and per column."""
        return np.array(
            [
                np.asarray(self.normal) * self.spacing,
                np.asarray(self.row_direction) * self.pixel_spacing[0],
                np.asarray(self.column_direction) * self.pixel_spacing[1],
            ]
        )


def plan_planes(geometry: VolumeGeometry) -> dict[str, PlaneGrid]:
    """Plan the axial, coronal and sagittal planes through a volume of any orientation.

    The distance of samples along each patient axis is that of the volume's own axis which lies closest to it. Where
    slices are unevenly spaced it is the smallest distance, at least a quarter of the usual. A volume whose axes are
    the patient's is therefore sampled at its voxels, and shown without any interpolation.

    Parameters
    ----------
    geometry : VolumeGeometry

    Returns
    -------
    dict of str to PlaneGrid
        Keys are those of `AXES`.

    Raises
    ------
    GeometryError
        A picture would have more than `LARGEST_SIDE` pixels along a side.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> slices = [SlicePlane((0.0, 0.0, z), flat, (0.5, 0.5), 4, 6) for z in (0.0, 2.0, 4.0)]
    >>> grid = plan_planes(plan_volume(slices)[0])["sagittal"]
    >>> grid.count, grid.rows, grid.columns, grid.pixel_spacing, grid.exact
    (6, 3, 4, (2.0, 0.5), True)
    """
    corners = geometry.corners()
    low, high = corners.min(axis=0), corners.max(axis=0)
    steps = _steps(geometry)
    counts = [floor(extent / step + 1e-3) + 1 for extent, step in zip(high - low, steps, strict=True)]
    if max(counts) > LARGEST_SIDE:
        raise GeometryError("The volume is too large to be cut along the patient's axes.")
    exact = is_exact(geometry)
    return {name: _grid(name, low, steps, counts, exact) for name in AXES}


def _grid(name: str, low: Floats, steps: Sequence[float], counts: Sequence[int], exact: bool) -> PlaneGrid:
    """Lay one orientation's planes over the sampled box that starts at `low`."""
    column, row, plane = (int(np.argmax(np.abs(axis))) for axis in AXES[name])
    origin = np.array(low)
    if AXES[name][1][row] < 0:
        origin[row] += steps[row] * (counts[row] - 1)
    return PlaneGrid(
        orientation=name,
        count=counts[plane],
        rows=counts[row],
        columns=counts[column],
        pixel_spacing=(float(steps[row]), float(steps[column])),
        spacing=float(steps[plane]),
        origin=(float(origin[0]), float(origin[1]), float(origin[2])),
        exact=exact,
    )


def _axes(geometry: VolumeGeometry) -> Floats:
    """Return the unit directions, shape (3, 3), of increasing slice, row and column index."""
    step = np.asarray(geometry.step)
    return np.array([step / np.linalg.norm(step), geometry.row_direction, geometry.column_direction])


def closest_axes(geometry: VolumeGeometry) -> tuple[int, int, int]:
    """Return, for each of x, y and z, which volume axis (0 slice, 1 row, 2 column) lies closest to it."""
    cosines = np.abs(_axes(geometry))
    x, y, z = max(permutations(range(3)), key=lambda p: float(sum(cosines[p[axis], axis] for axis in range(3))))
    return x, y, z


def _steps(geometry: VolumeGeometry) -> list[float]:
    """Return the distance of samples in mm along x, y and z."""
    own = (geometry.finest_slice_spacing, *geometry.spacing)
    return [own[axis] for axis in closest_axes(geometry)]


def is_exact(geometry: VolumeGeometry) -> bool:
    """Whether planes along the patient's axes go through voxel centres: to 0.05 voxel over the whole volume."""
    if not geometry.even:
        return False
    axes, order = _axes(geometry), closest_axes(geometry)
    spacing = np.array([geometry.slice_spacing * np.linalg.norm(geometry.step), *geometry.spacing])
    for axis in range(3):
        own = order[axis]
        aside = np.delete(axes[own], axis)
        if np.abs(aside).max() * (geometry.shape[own] - 1) * spacing[own] > 0.05 * spacing.min():
            return False
    return True


def orientation_letters(direction: Sequence[float]) -> str:
    """Return where a direction points to in the patient, strongest axis first.

    Parameters
    ----------
    direction : three floats
        LPS; need not be a unit vector.

    Returns
    -------
    str
        Letters of A(nterior) P(osterior) L(eft) R(ight) H(ead) F(eet); an axis counts from 1/10 of the length, about
        six degrees. Empty for a zero vector.

    References
    ----------
    PS3.3 C.7.6.1.1.1 (Patient Orientation).

    Examples
    --------
    >>> orientation_letters((1, 0, 0)), orientation_letters((0.7, -0.7, 0.05)), orientation_letters((0, 0, -1))
    ('L', 'LA', 'F')
    """
    vector = np.asarray(direction, np.float64)
    length = float(np.linalg.norm(vector))
    if length == 0:
        return ""
    letters = [("R", "L"), ("A", "P"), ("F", "H")]
    strongest_first = sorted(range(3), key=lambda axis: -abs(round(float(vector[axis]) / length, 6)))
    return "".join(
        letters[axis][int(vector[axis] > 0)] for axis in strongest_first if abs(vector[axis]) >= 0.1 * length
    )


def edge_letters(orientation: Sequence[float]) -> Edges:
    """Return the letters at the edges of an image with this Image Orientation (Patient).

    Examples
    --------
    >>> edge_letters((1, 0, 0, 0, 1, 0))
    Edges(left='R', right='L', top='A', bottom='P')
    """
    columns, rows = np.asarray(orientation[:3], np.float64), np.asarray(orientation[3:], np.float64)
    return Edges(
        left=orientation_letters((-columns).tolist()),
        right=orientation_letters(columns.tolist()),
        top=orientation_letters((-rows).tolist()),
        bottom=orientation_letters(rows.tolist()),
    )
