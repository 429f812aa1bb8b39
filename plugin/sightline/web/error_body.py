"""What an answer says of an error, to people and to programs."""

from __future__ import annotations

import json

from sightline.errors import SightlineError


def error_body(error: SightlineError, is_page: bool) -> tuple[bytes, str]:
    """Return body and content type: a sentence for a person in a browser, else JSON."""
    if is_page:
        return f"{error.message}\n".encode(), "text/plain; charset=utf-8"
    body = {"status": error.status, "code": error.code, "message": error.message}
    return json.dumps(body).encode(), "application/json"


def is_for_a_page(accept: str) -> bool:
    """Whether a header `Accept` is that of a browser that opens a page."""
    return "text/html" in accept
