"""What makes distances on an image distances in the patient, as values of a series table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from sightline.kernels.ultrasound import UltrasoundRegion

X_RAY, PLANAR, LOCALIZER = "x-ray", "planar", "localizer"


@dataclass(frozen=True)
class Calibration:
    """What a file says of its distances beside the pixel spacing itself.

    Parameters
    ----------
    projection : str
        ``x-ray``: what is before the detector is enlarged on it; ``planar``: nuclear medicine, all depths in one;
        ``localizer``: of CT, true at one depth only; empty for sections.
    type : str
        FIDUCIAL or GEOMETRY: Pixel Spacing Calibration Type (0028,0A02).
    description : str
        Pixel Spacing Calibration Description (0028,0A04).
    detector : str
        ``same`` or ``other``: how Imager Pixel Spacing (0018,1164) compares with Pixel Spacing where a file has both
        (PS3.3 10.7.1.3); else empty.
    regions : tuple of UltrasoundRegion
        Sequence of Ultrasound Regions (0018,6011).
    """

    projection: str = ""
    type: str = ""
    description: str = ""
    detector: str = ""
    regions: tuple[UltrasoundRegion, ...] = ()


def calibration_from_json(value: Mapping[str, Any]) -> Calibration:
    """Make a calibration of its ``dataclasses.asdict``."""
    return Calibration(**{**value, "regions": tuple(UltrasoundRegion(**region) for region in value["regions"])})


def calibration_json(
    calibration: Calibration | None, magnification: float | None, aspect: tuple[float, float] | None
) -> dict[str, Any]:
    """Return what the viewer measures with, beside the pixel spacing; without what is not known, so mostly empty.

    Parameters
    ----------
    calibration : Calibration, optional
    magnification : float, optional
        Distances at the detector divided by it are those in the patient.
    aspect : (float, float), optional
        Height and width of a pixel in an unknown unit, where it has no size.
    """
    stated = calibration or Calibration()
    optional = {
        "projection": stated.projection,
        "type": stated.type,
        "description": stated.description,
        "detector": stated.detector,
        "magnification": magnification,
        "aspect": list(aspect) if aspect and aspect[0] != aspect[1] else None,
        "regions": [list(astuple(region)) for region in stated.regions],
    }
    return {name: value for name, value in optional.items() if value}
