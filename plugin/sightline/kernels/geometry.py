"""Where voxels are in the patient: plan a volume from the headers of its slices, and the planes to cut through it.

Patient space is LPS in mm (PS3.3 C.7.6.2.1.1): x to the patient's left, y to the back, z to the head. Indices are
(slice, row, column), counted from 0; an index names the centre of its voxel. `docs/coordinates.md` defines all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = tuple[float, float, float]

ORIENTATION_TOLERANCE = 1e-3
"""Largest difference of a direction cosine between slices of one volume: 0.5 mm at half a metre."""
EVEN_TOLERANCE = 0.02
"""Slices are evenly spaced when none lies farther from its even place than this part of the spacing."""
GAP_FACTOR = 1.5
"""A distance this many times the usual, and its neighbours', is a gap: slices are missing there."""
SHEAR_TOLERANCE = 0.1
"""Slices are in line when none is displaced within its plane by more than this part of a pixel."""
SMALLEST_VOLUME = 3
"""Fewer slices do not show whether their distances are even."""


class GeometryError(ValueError):
    """Slices do not form a volume. `reason` says why, in words for a clinician."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SlicePlane:
    """What the header of one slice says of its place.

    Parameters
    ----------
    position : (float, float, float) or None
        Image Position (Patient): LPS mm of the centre of the first pixel.
    orientation : six floats or None
        Image Orientation (Patient): direction of increasing column index, then of increasing row index.
    pixel_spacing : (float, float) or None
        mm between rows, mm between columns.
    rows, columns : int
        Size in pixels.
    """

    position: Vector | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, float] | None
    rows: int
    columns: int


@dataclass(frozen=True)
class VolumeGeometry:
    """The place of every voxel of a volume.

    Parameters
    ----------
    shape : (int, int, int)
        (slices, rows, columns).
    origin : (float, float, float)
        LPS mm of the centre of voxel (0, 0, 0).
    column_direction, row_direction : unit vectors
        Along which the column index, and the row index, increases.
    step : (float, float, float)
        Displacement in LPS per mm along the slice normal. It differs from the normal where the gantry was tilted.
    spacing : (float, float)
        mm between rows, mm between columns.
    distances : tuple of float
        mm along the normal from slice 0 to each slice, ascending; even unless `even` is False.
    even : bool
        Whether slices are evenly spaced.
    gaps : tuple of (float, float)
        Intervals of `distances` in which slices are missing.
    """

    shape: tuple[int, int, int]
    origin: Vector
    column_direction: Vector
    row_direction: Vector
    step: Vector
    spacing: tuple[float, float]
    distances: tuple[float, ...]
    even: bool = True
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def normal(self) -> Vector:
        """Unit vector across the slices, in which they are ordered."""
        return _vector(np.cross(self.column_direction, self.row_direction))

    @property
    def slice_spacing(self) -> float:
        """Distance in mm between slices along the normal: the usual one (median) where it is uneven."""
        return float(np.median(np.diff(self.distances)))

    @property
    def finest_slice_spacing(self) -> float:
        """Distance in mm at which no slice is missed: the least, but at least a quarter of the usual."""
        return self.slice_spacing if self.even else max(float(np.diff(self.distances).min()), self.slice_spacing / 4)

    @property
    def tilt_degrees(self) -> float:
        """Angle between the way from slice to slice and the normal; 0 without gantry tilt."""
        step = np.asarray(self.step)
        return float(np.degrees(np.arccos(min(1.0, 1.0 / float(np.linalg.norm(step))))))

    @property
    def affine(self) -> Floats:
        """Matrix (4, 4) from (slice, row, column, 1) to LPS mm (PS3.3 C.7.6.2.1.1); sheared by gantry tilt.

        For uneven spacing it uses the usual distance: then `to_patient` is right and this is not.
        """
        matrix = np.eye(4)
        matrix[:3, 0] = np.asarray(self.step) * self.slice_spacing
        matrix[:3, 1] = np.asarray(self.row_direction) * self.spacing[0]
        matrix[:3, 2] = np.asarray(self.column_direction) * self.spacing[1]
        matrix[:3, 3] = self.origin
        return matrix

    def to_patient(self, index: Any) -> Floats:
        """Return LPS mm, shape (..., 3), of voxel indices (slice, row, column), shape (..., 3), fractions allowed."""
        index = np.asarray(index, np.float64)
        distance = _interpolate(index[..., 0], np.arange(self.shape[0], dtype=np.float64), np.asarray(self.distances))
        return np.asarray(
            np.asarray(self.origin)
            + distance[..., None] * np.asarray(self.step)
            + index[..., 1, None] * self.spacing[0] * np.asarray(self.row_direction)
            + index[..., 2, None] * self.spacing[1] * np.asarray(self.column_direction)
        )

    def to_index(self, point: Any) -> Floats:
        """Return voxel indices (slice, row, column), shape (..., 3), of LPS mm, shape (..., 3); not rounded."""
        offset = np.asarray(point, np.float64) - np.asarray(self.origin)
        distance = offset @ np.asarray(self.normal)
        inside = offset - distance[..., None] * np.asarray(self.step)
        return np.stack(
            [
                _interpolate(distance, np.asarray(self.distances), np.arange(self.shape[0], dtype=np.float64)),
                inside @ np.asarray(self.row_direction) / self.spacing[0],
                inside @ np.asarray(self.column_direction) / self.spacing[1],
            ],
            axis=-1,
        )

    def corners(self) -> Floats:
        """Return LPS mm, shape (8, 3), of the centres of the eight corner voxels."""
        ends = [(0, size - 1) for size in self.shape]
        return self.to_patient([(s, r, c) for s in ends[0] for r in ends[1] for c in ends[2]])


def plan_volume(slices: Sequence[SlicePlane]) -> tuple[VolumeGeometry, tuple[int, ...]]:
    """Plan the volume that slices form, from their headers alone.

    Parameters
    ----------
    slices : sequence of SlicePlane
        In any order.

    Returns
    -------
    geometry : VolumeGeometry
    order : tuple of int
        ``order[k]`` is the index in `slices` of the volume's slice k.

    Raises
    ------
    GeometryError
        Tags are missing, or orientations, sizes, spacings or positions do not form one stack. Nothing is guessed.

    References
    ----------
    PS3.3 C.7.6.2.1.1 (position and orientation). The distance of slices is that of their positions, never Slice
    Thickness (C.7.6.2.1) nor Spacing Between Slices.

    Examples
    --------
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> slices = [SlicePlane((0.0, 0.0, z), flat, (0.5, 0.5), 4, 6) for z in (4.0, 0.0, 2.0)]
    >>> geometry, order = plan_volume(slices)
    >>> order, geometry.shape, geometry.slice_spacing
    ((1, 2, 0), (3, 4, 6), 2.0)
    """
    first = _uniform(slices)
    cosines = _orthonormal(np.asarray(first.orientation, np.float64))
    normal = np.cross(cosines[0], cosines[1])
    positions = np.array([plane.position for plane in slices], np.float64)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    distances = along[order] - along[order[0]]
    _refuse_duplicates(distances)
    origin = positions[order[0]]
    spacing = first.pixel_spacing or (0.0, 0.0)
    step = _step(positions[order] - origin, distances, normal, min(spacing))
    even = _even(distances)
    geometry = VolumeGeometry(
        shape=(len(slices), first.rows, first.columns),
        origin=_vector(origin),
        column_direction=_vector(cosines[0]),
        row_direction=_vector(cosines[1]),
        step=_vector(step),
        spacing=(float(spacing[0]), float(spacing[1])),
        distances=tuple(float(d) for d in (_evened(distances) if even else distances)),
        even=even,
        gaps=() if even else _gaps(distances),
    )
    return geometry, tuple(int(index) for index in order)


def _uniform(slices: Sequence[SlicePlane]) -> SlicePlane:
    """Return the first slice after checking that all others share its size, spacing and orientation."""
    if len(slices) < SMALLEST_VOLUME:
        raise GeometryError(f"At least {SMALLEST_VOLUME} slices are needed; there are {len(slices)}.")
    positions = [_numbers(s.position, 3) for s in slices]
    orientations = [_numbers(s.orientation, 6) for s in slices]
    if not np.all(np.isfinite(positions)) or not np.all(np.isfinite(orientations)):
        raise GeometryError("The images do not say where they lie in the patient.")
    spacings = np.array([_numbers(s.pixel_spacing, 2) for s in slices])
    if not np.all(np.isfinite(spacings)) or spacings.min() <= 0:
        raise GeometryError("The images do not say how large their pixels are in the patient.")
    first = slices[0]
    if any((s.rows, s.columns) != (first.rows, first.columns) for s in slices):
        raise GeometryError("The images are of different sizes.")
    if not np.allclose(spacings, spacings[0], rtol=1e-3, atol=0):
        raise GeometryError("The images have pixels of different sizes.")
    if np.abs(np.subtract(orientations, orientations[0])).max() > ORIENTATION_TOLERANCE:
        raise GeometryError("The images are cut in different directions.")
    return first


def _numbers(values: Sequence[float] | None, count: int) -> Floats:
    """Return an attribute's values, not-a-number for each where it is absent or not of the right length."""
    return np.array(values if values is not None and len(values) == count else [np.nan] * count, np.float64)


