"""The query parameters of WADO-URI (PS3.18 chapter 9) as values. What is wrong is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.dicomweb.rendered_parameters import number
from sightline.errors import BadRequestError
from sightline.rendering.view import Annotation, PresentationOf, Window, parse_annotations
from sightline.rendering.viewport import Viewport
from sightline.uids import is_uid
from sightline.web.negotiation import parse_accept

STUDY_PARAMETER = "studyUID"
_PIXELS = (
    "frameNumber", "annotation", "imageAnnotation", "imageQuality", "rows", "columns", "region", "windowCenter",
    "windowWidth", "presentationSeriesUID", "presentationUID",
)  # fmt: skip
_FILE = ("transferSyntax", "anonymize")
PARAMETERS = ("requestType", STUDY_PARAMETER, "seriesUID", "objectUID", "contentType", "charset", *_PIXELS, *_FILE)
"""All that chapter 9 has; others are ignored, as its section 8.3 wants it."""
_ANY_SIZE = 99_999
_STEPS = 1 << 16
"""Edges of regions are rounded to this part of a pixel, so that sums of them are exact."""


@dataclass(frozen=True)
class UriRequest:
    """One request.

    `content_type` is empty where none is named; `frame` is None for all frames, or the only one; `region` is left, top,
    right and bottom as fractions of the image; `of_pixels` names the parameters that only pictures can have.
    """

    study: str
    series: str
    instance: str
    content_type: str = ""
    transfer_syntax: str = ""
    frame: int | None = None
    rows: int | None = None
    columns: int | None = None
    region: tuple[float, float, float, float] | None = None
    window: Window | None = None
    quality: int = 85
    annotations: tuple[Annotation, ...] = ()
    presentation: PresentationOf | None = None
    of_pixels: tuple[str, ...] = ()
    anonymize: bool = False

    @property
    def is_file(self) -> bool:
        """Whether nothing but a DICOM file will do, which need not be understood then."""
        return {wanted.name for wanted, _ in parse_accept(self.content_type)} == {"application/dicom"}

    def view_settings(self, rows: int, columns: int) -> dict[str, Any]:
        """Return the fields of a `View` of an image of that size."""
        return {
            "window": self.window,
            "quality": self.quality,
            "annotations": self.annotations,
            "viewport": self._viewport(rows, columns),
        }

    def _viewport(self, rows: int, columns: int) -> Viewport | None:
        """Return region and size; one side alone decides about the other, and none leaves the pixels as they are."""
        size = (self.columns or _ANY_SIZE, self.rows or _ANY_SIZE)
        if self.region is None:
            return Viewport(*size) if self.rows or self.columns else None
        left, right = (_rounded(edge * columns) for edge in self.region[::2])
        top, bottom = (_rounded(edge * rows) for edge in self.region[1::2])
        width, height = right - left, bottom - top
        if not (width > 0 and height > 0):
            raise _bad("region", "is empty in an image of this size")
        if not (self.rows or self.columns):
            size = (max(1, round(width)), max(1, round(height)))
        return Viewport(*size, left, top, width, height)


def parse_request(parameters: Mapping[str, str]) -> UriRequest:
    """Read the query parameters.

    Raises
    ------
    BadRequestError
        One of them is missing, malformed, not supported or at odds with another; the message names it.
    """
    if parameters.get("requestType") != "WADO":
        raise _bad("requestType", "must be WADO")
    content_type = _content_type(parameters)
    for name in _FILE:
        if name in parameters and "application/dicom" not in content_type:
            raise _bad(name, "is for contentType=application/dicom only")
    if parameters.get("anonymize", "yes") != "yes":
        raise _bad("anonymize", "is yes, or left out")
    if "annotation" in parameters and "imageAnnotation" in parameters:
        raise _bad("imageAnnotation", "and 'annotation' are the same; name one of them")
    return UriRequest(
        study=_uid(parameters, STUDY_PARAMETER),
        series=_uid(parameters, "seriesUID"),
        instance=_uid(parameters, "objectUID"),
        content_type=content_type,
        transfer_syntax=_transfer_syntax(parameters),
        frame=_integer(parameters, "frameNumber", 9_999_999),
        rows=_integer(parameters, "rows", _ANY_SIZE),
        columns=_integer(parameters, "columns", _ANY_SIZE),
        region=_region(parameters),
        window=_window(parameters),
        quality=_integer(parameters, "imageQuality", 100) or UriRequest.quality,
        annotations=_annotations(parameters),
        presentation=_presentation(parameters),
        of_pixels=tuple(name for name in _PIXELS if name in parameters),
        anonymize="anonymize" in parameters,
    )


def _bad(name: str, what: str) -> BadRequestError:
    code = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return BadRequestError(f"'{name}' {what}.", f"bad-{code}")


def _uid(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if not is_uid(value):
        raise _bad(name, "must be a UID" if value else "is missing")
    return value


def _transfer_syntax(parameters: Mapping[str, str]) -> str:
    """Return the UID; ``*`` for whatever is stored, which OHIF asks for."""
    if parameters.get("transferSyntax") == "*":
        return "*"
    return _uid(parameters, "transferSyntax") if "transferSyntax" in parameters else ""


def _content_type(parameters: Mapping[str, str]) -> str:
    text = parameters.get("contentType", "")
    if "contentType" in parameters and len(list(parse_accept(text))) != len(text.split(",")):
        raise _bad("contentType", "is a list of media types, separated by commas")
    return text


def _integer(parameters: Mapping[str, str], name: str, highest: int) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= highest:
        raise _bad(name, f"is a whole number from 1 to {highest}")
    return int(text)


def _region(parameters: Mapping[str, str]) -> tuple[float, float, float, float] | None:
    if "region" not in parameters:
        return None
    try:
        left, top, right, bottom = (number(value) for value in parameters["region"].split(","))
    except ValueError:
        left = top = right = bottom = 0.0
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise _bad("region", "is left, top, right and bottom edge, as fractions of the image from 0.0 to 1.0")
    return left, top, right, bottom


def _window(parameters: Mapping[str, str]) -> Window | None:
    center, width = parameters.get("windowCenter"), parameters.get("windowWidth")
    if center is None and width is None:
        return None
    if width is None:
        raise _bad("windowCenter", "needs 'windowWidth' beside it")
    if center is None:
        raise _bad("windowWidth", "needs 'windowCenter' beside it")
    window = Window(_decimal(center, "windowCenter"), _decimal(width, "windowWidth"))
    if not window.is_valid:
        raise _bad("windowWidth", "is at least 1")
    return window


def _decimal(text: str, name: str) -> float:
    try:
        return number(text)
    except ValueError:
        raise _bad(name, "is a decimal number") from None


def _annotations(parameters: Mapping[str, str]) -> tuple[Annotation, ...]:
    for name in ("annotation", "imageAnnotation"):
        if name in parameters:
            try:
                return parse_annotations(parameters[name])
            except BadRequestError:
                raise _bad(name, "is patient, technique or both, separated by a comma") from None
    return ()


def _presentation(parameters: Mapping[str, str]) -> PresentationOf | None:
    names = ("presentationSeriesUID", "presentationUID")
    if not any(name in parameters for name in names):
        return None
    series, instance = (_uid(parameters, name) for name in names)
    for name in ("windowCenter", "windowWidth", "region"):
        if name in parameters:
            raise _bad(name, "cannot be combined with 'presentationUID'")
    return PresentationOf(series, instance)


def _rounded(place: float) -> float:
    return round(place * _STEPS) / _STEPS
