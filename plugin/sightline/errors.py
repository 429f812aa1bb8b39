"""The one family of errors: each carries an HTTP status, a machine-readable code and a sentence for a person.

Any room may raise them; `web` alone turns them into the body that each protocol wants.
"""

from __future__ import annotations

from collections.abc import Mapping


class SightlineError(Exception):
    """A request cannot be answered as asked.

    Parameters
    ----------
    message : str
        What is wrong and what to do, for a person. No patient data, no paths.
    code : str, optional
        Machine-readable, lower case with hyphens; the class's own by default.
    headers : Mapping[str, str], optional
        HTTP headers that belong to the refusal, such as ``Retry-After``.
    """

    status = 500
    code = "internal-error"

    def __init__(self, message: str, code: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.headers = dict(headers or {})


class BadRequestError(SightlineError):
    """The request itself is wrong (400)."""

    status, code = 400, "bad-request"


class UnauthenticatedError(SightlineError):
    """Nobody is logged in (401)."""

    status, code = 401, "not-authenticated"


class ForbiddenError(SightlineError):
    """Whoever asks may not do this (403)."""

    status, code = 403, "forbidden"


class NotFoundError(SightlineError):
    """There is no such thing, or not any more (404)."""

    status, code = 404, "not-found"


class NotAcceptableError(SightlineError):
    """None of the acceptable media types can be produced (406); the message names those that can."""

    status, code = 406, "not-acceptable"


class ConflictError(SightlineError):
    """The request is at odds with what is stored (409)."""

    status, code = 409, "conflict"


class SupersededError(ConflictError):
    """Whoever asked has asked for something newer instead, so this was not begun (409)."""

    code = "superseded"


class GoneError(SightlineError):
    """It existed and has ended: an expired or revoked link (410)."""

    status, code = 410, "gone"


class LengthRequiredError(SightlineError):
    """The body does not declare its length (411)."""

    status, code = 411, "length-required"


class TooLargeError(SightlineError):
    """The body is larger than the configured bound (413)."""

    status, code = 413, "too-large"


class UnsupportedMediaTypeError(SightlineError):
    """The body's media type cannot be read (415)."""

    status, code = 415, "unsupported-media-type"


class RangeNotSatisfiableError(SightlineError):
    """The bytes asked for lie behind the end (416); `Content-Range` says where that is."""

    status, code = 416, "range-not-satisfiable"


class UnprocessableError(SightlineError):
    """Well-formed, but what is stored does not allow it: no geometry, undecodable pixels (422)."""

    status, code = 422, "unprocessable"


class TooManyRequestsError(SightlineError):
    """Wait a while (429, with Retry-After; 503 inside Orthanc, which cannot send 429)."""

    status, code = 429, "too-many-requests"

    def __init__(self, message: str, code: str | None = None, retry_after_seconds: int = 60) -> None:
        super().__init__(message, code, {"Retry-After": str(retry_after_seconds)})


class UnavailableError(SightlineError):
    """Try again soon: a worker died, a deadline passed, a limit was reached (503, with Retry-After)."""

    status, code = 503, "unavailable"

    def __init__(self, message: str, code: str | None = None, retry_after_seconds: int = 2) -> None:
        super().__init__(message, code, {"Retry-After": str(retry_after_seconds)})
