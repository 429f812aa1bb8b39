"""Graphic annotations and layers of presentation states (PS3.3 C.10.5, C.10.7) as values. Runs in workers only.

Compound graphics are not read: the standard has them accompanied by the text and graphic objects that they consist of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset

from sightline.errors import UnprocessableError
from sightline.kernels.presentation import Point, cielab_to_srgb

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
_UNITS = ("PIXEL", "DISPLAY")
_FURTHEST = 1e6
_THICKEST = 100.0
_LONGEST_TEXT = 10_240
"""Ten times what the standard allows."""
_TYPES = ("POINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE")


@dataclass(frozen=True)
class Place:
    """Points in pixels of the image (x, y), the upper left corner being (0, 0), or in fractions of the display."""

    points: tuple[Point, ...]
    of_display: bool = False


@dataclass(frozen=True)
class Graphic:
    """A drawn shape: POINT, POLYLINE, INTERPOLATED, CIRCLE or ELLIPSE; `thickness` is in pixels of the display."""

    kind: str
    place: Place
    filled: bool
    colour: Colour
    thickness: float = 1.0


@dataclass(frozen=True)
class Text:
    """A text in a box (two corners), or at a point, or both; `shows_point` draws a line to the point."""

    text: str
    colour: Colour
    box: Place | None = None
    justification: str = "LEFT"
    point: Place | None = None
    shows_point: bool = False


@dataclass(frozen=True)
class Annotations:
    """All that is drawn over a frame, lowest layer first, and the colours of all layers by name."""

    items: tuple[Graphic | Text, ...] = ()
    colours: Mapping[str, Colour] = field(default_factory=dict)


def read_annotations(
    dataset: Dataset, image: tuple[str, int], applies: Callable[[Dataset, tuple[str, int]], bool]
) -> Annotations:
    """Return what a presentation state draws over one frame.

    Parameters
    ----------
    dataset : Dataset
    image : (str, int)
        SOP Instance UID and frame.
    applies : callable
        Whether an item is meant for that image.

    Raises
    ------
    UnprocessableError
        A shape is of no known type, or has not the points that it needs.
    """
    layers = sorted(dataset.get("GraphicLayerSequence") or (), key=lambda item: int(item.get("GraphicLayerOrder") or 0))
    order = {str(item.get("GraphicLayer", "")): index for index, item in enumerate(layers)}
    colours = {str(item.get("GraphicLayer", "")): _colour(item) for item in layers}
    found = [item for item in dataset.get("GraphicAnnotationSequence") or () if applies(item, image)]
    found.sort(key=lambda item: order.get(str(item.get("GraphicLayer", "")), len(order)))
    shapes: list[Graphic | Text] = []
    for item in found:
        colour = colours.get(str(item.get("GraphicLayer", "")), WHITE)
        shapes.extend(_graphic(one, colour) for one in item.get("GraphicObjectSequence") or ())
        shapes.extend(_text(one, colour) for one in item.get("TextObjectSequence") or ())
    return Annotations(tuple(shapes), colours)


def _colour(item: Dataset) -> Colour:
    """Return the recommended colour of a layer: CIELab, else grey (a P-value), else white."""
    lab = item.get("GraphicLayerRecommendedDisplayCIELabValue")
    if lab is not None and len(lab) == 3:
        return cielab_to_srgb([int(value) for value in lab])
    grey = item.get("GraphicLayerRecommendedDisplayGrayscaleValue")
    if grey is None or grey == "":
        return WHITE
    value = int(int(grey) / 257 + 0.5)
    return value, value, value


def _graphic(item: Dataset, colour: Colour) -> Graphic:
    kind = str(item.get("GraphicType", ""))
    place = _place(item, "GraphicData", "GraphicAnnotationUnits")
    needed = {"POINT": 1, "CIRCLE": 2, "ELLIPSE": 4}.get(kind)
    count = len(place.points)
    if kind not in _TYPES or (count != needed if needed else count < 2):
        raise UnprocessableError("A graphic of this presentation state is not what it says.", "bad-state")
    styles = item.get("LineStyleSequence")
    style = styles[0] if styles else Dataset()
    lab = style.get("PatternOnColorCIELabValue")
    thickness = min(max(float(style.get("LineThickness") or 1.0), 1.0), _THICKEST)
    own = cielab_to_srgb([int(value) for value in lab]) if lab is not None and len(lab) == 3 else colour
    return Graphic(kind, place, str(item.get("GraphicFilled", "N")) == "Y", own, thickness)


def _text(item: Dataset, colour: Colour) -> Text:
    box = point = None
    if "BoundingBoxTopLeftHandCorner" in item and "BoundingBoxBottomRightHandCorner" in item:
        corners = [
            _place(item, f"BoundingBox{name}HandCorner", "BoundingBoxAnnotationUnits")
            for name in ("TopLeft", "BottomRight")
        ]
        box = Place((*corners[0].points, *corners[1].points), corners[0].of_display)
    if "AnchorPoint" in item:
        point = _place(item, "AnchorPoint", "AnchorPointAnnotationUnits")
    text = str(item.get("UnformattedTextValue") or "")
    if len(text) > _LONGEST_TEXT:
        raise UnprocessableError("A text of this presentation state is too long.", "bad-state")
    if box is None and point is None:
        raise UnprocessableError("A text of this presentation state has no place.", "bad-state")
    styles = item.get("TextStyleSequence")
    lab = styles[0].get("TextColorCIELabValue") if styles else None
    own = cielab_to_srgb([int(value) for value in lab]) if lab is not None and len(lab) == 3 else colour
    justification = str(item.get("BoundingBoxTextHorizontalJustification") or "LEFT")
    return Text(text, own, box, justification, point, str(item.get("AnchorPointVisibility", "N")) == "Y")


def _place(item: Dataset, keyword: str, units_keyword: str) -> Place:
    units = str(item.get(units_keyword, ""))
    values: Any = item[keyword].value
    numbers = [float(value) for value in values]
    if units not in _UNITS or len(numbers) % 2:
        raise UnprocessableError("A place in this presentation state is in units that are not known.", "bad-state")
    if not all(abs(value) < _FURTHEST for value in numbers):
        raise UnprocessableError("A place in this presentation state is far outside of the image.", "bad-state")
    return Place(tuple(zip(numbers[::2], numbers[1::2], strict=True)), units == "DISPLAY")
