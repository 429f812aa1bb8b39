"""The content tree of a structured report (PS3.3 C.17.3) as plain text values. Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import UID

from sightline.rendering.value_text import clock_time, date_time, person


@dataclass(frozen=True)
class ContentItem:
    """One content item.

    `name` is the meaning of its concept name, `value` what a person reads (empty for a container), `relationship` that
    to its parent, as ``CONTAINS`` or ``HAS OBS CONTEXT``.
    """

    name: str
    value: str
    relationship: str = ""
    children: tuple[ContentItem, ...] = ()


def read_content(dataset: Dataset) -> ContentItem:
    """Return the content tree whose root is this data set, or this item of Content Sequence."""
    reference = dataset.get("ReferencedContentItemIdentifier")
    if reference is not None:
        path = reference if not isinstance(reference, int) else [reference]
        value = "see item " + ".".join(str(number) for number in path)
    else:
        value = _VALUES.get(str(dataset.get("ValueType", "")), _nothing)(dataset)
    return ContentItem(
        name=meaning(dataset, "ConceptNameCodeSequence"),
        value=value,
        relationship=str(dataset.get("RelationshipType") or ""),
        children=tuple(read_content(item) for item in dataset.get("ContentSequence") or ()),
    )


def meaning(dataset: Dataset, keyword: str) -> str:
    """Return the meaning of the first code of a sequence; its value where it has no meaning, empty without a code."""
    items = dataset.get(keyword)
    if not items:
        return ""
    for attribute in ("CodeMeaning", "CodeValue", "LongCodeValue", "URNCodeValue"):
        text = str(items[0].get(attribute) or "").strip()
        if text:
            return text
    return ""


def _number(dataset: Dataset) -> str:
    """Write a measured value with its unit (UCUM code), or why there is none."""
    items = dataset.get("MeasuredValueSequence")
    if not items:
        return meaning(dataset, "NumericValueQualifierCodeSequence") or "no value"
    units = items[0].get("MeasurementUnitsCodeSequence")
    unit = ""
    if units:
        is_ucum = str(units[0].get("CodingSchemeDesignator") or "") == "UCUM"
        unit = str(units[0].get("CodeValue") or "") if is_ucum else meaning(items[0], "MeasurementUnitsCodeSequence")
    value = str(items[0].get("NumericValue", "")).strip()
    # UCUM writes what has no unit as 1, and what is counted in braces.
    return value if unit in ("", "1") else f"{value} {unit.strip('{}')}"


def _reference(dataset: Dataset) -> str:
    """Name the object that a content item refers to."""
    items = dataset.get("ReferencedSOPSequence")
    if not items:
        return ""
    text = (
        f"{UID(str(items[0].get('ReferencedSOPClassUID') or '')).name} {items[0].get('ReferencedSOPInstanceUID', '')}"
    )
    frames = items[0].get("ReferencedFrameNumber")
    if frames is None:
        return text
    numbers = [frames] if isinstance(frames, int) else frames
    return f"{text}, frame {', '.join(str(number) for number in numbers)}"


def _coordinates(dataset: Dataset) -> str:
    dimensions = 3 if dataset.get("ValueType") == "SCOORD3D" else 2
    count = len(dataset.get("GraphicData") or ()) // dimensions
    return f"{dataset.get('GraphicType', '')} of {count} point{'' if count == 1 else 's'}"


def _nothing(_: Dataset) -> str:
    return ""


_VALUES: Mapping[str, Callable[[Dataset], str]] = {
    "TEXT": lambda dataset: str(dataset.get("TextValue") or ""),
    "NUM": _number,
    "CODE": lambda dataset: meaning(dataset, "ConceptCodeSequence"),
    "DATE": lambda dataset: date_time(dataset.get("Date")),
    "TIME": lambda dataset: clock_time(dataset.get("Time")),
    "DATETIME": lambda dataset: date_time(dataset.get("DateTime")),
    "PNAME": lambda dataset: person(dataset.get("PersonName")),
    "UIDREF": lambda dataset: str(dataset.get("UID") or ""),
    "COMPOSITE": _reference,
    "IMAGE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _coordinates,
    "SCOORD3D": _coordinates,
    "TCOORD": lambda dataset: str(dataset.get("TemporalRangeType") or ""),
}
"""What a person reads of each Value Type (PS3.3 table C.17.3-7); a container has no value of its own."""
