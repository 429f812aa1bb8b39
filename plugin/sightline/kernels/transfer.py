"""Transfer functions: how opaque a tissue is, what colour it has, and how light falls on it, by its value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Singles = NDArray[np.float32]

TABLE_SIZE = 4096
"""Rows of a table: steps of less than 1 HU over the range in which most tissues lie."""
LIGHT_SIZE = 256
LEAST_OPACITY = 1e-4
"""What is less opaque than this over a step is passed over: a thousand steps of it hide a tenth."""


@dataclass(frozen=True)
class Point:
    """A value, and the tissue that has it.

    Parameters
    ----------
    value : float
        Modality value, such as HU.
    opacity : float
        Part of the light that 1 mm of it holds back, 0 to 1.
    colour : (float, float, float)
        Red, green and blue, 0 to 1.
    """

    value: float
    opacity: float
    colour: Colour


@dataclass(frozen=True)
class Light:
    """A lamp at the reader's eye, shining along the rays, on surfaces that are seen from both sides.

    With g the gradient of the values in patient space and l the direction of view, a surface is turned away by

        sin^2 = |g - (g.l) l|^2 / (|g|^2 + surface^2)

    so that a gradient far below `surface` names no surface and is lit as if it faced the reader. The colour of the
    tissue is multiplied by, with cos^2 = 1 - sin^2,

        ambient + diffuse * cos + specular * cos^power

    Parameters
    ----------
    ambient, diffuse, specular : float
        Their sum is the brightness of a surface that faces the reader.
    power : float
        The higher, the smaller the highlights.
    surface : float
        Values per mm at which a gradient counts half.
    """

    ambient: float = 0.2
    diffuse: float = 0.8
    specular: float = 0.0
    power: float = 10.0
    surface: float = 30.0

    def brightness(self, cosine: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the factor for the cosine of the angle between the gradient and the direction of view."""
        return self.ambient + self.diffuse * cosine + self.specular * cosine**self.power

    def table(self) -> Singles:
        """Return factors for red, green, blue and opacity, (256, 4), by sin^2 from 0 to 1."""
        cosine = np.sqrt(1.0 - np.linspace(0.0, 1.0, LIGHT_SIZE))
        rows = np.repeat(self.brightness(cosine)[:, None], 4, axis=1)
        rows[:, 3] = 1.0
        return rows.astype(np.float32)


@dataclass(frozen=True)
class Table:
    """A transfer function made ready for samples that stand for `step` mm of a ray.

    Parameters
    ----------
    low, high : float
        Nothing outside of these values is opaque; infinite where opacity goes on for ever.
    first, scale : float
        Row of a value: (value - first) * scale, rounded down, and held within the table.
    rows : array of float32, (4096, 4)
        Red, green and blue, times opacity; opacity of the step.
    clear : array of float32, (4096, 4)
        What the step lets through, four times.
    """

    low: float
    high: float
    first: float
    scale: float
    rows: Singles
    clear: Singles

    def look_up(self, values: Singles) -> tuple[Singles, Singles]:
        """Return the rows of `rows` and of `clear`, (samples, 4) each, of values, (samples,), which it overwrites."""
        values -= np.float32(self.first)
        values *= np.float32(self.scale)
        entry = values.astype(np.intp)
        # Rows of four float32 are fetched as one number of 16 bytes.
        found = (table.view(np.complex128).reshape(-1).take(entry, mode="clip") for table in (self.rows, self.clear))
        rows, clear = (packed.view(np.float32).reshape(-1, 4) for packed in found)
        return rows, clear


@dataclass(frozen=True)
class TransferFunction:
    """Piecewise linear opacity and colour over modality values; beyond the ends they stay what they are there.

    Parameters
    ----------
    points : tuple of Point
        By ascending value.
    light : Light
    origin : str
        Where the numbers come from.

    Raises
    ------
    ValueError
        There are fewer than two points, they do not ascend, or an opacity or colour is not within 0 to 1.

    Examples
    --------
    Two millimetres of a tissue that holds back half the light per millimetre hold back three quarters:

    >>> grey = (0.5, 0.5, 0.5)
    >>> transfer = TransferFunction((Point(0.0, 0.0, grey), Point(100.0, 0.5, grey)))
    >>> table = transfer.table(step=2.0)
    >>> table.rows[-1].tolist(), table.high
    ([0.375, 0.375, 0.375, 0.75], inf)
    """

    points: tuple[Point, ...]
    light: Light = Light()
    origin: str = ""

    def __post_init__(self) -> None:
        values = [point.value for point in self.points]
        if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
            raise ValueError("A transfer function needs two points or more, by ascending value.")
        parts = [part for point in self.points for part in (point.opacity, *point.colour)]
        if min(parts) < 0 or max(parts) > 1:
            raise ValueError("Opacities and colours are between 0 and 1.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is opaque."""
        return all(point.opacity == 0 for point in self.points)

    def sample(self, values: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return opacity per mm, shape (...), and colour, shape (..., 3), of values."""
        at = [point.value for point in self.points]
        opacity = np.interp(values, at, [point.opacity for point in self.points])
        colour = [np.interp(values, at, [point.colour[part] for point in self.points]) for part in range(3)]
        return opacity, np.stack(colour, axis=-1)

    def table(self, step: float) -> Table:
        """Return the function for samples `step` mm apart: opacities are 1 - (1 - opacity per mm) ** step."""
        first, last = self.points[0].value, self.points[-1].value
        values = np.linspace(first, last, TABLE_SIZE)
        opacity, colour = self.sample(values)
        opacity = 1.0 - (1.0 - opacity) ** step
        seen = np.flatnonzero(opacity > LEAST_OPACITY)
        low, high = (float(values[seen[0]]), float(values[seen[-1]])) if len(seen) else (np.inf, -np.inf)
        opacity[opacity <= LEAST_OPACITY] = 0.0
        rows = np.concatenate([colour * opacity[:, None], opacity[:, None]], axis=1)
        return Table(
            low=-np.inf if low == first else low,
            high=np.inf if high == last else high,
            first=first - 0.5 * (last - first) / (TABLE_SIZE - 1),
            scale=(TABLE_SIZE - 1) / (last - first),
            rows=rows.astype(np.float32),
            clear=np.repeat((1.0 - opacity)[:, None], 4, axis=1).astype(np.float32),
        )

    def over_stored_values(self, slope: float, intercept: float) -> TransferFunction:
        """Return the same function over stored values, whose modality values are slope * stored + intercept.

        Raises
        ------
        ValueError
            The slope is 0.
        """
        if slope == 0:
            raise ValueError("A rescale slope of 0 leaves nothing to see.")
        moved = [replace(point, value=(point.value - intercept) / slope) for point in self.points]
        return replace(
            self,
            points=tuple(sorted(moved, key=lambda point: point.value)),
            light=replace(self.light, surface=self.light.surface / abs(slope)),
        )

    def stretched(self, low: float, high: float) -> TransferFunction:
        """Return a function over 0 to 1 as one over `low` to `high`: for values without a unit, such as those of MR.

        Raises
        ------
        ValueError
            The range is empty.
        """
        if high <= low:
            raise ValueError("The range of values is empty.")
        return self.over_stored_values(1 / (high - low), -low / (high - low))
