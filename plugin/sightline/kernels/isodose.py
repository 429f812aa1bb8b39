"""Lines of equal value through a picture (marching squares), and the lines and bands of equal dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.geometry import Floats, GeometryError

_EDGES: tuple[tuple[int, ...], ...] = (
    *((), (3, 2), (2, 1), (3, 1), (1, 0), (1, 0, 3, 2), (2, 0), (3, 0)),
    *((0, 3), (0, 2), (0, 3, 2, 1), (0, 1), (1, 3), (1, 2), (2, 3), ()),
)
"""Which corners of a cell are inside (upper left 8, upper right 4, lower right 2, lower left 1) -> from which edge to
which (0 upper, 1 right, 2 lower, 3 left) lines run, the inside on their right as the picture is seen. The two that are
ambiguous, 5 and 10, stand for a cell whose middle is outside."""
_MIDDLE_INSIDE = {5: (3, 0, 1, 2), 10: (0, 1, 2, 3)}


@dataclass(frozen=True)
class IsodoseLine:
    """All places of one dose in a picture: `level` in Gy, `lines` as `iso_lines` returns them."""

    level: float
    lines: tuple[Floats, ...]


def iso_lines(image: NDArray[Any], level: float) -> tuple[Floats, ...]:
    """Return the lines along which a picture, interpolated linearly between pixel centres, has a value.

    Parameters
    ----------
    image : array of numbers, (rows, columns)
        (0, 0) is the centre of the upper left pixel. No line runs where one of four neighbours is not finite.
    level : float
        A pixel of at least this value is inside.

    Returns
    -------
    tuple of arrays of float64, (points, 2)
        Each a line of (row, column), the inside on its right as the picture is seen. A closed line ends with its first
        point; one that is not closed ends at the picture's edge, or where there are no values.

    Notes
    -----
    Where opposite corners of a square of four neighbours are inside, the mean of the four decides whether they are
    joined. Peak memory beside the result: some six arrays of the picture's size. Holds the GIL while points are put in
    order: about a microsecond for each.

    References
    ----------
    Lorensen and Cline, SIGGRAPH 21 (1987) 163, in two dimensions.

    Examples
    --------
    >>> [line.tolist() for line in iso_lines(np.array([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 0.0]]), 2.0)]
    [[[0.5, 1.0], [1.0, 1.5], [1.5, 1.0], [1.0, 0.5], [0.5, 1.0]]]
    """
    values = np.asarray(image, np.float64)
    if min(values.shape) < 2:
        return ()
    starts, ends = _pieces(values, level)
    chains = _chains(starts.tolist(), ends.tolist())
    return tuple(_points(values, level, np.array(chain)) for chain in chains)


def _pieces(values: Floats, level: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all pieces of lines, each from an edge to an edge.

    Edge ``2 * (row * columns + column)`` runs from that pixel to its right neighbour, the next one to that below.
    """
    inside = values >= level
    upper, lower = inside[:-1], inside[1:]
    case = upper[:, :-1] * 8 + upper[:, 1:] * 4 + lower[:, 1:] * 2 + lower[:, :-1] * 1
    corners = np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]])
    case[~np.isfinite(corners).all(axis=0)] = 0
    joined = corners.mean(axis=0) >= level
    columns = values.shape[1]
    edge_of = np.array([0, 3, 2 * columns, 1])  # relative to twice the index of the cell's upper left pixel
    found: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    for number in range(1, 15):
        for middle, edges in ((False, _EDGES[number]), (True, _MIDDLE_INSIDE.get(number, _EDGES[number]))):
            rows, cells = np.nonzero((case == number) & (joined == middle))
            base = 2 * (rows * columns + cells)
            for first, last in zip(edges[::2], edges[1::2], strict=True):
                found.append((base + edge_of[first], base + edge_of[last]))
    return np.concatenate([first for first, _ in found]), np.concatenate([last for _, last in found])


def _chains(starts: Sequence[int], ends: Sequence[int]) -> list[list[int]]:
    """Join pieces, end to start: at most one starts at an edge, and at most one ends there."""
    following = dict(zip(starts, ends, strict=True))
    chains = []
    # Open lines first, from where nothing leads to them; what is left are closed ones.
    for start in [*sorted(set(starts) - set(ends)), *sorted(starts)]:
        chain = [start]
        while (edge := following.pop(chain[-1], None)) is not None:
            chain.append(edge)
        if len(chain) > 1:
            chains.append(chain)
    return chains


def _points(values: Floats, level: float, edges: NDArray[np.intp]) -> Floats:
    """Return where along its edge each crossing lies."""
    rows, columns = np.divmod(edges // 2, values.shape[1])
    down = edges % 2
    here, there = values[rows, columns], values[rows + down, columns + 1 - down]
    part = (level - here) / (there - here)
    return np.stack([rows + part * down, columns + part * (1 - down)], axis=-1)


def levels_of_percents(percents: Sequence[float], prescription: float) -> tuple[float, ...]:
    """Return doses in Gy of percentages of a prescribed dose in Gy.

    Raises
    ------
    GeometryError
        The prescription is not above 0.

    Examples
    --------
    >>> levels_of_percents((50, 95, 107), 60.0)
    (30.0, 57.0, 64.2)
    """
    if not (np.isfinite(prescription) and prescription > 0):
        raise GeometryError("There is no prescribed dose that percentages could refer to.")
    return tuple(float(percent * prescription / 100) for percent in percents)


def isodose_lines(dose: NDArray[Any], levels: Sequence[float]) -> tuple[IsodoseLine, ...]:
    """Return the lines of equal dose of a picture.

    Parameters
    ----------
    dose : array of numbers, (rows, columns)
        Gy, cut on the picture's pixels; not-a-number where there is none. (0, 0) is the centre of the upper left pixel.
    levels : sequence of float
        Gy; `levels_of_percents` makes them of percentages.

    Returns
    -------
    tuple of IsodoseLine
        One for each level, in ascending order, also where the picture nowhere has it.

    Notes
    -----
    As for `iso_lines`, for each level.

    Examples
    --------
    >>> [(line.level, len(line.lines)) for line in isodose_lines(np.array([[0.0, 9.0], [0.0, 9.0]]), (20.0, 5.0))]
    [(5.0, 1), (20.0, 0)]
    """
    return tuple(IsodoseLine(float(level), iso_lines(dose, level)) for level in sorted(levels))


def isodose_bands(dose: NDArray[Any], levels: Sequence[float]) -> NDArray[np.uint8]:
    """Return in which band of dose each pixel lies: a label map, to be coloured as one.

    Parameters
    ----------
    dose : array of numbers, (rows, columns)
        Gy; not-a-number where there is none.
    levels : sequence of float
        Gy, at most 255.

    Returns
    -------
    array of uint8, (rows, columns)
        How many levels the pixel's dose reaches: 0 below the lowest, and where there is no dose.

    Notes
    -----
    Peak memory beside the result: one array of 64 bits. Releases the GIL in numpy's loops.

    Examples
    --------
    >>> isodose_bands(np.array([[0.0, 30.0, 59.9, np.nan]]), (60.0, 30.0)).tolist()
    [[0, 1, 1, 0]]
    """
    if len(levels) > 255:
        raise GeometryError("At most 255 bands of dose can be told apart.")
    reached = np.searchsorted(np.sort(np.asarray(levels, np.float64)), np.nan_to_num(dose, nan=-np.inf), side="right")
    return np.asarray(reached.astype(np.uint8))
