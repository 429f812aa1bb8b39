"""Regions of interest in patient millimetres, and which pixels and voxels they contain.

A pixel belongs to a region when its centre does. Areas are given twice: that of the shape itself, and that of the
pixels. Volumes, and regions in them, are in `volume_regions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError, Vector
from sightline.kernels.image_plane import ImagePlane

PLANE_TOLERANCE = 0.1
"""mm by which a region's points may lie outside of the plane that it is drawn on."""
RIGHT_ANGLE_TOLERANCE = 1e-3
"""Largest cosine between axes that are to be at right angles."""
LARGEST_OUTLINE = 10_000
"""More points of a polygon are refused."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Ellipse:
    """An ellipse, or a circle.

    Parameters
    ----------
    centre : (float, float, float)
        LPS mm.
    first, second : (float, float, float)
        From the centre to the outline, along the two axes; LPS mm, at right angles.
    """

    centre: Vector
    first: Vector
    second: Vector


@dataclass(frozen=True)
class Rectangle:
    """A rectangle, turned in any way.

    Parameters
    ----------
    corner : (float, float, float)
        LPS mm.
    first, second : (float, float, float)
        The two sides from that corner; LPS mm, at right angles.
    """

    corner: Vector
    first: Vector
    second: Vector


@dataclass(frozen=True)
class Polygon:
    """A polygon, or a freehand outline, closed from its last point to the first.

    Where the outline crosses itself, what is enclosed an even number of times is outside.

    Parameters
    ----------
    points : tuple of (float, float, float)
        LPS mm; at least 3.
    """

    points: tuple[Vector, ...]


@dataclass(frozen=True)
class Sphere:
    """A sphere: in a plane the circle in which it is cut.

    Parameters
    ----------
    centre : (float, float, float)
        LPS mm.
    radius : float
        mm.
    """

    centre: Vector
    radius: float


Region = Ellipse | Rectangle | Polygon | Sphere


@dataclass(frozen=True, eq=False)
class PlaneRegion:
    """The pixels of a plane that belong to a region.

    Parameters
    ----------
    mask : array of bool, (rows, columns)
    area : float or None
        mm2 of the shape itself; None where an outline crosses itself.
    pixel_area : float
        mm2 of one pixel.
    complete : bool
        Whether all of the shape lies on the plane's pixels.
    """

    mask: Mask
    area: float | None
    pixel_area: float
    complete: bool

    @property
    def count(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    @property
    def pixels_area(self) -> float:
        """mm2 of all pixels that belong to the region."""
        return self.count * self.pixel_area


def circle(centre: Vector, radius: float, plane: ImagePlane) -> Ellipse:
    """Return the circle with a radius in mm that lies in a plane.

    Raises
    ------
    GeometryError
        The radius is not above 0.
    """
    if not 0 < radius < np.inf:
        raise GeometryError("The radius of a circle is above 0 mm.")
    first, second = (np.asarray(d) * radius for d in (plane.column_direction, plane.row_direction))
    return Ellipse(centre, _vector(first), _vector(second))


def region_on_plane(region: Region, plane: ImagePlane) -> PlaneRegion:
    """Return which pixels of a plane belong to a region.

    Parameters
    ----------
    region : Ellipse, Rectangle, Polygon or Sphere
        In patient mm. All but a sphere have to lie in the plane.
    plane : ImagePlane

    Returns
    -------
    PlaneRegion
        A pixel belongs to it when its centre lies within the shape or on the outline of an ellipse, rectangle or
        sphere; of two polygons with a common side, only one has the centres on it.

    Raises
    ------
    GeometryError
        The region does not lie in the plane, or has no extent; axes are not at right angles.

    Notes
    -----
    Memory beside the result: 16 bytes per pixel.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 0.0, 5.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 0.5), 4, 6)
    >>> found = region_on_plane(Rectangle((0.4, 0.5, 5.0), (1.2, 0.0, 0.0), (0.0, 2.0, 0.0)), plane)
    >>> found.mask.astype(int).tolist()
    [[0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]]
    >>> round(found.area, 6), found.pixels_area, found.complete
    (2.4, 3.0, True)
    """
    if isinstance(region, Sphere):
        return _round(*_cut(region, plane), plane)
    if isinstance(region, Polygon):
        return _outlined(region, plane)
    first, second = _axes(region.first, region.second, plane)
    if isinstance(region, Ellipse):
        return _round(_in_plane(np.asarray(region.centre), plane), first, second, plane)
    corner = _in_plane(np.asarray(region.corner), plane)
    along, across = _along(plane, corner, first, second)
    inside = (along >= 0) & (along <= 1) & (across >= 0) & (across <= 1)
    corners = corner + np.array([first * 0, first, second, first + second])
    area = float(np.linalg.norm(first) * np.linalg.norm(second))
    return _region(inside, area, corners.min(axis=0), corners.max(axis=0), plane)


def line_profile(image: NDArray[Any], plane: ImagePlane, start: Vector, end: Vector) -> tuple[Floats, Floats]:
    """Return values along a straight line, interpolated between pixel centres.

    Parameters
    ----------
    image : array, (rows, columns) of the plane
        Stored or modality values.
    plane : ImagePlane
    start, end : (float, float, float)
        LPS mm, in the plane.

    Returns
    -------
    distances : array of float64, (samples,)
        mm from the start; evenly spaced, by no more than half the lesser pixel spacing, both ends included.
    values : array of float64, (samples,)
        Not-a-number outside of the outermost pixel centres.

    Raises
    ------
    GeometryError
        The line does not lie in the plane, or has no length.
    ValueError
        The image is not of the plane's size.

    Examples
    --------
    >>> plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0), 2, 3)
    >>> distances, values = line_profile(np.array([[0, 10, 20], [0, 10, 20]]), plane, (0.0, 0, 0), (2.0, 0, 0))
    >>> distances.tolist(), values.tolist()
    ([0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 5.0, 10.0, 15.0, 20.0])
    """
    if image.shape != (plane.rows, plane.columns):
        raise ValueError("The image is not of the plane's size.")
    ends = _in_plane(np.array([start, end]), plane)
    length = float(np.linalg.norm(ends[1] - ends[0]))
    if length == 0:
        raise GeometryError("A line has two different ends.")
    count = int(np.ceil(2 * length / min(plane.pixel_spacing) - 1e-9)) + 1
    parts = np.linspace(0, 1, max(2, count))
    at = (ends[0] + parts[:, None] * (ends[1] - ends[0])) / plane.pixel_spacing
    last = np.array(image.shape) - 1
    outside = np.any((at < -1e-6) | (at > last + 1e-6), axis=1)
    at = np.clip(at, 0, last)
    base = np.minimum(at.astype(np.intp), np.maximum(last - 1, 0))
    (row, column), (down, right) = base.T, (at - base).T
    below, beside = np.minimum(row + 1, last[0]), np.minimum(column + 1, last[1])
    # What has no weight takes no part, so that padding beside the line does not spread onto it.
    corners = [(row, column, 1 - down, 1 - right), (row, beside, 1 - down, right)]
    corners += [(below, column, down, 1 - right), (below, beside, down, right)]
    values = np.zeros(len(at))
    for r, c, v, h in corners:
        values += np.where(v * h > 0, v * h * image[r, c].astype(np.float64), 0.0)
    return parts * length, np.where(outside, np.nan, values)


def _in_plane(points: Floats, plane: ImagePlane) -> Floats:
    """Return (mm down, mm right) of the first pixel's centre, refusing points outside of the plane."""
    if not np.all(np.isfinite(points)):
        raise GeometryError("The place of the region is not given in finite numbers.")
    found = plane.to_pixel(points)
    if np.abs(found[..., 0]).max() > PLANE_TOLERANCE:
        raise GeometryError("The region does not lie in the plane of this picture.")
    return np.asarray(found[..., 1:] * plane.pixel_spacing)


