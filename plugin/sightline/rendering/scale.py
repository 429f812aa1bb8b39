"""How large a pixel is where a finding lies, in which units, and who says so; or why nobody does.

The viewer decides the same while one draws (`viewer-assets/src/findings/calibration.ts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.kernels.measures import Spacing, length
from sightline.kernels.ultrasound import MOTION, PLANE, SPECTRUM, WAVE, Axis, RegionError, UltrasoundRegion, region_of
from sightline.rendering.calibration import LOCALIZER, PLANAR, X_RAY, Calibration
from sightline.rendering.series_table import FrameEntry

_US_ORIGINS: Mapping[int, str] = MappingProxyType(
    {PLANE: "usRegion", MOTION: "usMotion", SPECTRUM: "usSpectrum", WAVE: "usWave"}
)
_PROJECTED: Mapping[str, str] = MappingProxyType({PLANAR: "planar", LOCALIZER: "localizer", "": "pixelSpacing"})


@dataclass(frozen=True)
class Words:
    """A text of the viewer's messages: its key below ``measure.origin`` or ``measure.reason``, and its values."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """What one pixel means.

    Parameters
    ----------
    across, down : Axis
        Of a column and of a row.
    origin : Words
    is_bound : bool
        Distances are those at a detector: in the patient they are at most these.
    relative : float
        Relative uncertainty of the scale itself.
    region : UltrasoundRegion, optional
        That it is of.
    """

    across: Axis
    down: Axis
    origin: Words
    is_bound: bool = False
    relative: float = 0.0
    region: UltrasoundRegion | None = None

    @property
    def is_planar(self) -> bool:
        """Whether both axes are distances, so that there are lengths in any direction, areas and angles."""
        return self.across.unit == self.down.unit == "mm"

    @property
    def spacing(self) -> Spacing:
        """Between rows, between columns."""
        return self.down.per_pixel, self.across.per_pixel


@dataclass(frozen=True)
class Calibrated:
    """A scale, or the reason why there is none; `shape` is height and width of a pixel in any unit, None if unknown."""

    scale: Scale | None
    shape: Spacing | None
    reason: Words | None = None


@dataclass(frozen=True)
class Rule:
    """A line of a frame's file whose length, in mm, the reader knows; its ends as (column, row)."""

    points: NDArray[Any]
    known_length: float


def calibrated(points: NDArray[Any], frame: FrameEntry, rules: Sequence[Rule] = ()) -> Calibrated:
    """Return the scale that holds for points of a frame.

    Parameters
    ----------
    points : array of float, (points, 2)
        Column and row; (0, 0) is the outer corner of the first pixel.
    frame : FrameEntry
    rules : sequence of Rule
        The reader's own, of the same file: one of the same region counts before all that the file says, the last of
        several.
    """
    stored = _stored(points, frame)
    if stored.shape is None:
        return stored
    region = stored.scale.region if stored.scale else None
    found = stored
    for rule in rules:
        there = _stored(rule.points, frame)
        line = length(rule.points, stored.shape)
        if there.shape is None or (there.scale.region if there.scale else None) != region or not line.value > 0:
            continue
        factor = rule.known_length / line.value
        scale = _millimetres((stored.shape[0] * factor, stored.shape[1] * factor), Words("reader")).scale
        if scale is not None:
            scale = replace(scale, relative=line.half_pixel / line.value, region=region)
            found = Calibrated(scale, scale.spacing)
    return found


def _stored(points: NDArray[Any], frame: FrameEntry) -> Calibrated:
    calibration = frame.instance.calibration or Calibration()
    try:
        region = region_of(np.asarray(points, np.float64), calibration.regions)
    except RegionError as error:
        # Outside of all regions pixels still have a shape; from one region into another nothing is known.
        shape = (frame.pixel_spacing or _aspect(frame)) if error.reason == "outside" else None
        return Calibrated(None, shape, Words(error.reason))
    if region is not None:
        return _of_region(region)
    if frame.pixel_spacing is None:
        return Calibrated(None, _aspect(frame), Words("noSpacing"))
    return _of_spacing(frame.pixel_spacing, frame, calibration)


def _aspect(frame: FrameEntry) -> Spacing:
    """Return height and width of a pixel without a size: square unless the file says otherwise (PS3.3 C.7.6.3.1.7)."""
    return frame.instance.pixel_aspect_ratio or (1.0, 1.0)


def _of_region(region: UltrasoundRegion) -> Calibrated:
    # A picture of tissue has distances along both axes, and nothing else has: what says otherwise is not understood.
    if not region.is_understood:
        return Calibrated(None, None, Words("unknownUnit"))
    scale = Scale(region.across, region.down, Words(_US_ORIGINS[region.spatial_format]), region=region)
    return Calibrated(scale, scale.spacing if scale.is_planar else None)


def _of_spacing(spacing: Spacing, frame: FrameEntry, calibration: Calibration) -> Calibrated:
    x_ray = frame.spacing_origin == "PixelSpacing" and calibration.projection == X_RAY
    same = x_ray and calibration.detector == "same" and not calibration.type
    if frame.spacing_origin != "ImagerPixelSpacing" and not same:
        return _millimetres(spacing, _origin(frame, calibration))
    factor = frame.instance.hanging.magnification or 0.0
    # Everything lies before the detector: a factor of 1, as machines write where they know none, is no measurement.
    if factor <= 1:
        return _millimetres(spacing, Words("detector"), is_bound=True)
    words = Words("magnified", {"factor": f"{factor:.4g}"})
    return _millimetres((spacing[0] / factor, spacing[1] / factor), words)


def _origin(frame: FrameEntry, calibration: Calibration) -> Words:
    """Return what spacing in the patient, or on a film, is called (PS3.3 10.7.1.3)."""
    if frame.spacing_origin == "NominalScannedPixelSpacing":
        return Words("film")
    if calibration.type:
        key = "fiducial" if calibration.type == "FIDUCIAL" else "geometry"
        described = {"description": calibration.description} if calibration.description else {}
        return Words(f"{key}As" if described else key, described)
    if calibration.projection == X_RAY:
        return Words("corrected" if calibration.detector == "other" else "unsaid")
    return Words(_PROJECTED[calibration.projection])


def _millimetres(spacing: Spacing, origin: Words, is_bound: bool = False) -> Calibrated:
    scale = Scale(Axis("mm", spacing[1]), Axis("mm", spacing[0]), origin, is_bound)
    return Calibrated(scale, spacing)
