"""Standardised uptake values: what a PET image's values must be multiplied by, or why they cannot be.

Nothing is guessed: what is missing, or does not fit together, is refused by its name. Times are those of the scanner's
clock, as the images name them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import exp, isfinite, log
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_DOSE = 1e4
"""Bq. A smaller dose was not given to anybody; it is most likely in MBq, against the standard."""
MOST_HALF_LIVES = 10.0
"""After so many half-lives a thousandth is left, which nobody scans: the times do not belong together."""
TALLEST = 3.0
"""m. A greater height is in another unit."""


class SuvError(ValueError):
    """Uptake values cannot be computed. `reason` says why, naming the attribute."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SuvType(StrEnum):
    """What uptake is related to, as SUV Type (0054,1006) has it (PS3.3 C.8.9.1)."""

    BODY_WEIGHT = "BW"
    LEAN_BODY_MASS_JANMAHASATIAN = "LBMJANMA"
    LEAN_BODY_MASS_JAMES = "LBMJAMES128"
    BODY_SURFACE_AREA = "BSA"


@dataclass(frozen=True)
class SuvAttributes:
    """What an image says that matters for uptake values; None where it says nothing.

    Parameters
    ----------
    units : str
        BQML, CNTS or GML.
    corrected_image : tuple of str
        Must hold ATTN and DECY.
    decay_correction : str
        START: values are those at the start of the scan; ADMIN: at the injection.
    suv_type : str
        Of values in GML; empty means BW.
    weight, size : float
        Patient's Weight in kg, Patient's Size in m.
    sex : str
        M or F, for lean body mass.
    dose : float
        Radionuclide Total Dose in Bq.
    half_life : float
        Radionuclide Half Life in s.
    injection : datetime
        Radiopharmaceutical Start DateTime.
    injection_time : time
        Radiopharmaceutical Start Time; counts only where `injection` is None.
    series, acquisition : datetime
        Series and Acquisition Date and Time.
    ge_scan : datetime
        GE's private scan date and time (0009,xx0D of GEMS_PETD_01).
    frame_reference_time, actual_frame_duration : float
        ms.
    philips_suv_factor, philips_activity_factor : float
        Philips' private (7053,xx00) and (7053,xx09) of Philips PET Private Group.
    """

    units: str | None = None
    corrected_image: tuple[str, ...] = ()
    decay_correction: str | None = None
    suv_type: str | None = None
    weight: float | None = None
    size: float | None = None
    sex: str | None = None
    dose: float | None = None
    half_life: float | None = None
    injection: datetime | None = None
    injection_time: time | None = None
    series: datetime | None = None
    acquisition: datetime | None = None
    ge_scan: datetime | None = None
    frame_reference_time: float | None = None
    actual_frame_duration: float | None = None
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None


NAMES: Mapping[str, str] = MappingProxyType(
    {
        "units": "Units (0054,1001)",
        "decay_correction": "DecayCorrection (0054,1102)",
        "weight": "PatientWeight (0010,1030)",
        "size": "PatientSize (0010,1020)",
        "sex": "PatientSex (0010,0040)",
        "dose": "RadionuclideTotalDose (0018,1074)",
        "half_life": "RadionuclideHalfLife (0018,1075)",
        "injection_time": "RadiopharmaceuticalStartTime (0018,1072)",
        "series": "SeriesDate (0008,0021) or SeriesTime (0008,0031)",
        "acquisition": "AcquisitionDate (0008,0022) or AcquisitionTime (0008,0032)",
        "frame_reference_time": "FrameReferenceTime (0054,1300)",
        "actual_frame_duration": "ActualFrameDuration (0018,1242)",
    }
)
"""Field of `SuvAttributes` -> the attribute that is named when it is missing."""


def suv_factor(attributes: SuvAttributes, suv_type: SuvType = SuvType.BODY_WEIGHT) -> float:
    """Return what the values of an image, after its rescale, are multiplied by to be uptake values.

    Parameters
    ----------
    attributes : SuvAttributes
        Of that image.
    suv_type : SuvType
        What uptake is wanted: related to body weight, to lean body mass (each of two formulas) or to body surface area.

    Returns
    -------
    float
        The result is in g/ml, or in cm2/ml where related to body surface area.

    Raises
    ------
    SuvError
        An attribute is missing or 0, the image is not corrected for attenuation and decay, its unit is not known, or
        its times do not belong together.

    References
    ----------
    QIBA, Standardized Uptake Value (SUV), vendor-neutral pseudo-code (http://qibawiki.rsna.org): BQML, CNTS and GML,
    decay correction START, the rule for the start of the scan, and the time of injection without its date. ADMIN is
    added from PS3.3 C.8.9.1: values are corrected to the administration, when the whole dose is there, so no time has
    passed. Residual activity in the syringe is not known to the image and not taken off.

    Notes
    -----
    No arrays; holds the GIL for some microseconds.

    Examples
    --------
    One half-life after the injection of 200 MBq into 70 kg, 100 MBq are in 70000 g.

    >>> image = SuvAttributes(
    ...     units="BQML", corrected_image=("ATTN", "DECY"), decay_correction="START", weight=70.0, dose=2e8,
    ...     half_life=3600.0, injection_time=time(9), series=datetime(2026, 1, 15, 10),
    ...     acquisition=datetime(2026, 1, 15, 10),
    ... )
    >>> suv_factor(image)
    0.0007
    """
    units = _text(attributes, "units")
    if units not in _UNITS:
        raise SuvError(f"Units (0054,1001) is {units}, from which no uptake value can be computed.")
    missing = [code for code in ("ATTN", "DECY") if code not in attributes.corrected_image]
    if missing:
        raise SuvError(f"CorrectedImage (0028,0051) does not name {' and '.join(missing)}.")
    if _text(attributes, "decay_correction") not in ("START", "ADMIN"):
        raise SuvError(f"DecayCorrection (0054,1102) is {attributes.decay_correction}, not START or ADMIN.")
    return _UNITS[units](attributes, suv_type)


