"""Dates and times as a database compares them: as text, so that bounds have to say all that the standard means."""

from __future__ import annotations

from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword

_FIRST_DATE = "00010101"
_LAST_MOMENT = "235959.999999"


def comparable(keyword: str, wanted: str) -> str:
    """Return a key so that comparing text finds what PS3.4 C.2.2.2.5 means.

    A range of dates that is open below would find what has an empty date. A time to the minute covers all of it.

    >>> comparable("StudyDate", "-20260131")
    '00010101-20260131'
    >>> comparable("StudyTime", "1015"), comparable("StudyTime", "100000-1015")
    ('1015-101559.999999', '10-101559.999999')
    """
    tag = tag_for_keyword(keyword)
    vr = dictionary_VR(tag) if tag is not None and dictionary_has_tag(tag) else ""
    if vr == "DA":
        return _FIRST_DATE + wanted if wanted.startswith("-") else wanted
    if vr != "TM" or not wanted or "*" in wanted or "?" in wanted:
        return wanted
    first, dash, last = wanted.partition("-")
    last = last if dash else first
    # A stored "10" is not before 10:00:00, which it would be as text; "00" is the first of all.
    return f"{_shortest(first)}-{_longest(last) if last else _LAST_MOMENT}"


def _shortest(time: str) -> str:
    """Return the shortest text that is not after any time from this one on."""
    whole, _, fraction = time.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        return f"{whole}.{fraction}"
    while len(whole) > 2 and whole.endswith("00"):
        whole = whole[:-2]
    return whole or "00"


def _longest(time: str) -> str:
    """Return the last moment that a time covers."""
    whole, dot, fraction = time.partition(".")
    if dot:
        return f"{whole}.{fraction.ljust(6, '9')}"
    return whole + _LAST_MOMENT[len(whole) :]