def _orthonormal(cosines: Floats) -> Floats:
    """Return the two unit vectors, shape (2, 3), refusing what are no directions of a plane."""
    pair = cosines.reshape(2, 3)
    lengths = np.linalg.norm(pair, axis=1)
    if np.abs(lengths - 1).max() > 1e-2 or abs(float(pair[0] @ pair[1])) > 1e-2:
        raise GeometryError("The directions of the images' rows and columns are not valid.")
    row = pair[0] / lengths[0]
    column = pair[1] - (pair[1] @ row) * row
    return np.stack([row, column / np.linalg.norm(column)])


def _refuse_duplicates(distances: Floats) -> None:
    steps = np.diff(distances)
    if steps.min() <= max(0.01 * float(np.median(steps)), 1e-3):
        raise GeometryError("Several images lie at the same place, as in a series with several phases or echoes.")


def _step(offsets: Floats, distances: Floats, normal: Floats, pixel: float) -> Floats:
    """Return the displacement per mm along the normal, refusing slices that are not in line."""
    step: Floats = offsets[-1] / distances[-1]
    if np.abs(offsets - distances[:, None] * step).max() > SHEAR_TOLERANCE * pixel:
        raise GeometryError("The images are displaced against each other.")
    if np.abs((step - normal) * distances[-1]).max() <= SHEAR_TOLERANCE * pixel:
        return normal
    return step


