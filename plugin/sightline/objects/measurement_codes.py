"""Codes of measurement reports: what is measured, in which unit, and what says so (PS3.16 TID 1500 and below it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Code = tuple[str, str, str]
"""Code value, coding scheme designator and meaning."""

OWN_SCHEME = "99SIGHTLINE"
"""Of what no standard code says."""

REPORT: Code = ("126000", "DCM", "Imaging Measurement Report")
LANGUAGE: Code = ("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH: Code = ("en", "RFC5646", "English")
OBSERVER_TYPE: Code = ("121005", "DCM", "Observer Type")
PERSON: Code = ("121006", "DCM", "Person")
PERSON_NAME: Code = ("121008", "DCM", "Person Observer Name")
DEVICE: Code = ("121007", "DCM", "Device")
DEVICE_UID: Code = ("121012", "DCM", "Device Observer UID")
DEVICE_NAME: Code = ("121013", "DCM", "Device Observer Name")
DEVICE_MANUFACTURER: Code = ("121014", "DCM", "Device Observer Manufacturer")
PROCEDURE: Code = ("121058", "DCM", "Procedure reported")
IMAGING: Code = ("363679005", "SCT", "Imaging procedure")
MEASUREMENTS: Code = ("126010", "DCM", "Imaging Measurements")
GROUP: Code = ("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER: Code = ("112039", "DCM", "Tracking Identifier")
TRACKING_UID: Code = ("112040", "DCM", "Tracking Unique Identifier")
FINDING: Code = ("121071", "DCM", "Finding")
FINDING_SITE: Code = ("363698007", "SCT", "Finding Site")
SHORT_LABEL: Code = ("125309", "DCM", "Short Label")
COMMENT: Code = ("121106", "DCM", "Comment")
REGION: Code = ("111030", "DCM", "Image Region")
REFERENCE_POINTS: Code = ("122438", "DCM", "Reference Points")
SOURCE_IMAGE: Code = ("121324", "DCM", "Source image")
DERIVATION: Code = ("121401", "DCM", "Derivation")
ORIGIN: Code = ("origin", OWN_SCHEME, "Where distances come from")

MEAN: Code = ("373098007", "SCT", "Mean")
MAXIMUM: Code = ("56851009", "SCT", "Maximum")
SUV_BODY_WEIGHT: Code = ("126401", "DCM", "SUVbw")
LONG_AXIS: Code = ("103339001", "SCT", "Long Axis")
SHORT_AXIS: Code = ("103340004", "SCT", "Short Axis")
ANGLE: Code = ("1483009", "SCT", "Angle")
COBB_ANGLE: Code = ("285285000", "SCT", "Cobb angle")


@dataclass(frozen=True)
class Measure:
    """What a number is: its concept, and how it was derived from several values."""

    name: Code
    derivation: Code | None = None


MEASURES: Mapping[str, Measure] = {
    "length": Measure(("410668003", "SCT", "Length")),
    "shortAxis": Measure(SHORT_AXIS),
    "angle": Measure(ANGLE),
    "area": Measure(("42798000", "SCT", "Area")),
    "perimeter": Measure(("131191004", "SCT", "Perimeter")),
    "width": Measure(("103355008", "SCT", "Width")),
    "height": Measure(("121207", "DCM", "Height")),
    "radius": Measure(("131190003", "SCT", "Radius")),
    "duration": Measure(("103335007", "SCT", "Duration")),
    "velocity": Measure(("110828", "DCM", "Flow Velocity")),
    "frequency": Measure(("frequency", OWN_SCHEME, "Frequency")),
    "mean": Measure(MEAN),
    "standardDeviation": Measure(("386136009", "SCT", "Standard Deviation")),
    "minimum": Measure(("255605001", "SCT", "Minimum")),
    "maximum": Measure(MAXIMUM),
    "median": Measure(("373099004", "SCT", "Median")),
    "pixels": Measure(("pixels", OWN_SCHEME, "Number of pixels")),
    "suvMean": Measure(SUV_BODY_WEIGHT, MEAN),
    "suvMaximum": Measure(SUV_BODY_WEIGHT, MAXIMUM),
    "suvPeak": Measure(SUV_BODY_WEIGHT, ("126031", "DCM", "Peak Value Within ROI")),
}
"""By the names that the viewer has for quantities."""

MEASURES_OF_TOOL: Mapping[tuple[str, str], Measure] = {
    ("bidirectional", "length"): Measure(LONG_AXIS),
    ("ellipse", "length"): Measure(LONG_AXIS),
    ("cobb", "angle"): Measure(COBB_ANGLE),
}
"""Where a tool's quantity has a concept of its own."""

UNITS: Mapping[str, Code] = {
    "mm": ("mm", "UCUM", "millimeter"),
    "cm": ("cm", "UCUM", "centimeter"),
    "mm²": ("mm2", "UCUM", "square millimeter"),
    "cm²": ("cm2", "UCUM", "square centimeter"),
    "°": ("deg", "UCUM", "degree"),
    "s": ("s", "UCUM", "second"),
    "ms": ("ms", "UCUM", "millisecond"),
    "cm/s": ("cm/s", "UCUM", "centimeter per second"),
    "Hz": ("Hz", "UCUM", "hertz"),
    "1/s": ("/s", "UCUM", "per second"),
    "bpm": ("/min", "UCUM", "per minute"),
    "dB": ("dB", "UCUM", "decibel"),
    "%": ("%", "UCUM", "percent"),
    "HU": ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "g/ml": ("g/ml", "UCUM", "gram per milliliter"),
    "BQML": ("Bq/ml", "UCUM", "becquerel per milliliter"),
    "CNTS": ("{counts}", "UCUM", "counts"),
    "": ("1", "UCUM", "no units"),
}
"""By the units that the viewer shows."""

SUV_UNIT: Code = ("{SUVbw}g/ml", "UCUM", "standardized uptake value body weight")
COUNT_UNIT: Code = ("{pixels}", "UCUM", "pixels")

SHOWN_UNITS: Mapping[str, str] = {
    "mm2": "mm²", "cm2": "cm²", "mm3": "mm³", "cm3": "cm³", "deg": "°", "[hnsf'U]": "HU", "1": "", "{pixels}": "px",
    "{SUVbw}g/ml": "g/ml", "g/ml{SUVbw}": "g/ml", "/min": "1/min",
}  # fmt: skip
"""How UCUM codes are shown where that is not the code itself."""


def unit_code(name: str, unit: str) -> Code | None:
    """Return the UCUM code of a quantity's unit; None for pixels, which say nothing of the patient.

    What is in a unit that the file names by itself is kept in braces, as UCUM has it for units that it does not know.

    >>> unit_code("area", "mm²")[0], unit_code("length", "px"), unit_code("mean", "US"), unit_code("mean", "a{b}")
    ('mm2', None, ('{US}', 'UCUM', 'US'), ('{ab}', 'UCUM', 'a{b}'))
    """
    if name == "pixels":
        return COUNT_UNIT
    if name.startswith("suv"):
        return SUV_UNIT
    if unit in UNITS:
        return UNITS[unit]
    if unit in ("px", "px²"):
        return None
    plain = "".join(c for c in unit if c.isascii() and c.isprintable() and c not in "{} ")[:14]
    return (f"{{{plain}}}", "UCUM", unit[:64]) if plain else None