def _axes(first: Vector, second: Vector, plane: ImagePlane) -> tuple[Floats, Floats]:
    """Return both axes as (mm down, mm right)."""
    vectors = np.array([first, second])
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.isfinite(lengths)) or lengths.min() <= 0:
        raise GeometryError("The region has no extent.")
    if abs(float(vectors[0] @ vectors[1])) > RIGHT_ANGLE_TOLERANCE * lengths.prod():
        raise GeometryError("The axes of the region are not at right angles.")
    pair = _in_plane(np.asarray(plane.origin) + vectors, plane)
    return pair[0], pair[1]


def _along(plane: ImagePlane, start: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return how far each pixel's centre lies along two axes, in their lengths; (rows, columns) each."""
    down = np.arange(plane.rows)[:, None] * plane.pixel_spacing[0] - start[0]
    right = np.arange(plane.columns) * plane.pixel_spacing[1] - start[1]
    # A centre on the outline is inside, and stays so when coordinates are not exact in binary.
    along, across = ((down * axis[0] + right * axis[1]) / float(axis @ axis) for axis in (first, second))
    return np.round(along, 9), np.round(across, 9)


def _round(centre: Floats, first: Floats, second: Floats, plane: ImagePlane) -> PlaneRegion:
    along, across = _along(plane, centre, first, second)
    reach = np.sqrt(first**2 + second**2)
    area = pi * float(np.linalg.norm(first) * np.linalg.norm(second))
    return _region(along**2 + across**2 <= 1, area, centre - reach, centre + reach, plane)


def _cut(sphere: Sphere, plane: ImagePlane) -> tuple[Floats, Floats, Floats]:
    """Return centre and axes of the circle in which a plane cuts a sphere."""
    away, row, column = plane.to_pixel(sphere.centre)
    if not 0 < sphere.radius < np.inf or not np.isfinite(away):
        raise GeometryError("The radius of a sphere is above 0 mm, and its centre is known.")
    if abs(away) >= sphere.radius:
        raise GeometryError("The sphere does not reach the plane of this picture.")
    radius = sqrt(sphere.radius**2 - away**2)
    centre = np.array([row * plane.pixel_spacing[0], column * plane.pixel_spacing[1]])
    return centre, np.array([0.0, radius]), np.array([radius, 0.0])


def _outlined(polygon: Polygon, plane: ImagePlane) -> PlaneRegion:
    if not 3 <= len(polygon.points) <= LARGEST_OUTLINE:
        raise GeometryError(f"An outline has from 3 to {LARGEST_OUTLINE} points.")
    points = _in_plane(np.array(polygon.points, np.float64), plane)
    following = np.roll(points, -1, axis=0)
    area: float | None = None
    if not _crosses_itself(points, following):
        # From the first point, so that a place far from the origin costs no digits.
        a, b = points - points[0], following - points[0]
        area = abs(float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())) / 2
    return _region(_enclosed(points, following, plane), area, points.min(axis=0), points.max(axis=0), plane)


