"""Content items of a structured report (PS3.3 C.17.3, C.18), made as data sets. Runs in workers only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from pydicom import Dataset
from pydicom.valuerep import DSfloat

from sightline.objects.measurement_codes import Code

CONTAINS, CONTEXT, MODIFIER = "CONTAINS", "HAS OBS CONTEXT", "HAS CONCEPT MOD"
INFERRED, SELECTED = "INFERRED FROM", "SELECTED FROM"
_LONGEST_NAME = 64


def code_item(code: Code) -> Dataset:
    """Return one item of a code sequence (PS3.3 table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def container(name: Code, children: Iterable[Dataset], relationship: str = CONTAINS) -> Dataset:
    """Return a container; one that is empty has no Content Sequence, which may not be empty."""
    item = _item("CONTAINER", name, relationship)
    item.ContinuityOfContent = "SEPARATE"
    content = list(children)
    if content:
        item.ContentSequence = content
    return item


def text(name: Code, value: str, relationship: str) -> Dataset:
    """Return a text."""
    item = _item("TEXT", name, relationship)
    item.TextValue = value
    return item


def code(name: Code, value: Code, relationship: str) -> Dataset:
    """Return a coded value."""
    item = _item("CODE", name, relationship)
    item.ConceptCodeSequence = [code_item(value)]
    return item


def uid(name: Code, value: str, relationship: str) -> Dataset:
    """Return a UID."""
    item = _item("UIDREF", name, relationship)
    item.UID = value
    return item


def person(name: Code, value: str, relationship: str) -> Dataset:
    """Return the name of a person."""
    item = _item("PNAME", name, relationship)
    item.PersonName = person_name(value)
    return item


def person_name(name: str) -> str:
    r"""Return a name as a value of PN, whose delimiters are spaces here (PS3.5 6.2).

    >>> person_name("Dr Ann\\Lee=Ng^Bo"), person_name(" ")
    ('Dr Ann Lee Ng^Bo', 'Unknown')
    """
    plain = "".join(" " if c in "\\=" or not c.isprintable() else c for c in name).strip()
    return plain[:_LONGEST_NAME].strip() or "Unknown"


def number(name: Code, value: float, unit: Code, children: Iterable[Dataset] = ()) -> Dataset:
    """Return a measured number: as text of at most 16 characters, and exactly (PS3.3 C.18.1)."""
    if not isfinite(value):
        raise ValueError("There is no such number.")
    item, measured = _item("NUM", name, CONTAINS), Dataset()
    measured.NumericValue = DSfloat(value, auto_format=True)
    measured.FloatingPointValue = value
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    item.MeasuredValueSequence = [measured]
    content = list(children)
    if content:
        item.ContentSequence = content
    return item


def coordinates(
    name: Code, graphic: str, points: Sequence[Sequence[float]], source: Dataset, relationship: str
) -> Dataset:
    """Return points of an image (PS3.3 C.18.6), with the image that they were chosen on."""
    item = _item("SCOORD", name, relationship)
    item.GraphicType = graphic
    item.GraphicData = [float(value) for point in points for value in point]
    item.ContentSequence = [source]
    return item


def image(name: Code, sop_class: str, instance: str, frame: int | None, relationship: str) -> Dataset:
    """Return a reference to an image, or to one frame of it."""
    item, reference = _item("IMAGE", name, relationship), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, instance
    if frame is not None:
        reference.ReferencedFrameNumber = frame
    item.ReferencedSOPSequence = [reference]
    return item


def composite(name: Code, sop_class: str, instance: str, relationship: str) -> Dataset:
    """Return a reference to another object, such as a report."""
    item, reference = _item("COMPOSITE", name, relationship), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, instance
    item.ReferencedSOPSequence = [reference]
    return item


def _item(value_type: str, name: Code, relationship: str) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relationship, value_type
    item.ConceptNameCodeSequence = [code_item(name)]
    return item


def named(item: Any, name: Code) -> bool:
    """Whether a content item has that concept name, whatever its meaning is spelled like."""
    names = item.get("ConceptNameCodeSequence")
    return bool(names) and str(names[0].get("CodeValue") or "") == name[0]
