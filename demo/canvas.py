"""One transverse slice of the phantom, on which shapes given in patient millimetres are painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo.tissues import Tissue

Vector = tuple[float, float, float]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tube:
    """A straight piece of a vessel: round, tapering from one end to the other. Patient coordinates in mm (LPS)."""

    start: Vector
    end: Vector
    start_radius: float
    end_radius: float

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest z that it reaches."""
        low = min(self.start[2] - self.start_radius, self.end[2] - self.end_radius)
        return low, max(self.start[2] + self.start_radius, self.end[2] + self.end_radius)

    def grown(self, by: float) -> Tube:
        """Return the same tube with a wall around it."""
        return Tube(self.start, self.end, self.start_radius + by, self.end_radius + by)


@dataclass(frozen=True)
class Ellipsoid:
    """Semi-axes in mm; turned by `turn` degrees about the patient's z axis, then tilted about the turned x axis."""

    centre: Vector
    semi_axes: Vector
    turn: float = 0
    tilt: float = 0


class Canvas:
    """Labels of one transverse slice.

    Parameters
    ----------
    size : int
        Rows and columns.
    field_of_view : float
        Side of the square, in mm, centred on x = y = 0.
    z : float
        Height of the slice in mm.
    """

    def __init__(self, size: int, field_of_view: float, z: float) -> None:
        self.z = z
        self.spacing = field_of_view / size
        axis = ((np.arange(size, dtype=np.float32) + 0.5) * self.spacing - field_of_view / 2).astype(np.float32)
        self.first = float(axis[0])
        self.x, self.y = axis[np.newaxis, :], axis[:, np.newaxis]
        self.labels = np.zeros((size, size), dtype=np.uint8)

    def paint(self, mask: npt.NDArray[np.bool_], tissue: Tissue) -> None:
        """Give the pixels of a mask (rows, columns) that label."""
        self.labels[mask] = tissue

    def window(self, x: float, y: float, half_width: float, half_height: float) -> tuple[slice, slice]:
        """Return the rows and columns that a box around (x, y) covers."""
        size = self.labels.shape[0]

        def span(centre: float, half: float) -> slice:
            low = math.floor((centre - half - self.first) / self.spacing)
            high = math.ceil((centre + half - self.first) / self.spacing) + 1
            return slice(max(0, min(size, low)), max(0, min(size, high)))

        return span(y, half_height), span(x, half_width)

    def ellipse(self, centre: tuple[float, float], semi_axes: tuple[float, float], tissue: Tissue) -> None:
        """Paint an upright ellipse of this slice."""
        if min(semi_axes) <= 0:
            return
        rows, columns = self.window(*centre, *semi_axes)
        inside = ((self.x[:, columns] - centre[0]) / semi_axes[0]) ** 2
        inside = inside + ((self.y[rows] - centre[1]) / semi_axes[1]) ** 2
        self.labels[rows, columns][inside <= 1] = tissue

    def ellipsoid(self, shape: Ellipsoid, tissue: Tissue, only: tuple[Tissue, ...] = ()) -> None:
        """Paint where the slice cuts an ellipsoid, if given only over some tissues."""
        reach = max(shape.semi_axes)
        if abs(self.z - shape.centre[2]) > reach:
            return
        rows, columns = self.window(shape.centre[0], shape.centre[1], reach, reach)
        dx, dy = self.x[:, columns] - shape.centre[0], self.y[rows] - shape.centre[1]
        dz = self.z - shape.centre[2]
        turn, tilt = math.radians(shape.turn), math.radians(shape.tilt)
        along = dx * math.cos(turn) + dy * math.sin(turn)
        across = dy * math.cos(turn) - dx * math.sin(turn)
        a, b, c = shape.semi_axes
        inside = (along / a) ** 2 + ((across * math.cos(tilt) + dz * math.sin(tilt)) / b) ** 2
        inside = inside + ((dz * math.cos(tilt) - across * math.sin(tilt)) / c) ** 2
        self._put(rows, columns, inside <= 1, tissue, only)

    def tube(self, tube: Tube, tissue: Tissue, only: tuple[Tissue, ...] = ()) -> None:
        """Paint where the slice cuts a tube, if given only over some tissues."""
        low, high = tube.span
        if not low <= self.z <= high:
            return
        (x0, y0, z0), (x1, y1, z1) = tube.start, tube.end
        reach = max(tube.start_radius, tube.end_radius)
        rows, columns = self.window((x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) / 2 + reach, abs(y1 - y0) / 2 + reach)
        direction = np.array([x1 - x0, y1 - y0, z1 - z0], dtype=np.float32)
        length_squared = float(direction @ direction) or 1e-6
        dx, dy, dz = self.x[:, columns] - x0, self.y[rows] - y0, self.z - z0
        along = np.clip((dx * direction[0] + dy * direction[1] + dz * direction[2]) / length_squared, 0, 1)
        distance = (dx - along * direction[0]) ** 2 + (dy - along * direction[1]) ** 2
        distance = distance + (dz - along * direction[2]) ** 2
        radius = tube.start_radius + along * (tube.end_radius - tube.start_radius)
        self._put(rows, columns, distance <= radius**2, tissue, only)

    def _put(
        self, rows: slice, columns: slice, mask: npt.NDArray[np.bool_], tissue: Tissue, only: tuple[Tissue, ...]
    ) -> None:
        part = self.labels[rows, columns]
        if only:
            mask = mask & np.isin(part, only)
        part[mask] = tissue
