"""Curved reformats: a surface along a curve in the patient, stretched out to a picture.

The curve runs down the picture, one row for each equal length of it; across it, columns run straight. Lengths along
the curve and straight across it are therefore true in the picture; angles and areas are true only near the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, Vector, VolumeGeometry
from sightline.kernels.planes import LARGEST_SIDE
from sightline.kernels.sampling import Sampler, Samples
from sightline.kernels.slab import SlabMode, offsets, reduce_lines, smallest_spacing

SAME_POINT = 1e-6
"""Points of a curve that are no more mm apart are one."""
_LEAST_SINE = 0.1
"""Least sine of the angle between the curve and the columns: about six degrees."""
_LEAST_PROGRESS = 0.2
"""Least part of its length by which a curve must get on within two rows: less is a reversal."""


@dataclass(frozen=True, eq=False)
class CurvedPlane:
    """A picture along a curve, and where each of its pixels lies in the patient.

    Parameters
    ----------
    centres : array, (rows, 3)
        LPS mm of the curve in each row; it is in the middle of the columns.
    across : array, (rows, 3)
        Unit vectors in which the column index increases, at right angles to the curve.
    depth : array, (rows, 3)
        Unit vectors at right angles to the curve and to the columns, in which a slab extends.
    pixel_spacing : (float, float)
        mm between rows along the curve, mm between columns.
    columns : int
        Size in pixels.
    """

    centres: Floats
    across: Floats
    depth: Floats
    pixel_spacing: tuple[float, float]
    columns: int

    @property
    def rows(self) -> int:
        """Size in pixels."""
        return len(self.centres)

    def to_patient(self, pixel: Any) -> Floats:
        """Return LPS mm, shape (..., 3), of (row, column), shape (..., 2); fractions and ends are passed freely."""
        pixel = np.asarray(pixel, np.float64)
        first = np.clip(np.floor(pixel[..., 0]), 0, self.rows - 2).astype(np.intp)
        part = (pixel[..., 0] - first)[..., None]
        aside = ((pixel[..., 1] - (self.columns - 1) / 2) * self.pixel_spacing[1])[..., None]
        start = self.centres[first] + aside * self.across[first]
        end = self.centres[first + 1] + aside * self.across[first + 1]
        return np.asarray(start + part * (end - start))


def lay_along(
    points: Sequence[Vector] | Floats, across: Vector, *, pixel_spacing: tuple[float, float], columns: int
) -> CurvedPlane:
    """Lay a picture along a curve.

    Parameters
    ----------
    points : three floats each
        LPS mm of the corners of a line of straight pieces, the first on top of the picture.
    across : three floats
        LPS direction in which columns grow, as near as the curve allows: in each row it is turned to a right angle
        with the curve. For a curve drawn on a plane this is the plane's normal.
    pixel_spacing : (float, float)
        mm between rows along the curve, mm between columns.
    columns : int
        Size in pixels; rows follow from the length of the curve.

    Returns
    -------
    CurvedPlane

    Raises
    ------
    GeometryError
        The curve has fewer than two different points, is shorter than the distance of two rows, turns back on itself,
        or runs along the direction of the columns; there are no pixels, pixels without size, or more than
        `LARGEST_SIDE`.

    Examples
    --------
    >>> found = lay_along([(0.0, 0.0, 9.0), (0.0, 0.0, 5.0)], (1.0, 0.0, 0.0), pixel_spacing=(2.0, 1.0), columns=3)
    >>> found.rows, found.to_patient((1, 0)).tolist(), found.to_patient((0.5, 1)).tolist()
    (3, [-1.0, 0.0, 7.0], [0.0, 0.0, 8.0])
    """
    if not np.all(np.isfinite(pixel_spacing)) or min(pixel_spacing) <= 0 or not 1 <= columns <= LARGEST_SIDE:
        raise GeometryError("The picture along the curve has no pixels, too many, or pixels without size.")
    corners, lengths = _corners(points)
    rows = int(np.floor(lengths[-1] / pixel_spacing[0] + 1e-6)) + 1
    if rows < 2:
        raise GeometryError("The curve is shorter than the distance between two rows of the picture.")
    if rows > LARGEST_SIDE:
        raise GeometryError("The curve is too long for a picture of so small pixels.")
    at = np.arange(rows, dtype=np.float64) * pixel_spacing[0]
    tangents = _tangents(corners, lengths, at, pixel_spacing[0])
    aside = _at_right_angles(np.asarray(across, np.float64), tangents)
    return CurvedPlane(_point_at(corners, lengths, at), aside, np.cross(aside, tangents), pixel_spacing, columns)


def cut_curved(
    volume: NDArray[Any],
    geometry: VolumeGeometry,
    curve: CurvedPlane,
    *,
    thickness: float = 0.0,
    mode: SlabMode = "mean",
    step: float | None = None,
    padding: tuple[float, float] | None = None,
) -> Samples:
    """Return the values along a curve, or of a slab around its surface.

    Parameters
    ----------
    volume, geometry, thickness, mode, step, padding
        As for `cut_slab`; a slab extends along `CurvedPlane.depth`.
    curve : CurvedPlane

    Returns
    -------
    array of float32, (rows, columns) of the curve
        As of `cut_slab`.

    Raises
    ------
    GeometryError
        As for `cut_slab`.

    Notes
    -----
    Memory and the GIL: as for `cut_slab`, and 36 bytes for each of 2 ** 18 samples.

    Examples
    --------
    >>> from sightline.kernels.geometry import SlicePlane, plan_volume
    >>> flat = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    >>> geometry, _ = plan_volume([SlicePlane((0.0, 0.0, z), flat, (1.0, 1.0), 2, 3) for z in (0.0, 2.0, 4.0)])
    >>> curve = lay_along([(1.0, 0.0, 4.0), (1.0, 0.0, 0.0)], (1.0, 0.0, 0.0), pixel_spacing=(2.0, 1.0), columns=3)
    >>> cut_curved(np.arange(18, dtype=np.int16).reshape(3, 2, 3), geometry, curve).tolist()
    [[12.0, 13.0, 14.0], [6.0, 7.0, 8.0], [0.0, 1.0, 2.0]]
    """
    sampler = Sampler(volume, geometry, padding=padding)
    aside = curve.across * curve.pixel_spacing[1]
    start = curve.centres - aside * (curve.columns - 1) / 2
    spacing = smallest_spacing(geometry) if step is None else step
    through = offsets(thickness, spacing)[None, :, None] * curve.depth[:, None]
    return reduce_lines(sampler, start, aside, curve.columns, through, mode)


def _corners(points: Any) -> tuple[Floats, Floats]:
    """Return the different points of a curve, (points, 3), and the length up to each."""
    corners = np.asarray(points, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 3 or not np.all(np.isfinite(corners)):
        raise GeometryError("The points of the curve are not given as three finite numbers each.")
    pieces = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    corners = corners[np.concatenate([[True], pieces > SAME_POINT])]
    if len(corners) < 2:
        raise GeometryError("A curve needs at least two different points.")
    return corners, np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])


def _point_at(corners: Floats, lengths: Floats, at: Floats) -> Floats:
    return np.stack([np.interp(at, lengths, axis) for axis in corners.T], axis=-1)


def _tangents(corners: Floats, lengths: Floats, at: Floats, spacing: float) -> Floats:
    """Return unit vectors along the curve, from the row before to the row after, so that corners are rounded."""
    low, high = np.maximum(at - spacing, 0.0), np.minimum(at + spacing, lengths[-1])
    chords = _point_at(corners, lengths, high) - _point_at(corners, lengths, low)
    progress = np.linalg.norm(chords, axis=1)
    if np.any(progress < _LEAST_PROGRESS * (high - low)):
        raise GeometryError("The curve turns back on itself.")
    return np.asarray(chords / progress[:, None])


def _at_right_angles(direction: Floats, tangents: Floats) -> Floats:
    """Return, for each tangent, the unit vector at right angles to it that is nearest to a direction."""
    length = float(np.linalg.norm(direction))
    if direction.shape != (3,) or not np.isfinite(length) or length == 0:
        raise GeometryError("The direction across the curve is not given.")
    direction = direction / length
    aside = direction - (tangents @ direction)[:, None] * tangents
    sines = np.linalg.norm(aside, axis=1)
    if np.any(sines < _LEAST_SINE):
        raise GeometryError("The curve runs in the direction in which the picture should extend to its sides.")
    return np.asarray(aside / sines[:, None])
