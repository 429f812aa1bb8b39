"""What a measurement group of anybody's report holds: graphics, numbers and words, as plain values.

Runs in workers only. Reports may be made by anybody: nothing here recurses, and everything is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from pydicom import Dataset

from sightline.objects.content_items import named
from sightline.objects.content_tree import meaning
from sightline.objects.measurement_codes import (
    DERIVATION,
    FINDING,
    GROUP,
    PERSON_NAME,
    SHORT_LABEL,
    SHOWN_UNITS,
    TRACKING_IDENTIFIER,
    TRACKING_UID,
)
from sightline.rendering.value_text import person

MOST_ITEMS = 200_000
MOST_LEVELS = 32
MOST_POINTS = 10_000
_SITES = frozenset({"363698007", "G-C0E3"})


class TreeError(ValueError):
    """The content tree is larger or deeper than anybody's report; the message is for a person."""


@dataclass(frozen=True)
class Graphic:
    """Points of an image, or in the patient where `dimensions` is 3; `place` are SOP Instance UID and frame."""

    kind: str
    points: tuple[tuple[float, ...], ...]
    place: tuple[str, int] | None
    concept: str
    of_number: str = ""
    dimensions: int = 2
    frame_of_reference: str = ""


@dataclass
class Group:
    """One measurement group."""

    item: Dataset
    identifier: str = ""
    tracking: str = ""
    label: str = ""
    finding: str = ""
    site: str = ""
    author: str = ""
    graphics: list[Graphic] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    concepts: set[str] = field(default_factory=set)
    """Code values of what was measured."""
    images: list[tuple[str, int]] = field(default_factory=list)
    """What the group refers to as a whole."""


def groups_of(dataset: Dataset) -> Iterator[Group]:
    """Yield the measurement groups of a report, in their order.

    Raises
    ------
    TreeError
        There are more than `MOST_ITEMS` content items, or more than `MOST_LEVELS` levels of them.
    """
    count = 0
    stack = [(item, 1) for item in reversed(dataset.get("ContentSequence") or ())]
    while stack:
        item, level = stack.pop()
        count += 1
        if count > MOST_ITEMS or level > MOST_LEVELS:
            raise TreeError("This report has more in it than can be shown here.")
        if item.get("ValueType") == "CONTAINER" and named(item, GROUP):
            group = _group(item)
            count += len(group.graphics) + len(group.values)
            yield group
        else:
            stack += [(child, level + 1) for child in reversed(item.get("ContentSequence") or ())]


def _group(item: Dataset) -> Group:
    group = Group(item)
    for child in item.get("ContentSequence") or ():
        kind = str(child.get("ValueType") or "")
        if kind == "NUM":
            _read_number(group, child)
        elif kind in ("SCOORD", "SCOORD3D"):
            group.graphics.append(_graphic(child))
        elif kind == "IMAGE":
            group.images += [place] if (place := _place(child)) else []
        elif kind == "UIDREF" and named(child, TRACKING_UID):
            group.tracking = str(child.get("UID") or "")
        elif kind == "TEXT" and named(child, TRACKING_IDENTIFIER):
            group.identifier = str(child.get("TextValue") or "")
        elif kind == "TEXT" and named(child, SHORT_LABEL):
            group.label = str(child.get("TextValue") or "")
        elif kind == "PNAME" and named(child, PERSON_NAME):
            group.author = person(child.get("PersonName"))
        elif kind == "CODE" and named(child, FINDING):
            group.finding = meaning(child, "ConceptCodeSequence")
        elif kind == "CODE" and _concept(child) in _SITES:
            group.site = meaning(child, "ConceptCodeSequence")
    return group


def _read_number(group: Group, item: Dataset) -> None:
    concept, name = _concept(item), meaning(item, "ConceptNameCodeSequence")
    group.concepts.add(concept)
    measured = item.get("MeasuredValueSequence")
    for child in item.get("ContentSequence") or ():
        if child.get("ValueType") in ("SCOORD", "SCOORD3D"):
            group.graphics.append(_graphic(child, concept))
        elif child.get("ValueType") == "IMAGE":
            group.images += [place] if (place := _place(child)) else []
        elif named(child, DERIVATION):
            name = f"{name}, {meaning(child, 'ConceptCodeSequence')}"
    if measured:
        value = measured[0].get("FloatingPointValue")
        number = float(measured[0].NumericValue if value is None else value)
        if isfinite(number):
            group.values.append({"name": name[:128], "value": number, "unit": _unit(measured[0])})


def _unit(measured: Dataset) -> str:
    """Return how the unit is shown: UCUM's as people write it, another's by its meaning."""
    units = measured.get("MeasurementUnitsCodeSequence")
    if not units:
        return ""
    code = str(units[0].get("CodeValue") or "")
    if str(units[0].get("CodingSchemeDesignator") or "") != "UCUM":
        return meaning(measured, "MeasurementUnitsCodeSequence")[:64]
    return SHOWN_UNITS.get(code, code.strip("{}"))[:64]


def _graphic(item: Dataset, of_number: str = "") -> Graphic:
    dimensions = 3 if item.get("ValueType") == "SCOORD3D" else 2
    data = item.get("GraphicData")
    values = [float(value) for value in ([data] if isinstance(data, int | float) else data or ())]
    if len(values) > dimensions * MOST_POINTS:
        raise TreeError("An outline of this report has more points than can be shown here.")
    if len(values) % dimensions or not all(map(isfinite, values)):
        values = []
    children = item.get("ContentSequence") or ()
    places = [place for child in children if child.get("ValueType") == "IMAGE" and (place := _place(child))]
    return Graphic(
        str(item.get("GraphicType") or ""),
        tuple(tuple(values[start : start + dimensions]) for start in range(0, len(values), dimensions)),
        places[0] if places else None,
        _concept(item),
        of_number,
        dimensions,
        str(item.get("ReferencedFrameOfReferenceUID") or ""),
    )


def _place(item: Dataset) -> tuple[str, int] | None:
    """Return SOP Instance UID and frame of a reference; the first frame where none is named."""
    references = item.get("ReferencedSOPSequence")
    if not references:
        return None
    frames: Any = references[0].get("ReferencedFrameNumber")
    first = frames[0] if isinstance(frames, Sequence) and not isinstance(frames, str) and len(frames) else frames
    return str(references[0].get("ReferencedSOPInstanceUID") or ""), int(first) if first else 1


def _concept(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue") or "") if names else ""
