"""The request as handlers see it: Werkzeug's, plus who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from sightline.access.grant import Grant

GRANT_KEY = "sightline.grant"
"""WSGI environment key under which the host, or the outside server's middleware, leaves the caller's `Grant`."""

REPEATED_KEYS_LOST = "sightline.repeated-keys-lost"
"""WSGI environment key that is true where of a repeated query key only the last value arrives, as inside Orthanc."""

__all__ = ["GRANT_KEY", "REPEATED_KEYS_LOST", "Request", "Response"]


class Request(WerkzeugRequest):
    """One HTTP request. Query values are decoded, whatever the server made of them.

    Attributes
    ----------
    studies : set of str
        Study Instance UIDs that a handler changed or handed out where the path names none: each is audited.
    again : callable or None
        Set by a handler whose answer may be given again: makes its body, None when it would be another by now.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self.studies: set[str] = set()
        self.again: Callable[[], bytes | None] | None = None

    @property
    def grant(self) -> Grant:
        """Who asks and what they may do."""
        grant: Grant = self.environ[GRANT_KEY]
        return grant
