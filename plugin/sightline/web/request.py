"""The request as handlers see it: Werkzeug's, plus who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from sightline.access.grant import Grant
from sightline.errors import BadRequestError, TooLargeError

if TYPE_CHECKING:
    from sightline.web.ehr_tokens import TokenHolder
    from sightline.web.siblings import Siblings

GRANT_KEY = "sightline.grant"
"""WSGI environment key under which the host, or the outside server's middleware, leaves the caller's `Grant`."""

REPEATED_KEYS_LOST = "sightline.repeated-keys-lost"
"""WSGI environment key that is true where of a repeated query key only the last value arrives, as inside Orthanc."""

CONTENT_TYPE_LOST = "sightline.content-type-lost"
"""WSGI environment key that is true where only answers with status 200 keep their media type, as inside Orthanc."""

WHOLE_BODY = "sightline.whole-body"
"""WSGI environment key under which a host that has the whole body in memory leaves it, so that it is not copied."""

HOLDER_KEY = "sightline.token-holder"
"""WSGI environment key under which the dispatcher leaves who came with an EHR's token."""

__all__ = [
    "CONTENT_TYPE_LOST",
    "GRANT_KEY",
    "HOLDER_KEY",
    "REPEATED_KEYS_LOST",
    "WHOLE_BODY",
    "Request",
    "Response",
    "check_encoding",
]


class Request(WerkzeugRequest):
    """One HTTP request. Query values are decoded, whatever the server made of them.

    Attributes
    ----------
    studies : set of str
        Study Instance UIDs that a handler changed or handed out where the path names none: each is audited.
    again : callable or None
        Set by a handler whose answer may be given again: makes its body, None when it would be another by now.
    siblings : Siblings or None
        Set by a handler that can make the answers to all addresses beside this one without being asked.
    audit : str
        Kind of audit event, if a handler knows better than its route's row: one that shows pictures has handed out a
        file.
    searched : str
        What was searched for, where the address does not say; for the audit log.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self.studies: set[str] = set()
        self.again: Callable[[], bytes | None] | None = None
        self.siblings: Siblings | None = None
        self.audit = ""
        self.searched = ""

    @property
    def grant(self) -> Grant:
        """Who asks and what they may do."""
        grant: Grant = self.environ[GRANT_KEY]
        return grant

    @property
    def token_holder(self) -> TokenHolder | None:
        """Who came with an EHR's token; None where nobody did."""
        return self.environ.get(HOLDER_KEY)

    @property
    def body(self) -> bytes:
        """The whole body; it can be read once.

        Raises
        ------
        TooLargeError
            It goes on beyond the bound of the route.
        BadRequestError
            It ends before it should.
        """
        whole: bytes | None = self.environ.get(WHOLE_BODY)
        if whole is not None:
            return whole
        bound = self.max_content_length
        try:
            content = self.get_data(cache=False)
            # A body of unknown length is read up to the bound, and the rest of it would be left without a word.
            is_longer = self.content_length is None and bound and len(content) >= bound
            if is_longer and self.environ["wsgi.input"].read(1):
                raise RequestEntityTooLarge
        except RequestEntityTooLarge:
            raise TooLargeError(f"The body is larger than {bound} bytes.") from None
        except HTTPException:
            raise BadRequestError("The body ends too early.", "incomplete-body") from None
        return content


def check_encoding(request: Request) -> None:
    """Refuse query values that are no percent-encoded UTF-8 (RFC 3986, PS3.18 section 8.3).

    Raises
    ------
    BadRequestError
        Names the parameter.
    """
    query: bytes = request.query_string
    if b"%" not in query and query.isascii():
        return
    for piece in query.split(b"&"):
        name, _, value = piece.partition(b"=")
        try:
            unquote_to_bytes(name).decode()
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            named = unquote_to_bytes(name).decode("utf-8", "replace")[:80]
            raise BadRequestError(f"The value of '{named}' is not percent-encoded UTF-8.", "bad-encoding") from None
