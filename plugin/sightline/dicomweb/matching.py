"""Matching of one value with one key (PS3.4 section C.2.2.2), where files are compared rather than an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

from sightline.dicomweb.person_names import wildcard

_NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_DATE_TIME = r"\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_FORMS = {"DA": r"\d{8}", "TM": r"\d{2}(?:\d{2}){0,2}(?:\.\d{1,6})?", "DT": _DATE_TIME}
_EARLIEST, _LATEST = "00010101000000000000", "99991231235959999999"


def matches(vr: str, values: Sequence[str], wanted: str) -> bool:
    """Whether any of the values, as DICOM text, matches the key.

    An empty key and ``*`` match everything; every other key matches no attribute without a value. Names do not care
    for case and match in any component group; numbers are compared as numbers.

    >>> matches("DA", ["20260102"], "20260101-20260131"), matches("IS", ["007"], "7"), matches("PN", ["A^B"], "a^*")
    (True, True, True)
    """
    if wanted in ("", "*"):
        return True
    return any(_matches(vr, value, wanted) for value in values if value)


def _matches(vr: str, value: str, wanted: str) -> bool:
    if vr in _FORMS:
        bounds = parse_range(vr, wanted)
        return bounds is not None and _within(vr, value, bounds)
    if vr == "UI":
        return value in wanted.split("\\")
    if vr in _NUMBERS:
        return _number(value) is not None and _number(value) == _number(wanted)
    if vr == "PN":
        expression = wildcard(wanted.upper())
        return any(expression.fullmatch(part.upper()) for part in (value, *value.split("=")))
    return wildcard(wanted).fullmatch(value) is not None


def parse_range(vr: str, text: str) -> tuple[str, str] | None:
    """Return the first and the last moment that a single value or range of DA, TM or DT covers; None if malformed.

    Moments are comparable text: eight digits for DA, twelve for TM (to the microsecond), twenty for DT (in UTC). What
    a value leaves out covers all: ``10`` is the whole hour. A range may be open at one end.

    >>> parse_range("TM", "10-1130")
    ('100000000000', '113059999999')
    """
    form = _FORMS[vr]
    if re.fullmatch(form, text):
        return _ends(vr, text)
    match = re.fullmatch(f"({form})?-({form})?", text)
    if match is None or match[0] == "-":
        return None
    first = _ends(vr, match[1]) if match[1] else (_bound(vr, _EARLIEST),) * 2
    last = _ends(vr, match[2]) if match[2] else (_bound(vr, _LATEST),) * 2
    return (first[0], last[1]) if first and last else None


def _bound(vr: str, moment: str) -> str:
    return {"DA": moment[:8], "TM": moment[8:], "DT": moment}[vr]


def _within(vr: str, value: str, bounds: tuple[str, str]) -> bool:
    covered = _ends(vr, value.strip().replace(":", "")) if vr == "TM" else _ends(vr, value.strip())
    return covered is not None and bounds[0] <= covered[0] <= bounds[1]


def _ends(vr: str, text: str) -> tuple[str, str] | None:
    """Return the first and the last moment of one value; None where the calendar or the clock has no such."""
    if not re.fullmatch(_FORMS[vr], text):
        return None
    digits, _, rest = text.partition(".")
    offset = ""
    if vr == "DT":
        match = re.fullmatch(r"(\d+)(?:\.(\d+))?([+-]\d{4})?", text)
        digits, rest, offset = (match[1], match[2] or "", match[3] or "") if match else (digits, rest, "")
    head = "00010101" if vr == "TM" else ""
    first = _moment(head + digits, rest, _EARLIEST, "0", offset)
    last = _moment(head + digits, rest, _LATEST, "9", offset)
    return (_bound(vr, first), _bound(vr, last)) if first and last else None


def _moment(digits: str, fraction: str, filling: str, fraction_filling: str, offset: str) -> str | None:
    """Complete a moment by the filling and bring it to UTC."""
    if len(digits) == 6 and filling == _LATEST:  # the last day depends on the month
        digits += _last_day(digits)
    whole = digits + filling[len(digits) : 14]
    micro = fraction.ljust(6, fraction_filling if len(digits) == 14 and fraction else filling[-1])
    whole = whole[:12] + "59" if whole[12:] == "60" else whole  # leap seconds are no time of Python's
    try:
        zone = timezone(timedelta(minutes=_minutes(offset))) if offset else UTC
        moment = datetime.strptime(whole + micro, "%Y%m%d%H%M%S%f").replace(tzinfo=zone)
        return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f").rjust(20, "0")
    except (ValueError, OverflowError):
        return None


def _last_day(year_and_month: str) -> str:
    year, month = int(year_and_month[:4]), int(year_and_month[4:])
    if not 1 <= month <= 12 or year < 1:
        return "00"
    if month == 12:
        return "31"
    return f"{(datetime(year, month + 1, 1, tzinfo=UTC) - timedelta(days=1)).day:02}"


def _minutes(offset: str) -> int:
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return -minutes if offset.startswith("-") else minutes


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
