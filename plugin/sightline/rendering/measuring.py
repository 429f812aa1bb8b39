"""Sizes of findings in the units of the image they lie on, with where these come from, or why there are none.

The viewer measures the same while one draws (`viewer-assets/src/findings/measure.ts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import hypot, pi
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels import measures
from sightline.kernels.measures import Sized, Spacing
from sightline.kernels.ultrasound import Axis
from sightline.rendering.scale import Calibrated, Rule, Scale, Words, calibrated
from sightline.rendering.series_table import FrameEntry

_SAME_SHAPE = 1e-6
"""Axes of different shape than they are drawn in by less than this are of the same."""
_BY_AXIS = frozenset({"length", "rectangle"})
"""Tools that tell each axis for itself where both have different units, as time and depth."""
_NAMES: Mapping[str, str] = MappingProxyType({"mm": "length", "s": "duration", "Hz": "frequency", "cm/s": "velocity"})


@dataclass(frozen=True)
class Quantity:
    """One number.

    Parameters
    ----------
    name : str
        As the viewer's ``QuantityName``.
    value : float
    unit : str
        As mm, mm², °, s, cm/s.
    uncertainty : float, optional
        By how much it may be wrong because a pixel is no point, and the scale no better than it is.
    is_bound : bool
        The value in the patient is at most this.
    """

    name: str
    value: float
    unit: str
    uncertainty: float | None = None
    is_bound: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the viewer's ``Quantity``."""
        stated = {"name": self.name, "value": self.value, "unit": self.unit, "uncertainty": self.uncertainty}
        return {**stated, "isBound": True} if self.is_bound else stated


@dataclass(frozen=True)
class Measured:
    """All that is told of a finding: numbers, where they come from, and why something is not told."""

    quantities: tuple[Quantity, ...] = ()
    origin: Words | None = None
    reason: Words | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the viewer's ``Measured``."""
        return {
            "quantities": [quantity.to_json() for quantity in self.quantities],
            "origin": _words_json("origin", self.origin),
            "reason": _words_json("reason", self.reason),
        }


def measure(finding: Mapping[str, Any], frame: FrameEntry, others: Iterable[Mapping[str, Any]] = ()) -> Measured:
    """Return what is told of a finding without its pixels' values.

    Parameters
    ----------
    finding : mapping
        As JSON has it: ``tool``, ``points``, ``instance`` and so on; its points are as many as the tool has.
    frame : FrameEntry
        Its own.
    others : iterable of mapping
        Findings among which calibrations of the reader are looked for; of several in one place the last counts.
    """
    tool, points = finding["tool"], np.asarray(finding["points"], np.float64)
    if tool in ("text", "arrow"):
        return Measured()
    if tool == "calibration":
        return _calibration_line(finding)
    drawn = frame.pixel_spacing or (1.0, 1.0)
    found = calibrated(_reach(tool, points, drawn), frame, list(_rules(finding, others)))
    if tool == "point":
        return _at_point(points, found.scale) if found.scale and found.scale.region else Measured()
    if tool in ("angle", "cobb"):
        return _angles(tool, points, found)
    if found.scale is None:
        return Measured(reason=found.reason)
    return _lengths(tool, points, found.scale, drawn) if found.scale.is_planar else _by_axis(tool, points, found.scale)


def _words_json(kind: str, words: Words | None) -> dict[str, Any] | None:
    if words is None:
        return None
    key = f"measure.{kind}.{words.key}"
    return {"key": key, "values": dict(words.values)} if words.values else {"key": key}