def _evened(distances: Floats) -> Floats:
    return np.linspace(0.0, distances[-1], len(distances))


def _even(distances: Floats) -> bool:
    spacing = distances[-1] / (len(distances) - 1)
    return bool(np.abs(distances - _evened(distances)).max() <= EVEN_TOLERANCE * spacing)


def _gaps(distances: Floats) -> tuple[tuple[float, float], ...]:
    """Return the intervals that are wider than the usual and than what is beside them."""
    steps = np.diff(distances)
    usual = float(np.median(steps))
    gaps = []
    for k, step in enumerate(steps):
        beside = max(steps[k - 1] if k else 0.0, steps[k + 1] if k + 1 < len(steps) else 0.0)
        if step > GAP_FACTOR * max(usual, beside):
            gaps.append((float(distances[k]), float(distances[k + 1])))
    return tuple(gaps)


def _interpolate(x: Any, xp: Floats, fp: Floats) -> Floats:
    """Interpolate linearly and, unlike numpy.interp, go on in a straight line beyond both ends."""
    x = np.asarray(x, np.float64)
    result = np.interp(x, xp, fp)
    low = (fp[1] - fp[0]) / (xp[1] - xp[0])
    high = (fp[-1] - fp[-2]) / (xp[-1] - xp[-2])
    result = np.where(x < xp[0], fp[0] + (x - xp[0]) * low, result)
    return np.asarray(np.where(x > xp[-1], fp[-1] + (x - xp[-1]) * high, result))


def _vector(values: Any) -> Vector:
    x, y, z = (float(v) + 0.0 for v in values)
    return x, y, z
