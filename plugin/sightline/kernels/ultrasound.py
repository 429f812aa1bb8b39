"""Calibrated regions of ultrasound images: which one counts at a place, and what a pixel means there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

PLANE, MOTION, SPECTRUM, WAVE = 1, 2, 3, 4
"""Region Spatial Formats (0018,6012): tissue or flow in a plane, over time, spectral Doppler, traces."""
UNITS: Mapping[int, tuple[str, float]] = MappingProxyType(
    {3: ("mm", 10.0), 4: ("s", 1.0), 5: ("Hz", 1.0), 7: ("cm/s", 1.0)}
)
"""Physical Units (0018,6024 and 6026) in which something can be measured -> what it is told in, and how many of it."""
SAME = 1e-6
"""Relative difference of two scales that counts as none."""
_LOW_PRIORITY = 1


@dataclass(frozen=True)
class UltrasoundRegion:
    """One item of Sequence of Ultrasound Regions (PS3.3 C.8.5.5), values as stored.

    Parameters
    ----------
    spatial_format, data_type, flags : int
        Region Spatial Format, Region Data Type, Region Flags.
    min_x, min_y, max_x, max_y : int
        First and last column and row, from 0.
    unit_x, unit_y : int
        Codes of Physical Units.
    delta_x, delta_y : float, optional
        What one pixel is, in these units; None where missing.
    reference_x, reference_y : int, optional
        Reference Pixel, from the region's first column and row.
    value_x, value_y : float, optional
        Physical value there.
    """

    spatial_format: int
    data_type: int
    flags: int
    min_x: int
    min_y: int
    max_x: int
    max_y: int
    unit_x: int
    unit_y: int
    delta_x: float | None
    delta_y: float | None
    reference_x: int | None = None
    reference_y: int | None = None
    value_x: float | None = None
    value_y: float | None = None

    @property
    def across(self) -> Axis:
        """What a step of one column means."""
        return _axis(self.unit_x, self.delta_x, self.min_x, self.reference_x, self.value_x)

    @property
    def down(self) -> Axis:
        """What a step of one row means."""
        return _axis(self.unit_y, self.delta_y, self.min_y, self.reference_y, self.value_y)

    @property
    def is_calibrated(self) -> bool:
        """Whether it says anything: graphics, bars of grey and colour and regions without units do not."""
        return PLANE <= self.spatial_format <= WAVE and (self.unit_x, self.unit_y) != (0, 0)

    @property
    def is_high_priority(self) -> bool:
        """Whether its pixels overwrite those of regions of low priority (C.8.5.5.1.3)."""
        return not self.flags & _LOW_PRIORITY

    @property
    def is_understood(self) -> bool:
        """Whether it has distances along both axes if it is a plane, and only then."""
        return ((self.across.unit, self.down.unit) == ("mm", "mm")) == (self.spatial_format == PLANE)


@dataclass(frozen=True)
class Axis:
    """What a step of one pixel means along one axis.

    Parameters
    ----------
    unit : str
        mm, s, Hz or cm/s; empty where it is none that can be told.
    per_pixel : float
        Never negative: machines write a negative step where values grow against the pixels.
    baseline : float, optional
        Where in image space (0 the outer edge of the first pixel) its value is 0.
    """

    unit: str
    per_pixel: float
    baseline: float | None = None


class RegionError(ValueError):
    """No region's calibration holds. `reason` is ``outside``, ``across`` or ``overlap``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No ultrasound region holds all points: {reason}.")
        self.reason = reason


def region_of(points: NDArray[Any], regions: Sequence[UltrasoundRegion]) -> UltrasoundRegion | None:
    """Return the region whose calibration holds for all points.

    Regions overlap, as colour flow over tissue. Both count where they have one scale; else the one of high priority,
    and none where both have the same priority.

    Parameters
    ----------
    points : array of float, (points, 2)
        Column and row; (0, 0) is the outer corner of the first pixel.
    regions : sequence of UltrasoundRegion

    Returns
    -------
    UltrasoundRegion or None
        None where no region is calibrated.

    Raises
    ------
    RegionError
        All points lie outside of the regions, not all in one, or where regions contradict each other.

    References
    ----------
    PS3.3 C.8.5.5.1.3

    Examples
    --------
    >>> import numpy as np
    >>> tissue = UltrasoundRegion(1, 1, 1, 0, 0, 99, 99, 3, 3, 0.02, 0.02)
    >>> region_of(np.array([[1.0, 1.0], [5.0, 9.0]]), [tissue]).across
    Axis(unit='mm', per_pixel=0.2, baseline=None)
    """
    calibrated = [region for region in regions if region.is_calibrated]
    if not calibrated:
        return None
    inside = [_inside(region, points) for region in calibrated]
    around = [region for region, found in zip(calibrated, inside, strict=True) if found.all()]
    touched = [region for region, found in zip(calibrated, inside, strict=True) if found.any()]
    for one in around:
        if all(_same_scale(one, other) or one.is_high_priority > other.is_high_priority for other in touched):
            return one
    raise RegionError("overlap" if around else "across" if touched else "outside")


def _inside(region: UltrasoundRegion, points: NDArray[Any]) -> NDArray[Any]:
    column, row = points[:, 0], points[:, 1]
    across = (column >= region.min_x) & (column <= region.max_x + 1)
    inside: NDArray[Any] = across & (row >= region.min_y) & (row <= region.max_y + 1)
    return inside


def _axis(code: int, delta: float | None, edge: int, at: int | None, value: float | None) -> Axis:
    unit, factor = UNITS.get(code, ("", 0.0))
    per_pixel = abs(delta or 0.0) * factor
    if not unit or per_pixel == 0:
        return Axis("", 0.0)
    # Away from a reference of 0 the sign of the step counts, about which machines disagree.
    return Axis(unit, per_pixel, edge + at + 0.5 if at is not None and value == 0 else None)


def _same_scale(a: UltrasoundRegion, b: UltrasoundRegion) -> bool:
    if a == b:
        return True
    planes = a.spatial_format == PLANE and b.spatial_format == PLANE
    return planes and _same(a.across, b.across) and _same(a.down, b.down)


def _same(a: Axis, b: Axis) -> bool:
    return a.unit == b.unit and abs(a.per_pixel - b.per_pixel) <= SAME * max(a.per_pixel, b.per_pixel)
