"""Text leaves compressed where the client takes it; pictures and DICOM are compact already."""

from __future__ import annotations

import gzip

from sightline.web.request import Request, Response

_TEXT_TYPES = ("text/", "application/json", "application/dicom+json", "application/fhir+json", "image/svg+xml")
_SMALLEST = 1024
_LEVEL, _LARGE, _LEVEL_OF_LARGE = 6, 1 << 16, 1
"""The last per cents of size would cost most of the time, which counts for what is large."""


def compress(request: Request, response: Response) -> None:
    """Compress the body in place if it is text, worth it, and the client accepts gzip."""
    if not (response.mimetype or "").startswith(_TEXT_TYPES) or response.headers.get("Content-Encoding"):
        return
    response.headers.add("Vary", "Accept-Encoding")
    if not request.accept_encodings["gzip"] or response.direct_passthrough:
        return
    body = response.get_data()
    if len(body) >= _SMALLEST:
        response.set_data(gzip.compress(body, _LEVEL if len(body) < _LARGE else _LEVEL_OF_LARGE, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