def _enclosed(points: Floats, following: Floats, plane: ImagePlane) -> Mask:
    """Return which centres an outline encloses: those with an odd number of crossings to their left."""
    crossings = np.zeros((plane.rows, plane.columns + 1), np.intp)
    for start, end in zip(points / plane.pixel_spacing, following / plane.pixel_spacing, strict=True):
        (top, bottom) = (start, end) if start[0] <= end[0] else (end, start)
        # From the upper end, included, to the lower, not included: a corner is then counted once.
        rows = np.arange(max(0, int(np.ceil(top[0]))), min(plane.rows, int(np.ceil(bottom[0]))))
        if rows.size:
            at = top[1] + (rows - top[0]) * ((bottom[1] - top[1]) / (bottom[0] - top[0]))
            columns = np.clip(np.ceil(at), 0, plane.columns).astype(np.intp)
            crossings[rows, columns] += 1
    return np.asarray(np.cumsum(crossings[:, :-1], axis=1) % 2 == 1)


def _crosses_itself(points: Floats, following: Floats) -> bool:
    """Whether any two sides of an outline cross each other; sides that only touch do not."""
    sides = following - points
    for index in range(len(points) - 2):
        others = slice(index + 2, len(points))
        ends = [_turn(sides[index], other[others] - points[index]) for other in (points, following)]
        own = [_turn(sides[others], end[index] - points[others]) for end in (points, following)]
        if np.any((ends[0] * ends[1] < 0) & (own[0] * own[1] < 0)):
            return True
    return False


def _turn(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _region(mask: Mask, area: float | None, low: Floats, high: Floats, plane: ImagePlane) -> PlaneRegion:
    """Return the region whose box in (mm down, mm right) is given."""
    spacing = np.asarray(plane.pixel_spacing)
    edges = (np.array([plane.rows, plane.columns]) - 0.5) * spacing
    # A millionth of a mm is rounding: a shape may be drawn along the edge of the picture.
    complete = bool(np.all(low >= -0.5 * spacing - 1e-6) and np.all(high <= edges + 1e-6))
    return PlaneRegion(mask, area, float(spacing.prod()), complete)


def _vector(values: Floats) -> Vector:
    x, y, z = (float(v) for v in values)
    return x, y, z
