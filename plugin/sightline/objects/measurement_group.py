"""One finding as a measurement group (PS3.16 TID 1410, TID 1501). Runs in workers only.

The group says everything that the standard has words for. What it has none for, and the points as they were drawn,
since SCOORD keeps 24 bits of each only, is in a private attribute: who reads our reports gets the very findings back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

from pydicom import Dataset

from sightline.objects import content_items as items
from sightline.objects.content_items import CONTAINS, CONTEXT, INFERRED, MODIFIER, SELECTED
from sightline.objects.measurement_codes import (
    COMMENT,
    DERIVATION,
    GROUP,
    LONG_AXIS,
    MEASURES,
    MEASURES_OF_TOOL,
    OBSERVER_TYPE,
    ORIGIN,
    PERSON,
    PERSON_NAME,
    REFERENCE_POINTS,
    REGION,
    SHORT_AXIS,
    SHORT_LABEL,
    SOURCE_IMAGE,
    TRACKING_IDENTIFIER,
    TRACKING_UID,
    Measure,
    unit_code,
)

Points = Sequence[Sequence[float]]
PRIVATE_GROUP, PRIVATE_CREATOR, PRIVATE_ELEMENT = 0x0077, "SIGHTLINE FINDING", 0x01
KEPT = ("id", "tool", "points", "label", "colour", "hidden", "knownLength")
"""What the private attribute has; place and tracking are where the standard has them."""


def measurement_group(told: Mapping[str, Any], author: str) -> Dataset:
    """Return the group of one finding.

    Parameters
    ----------
    told : Mapping
        ``finding``; ``author`` and ``changed``; ``sop_class`` and ``frames`` of the image; ``spacing`` between its rows
        and columns in mm, or null; ``quantities``, each with ``name``, ``value`` and ``unit``; ``origin`` and
        ``reason``, texts or null.
    author : str
        Of the report; who made this finding is named where it is somebody else.
    """
    finding = told["finding"]
    source = items.image(
        SOURCE_IMAGE,
        told["sop_class"],
        finding["instance"],
        finding["frame"] if told["frames"] > 1 else None,
        SELECTED,
    )
    label = finding["label"]
    name = label.partition("\n")[0].strip() or finding["tool"]
    content = [
        items.text(TRACKING_IDENTIFIER, name, CONTEXT),
        items.uid(TRACKING_UID, finding["tracking"], CONTEXT),
    ]
    if told["author"] != author:
        content.append(items.code(OBSERVER_TYPE, PERSON, CONTEXT))
        content.append(items.person(PERSON_NAME, told["author"], CONTEXT))
    if label.strip():
        content.append(items.text(SHORT_LABEL, label, MODIFIER))
    numbers = [number for each in told["quantities"] for number in _number(finding["tool"], each)]
    content += _drawn(finding, numbers, source, told["spacing"])
    for code, words in ((ORIGIN, told["origin"] if numbers else None), (COMMENT, told["reason"])):
        if words:
            content.append(items.text(code, words, CONTAINS))
    group = items.container(GROUP, content)
    group.ObservationDateTime = told["changed"]
    _keep(group, finding)
    return group


def _number(tool: str, quantity: Mapping[str, Any]) -> list[Dataset]:
    """Return a measurement (TID 300); none for what is counted in pixels, since that is no size of the patient."""
    name, value = quantity["name"], quantity["value"]
    unit = unit_code(name, quantity["unit"])
    measure: Measure | None = MEASURES_OF_TOOL.get((tool, name)) or MEASURES.get(name)
    if unit is None or measure is None or value is None:
        return []
    derivation = [items.code(DERIVATION, measure.derivation, MODIFIER)] if measure.derivation else []
    return [items.number(measure.name, value, unit, derivation)]


def _drawn(
    finding: Mapping[str, Any], numbers: list[Dataset], source: Dataset, spacing: Sequence[float] | None
) -> list[Dataset]:
    """Return the numbers and what they were measured on: one region, or a line for each axis."""
    tool, points = finding["tool"], finding["points"]
    if tool == "bidirectional" and {LONG_AXIS[0], SHORT_AXIS[0]} <= {_concept(number) for number in numbers}:
        long, short = sorted((points[:2], points[2:]), key=lambda line: _length(line, spacing), reverse=True)
        for number in numbers:
            line = long if _concept(number) == LONG_AXIS[0] else short
            number.ContentSequence = [items.coordinates(REGION, "POLYLINE", line, source, INFERRED)]
        return numbers
    graphic, outline, rest = graphic_of(tool, points, spacing)
    region = items.coordinates(REGION, graphic, outline, source, CONTAINS)
    more = [items.coordinates(REFERENCE_POINTS, *rest, source, CONTAINS)] if rest else []
    return [region, *numbers, *more]


def _concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def graphic_of(
    tool: str, points: Points, spacing: Sequence[float] | None = None
) -> tuple[str, Points, tuple[str, Points] | None]:
    """Return Graphic Type and points of a tool (PS3.3 C.18.6.1.2), and those of what a single graphic cannot show.

    >>> graphic_of("rectangle", [[1, 2], [3, 5]])[:2]
    ('POLYLINE', [[1, 2], [3, 2], [3, 5], [1, 5], [1, 2]])
    """
    if tool in ("point", "text"):
        return "POINT", points, None
    if tool == "arrow":
        return "POINT", points[:1], ("POINT", points[1:])
    if tool == "circle":
        return "CIRCLE", points, None
    if tool == "ellipse":  # the longer axis comes first
        is_first = _length(points[:2], spacing) >= _length(points[2:], spacing)
        return "ELLIPSE", points if is_first else [*points[2:], *points[:2]], None
    if tool == "rectangle":
        (left, top), (right, bottom) = points
        return "POLYLINE", [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], None
    if tool in ("polygon", "freehand"):
        return "POLYLINE", [*points, points[0]], None
    if tool == "bidirectional":
        return "POLYLINE", points[:2], ("POLYLINE", points[2:])
    return "POLYLINE", points, None


def _length(line: Points, spacing: Sequence[float] | None) -> float:
    between_rows, between_columns = spacing or (1.0, 1.0)
    (start_column, start_row), (column, row) = line
    return hypot((column - start_column) * between_columns, (row - start_row) * between_rows)


def _keep(group: Dataset, finding: Mapping[str, Any]) -> None:
    kept = {name: finding[name] for name in KEPT if name in finding}
    block = group.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(PRIVATE_ELEMENT, "UT", json.dumps(kept, separators=(",", ":")))
