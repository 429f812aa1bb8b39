"""Read out of a PET image what uptake values need. Runs where files are read: in workers."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from sightline.errors import UnprocessableError
from sightline.kernels.suv import SuvAttributes, SuvError, SuvType, suv_factor

NO_UPTAKE = "no-uptake-values"
_GE = (0x0009, "GEMS_PETD_01", 0x0D)
_PHILIPS = (0x7053, "Philips PET Private Group")


def factor_of(dataset: Dataset, suv_type: SuvType = SuvType.BODY_WEIGHT) -> float:
    """Return what the values of an image, after its rescale, are multiplied by to be uptake values.

    Raises
    ------
    UnprocessableError
        They cannot be computed; the message names the attribute that is missing or does not fit.
    """
    try:
        return suv_factor(read_attributes(dataset), suv_type)
    except SuvError as error:
        raise UnprocessableError(f"There are no uptake values: {error.reason}", NO_UPTAKE) from error


def read_attributes(dataset: Dataset) -> SuvAttributes:
    """Read them; what is absent, empty or not readable is None.

    Moments are without zone: those of the zone of Timezone Offset From UTC (0008,0201), which dates with times are in.

    Raises
    ------
    SuvError
        There are several radiopharmaceuticals, or a date-time has a zone and the image does not say which its times
        have.
    """
    given = dataset.get("RadiopharmaceuticalInformationSequence") or [Dataset()]
    if len(given) > 1:
        raise SuvError("RadiopharmaceuticalInformationSequence (0054,0016) names several radiopharmaceuticals.")
    injected, zone = given[0], _zone(dataset)
    return SuvAttributes(
        units=_text(dataset, "Units"),
        corrected_image=_texts(dataset, "CorrectedImage"),
        decay_correction=_text(dataset, "DecayCorrection"),
        suv_type=_text(dataset, "SUVType"),
        weight=_number(dataset.get("PatientWeight")),
        size=_number(dataset.get("PatientSize")),
        sex=_text(dataset, "PatientSex"),
        dose=_number(injected.get("RadionuclideTotalDose")),
        half_life=_number(injected.get("RadionuclideHalfLife")),
        injection=_moment(injected.get("RadiopharmaceuticalStartDateTime"), zone),
        injection_time=_time(injected.get("RadiopharmaceuticalStartTime")),
        series=_date_and_time(dataset, "Series"),
        acquisition=_date_and_time(dataset, "Acquisition"),
        ge_scan=_moment(_private(dataset, *_GE), zone),
        frame_reference_time=_number(dataset.get("FrameReferenceTime")),
        actual_frame_duration=_number(dataset.get("ActualFrameDuration")),
        philips_suv_factor=_number(_private(dataset, *_PHILIPS, 0x00)),
        philips_activity_factor=_number(_private(dataset, *_PHILIPS, 0x09)),
    )


def _private(dataset: Dataset, group: int, creator: str, element: int) -> Any:
    """Return a private attribute's value, wherever its creator has reserved its block."""
    try:
        value = dataset.private_block(group, creator)[element].value
    except KeyError:
        return None
    # Of implicit value representation, and not in pydicom's dictionary: the bytes are text.
    return value.decode("ascii", "replace").strip(" \0") if isinstance(value, bytes) else value


def _texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    value = dataset.get(keyword)
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def _text(dataset: Dataset, keyword: str) -> str | None:
    return next(iter(_texts(dataset, keyword)), None)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _date_and_time(dataset: Dataset, which: str) -> datetime | None:
    day, clock = _date(dataset.get(f"{which}Date")), _time(dataset.get(f"{which}Time"))
    return None if day is None or clock is None else datetime.combine(day, clock)


def _date(value: Any) -> date | None:
    try:
        return DA(value) if value else None
    except (TypeError, ValueError):
        return None


def _time(value: Any) -> time | None:
    try:
        found = TM(value) if value else None
    except (TypeError, ValueError):
        return None
    return None if found is None else time(found.hour, found.minute, found.second, found.microsecond)


def _moment(value: Any, zone: tzinfo | None) -> datetime | None:
    """Return a date-time in the zone of the image's other times, without it."""
    # Without hours it is a day: nothing to count seconds from (PS3.5 6.2, DT).
    if not value or len(re.split("[+-]", str(value))[0]) < 10:
        return None
    try:
        found: datetime | None = DT(str(value))
    except (TypeError, ValueError):
        return None
    if found is None:
        return None
    if found.tzinfo is not None:
        if zone is None:
            raise SuvError("TimezoneOffsetFromUTC (0008,0201) is missing, though a date-time names its zone.")
        found = found.astimezone(zone)
    return datetime(found.year, found.month, found.day, found.hour, found.minute, found.second, found.microsecond)


def _zone(dataset: Dataset) -> tzinfo | None:
    text = str(dataset.get("TimezoneOffsetFromUTC") or "")
    if len(text) != 5 or text[0] not in "+-" or not text[1:].isdecimal():
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