def _rules(finding: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> Iterable[Rule]:
    for other in others:
        same = all(other[name] == finding[name] for name in ("study", "series", "instance"))
        if other["tool"] == "calibration" and same and (other.get("knownLength") or 0) > 0:
            yield Rule(np.asarray(other["points"], np.float64), float(other["knownLength"]))


def _reach(tool: str, points: NDArray[Any], drawn: Spacing) -> NDArray[Any]:
    """Return points that all of a finding lies between: of a circle more than its own two."""
    if tool != "circle":
        return points
    radius = measures.distance(points, drawn, 0, 1).value / np.array([drawn[1], drawn[0]])
    return np.stack([points[0] - radius, points[0] + radius])


def _calibration_line(finding: Mapping[str, Any]) -> Measured:
    known = finding.get("knownLength") or 0
    if not known > 0:
        return Measured(reason=Words("noKnownLength"))
    return Measured((Quantity("length", known, "mm"),), Words("reader"))


def _angles(tool: str, points: NDArray[Any], found: Calibrated) -> Measured:
    if found.shape is None:
        return Measured(reason=found.reason or Words("unitsDiffer"))
    size = measures.angle(points, found.shape) if tool == "angle" else measures.cobb(points, found.shape)
    if size is None:
        return Measured(reason=Words("noExtent"))
    quantity = Quantity("angle", size.value, "°", min(180.0, size.half_pixel))
    return Measured((quantity,), found.scale.origin if found.scale else None)


def _lengths(tool: str, points: NDArray[Any], scale: Scale, drawn: Spacing) -> Measured:
    crossed = tool in ("polygon", "freehand") and measures.crosses(points)
    sizes = _sizes(tool, points, scale.spacing, drawn)
    told = tuple(_in_units(name, size, scale) for name, size in sizes if name != "area" or not crossed)
    return Measured(told, scale.origin, Words("crosses") if crossed else None)


def _sizes(tool: str, points: NDArray[Any], spacing: Spacing, drawn: Spacing) -> list[tuple[str, Sized]]:
    if tool in ("length", "polyline"):
        return [("length", measures.length(points, spacing))]
    if tool == "bidirectional":
        pair = [measures.distance(points, spacing, start, start + 1) for start in (0, 2)]
        pair = pair if pair[0].value >= pair[1].value else pair[::-1]
        return [("length", pair[0]), ("shortAxis", pair[1])]
    if tool == "rectangle":
        width, height = (measures.extent(points, spacing, axis) for axis in (0, 1))
        return [("width", width), ("height", height), ("area", width.times(height))]
    if tool == "ellipse":
        return list(zip(("length", "shortAxis", "area"), measures.ellipse(points, spacing), strict=True))
    if tool == "circle":
        return _circle(points, spacing, drawn)
    return [("area", measures.enclosed(points, spacing)), ("perimeter", measures.length(points, spacing, closed=True))]


def _circle(points: NDArray[Any], spacing: Spacing, drawn: Spacing) -> list[tuple[str, Sized]]:
    """A circle is round where it is drawn; where pixels have another shape than that it is an ellipse."""
    radius = measures.distance(points, drawn, 0, 1)
    down, across = (radius.scaled(own / shown) for own, shown in zip(spacing, drawn, strict=True))
    area = across.times(down).scaled(pi)
    if abs(across.value - down.value) <= _SAME_SHAPE * across.value:
        return [("radius", across), ("area", area)]
    return [("width", across.scaled(2)), ("height", down.scaled(2)), ("area", area)]


def _in_units(name: str, size: Sized, scale: Scale) -> Quantity:
    """What half a pixel and the scale itself make uncertain; areas depend on the scale twice."""
    is_area = name == "area"
    uncertainty = hypot(size.half_pixel, size.value * scale.relative * (2 if is_area else 1))
    return Quantity(name, size.value, "mm²" if is_area else "mm", uncertainty, scale.is_bound)


def _by_axis(tool: str, points: NDArray[Any], scale: Scale) -> Measured:
    """Time and depth, or time and velocity: each for itself, and nothing that mixes both."""
    if tool not in _BY_AXIS:
        return Measured(reason=Words("unitsDiffer"))
    axes = (scale.across, scale.down)
    told = tuple(_along(points, axis, index) for index, axis in enumerate(axes) if axis.unit)
    unknown = any(not axis.unit for axis in axes)
    return Measured(told, scale.origin if told else None, Words("unknownUnit") if unknown else None)


def _along(points: NDArray[Any], axis: Axis, index: int) -> Quantity:
    size = measures.extent(points, (axis.per_pixel, axis.per_pixel), index)
    return Quantity(_NAMES[axis.unit], size.value, axis.unit, size.half_pixel)


def _at_point(points: NDArray[Any], scale: Scale) -> Measured:
    """How far from the base line of a spectrum a point lies. The sign is left out: machines disagree about it."""
    axis = scale.down
    if axis.baseline is None or axis.unit not in ("cm/s", "Hz"):
        return Measured()
    value = abs(float(points[0, 1]) - axis.baseline) * axis.per_pixel
    return Measured((Quantity(_NAMES[axis.unit], value, axis.unit, axis.per_pixel / 2),), scale.origin)
