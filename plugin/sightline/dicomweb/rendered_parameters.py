"""Query parameters of rendered resources (PS3.18 section 8.3.5) as settings of views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sightline.errors import BadRequestError, NotAcceptableError
from sightline.rendering.view import PictureFormat, VoiFunction, Window, parse_annotations, parse_colour_profile
from sightline.rendering.viewport import Viewport

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_FUNCTIONS = {
    "linear": VoiFunction.LINEAR,
    "linear-exact": VoiFunction.LINEAR_EXACT,
    "sigmoid": VoiFunction.SIGMOID,
}

FORMATS = {"image/jpeg": PictureFormat.JPEG, "image/png": PictureFormat.PNG}
"""Media types of a single picture."""

SETTINGS = frozenset({"window", "viewport", "quality", "iccprofile", "annotation"})
"""Query parameters that `view_settings` reads."""


def view_settings(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a `View` that the query parameters set.

    Raises
    ------
    BadRequestError
        A value is not what the standard allows.
    """
    return {
        "window": _window(parameters["window"]) if "window" in parameters else None,
        "viewport": viewport_of(parameters),
        "quality": _quality(parameters),
        "colour_profile": parse_colour_profile(parameters.get("iccprofile", "no")),
        "annotations": parse_annotations(parameters["annotation"]) if "annotation" in parameters else (),
    }


def number(text: str) -> float:
    """Read a decimal number, with or without an exponent; Python would read more. Raises `ValueError`.

    >>> number("-1.5e3")
    -1500.0
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError("That is no number.")
    return float(text)


def check_charset(parameters: Mapping[str, str]) -> None:
    """Refuse a wish for text in anything but UTF-8 (PS3.18 section 8.3.3.2). Raises `NotAcceptableError`."""
    wanted = parameters.get("charset", "utf-8")
    names = {name.partition(";")[0].strip().lower() for name in wanted.split(",")}
    if names.isdisjoint({"utf-8", "utf8", "*"}):
        raise NotAcceptableError("'charset' is utf-8: texts are available in it alone.", "bad-charset")


def viewport_of(parameters: Mapping[str, str]) -> Viewport | None:
    """Read ``viewport``. Raises `BadRequestError`."""
    text = parameters.get("viewport")
    return None if text is None else Viewport.parse(text)


@lru_cache(1000)
def _window(text: str) -> Window:
    """Read ``center,width,function``: whoever looks through a stack asks for the same again and again."""
    with suppress(ValueError, KeyError):
        center, width, function = text.split(",")
        window = Window(number(center), number(width), _FUNCTIONS[function.strip().lower()])
        if window.is_valid:
            return window
    raise BadRequestError("'window' is center, width and one of linear, linear-exact, sigmoid.", "bad-window")


def _quality(parameters: Mapping[str, str]) -> int:
    text = parameters.get("quality", "85")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise BadRequestError("'quality' is a number from 1 to 100.", "bad-quality")
    return int(text)
