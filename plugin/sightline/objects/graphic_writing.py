"""Findings as graphic annotations of a presentation state (PS3.3 C.10.5). Runs in workers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import hypot
from typing import Any

from pydicom import Dataset

Point = tuple[float, float]
Shape = tuple[str, Sequence[Point]]

LAYER = "FINDINGS"
_LONGEST_TEXT = 1024
_ARROW_HEAD = 0.15
"""Length of an arrow's head, as a part of the arrow."""


def annotation(reference: Dataset, graphic: Mapping[str, Any]) -> Dataset:
    """Return the graphic annotation of one finding.

    Parameters
    ----------
    reference : Dataset
        Refers to the image or frame that it lies on.
    graphic : mapping
        ``tool``, one of `TOOLS`; ``points``, (column, row) from the outer corner of the first pixel; ``text``, what is
        written beside it, with lines apart by newlines, may be empty; ``at``, where that begins.
    """
    item = Dataset()
    item.ReferencedImageSequence = [reference]
    item.GraphicLayer = LAYER
    points = [(float(column), float(row)) for column, row in graphic["points"]]
    shapes = TOOLS[graphic["tool"]](points)
    if shapes:
        item.GraphicObjectSequence = [_object(*shape) for shape in shapes]
    if graphic["text"]:
        item.TextObjectSequence = [_text(graphic["text"], graphic["at"])]
    return item


def _object(kind: str, points: Sequence[Point]) -> Dataset:
    item = Dataset()
    item.GraphicAnnotationUnits, item.GraphicDimensions = "PIXEL", 2
    item.NumberOfGraphicPoints = len(points)
    item.GraphicData = [value for point in points for value in point]
    item.GraphicType, item.GraphicFilled = kind, "N"
    return item


def _text(text: str, at: Point) -> Dataset:
    item = Dataset()
    item.AnchorPointAnnotationUnits, item.AnchorPoint = "PIXEL", [float(value) for value in at]
    item.AnchorPointVisibility = "N"
    item.UnformattedTextValue = "\r\n".join(text.split("\n"))[:_LONGEST_TEXT]
    return item


def _line(points: Sequence[Point]) -> list[Shape]:
    return [("POLYLINE", points)]


def _two_lines(points: Sequence[Point]) -> list[Shape]:
    return [("POLYLINE", points[:2]), ("POLYLINE", points[2:4])]


def _outline(points: Sequence[Point]) -> list[Shape]:
    return [("POLYLINE", [*points, points[0]])]


def _rectangle(points: Sequence[Point]) -> list[Shape]:
    (left, top), (right, bottom) = points
    return _outline([(left, top), (right, top), (right, bottom), (left, bottom)])


def _ellipse(points: Sequence[Point]) -> list[Shape]:
    """Return it with the ends of its longer axis first, as the standard has them."""
    first, second = points[:2], points[2:]
    is_ordered = _length(first) >= _length(second)
    return [("ELLIPSE", [*first, *second] if is_ordered else [*second, *first])]


def _length(ends: Sequence[Point]) -> float:
    return hypot(ends[1][0] - ends[0][0], ends[1][1] - ends[0][1])


def _arrow(points: Sequence[Point]) -> list[Shape]:
    """Return shaft and head as lines, which every viewer draws."""
    (x, y), (tail_x, tail_y) = points
    back_x, back_y = (tail_x - x) * _ARROW_HEAD, (tail_y - y) * _ARROW_HEAD
    side_x, side_y = -back_y / 2, back_x / 2
    head = [(x + back_x + side_x, y + back_y + side_y), (x, y), (x + back_x - side_x, y + back_y - side_y)]
    return [("POLYLINE", [(tail_x, tail_y), (x, y)]), ("POLYLINE", head)]


TOOLS: Mapping[str, Callable[[Sequence[Point]], list[Shape]]] = {
    "length": _line,
    "calibration": _line,
    "polyline": _line,
    "angle": _line,
    "bidirectional": _two_lines,
    "cobb": _two_lines,
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "circle": lambda points: [("CIRCLE", points)],
    "polygon": _outline,
    "freehand": _outline,
    "point": lambda points: [("POINT", points)],
    "arrow": _arrow,
    "text": lambda _points: [],
}
"""What is drawn of each tool's points; `viewer-assets/src/findings/model.ts` says what these are."""

FEWEST_AND_MOST: Mapping[str, tuple[int, int]] = {
    "length": (2, 2), "calibration": (2, 2), "polyline": (2, 10_000), "angle": (3, 3), "bidirectional": (4, 4),
    "cobb": (4, 4), "rectangle": (2, 2), "ellipse": (4, 4), "circle": (2, 2), "polygon": (3, 10_000),
    "freehand": (3, 10_000), "point": (1, 1), "arrow": (2, 2), "text": (1, 1),
}  # fmt: skip
"""How many points each tool has."""
