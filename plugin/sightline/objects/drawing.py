"""Graphic annotations drawn over a picture (PS3.3 C.10.5). Runs in workers only.

Filled shapes are tinted rather than covered, since what is below them is the image ("in some unspecified manner that
shows the boundary"). Text is in Latin script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sightline.kernels.presentation import Point, spline
from sightline.objects.annotations import Annotations, Colour, Graphic, Place, Text

Bytes = NDArray[np.uint8]
_SMALLEST_LETTERS, _LARGEST_LETTERS, _LINES_PER_PICTURE = 8, 200, 36
_ELLIPSE_PIECES = 128
_TINT = 0.25
_PICTURE_OF_WIDTH_1 = 512
"""Lines are one pixel wide in pictures of up to this size, and wider in larger ones."""


@dataclass(frozen=True)
class Mapping:
    """From places to pixels of the picture: `of_image` for points of the image, `size` for fractions of the display."""

    of_image: Callable[[Point], Point]
    size: tuple[int, int]

    def __call__(self, place: Place) -> list[Point]:
        """Return the points in pixels of the picture, (0, 0) being its upper left corner."""
        if place.of_display:
            return [(x * self.size[0], y * self.size[1]) for x, y in place.points]
        return [self.of_image(point) for point in place.points]


def is_coloured(annotations: Annotations) -> bool:
    """Whether anything is drawn in a colour that is not grey."""
    colours = [item.colour for item in annotations.items]
    return any(len(set(colour)) > 1 for colour in colours)


def drawn(picture: Bytes, annotations: Annotations, mapping: Mapping) -> Bytes:
    """Return a grey or RGB picture with annotations drawn over it; grey ones become RGB where a colour is needed."""
    if not annotations.items:
        return picture
    if picture.ndim == 2 and is_coloured(annotations):
        picture = np.repeat(picture[..., None], 3, axis=-1)
    image = Image.fromarray(np.ascontiguousarray(picture))
    for item in annotations.items:
        if isinstance(item, Graphic):
            image = _with_graphic(image, item, mapping)
        else:
            _draw_text(image, item, mapping)
    return np.asarray(image)


def _ink(image: Image.Image, colour: Colour) -> int | Colour:
    return colour if image.mode == "RGB" else colour[0]


def _width(image: Image.Image, thickness: float = 1.0) -> int:
    return max(1, round(thickness * max(1.0, min(image.size) / _PICTURE_OF_WIDTH_1)))


def _with_graphic(image: Image.Image, graphic: Graphic, mapping: Mapping) -> Image.Image:
    points, ink, width = mapping(graphic.place), _ink(image, graphic.colour), _width(image, graphic.thickness)
    if graphic.kind == "POINT":
        (x, y), radius = _pixels(points)[0], width + 1
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        return image
    line = _line(graphic.kind, points)
    is_closed = graphic.kind in ("CIRCLE", "ELLIPSE") or line[0] == line[-1]
    if graphic.filled and is_closed:
        tinted = image.copy()
        ImageDraw.Draw(tinted).polygon(_pixels(line), fill=ink)
        image = Image.blend(image, tinted, _TINT)
    ImageDraw.Draw(image).line(_pixels(line), fill=ink, width=width, joint="curve")
    return image


def _pixels(points: Sequence[Point]) -> list[tuple[int, int]]:
    """Return the pixels that points lie on, which Pillow joins; what is a rounding error below an edge is on it."""
    return [(int(np.floor(x + 1e-6)), int(np.floor(y + 1e-6))) for x, y in points]


def _line(kind: str, points: Sequence[Point]) -> list[Point]:
    """Return a shape as straight pieces, closed ones ending where they began."""
    if kind == "INTERPOLATED":
        return spline(points)
    if kind == "POLYLINE":
        return list(points)
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_PIECES + 1)
    if kind == "CIRCLE":
        # The picture's pixels are square, so a circle of the image is one here too.
        centre, radius = np.asarray(points[0]), np.hypot(*np.subtract(points[1], points[0]))
        first, second = np.array([radius, 0.0]), np.array([0.0, radius])
    else:
        ends = np.asarray(points)
        centre, first, second = ends.mean(axis=0), (ends[1] - ends[0]) / 2, (ends[3] - ends[2]) / 2
    curve = centre + np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second)
    return [(float(x), float(y)) for x, y in curve]


def _draw_text(image: Image.Image, text: Text, mapping: Mapping) -> None:
    draw, ink = ImageDraw.Draw(image), _ink(image, text.colour)
    edge = 0 if max(text.colour) > 100 else 255
    stroke = (edge,) * 3 if image.mode == "RGB" else edge
    content = "\n".join(line.rstrip() for line in text.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    size = max(_SMALLEST_LETTERS, min(image.size) // _LINES_PER_PICTURE)
    point = mapping(text.point)[0] if text.point else None
    place: Point
    if text.box is not None:
        xs, ys = zip(*mapping(text.box), strict=True)
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
        size = _fitting(draw, content, right - left, bottom - top)
        extent = draw.multiline_textbbox((0, 0), content, ImageFont.load_default(size))
        slack = (right - left) - (extent[2] - extent[0])
        shift = {"RIGHT": slack, "CENTER": slack / 2}.get(text.justification, 0.0)
        place = left + max(0.0, shift), top
        if point is not None and text.shows_point:
            middle = ((left + right) / 2, (top + bottom) / 2)
            draw.line(_pixels([middle, point]), fill=ink, width=_width(image))
    else:
        assert point is not None  # noqa: S101 - texts have a box or a point
        place = point
    align = {"RIGHT": "right", "CENTER": "center"}.get(text.justification, "left")
    draw.multiline_text(
        place, content, ink, ImageFont.load_default(size), align=align, stroke_width=1, stroke_fill=stroke
    )


def _fitting(draw: ImageDraw.ImageDraw, content: str, width: float, height: float) -> int:
    """Return the largest letters with which the text fits into a box, within reason."""
    low, high = _SMALLEST_LETTERS, _LARGEST_LETTERS
    while low < high:
        size = (low + high + 1) // 2
        left, top, right, bottom = draw.multiline_textbbox((0, 0), content, ImageFont.load_default(size))
        if right - left <= width and bottom <= height and top >= 0:
            low = size
        else:
            high = size - 1
    return low