def uptake(
    stored: NDArray[Any], slopes: Sequence[float], intercepts: Sequence[float], factors: Sequence[float]
) -> NDArray[np.float32]:
    """Return uptake values of stored values, each slice by its own rescale and factor.

    Parameters
    ----------
    stored : array of numbers, (slices, rows, columns)
        As in the files. (0, 0, 0) is the centre of the first pixel of the first slice.
    slopes, intercepts : sequence of float, (slices,)
        Rescale Slope and Rescale Intercept.
    factors : sequence of float, (slices,)
        From `suv_factor`.

    Returns
    -------
    array of float32, (slices, rows, columns)
        g/ml, or cm2/ml.

    Raises
    ------
    ValueError
        There is not one of each for each slice.

    Notes
    -----
    Peak memory beside the result: one slice in float64. Releases the GIL in numpy's loops; the longest is one slice.

    Examples
    --------
    >>> uptake(np.int16([[[100]], [[100]]]), [2.0, 4.0], [0.0, 0.0], [0.01, 0.01]).tolist()
    [[[2.0]], [[4.0]]]
    """
    result = np.empty(stored.shape, np.float32)
    scales = zip(stored, slopes, intercepts, factors, strict=True)
    for index, (values, slope, intercept, factor) in enumerate(scales):
        result[index] = values * (float(slope) * factor) + float(intercept) * factor
    return result


def normaliser(attributes: SuvAttributes, suv_type: SuvType) -> float:
    """Return what the dose is thought to be spread over: g of body, or cm2 of its surface.

    Parameters
    ----------
    attributes : SuvAttributes
        Weight; size for all but body weight; sex for lean body mass.
    suv_type : SuvType

    Returns
    -------
    float
        g, or cm2 for body surface area.

    Raises
    ------
    SuvError
        An attribute that the formula needs is missing, or the formula does not hold for this patient.

    References
    ----------
    Lean body mass: Janmahasatian et al., Clin Pharmacokinet 44 (2005) 1051; James (1976) with the factor 128 for men.
    Body surface area: DuBois and DuBois, Arch Intern Med 17 (1916) 863.

    Examples
    --------
    >>> person = SuvAttributes(weight=75.0, size=1.85, sex="M")
    >>> [round(normaliser(person, kind) / 1000, 3) for kind in SuvType]
    [75.0, 60.915, 61.463, 19.814]
    """
    weight = _number(attributes, "weight")
    if suv_type is SuvType.BODY_WEIGHT:
        return weight * 1000.0
    size = _number(attributes, "size")
    if size > TALLEST:
        raise SuvError("PatientSize (0010,1020) is not in metres.")
    if suv_type is SuvType.BODY_SURFACE_AREA:
        return float(0.007184 * weight**0.425 * (size * 100.0) ** 0.725 * 10_000.0)
    sex = _text(attributes, "sex")
    if sex not in ("M", "F"):
        raise SuvError("PatientSex (0010,0040) is neither M nor F, which lean body mass depends on.")
    mass = _LEAN_BODY_MASS[suv_type, sex](weight, size)
    if mass <= 0:
        raise SuvError(f"The formula {suv_type.value} for lean body mass does not hold for this weight and size.")
    return mass * 1000.0


_LEAN_BODY_MASS: Mapping[tuple[SuvType, str], Callable[[float, float], float]] = MappingProxyType(
    {
        (SuvType.LEAN_BODY_MASS_JANMAHASATIAN, "M"): lambda kg, m: 9270 * kg / (6680 + 216 * kg / m**2),
        (SuvType.LEAN_BODY_MASS_JANMAHASATIAN, "F"): lambda kg, m: 9270 * kg / (8780 + 244 * kg / m**2),
        (SuvType.LEAN_BODY_MASS_JAMES, "M"): lambda kg, m: 1.10 * kg - 128 * (kg / (100 * m)) ** 2,
        (SuvType.LEAN_BODY_MASS_JAMES, "F"): lambda kg, m: 1.07 * kg - 148 * (kg / (100 * m)) ** 2,
    }
)


