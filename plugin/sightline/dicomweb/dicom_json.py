"""The DICOM JSON model (PS3.18 annex F) of attributes that are known as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

Attribute = dict[str, Any]
"""One attribute: ``vr`` and, unless it is empty, ``Value``."""

JsonDataset = dict[str, Attribute]
"""Attributes by tag, eight hexadecimal digits in upper case, in ascending order."""

MEDIA_TYPE = "application/dicom+json"

SAFE_INTEGER = 2**53 - 1
"""Readers that keep numbers as 64-bit floats know no larger ones exactly (RFC 8259 section 6)."""
_EXACT_DIGITS = 15
"""So many decimal digits survive in a 64-bit float, whatever they are."""

_SINGLE_VALUED = ("LT", "ST", "UT", "UR")
_INTEGERS = ("IS", "SL", "SS", "UL", "US", "SV", "UV")
_DECIMALS = ("DS", "FL", "FD")
_PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def tag_text(tag: int) -> str:
    """Return a tag as JSON names it.

    >>> tag_text(0x0020000D)
    '0020000D'
    """
    return f"{tag:08X}"


def value_representation(keyword: str) -> str:
    """Return the VR of a standard attribute; where the standard allows two, the first."""
    return dictionary_VR(keyword).split(" ")[0]


def attribute(vr: str, values: Iterable[Any] = ()) -> Attribute:
    """Return an attribute of JSON values; one without values is empty."""
    listed = list(values)
    return {"vr": vr, "Value": listed} if listed else {"vr": vr}


def attribute_from_text(vr: str, text: str) -> Attribute:
    """Return an attribute whose value is written as DICOM writes it: several values joined by a backslash.

    Numbers become JSON numbers; what is no number stays text (PS3.18 table F.2.3-1 allows both). Empty values between
    others become null.

    >>> attribute_from_text("DS", "0.5\\\\0.50")
    {'vr': 'DS', 'Value': [0.5, 0.5]}
    >>> attribute_from_text("PN", "Wang^XiaoDong=王^小東")
    {'vr': 'PN', 'Value': [{'Alphabetic': 'Wang^XiaoDong', 'Ideographic': '王^小東'}]}
    """
    values = [text] if vr in _SINGLE_VALUED else text.split("\\")
    converted = [json_value(vr, value) for value in values]
    return attribute(vr, () if all(value is None for value in converted) else converted)


def json_value(vr: str, text: str) -> Any:
    """Return one value as JSON has it; None for an empty one."""
    stripped = text.rstrip(" \0") if vr in _SINGLE_VALUED else text.strip(" \0")
    if not stripped:
        return None
    if vr == "PN":
        return person_name(stripped)
    if vr in _INTEGERS:
        return _number(stripped, int)
    if vr in _DECIMALS:
        return _number(stripped, float)
    if vr == "AT":
        return stripped.strip("()").replace(",", "").upper()
    return stripped


def person_name(text: str) -> dict[str, str] | None:
    """Return the component groups of a person's name (PS3.18 F.2.2) that are not empty; None if all are."""
    groups = zip(_PERSON_NAME_GROUPS, text.split("="), strict=False)
    return {name: group.strip() for name, group in groups if group.strip()} or None


def _number(text: str, kind: type[int] | type[float]) -> int | float | str:
    """Return a number; text that is none, or that would lose digits as one, stays text (PS3.18 table F.2.3-1)."""
    try:
        number = kind(text)
    except (ValueError, OverflowError):
        return text
    if not math.isfinite(number) or abs(number) > SAFE_INTEGER:
        return text
    if len(text) > _EXACT_DIGITS and Decimal(text) != Decimal(repr(number)):
        return text
    return number


def dataset_from_row(row: Mapping[str, str], keywords: Iterable[str]) -> JsonDataset:
    """Return those attributes of a row; what the row does not have becomes an empty attribute."""
    found = {}
    for keyword in keywords:
        tag = tag_for_keyword(keyword)
        if tag is not None:
            found[tag_text(tag)] = attribute_from_text(value_representation(keyword), row.get(keyword, ""))
    return dict(sorted(found.items()))


def sequence(items: Sequence[JsonDataset]) -> Attribute:
    """Return a sequence of these items."""
    return attribute("SQ", items)


def encode(value: Any) -> bytes:
    """Return compact JSON, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
