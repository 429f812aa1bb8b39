"""Scripts of other web sites (the CORS protocol of the Fetch standard): DICOMweb and FHIR, never by a cookie.

`Access-Control-Allow-Credentials` is never sent: a browser then keeps from a script whatever was answered by a cookie.
A script sends `Authorization` by itself, which the preflight allows by name. `Cross-Origin-Resource-Policy` stays
``same-origin``: it does not concern requests that follow this protocol.
"""

from __future__ import annotations

from collections.abc import Sequence

from sightline.web.request import Request, Response

ALLOWED_HEADERS = (
    "Accept",
    "Accept-Charset",
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
)
"""Request headers that a script may set."""

EXPOSED_HEADERS = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "ETag",
    "Location",
    "Repr-Digest",
    "Retry-After",
    "Sightline-Provenance",
    "Warning",
)
"""Answer headers that a script may read, beside those that it always may."""

MAX_AGE_SECONDS = 600
"""How long a browser may remember what a preflight told."""


class Cors:
    """What browsers are told of other sites' scripts.

    Parameters
    ----------
    origins : sequence of str
        Web sites, exactly as browsers send them in ``Origin``.
    trees : sequence of str
        Paths below which they may call.
    """

    def __init__(self, origins: Sequence[str], trees: Sequence[str]) -> None:
        self._origins = frozenset(origins)
        self._trees = tuple(trees)
        self._exposed = ", ".join(EXPOSED_HEADERS)

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks what a script may do."""
        return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers

    def allow(self, request: Request, response: Response, allowed: str = "") -> None:
        """Add what lets a script of a named site read the answer; `allowed` names the methods, for a preflight."""
        if not self._origins or not request.path.startswith(self._trees):
            return
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if origin not in self._origins:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        if allowed:
            response.headers["Access-Control-Allow-Methods"] = allowed
            response.headers["Access-Control-Allow-Headers"] = ", ".join(ALLOWED_HEADERS)
            response.headers["Access-Control-Max-Age"] = str(MAX_AGE_SECONDS)
        else:
            response.headers["Access-Control-Expose-Headers"] = self._exposed
