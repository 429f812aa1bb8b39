"""What clients may keep of stored objects: nothing, unless the site says that stored instances never change.

A person's browser is never told to keep anything: it is a client that authorises itself by a cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.web.request import Request, Response

SECONDS = 7 * 24 * 3600
"""Pictures of an instance may look another way after the next update of Sightline."""

_IMMUTABLE = f"private, max-age={SECONDS}, immutable"
_TO_BE_ASKED = "private, no-cache"
"""Kept, and asked for again with its ETag: a study or a series grows while its instances arrive."""


def let_keep(request: Request, response: Response, path_values: Mapping[str, Any]) -> None:
    """Allow a program to keep the answer, for itself alone (RFC 9111 section 5.2.2, RFC 8246)."""
    if "ETag" not in response.headers or response.status_code not in (200, 206, 304):
        return
    if not request.headers.get("Authorization"):
        return
    response.headers["Cache-Control"] = _IMMUTABLE if path_values.get("instance") else _TO_BE_ASKED
    # What one user has kept is not for the next one of the same program.
    response.headers.add("Vary", "Authorization")
