"""Which findings a measurement group is: ours as they were drawn, others' by what their graphics can only mean.

Runs in workers only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sightline.objects.measurement_codes import ANGLE, COBB_ANGLE, LONG_AXIS, REFERENCE_POINTS, SHORT_AXIS
from sightline.objects.measurement_group import PRIVATE_CREATOR, PRIVATE_ELEMENT, PRIVATE_GROUP, graphic_of
from sightline.objects.measurement_tree import Graphic, Group

_CORNERSTONE = re.compile(r"cornerstone(?:3D)?Tools@[^:]*:(\w+)", re.IGNORECASE)
_DWV_FORMAT = re.compile(r"\{[A-Za-z]+\}")
_LONG, _SHORT = {LONG_AXIS[0], "G-A185"}, {SHORT_AXIS[0], "G-A186"}
_ANGLES, _COBB = {ANGLE[0], "1483009", "110859"}, {COBB_ANGLE[0]}
_FREEHAND_POINTS = 50
"""An outline of so many points was not set point by point."""
_MOST_MARKS = 100
_SAME = 1e-6
"""By how much, of its size, a coordinate may differ that went through 24 bits."""
_LONGEST_LABEL = 1024

Drawn = dict[str, Any]
"""``tool``, ``points``, and ``place`` (SOP Instance UID and frame) or, in the patient, ``frame_of_reference``."""


def findings_of(group: Group, software: str) -> tuple[list[Drawn], str]:
    """Return what a group has drawn, and why something of it cannot be shown, or an empty text."""
    own = _kept(group)
    if own is not None:
        return [own], ""
    usable = [graphic for graphic in group.graphics if graphic.points and _is_usable(graphic)]
    marks, rest = _marks(group, usable)
    problem = ""
    if not group.graphics:
        problem = "It marks no place on an image."
    elif rest or len(usable) < len(group.graphics):
        problem = "Part of it is drawn in a way that cannot be shown here."
    label = label_of(group, software)
    return [{"label": label, "colour": 0, "hidden": False, **mark} for mark in marks], problem


def label_of(group: Group, software: str) -> str:
    """Return what a group is called: by its reader, else by its finding and site, else by its identifier."""
    label = _DWV_FORMAT.sub("", group.label).strip()
    if not label and group.finding:
        label = ", ".join(part for part in (group.finding, group.site) if part)
    # DWV's identifiers are drawn by lot, and Cornerstone's name the tool.
    if not label and not _CORNERSTONE.search(group.identifier) and not software.startswith("DWV"):
        label = group.identifier
    plain = "".join(character if character.isprintable() or character == "\n" else " " for character in label)
    return plain[:_LONGEST_LABEL]


def _kept(group: Group) -> Drawn | None:
    """Return our own finding as it was drawn, unless somebody has moved it or its attribute since."""
    try:
        block = group.item.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)
        kept = json.loads(str(block[PRIVATE_ELEMENT].value))
    except (KeyError, ValueError):
        return None
    try:
        points = [[float(number) for number in point] for point in kept["points"]]
        drawn = group.graphics
        if kept["tool"] == "bidirectional" and all(graphic.of_number for graphic in drawn):
            lines = [points[:2], points[2:]]
            wanted: Sequence[Sequence[Sequence[float]]] = (
                lines if _is_same(lines[0], drawn[0].points) else lines[::-1]  # the longer one is first in a report
            )
        else:
            _, outline, rest = graphic_of(kept["tool"], points)
            turned = [*points[2:], *points[:2]] if kept["tool"] == "ellipse" else outline
            is_turned = bool(drawn) and _is_same(turned, drawn[0].points)
            wanted = [turned if is_turned else outline, *([rest[1]] if rest else [])]
        places = {graphic.place for graphic in drawn}
        if len(drawn) != len(wanted) or len(places) != 1 or None in places:
            return None
        if not all(_is_same(want, graphic.points) for want, graphic in zip(wanted, drawn, strict=True)):
            return None
        # Spaces at the end of a text mean nothing in DICOM (PS3.5 6.2).
        label = kept["label"] if str(kept["label"]).rstrip() == group.label.rstrip() else group.label
        known = {"knownLength": float(kept["knownLength"])} if "knownLength" in kept else {}
        return {
            "id": str(kept["id"]), "tool": str(kept["tool"]), "points": points, "label": label,
            "colour": int(kept["colour"]), "hidden": bool(kept["hidden"]), "place": drawn[0].place, **known,
        }  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None


def _is_same(wanted: Sequence[Sequence[float]], stored: Sequence[Sequence[float]]) -> bool:
    if len(wanted) != len(stored):
        return False
    pairs = zip((n for p in wanted for n in p), (n for p in stored for n in p), strict=True)
    return all(abs(one - other) <= _SAME * max(1.0, abs(one)) for one, other in pairs)


def _is_usable(graphic: Graphic) -> bool:
    return bool(graphic.place) if graphic.dimensions == 2 else bool(graphic.frame_of_reference)


def _marks(group: Group, graphics: Sequence[Graphic]) -> tuple[list[Drawn], list[Graphic]]:
    """Return what the graphics are, and those that are nothing that can be drawn."""
    named = _CORNERSTONE.search(group.identifier)
    tool = named[1].lower() if named else ""
    axes = _axes(graphics)
    if axes is not None:
        return [axes], [g for g in graphics if g.of_number not in _LONG | _SHORT]
    marks: list[Drawn] = []
    rest: list[Graphic] = []
    seen: set[tuple[Any, ...]] = set()
    regions = [graphic for graphic in graphics if graphic.concept != REFERENCE_POINTS[0]]
    tails = [graphic for graphic in graphics if graphic.concept == REFERENCE_POINTS[0]]
    for graphic in regions:
        if (graphic.points, graphic.place) in seen:  # several numbers of the same outline
            continue
        seen.add((graphic.points, graphic.place))
        found = _shape(graphic, group.concepts, tool, tails)
        marks += found
        rest += [] if found else [graphic]
    return marks, rest


def _axes(graphics: Sequence[Graphic]) -> Drawn | None:
    long = next((g for g in graphics if g.of_number in _LONG and len(g.points) == 2), None)
    short = next((g for g in graphics if g.of_number in _SHORT and len(g.points) == 2), None)
    if long is None or short is None or _where(long) != _where(short) or long.kind != "POLYLINE":
        return None
    return _mark("bidirectional", [*long.points, *short.points], long)


def _shape(graphic: Graphic, concepts: set[str], tool: str, tails: Sequence[Graphic]) -> list[Drawn]:
    """Return what one graphic is."""
    points, count = list(graphic.points), len(graphic.points)
    if graphic.kind == "POINT" and count == 1:
        tail = next((t for t in tails if len(t.points) == 1 and _where(t) == _where(graphic)), None)
        return [_mark("arrow", [*points, *tail.points], graphic) if tail else _mark("point", points, graphic)]
    if graphic.kind == "POINT" and count == 2 and tool == "arrowannotate":
        return [_mark("arrow", points, graphic)]
    if graphic.kind == "MULTIPOINT":
        return [_mark("point", [point], graphic) for point in points[:_MOST_MARKS]]
    if graphic.kind == "CIRCLE" and count == 2:
        return [_mark("circle", points, graphic)]
    if graphic.kind == "ELLIPSE" and count == 4:
        return [_mark("ellipse", points, graphic)]
    if graphic.kind in ("POLYLINE", "POLYGON") and count >= 2:
        return [_line(points, graphic, concepts, tool)]
    return []


def _line(points: list[tuple[float, ...]], graphic: Graphic, concepts: set[str], tool: str) -> Drawn:
    if len(points) == 2:
        return _mark("length", points, graphic)
    is_closed = points[0] == points[-1] and len(points) > 3
    is_region = "roi" in tool or tool in ("splineroi", "livewirecontour")
    if is_closed or graphic.kind == "POLYGON" or is_region:
        outline = points[:-1] if is_closed else points
        corners = _rectangle(outline)
        if corners is not None:
            return _mark("rectangle", corners, graphic)
        return _mark("freehand" if len(outline) > _FREEHAND_POINTS else "polygon", outline, graphic)
    if len(points) == 3 and concepts & _ANGLES:
        return _mark("angle", points, graphic)
    if len(points) == 4 and (concepts & _COBB or tool == "cobbangle"):
        return _mark("cobb", points, graphic)
    return _mark("polyline", points, graphic)


def _rectangle(outline: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]] | None:
    """Return two opposite corners of an outline whose sides lie along rows and columns; None if it is no such."""
    if len(outline) != 4 or len(outline[0]) != 2:
        return None
    columns, rows = sorted({point[0] for point in outline}), sorted({point[1] for point in outline})
    if len(columns) != 2 or len(rows) != 2 or len(set(outline)) != 4:
        return None
    (a, b), (c, d) = outline[0], outline[2]
    return [outline[0], outline[2]] if a != c and b != d else None


def _mark(tool: str, points: Sequence[Sequence[float]], graphic: Graphic) -> Drawn:
    where = (
        {"place": graphic.place}
        if graphic.dimensions == 2
        else {"frame_of_reference": graphic.frame_of_reference, "place": graphic.place}
    )
    return {"tool": tool, "points": [list(point) for point in points], **where}


def _where(graphic: Graphic) -> tuple[Any, ...]:
    return graphic.place, graphic.frame_of_reference, graphic.dimensions
