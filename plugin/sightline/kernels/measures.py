"""Sizes of shapes of image points, each with how it changes when a point moves by a pixel.

What half a pixel at each point makes uncertain follows from that. The viewer computes the same while one draws
(`viewer-assets/src/findings/shapes.ts`). All points are (column, row), (0, 0) the outer corner of the first pixel;
spacings are (between rows, between columns) as in Pixel Spacing. Nothing here holds the interpreter lock for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, isfinite, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats

RIGHT_ANGLE = 1e-6
"""Largest cosine between two diameters that are the axes of an ellipse."""
Spacing = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Sized:
    """A size and its derivatives.

    Parameters
    ----------
    value : float
        In the unit of the spacing, its square for areas, degrees for angles.
    slopes : array of float64, (points, 2)
        By column and row of each point: change per pixel.
    """

    value: float
    slopes: Floats

    @property
    def half_pixel(self) -> float:
        """By how much it may be wrong when each point may lie half a pixel off both ways, independently."""
        return float(np.sqrt((self.slopes**2).sum())) / 2

    def scaled(self, factor: float) -> Sized:
        """Return it times a number."""
        return Sized(self.value * factor, self.slopes * factor)

    def times(self, other: Sized) -> Sized:
        """Return the product of two sizes of the same points."""
        return Sized(self.value * other.value, self.slopes * other.value + other.slopes * self.value)


def length(points: NDArray[Any], spacing: Spacing, closed: bool = False) -> Sized:
    """Return the length along all points, and back to the first where the outline is closed.

    Examples
    --------
    >>> found = length(np.array([[10, 10], [13, 14]]), (2.0, 0.5))
    >>> round(found.value, 4), round(found.half_pixel, 4)
    (8.1394, 1.3915)
    """
    scale = np.array([spacing[1], spacing[0]])
    count = len(points)
    start = np.arange(count if closed else count - 1)
    end = (start + 1) % count
    steps = (points[end] - points[start]) * scale
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    # A step of no length grows in whatever direction its end moves: half of it each way.
    directions = np.full_like(steps, sqrt(0.5))
    long = lengths > 0
    directions[long] = steps[long] / lengths[long, None]
    slopes = np.zeros((count, 2))
    np.add.at(slopes, start, -directions * scale)
    np.add.at(slopes, end, directions * scale)
    return Sized(float(lengths.sum()), slopes)


def distance(points: NDArray[Any], spacing: Spacing, start: int, end: int) -> Sized:
    """Return the distance of two of the points."""
    part = length(points[[start, end]], spacing)
    slopes = np.zeros((len(points), 2))
    slopes[[start, end]] = part.slopes
    return Sized(part.value, slopes)


def extent(points: NDArray[Any], spacing: Spacing, axis: int) -> Sized:
    """Return how far the first two points lie apart across (0) or down (1) the image."""
    step = spacing[1 - axis]
    difference = float(points[1, axis] - points[0, axis])
    sign = -1 if difference < 0 else 1
    slopes = np.zeros((len(points), 2))
    slopes[:2, axis] = [-sign * step, sign * step]
    return Sized(abs(difference) * step, slopes)


def enclosed(points: NDArray[Any], spacing: Spacing) -> Sized:
    """Return the area that an outline encloses; one that crosses itself has none, see `crosses`.

    Examples
    --------
    >>> enclosed(np.array([[0, 0], [4, 0], [0, 3]]), (2.0, 0.5)).value
    6.0
    """
    # From the first point, so that a place far from the corner costs no digits.
    near = np.asarray(points, np.float64) - points[0]
    following, before = np.roll(near, -1, axis=0), np.roll(near, 1, axis=0)
    twice = float((near[:, 0] * following[:, 1] - following[:, 0] * near[:, 1]).sum())
    slopes = np.stack([following[:, 1] - before[:, 1], before[:, 0] - following[:, 0]], axis=1) / 2
    return Sized(twice / 2, slopes).scaled((-1 if twice < 0 else 1) * spacing[0] * spacing[1])


def ellipse(points: NDArray[Any], spacing: Spacing) -> tuple[Sized, Sized, Sized]:
    """Return long axis, short axis and area of an ellipse.

    Parameters
    ----------
    points : array, (4, 2)
        Ends of one diameter, then of its conjugate. Where these are not at right angles, as of an ellipse that was
        drawn where pixels have another shape, the axes are the singular values of both.
    spacing : (float, float)

    Examples
    --------
    >>> long, short, area = ellipse(np.array([[20, 10], [20, 20], [18, 15], [22, 15]]), (2.0, 0.5))
    >>> long.value, short.value, round(area.value, 4)
    (20.0, 2.0, 31.4159)
    """
    first, second = distance(points, spacing, 0, 1), distance(points, spacing, 2, 3)
    p, q = _between(points, spacing, 0, 1), _between(points, spacing, 2, 3)
    cross = float(p[0] * q[1] - p[1] * q[0])
    by_p, by_q = np.array([q[1], -q[0]]), np.array([-p[1], p[0]])
    sign = -1 if cross < 0 else 1
    area = Sized(abs(cross), _of_ends(sign * by_p, sign * by_q, spacing)).scaled(pi / 4)
    if abs(float(p @ q)) <= RIGHT_ANGLE * first.value * second.value:
        return (first, second, area) if first.value >= second.value else (second, first, area)
    squares = first.value**2 + second.value**2
    root = sqrt(squares**2 - 4 * cross**2)

    def axis(way: int) -> Sized:
        value = sqrt(max(0.0, (squares + way * root) / 2))
        if value == 0:
            return Sized(0.0, np.zeros((4, 2)))
        slopes = [
            (2 * own + way * (2 * squares * own - 4 * cross * crossed) / root) / 4 / value
            for own, crossed in ((p, by_p), (q, by_q))
        ]
        return Sized(value, _of_ends(slopes[0], slopes[1], spacing))

    return axis(1), axis(-1), area


def angle(points: NDArray[Any], spacing: Spacing) -> Sized | None:
    """Return the angle at the second point between both others, in degrees; None where two of them are one.

    Examples
    --------
    >>> angle(np.array([[4, 0], [0, 0], [4, 1]]), (2.0, 0.5)).value
    45.0
    """
    turned = _turn(_between(points, spacing, 1, 0), _between(points, spacing, 1, 2))
    if turned is None:
        return None
    value, by_first, by_last = turned
    slopes = np.stack([by_first, -by_first - by_last, by_last])
    return Sized(value, slopes * [spacing[1], spacing[0]])


def cobb(points: NDArray[Any], spacing: Spacing) -> Sized | None:
    """Return the angle between two lines as Cobb measured it, in degrees; None where a line has no length.

    It is the angle at the point where both meet when they are made longer, between its directions to the middles of
    both. So it does not matter which end of a line comes first, and it can be above 90 degrees.

    Parameters
    ----------
    points : array, (4, 2)
        Ends of the one line, then of the other.
    spacing : (float, float)

    Examples
    --------
    >>> round(cobb(np.array([[0, 0], [10, 5], [10, 15], [0, 20]]), (1.0, 1.0)).value, 4)
    53.1301
    """
    u, w = _between(points, spacing, 0, 1), _between(points, spacing, 2, 3)
    scaled = np.asarray(points, np.float64) * [spacing[1], spacing[0]]
    m = (scaled[2] + scaled[3]) / 2 - (scaled[0] + scaled[1]) / 2
    cross = float(u[0] * w[1] - u[1] * w[0])
    # How far the meeting point lies along each line from its middle, in multiples that have the same sign or not.
    along = [float(m[0] * w[1] - m[1] * w[0]), float(m[0] * u[1] - m[1] * u[0])]
    clear = cross != 0 and all(value != 0 and isfinite(value / cross) for value in along)
    opposed = (along[0] > 0) != (along[1] > 0) if clear else float(u @ w) < 0
    turned = _turn(u, -w if opposed else w)
    if turned is None:
        return None
    value, by_u, by_w = turned
    return Sized(value, _of_ends(by_u, -by_w if opposed else by_w, spacing))


def crosses(points: NDArray[Any]) -> bool:
    """Return whether an outline crosses itself; sides that only touch do not.

    Examples
    --------
    >>> crosses(np.array([[0, 0], [4, 4], [4, 0], [0, 4]])), crosses(np.array([[0, 0], [4, 0], [4, 4], [0, 4]]))
    (True, False)
    """
    corners = np.asarray(points, np.float64)
    following = np.roll(corners, -1, axis=0)
    sides = following - corners
    for index in range(len(corners) - 2):
        others = slice(index + 2, len(corners))
        ends = [_side(sides[index], other[others] - corners[index]) for other in (corners, following)]
        own = [_side(sides[others], end[index] - corners[others]) for end in (corners, following)]
        if np.any((ends[0] * ends[1] < 0) & (own[0] * own[1] < 0)):
            return True
    return False


def _between(points: NDArray[Any], spacing: Spacing, start: int, end: int) -> Floats:
    found: Floats = (np.asarray(points[end], np.float64) - points[start]) * [spacing[1], spacing[0]]
    return found


def _of_ends(by_first: Floats, by_second: Floats, spacing: Spacing) -> Floats:
    """Return slopes by four points of what depends on the vectors from first to second and from third to fourth."""
    slopes: Floats = np.stack([-by_first, by_first, -by_second, by_second]) * [spacing[1], spacing[0]]
    return slopes


def _turn(u: Floats, w: Floats) -> tuple[float, Floats, Floats] | None:
    """Return degrees between two vectors, and its slopes by each of them; None where one has no length."""
    squares = float(u @ u), float(w @ w)
    if 0 in squares:
        return None
    cross = float(u[0] * w[1] - u[1] * w[0])
    way = degrees(-1 if cross < 0 else 1)
    by_u, by_w = np.array([u[1], -u[0]]) * (way / squares[0]), np.array([-w[1], w[0]]) * (way / squares[1])
    return degrees(atan2(abs(cross), float(u @ w))), by_u, by_w


def _side(directions: NDArray[Any], towards: NDArray[Any]) -> Floats:
    found: Floats = np.sign(directions[..., 0] * towards[..., 1] - directions[..., 1] * towards[..., 0])
    return found
