"""Answers to addresses that differ in a few parts: pictures of a stack, or of one frame under many windows.

No such answer is given twice, but the way to each of them is the same: route, permission, negotiation, most headers.
A handler that has found its way once says how the answers to all addresses beside it are made. Nothing untrusted is
parsed here but numbers and names, so that a host may ask for them on a small stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain

from sightline.access.grant import Grant, Verb
from sightline.errors import SightlineError
from sightline.web.error_body import error_body, is_for_a_page

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A request for a sibling.

    Parameters
    ----------
    grant : Grant
        Who asks.
    parts : sequence of str
        The last parts of the path, as many as differ.
    query : Mapping[str, str]
        Nothing in it is percent-encoded.
    headers : Mapping[str, str]
        By lower-case names.
    """

    grant: Grant
    parts: list[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Sibling:
    """An answer that is yet to be made: its ETag, with quotation marks, and what makes its body and own headers."""

    etag: str
    make: Callable[[], tuple[bytes, Mapping[str, str]]]


@dataclass(frozen=True)
class Siblings:
    """How the answers to addresses beside one another are made.

    Parameters
    ----------
    depth : int
        In how many parts at their end the paths differ.
    find : callable
        Asks the archive what is stored now, and says what the answer will be. None, or a `SightlineError`, where this
        is not so simple: such a request goes the whole way.
    own_headers : frozenset of str
        Names of headers that an answer has for itself; all others are the same.
    """

    depth: int
    find: Callable[[Asked], Sibling | None]
    own_headers: frozenset[str]


@dataclass(frozen=True)
class KeptSiblings:
    """Siblings, what the caller must be allowed on which study, and the headers that their answers have in common."""

    siblings: Siblings
    verb: Verb
    study: str
    headers: Headers

    def answer(self, asked: Asked, known_etags: str) -> tuple[int, bytes, Headers] | None:
        """Return status, body and headers; None: it has to go the whole way. `known_etags` is `If-None-Match`."""
        # What servers differ in how they decode it is left to the application.
        texts = "".join(chain.from_iterable(asked.query.items()))
        if "%" in texts or "+" in texts:
            return None
        known = known_etags.removeprefix("W/")
        if not asked.grant.allows(self.verb, self.study) or known.strip() == "*" or "," in known:
            return None
        try:
            sibling = self.siblings.find(asked)
        except SightlineError:
            return None
        if sibling is None:
            return None
        common = (*self.headers, ("ETag", sibling.etag))
        if known == sibling.etag:
            return 304, b"", common
        try:
            body, own = sibling.make()
        except SightlineError as error:
            # Whoever went the whole way now would have it tried once more.
            return self._refusal(error, asked.headers.get("accept", ""))
        return 200, body, (*common, *own.items())

    def _refusal(self, error: SightlineError, accept: str) -> tuple[int, bytes, Headers]:
        body, content_type = error_body(error, is_for_a_page(accept))
        own = {**error.headers, "Content-Type": content_type, "Cache-Control": "private, no-store"}
        return error.status, body, (*(pair for pair in self.headers if pair[0] not in own), *own.items())
