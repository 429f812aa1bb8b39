"""What a page sends to have what it shows stored as a presentation state; see `sightline.viewer.presentations`."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sightline.errors import BadRequestError, NotFoundError
from sightline.objects.graphic_writing import FEWEST_AND_MOST
from sightline.rendering.series_table import FrameEntry, SeriesTable
from sightline.rendering.view import VoiFunction, Window
from sightline.uids import is_uid

_MOST_GRAPHICS = 500
_MOST_POINTS = 50_000
_FURTHEST = 1e6
_LONGEST_NAME = 64
_LONGEST_TEXT = 1024
_NO_LABEL = re.compile(r"[^A-Z0-9 _]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\\]+")


class PresentationRequest:
    """Reads the body of a request; whatever is not as it has to be is a `BadRequestError`."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, dict):
            raise BadRequestError("Send an object that says what is shown, and how.", "bad-presentation")
        self._body = body

    def frame(self, name: str) -> tuple[str, str, int]:
        """Return series, instance and frame."""
        named = self._object(name)
        return _uid(named, "series"), _uid(named, "instance"), _frame(named)

    def flag(self, name: str) -> bool:
        """Return whether something is so."""
        value = self._body.get(name)
        if not isinstance(value, bool):
            raise BadRequestError(f"'{name}' is true or false.", "bad-presentation")
        return value

    def named(self) -> dict[str, str]:
        """Return Content Label, of which the standard allows capitals and digits only, and Content Description."""
        name = self._body.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
            raise BadRequestError(f"'name' has from 1 to {_LONGEST_NAME} characters.", "bad-name")
        text = _CONTROL.sub(" ", name.replace("\n", " ")).strip()
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        label = " ".join(_NO_LABEL.sub(" ", plain.upper()).split())[:16].strip()
        return {"label": label or "PRESENTATION", "description": text or "Presentation"}

    def window(self) -> dict[str, Any] | None:
        """Return the window, None for the file's own VOI LUT."""
        if self._body.get("window") is None:
            return None
        named = self._object("window")
        function = named.get("voiFunction", VoiFunction.LINEAR.value)
        if function not in set(VoiFunction):
            raise BadRequestError(f"'voiFunction' is one of {', '.join(VoiFunction)}.", "bad-window")
        window = Window(_number(named, "center"), _number(named, "width"), VoiFunction(function))
        if not window.is_valid:
            raise BadRequestError("The width of a window is at least 1, for other functions above 0.", "bad-window")
        return asdict(window) | {"function": window.function.value}

    def turn(self) -> dict[str, Any]:
        """Return rotation and flip as the standard has them: rotated first, then flipped left to right."""
        named = self._object("turn")
        quarters, mirrored = named.get("quarters"), named.get("mirrored")
        if quarters not in (0, 1, 2, 3) or isinstance(quarters, bool) or not isinstance(mirrored, bool):
            raise BadRequestError("'turn' has 'quarters' from 0 to 3, and 'mirrored'.", "bad-presentation")
        quarters = (4 - quarters) % 4 if mirrored else quarters
        return {"rotation": int(quarters) * 90, "flip": mirrored}

    def area(self, rows: int, columns: int) -> list[int]:
        """Return the first and last column and row that are seen at least in part, from 1, inside of the image."""
        named = self._object("area")
        left, top, right, bottom = (_number(named, name) for name in ("left", "top", "right", "bottom"))
        first = max(1, math.floor(left) + 1), max(1, math.floor(top) + 1)
        last = min(columns, math.ceil(right)), min(rows, math.ceil(bottom))
        if first[0] > last[0] or first[1] > last[1]:
            raise BadRequestError("Nothing of the image is in the area that is shown.", "bad-area")
        return [*first, *last]

    def magnification(self) -> float | None:
        """Return how many pixels of the display one of the image takes, None where it is scaled to fit."""
        if self._body.get("magnification") is None:
            return None
        value = _number(self._body, "magnification")
        if not 0.01 <= value <= 100:
            raise BadRequestError("'magnification' is a number from 0.01 to 100, or null.", "bad-presentation")
        return value

    def graphics(self, table: SeriesTable) -> list[dict[str, Any]]:
        """Return what is drawn over the images."""
        graphics = self._body.get("graphics", [])
        if not isinstance(graphics, list) or len(graphics) > _MOST_GRAPHICS:
            raise BadRequestError(f"'graphics' is a list of at most {_MOST_GRAPHICS}.", "bad-graphics")
        found = [_graphic(named, table) for named in graphics]
        if sum(len(graphic["points"]) for graphic in found) > _MOST_POINTS:
            raise BadRequestError(f"The graphics have more than {_MOST_POINTS} points.", "bad-graphics")
        return found

    def _object(self, name: str) -> dict[str, Any]:
        value = self._body.get(name)
        if not isinstance(value, dict):
            raise BadRequestError(f"'{name}' is an object.", "bad-presentation")
        return value


def _graphic(named: Any, table: SeriesTable) -> dict[str, Any]:
    if not isinstance(named, dict) or named.get("tool") not in FEWEST_AND_MOST:
        raise BadRequestError(f"A graphic has a 'tool', one of {', '.join(FEWEST_AND_MOST)}.", "bad-graphics")
    instance, frame = _uid(named, "instance"), _frame(named)
    entry = table.frame(instance, frame)
    if entry is None:
        raise NotFoundError("A graphic lies on an image that is not in this series.", "no-frame")
    fewest, most = FEWEST_AND_MOST[named["tool"]]
    points = named.get("points")
    if not isinstance(points, list) or not fewest <= len(points) <= most:
        raise BadRequestError(f"A {named['tool']} has from {fewest} to {most} points.", "bad-graphics")
    text = named.get("text", "")
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise BadRequestError(f"The text of a graphic has at most {_LONGEST_TEXT} characters.", "bad-graphics")
    return {
        "tool": named["tool"],
        "points": [_point(point) for point in points],
        "text": _CONTROL.sub(" ", text),
        "at": _point(named.get("at", points[0])),
        "image": reference(instance, entry, [frame]),
    }


def _point(point: Any) -> list[float]:
    if not isinstance(point, list) or len(point) != 2 or not all(_is_number(value) for value in point):
        raise BadRequestError("A point is a column and a row.", "bad-graphics")
    return [float(value) for value in point]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FURTHEST


def _number(named: Mapping[str, Any], name: str) -> float:
    value = named.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e15:
        raise BadRequestError(f"'{name}' is a number.", "bad-presentation")
    return float(value)


def _uid(named: Mapping[str, Any], name: str) -> str:
    uid = named.get(name)
    if not isinstance(uid, str) or not is_uid(uid):
        raise BadRequestError(f"'{name}' is a UID.", "bad-presentation")
    return uid


def _frame(named: Mapping[str, Any]) -> int:
    frame = named.get("frame")
    if not isinstance(frame, int) or isinstance(frame, bool) or not 1 <= frame <= 9_999_999:
        raise BadRequestError("'frame' is a whole number from 1.", "bad-presentation")
    return frame


def reference(uid: str, entry: FrameEntry, frames: Sequence[int]) -> dict[str, Any]:
    """Return how frames of an image are referred to; no frames means all of them."""
    count = entry.instance.number_of_frames
    is_part = count > 1 and len(frames) < count
    return {
        "instance": uid,
        "sop_class": entry.instance.sop_class_uid,
        "frames": sorted(frames) if is_part else [],
    }