def scan_start(attributes: SuvAttributes) -> datetime:
    """Return the moment to which values with decay correction START are corrected.

    That is the series' date and time, unless the series was made after the acquisition, as when images were worked on
    later: then it is what GE says privately, else it is counted back from the time within the frame at which the
    average count rate occurred.

    Raises
    ------
    SuvError
        None of these ways is open.

    References
    ----------
    QIBA, Standardized Uptake Value (SUV), vendor-neutral pseudo-code.

    Examples
    --------
    >>> scan_start(SuvAttributes(series=datetime(2026, 1, 1, 10), acquisition=datetime(2026, 1, 1, 10, 3))).hour
    10
    """
    series, acquisition = _moment(attributes, "series"), _moment(attributes, "acquisition")
    if series <= acquisition:
        return series
    if attributes.ge_scan is not None:
        return attributes.ge_scan
    reference = _number(attributes, "frame_reference_time") / 1000
    duration = _number(attributes, "actual_frame_duration") / 1000
    constant = log(2) / _number(attributes, "half_life")
    average = log(constant * duration / (1 - exp(-constant * duration))) / constant
    return acquisition + timedelta(seconds=average - reference)


def _from_activity(attributes: SuvAttributes, suv_type: SuvType) -> float:
    """Return the factor for values in Bq/ml."""
    dose = _number(attributes, "dose")
    if dose < LEAST_DOSE:
        raise SuvError("RadionuclideTotalDose (0018,1074) is too small to be in Bq.")
    if attributes.decay_correction == "START":
        half_lives = _passed(attributes) / _number(attributes, "half_life")
        if half_lives > MOST_HALF_LIVES:
            raise SuvError("RadiopharmaceuticalStartDateTime (0018,1078) lies too long before the scan.")
        dose *= 2.0**-half_lives
    return normaliser(attributes, suv_type) / dose


def _passed(attributes: SuvAttributes) -> float:
    """Return the seconds from injection to the start of the scan."""
    start, injection = scan_start(attributes), attributes.injection
    if injection is None:
        if attributes.injection_time is None:
            raise SuvError(f"{NAMES['injection_time']} is missing.")
        injection = datetime.combine(start.date(), attributes.injection_time, start.tzinfo)
        if injection > start:  # the scan began after midnight
            injection -= timedelta(days=1)
    if injection > start:
        raise SuvError("RadiopharmaceuticalStartDateTime (0018,1078) lies after the start of the scan.")
    return (start - injection).total_seconds()


def _from_counts(attributes: SuvAttributes, suv_type: SuvType) -> float:
    """Return the factor for Philips' counts, for which there is a private factor to uptake, or one to activity."""
    if attributes.philips_suv_factor:
        return attributes.philips_suv_factor * _converted(attributes, SuvType.BODY_WEIGHT, suv_type)
    if attributes.philips_activity_factor:
        return attributes.philips_activity_factor * _from_activity(attributes, suv_type)
    raise SuvError(
        "Units (0054,1001) is CNTS, and both (7053,xx00) and (7053,xx09) of Philips PET Private Group are missing."
    )


def _from_uptake(attributes: SuvAttributes, suv_type: SuvType) -> float:
    """Return the factor for values that are uptake already, of a type that the image names."""
    named = attributes.suv_type or SuvType.BODY_WEIGHT
    if named not in (SuvType.BODY_WEIGHT, SuvType.LEAN_BODY_MASS_JANMAHASATIAN, SuvType.LEAN_BODY_MASS_JAMES):
        raise SuvError(f"SUVType (0054,1006) is {named}, which cannot be converted from GML.")
    return _converted(attributes, SuvType(named), suv_type)


def _converted(attributes: SuvAttributes, given: SuvType, wanted: SuvType) -> float:
    if given is wanted:
        return 1.0
    return normaliser(attributes, wanted) / normaliser(attributes, given)


_UNITS: Mapping[str, Callable[[SuvAttributes, SuvType], float]] = MappingProxyType(
    {"BQML": _from_activity, "CNTS": _from_counts, "GML": _from_uptake}
)


def _number(attributes: SuvAttributes, field: str) -> float:
    value = getattr(attributes, field)
    if value is None or not isfinite(value) or value <= 0:
        raise SuvError(f"{NAMES[field]} is missing or not above 0.")
    return float(value)


def _text(attributes: SuvAttributes, field: str) -> str:
    value = getattr(attributes, field)
    if not value:
        raise SuvError(f"{NAMES[field]} is missing.")
    return str(value)


def _moment(attributes: SuvAttributes, field: str) -> datetime:
    value = getattr(attributes, field)
    if not isinstance(value, datetime):
        raise SuvError(f"{NAMES[field]} is missing.")
    return value
