"""The canonical URL of a view, and back: the same picture always has the same address.

Settings that are left at their default do not appear, the others appear in one fixed order, and numbers are written in
plain decimal notation with at most seven significant digits. `viewer-assets/src/address.ts` builds the same addresses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from sightline.errors import BadRequestError
from sightline.rendering.view import (
    FrameOf,
    PictureFormat,
    PlaneOf,
    View,
    VoiFunction,
    Window,
)

VIEW_PREFIX = "/sightline/view"
LARGEST_SIZE = 8192
SETTINGS = ("window", "size", "invert", "format", "quality")


def view_url(view: View) -> str:
    """Return the canonical path and query of `view`.

    Examples
    --------
    >>> view_url(View("1.2", "1.3", FrameOf("1.4"), Window(40, 400), 512))
    '/sightline/view/1.2/1.3/1.4/1?window=40,400&size=512'
    """
    source = view.source
    if isinstance(source, FrameOf):
        place = f"{source.sop_instance_uid}/{source.frame}"
    else:
        place = f"{source.orientation.value}/{source.index}"
    path = f"{VIEW_PREFIX}/{view.study_instance_uid}/{view.series_instance_uid}/{place}"
    query = urlencode(_settings(view), safe=",")
    return f"{path}?{query}" if query else path


def parse_view(study: str, series: str, source: FrameOf | PlaneOf, query: Mapping[str, str]) -> View:
    """Read the settings of a view address.

    Raises
    ------
    BadRequestError
        A setting is unknown or out of its range; the sentence says what is allowed.
    """
    for name in query:
        if name not in SETTINGS:
            raise BadRequestError(f"'{name[:40]}' is no setting of a picture; there are {', '.join(SETTINGS)}.")
    picture_format = _format(query.get("format", PictureFormat.JPEG.value))
    return View(
        study_instance_uid=study,
        series_instance_uid=series,
        source=source,
        window=_window(query["window"]) if "window" in query else None,
        max_size=_integer(query, "size", 1, LARGEST_SIZE) if "size" in query else None,
        invert=query.get("invert", "0") not in ("", "0"),
        picture_format=picture_format,
        quality=_integer(query, "quality", 1, 100) if "quality" in query else View.quality,
    )


def number_text(value: float) -> str:
    """Write a number in plain decimal notation with at most seven significant digits.

    >>> number_text(400.0), number_text(0.00025), number_text(1/3)
    ('400', '0.00025', '0.3333333')
    """
    return format(Decimal(repr(float(f"{value:.7g}"))).normalize() + 0, "f")


def _settings(view: View) -> list[tuple[str, str]]:
    """Return what differs from the defaults, in the canonical order."""
    settings = []
    if view.window is not None:
        parts = [number_text(view.window.center), number_text(view.window.width)]
        if view.window.function is not VoiFunction.LINEAR:
            parts.append(view.window.function.value)
        settings.append(("window", ",".join(parts)))
    if view.max_size is not None:
        settings.append(("size", str(view.max_size)))
    if view.invert:
        settings.append(("invert", "1"))
    if view.picture_format is not PictureFormat.JPEG:
        settings.append(("format", view.picture_format.value))
    elif view.quality != View.quality:
        settings.append(("quality", str(view.quality)))
    return settings


def _window(text: str) -> Window:
    """Read ``center,width`` or ``center,width,FUNCTION``."""
    sentence = (
        "A window is 'center,width' in modality units, as in 40,400, with LINEAR_EXACT or SIGMOID after it if meant."
    )
    parts = text.split(",")
    if len(parts) not in (2, 3):
        raise BadRequestError(sentence)
    try:
        center, width = float(parts[0]), float(parts[1])
        function = VoiFunction(parts[2]) if len(parts) == 3 else VoiFunction.LINEAR
    except ValueError:
        raise BadRequestError(sentence) from None
    smallest = 1 if function is VoiFunction.LINEAR else 0
    if not (math.isfinite(center) and math.isfinite(width)) or width < smallest or width == 0:
        raise BadRequestError("A window's width is at least 1 for LINEAR, and above 0 for the other functions.")
    return Window(center, width, function)


def _format(text: str) -> PictureFormat:
    try:
        return PictureFormat(text)
    except ValueError:
        raise BadRequestError("A picture's format is jpeg or png.") from None


def _integer(query: Mapping[str, str], name: str, low: int, high: int) -> int:
    text = query[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and low <= int(text) <= high):
        raise BadRequestError(f"'{name}' is a whole number from {low} to {high}.")
    return int(text)
