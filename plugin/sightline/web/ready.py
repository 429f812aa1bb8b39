"""Answers that can be given again without their handler: what a viewer asks for hundreds of times.

The whole way of a request (route, permission, negotiation, look-ups) is gone once; then the answer is kept by all that
it depends on, together with a function that makes its body again, or finds that this would be another by now. Whether
the caller may have it is asked each time, and it is counted each time. Nothing is parsed here, so that a host may ask
for a ready answer on a small stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.access.audit import AuditLog
from sightline.access.grant import Grant, Verb
from sightline.web.siblings import Asked, Headers, KeptSiblings

READY_KEY = "sightline.ready-key"
"""WSGI environment key under which a host leaves the name of a request whose answer may be kept."""

Name = tuple[str, ...]
Body = Callable[[], bytes | None]

MAXIMUM_ANSWERS = 8_000
"""Some 20 MB."""
_PART_DROPPED = 10
_FIXED = 5
"""Parts of a name that come before those of the query."""
_ASK_FOR_MORE = frozenset({"origin", "range", "if-match", "if-modified-since", "if-unmodified-since", "if-range"})


@dataclass(frozen=True)
class ReadyAnswer:
    """An answer with status 200.

    Parameters
    ----------
    verb, study : Verb, str
        What the caller must be allowed, on which study.
    headers : tuple of (str, str)
        All of them, `Content-Type` included.
    etag : str
        As in the header, with quotation marks.
    body : callable
        Makes the body; None when the answer would be another by now.
    """

    verb: Verb
    study: str
    headers: Headers
    etag: str
    body: Body


class ReadyAnswers:
    """Keeps answers by the names of requests. Safe between threads.

    Parameters
    ----------
    audit : AuditLog
        Where further reads are counted; the first read of a study goes the whole way.
    maximum : int
        How many are kept; the oldest go first.
    """

    def __init__(self, audit: AuditLog, maximum: int = MAXIMUM_ANSWERS) -> None:
        self._audit = audit
        self._maximum = maximum
        self._answers: dict[Name, ReadyAnswer] = {}
        self._siblings: dict[Name, KeptSiblings] = {}
        self._depths: tuple[int, ...] = ()

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], grant: Grant
    ) -> tuple[int, bytes, Headers] | None:
        """Return status, body and headers of a request that need not go the whole way; arguments as for `name`."""
        name = self.name(method, path, query, headers, grant.base_url)
        if name is None:
            return None
        known_etags = headers.get("if-none-match", "")
        found = self.find(name, grant, known_etags)
        if found is not None:
            status, body, answer = found
            return status, body, answer.headers
        for depth in self._depths:
            kept = self._siblings.get(_of_siblings(name, depth))
            if kept is not None:
                asked = Asked(grant, path.rsplit("/", depth)[1:], query, headers)
                given = kept.answer(asked, known_etags)
                return given if given and self._audit.count_read(grant, kept.study) else None
        return None

    @staticmethod
    def name(
        method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], base_url: str
    ) -> Name | None:
        """Return the name of a request by all that its answer may depend on; None where that is too much.

        Parameters
        ----------
        query, headers : Mapping[str, str]
            As they arrived; headers by lower-case names.
        base_url : str
            Under which address a trusted proxy was asked (`Grant.base_url`); addresses in the answer begin with it.
        """
        if method != "GET" or not _ASK_FOR_MORE.isdisjoint(headers):
            return None
        wanted = (headers.get("accept", ""), headers.get("accept-encoding", ""))
        # Who may keep the answer depends on how the caller proves who it is.
        kind = "program" if "authorization" in headers else ""
        return (path, *wanted, base_url, kind, *(part for pair in query.items() for part in pair))

    def find(self, name: Name, grant: Grant, known_etags: str) -> tuple[int, bytes, ReadyAnswer] | None:
        """Return status, body and answer, if there is one that this caller may have and that is still right.

        Parameters
        ----------
        name : tuple of str
            Of the request.
        grant : Grant
            Who asks.
        known_etags : str
            The header `If-None-Match`, or nothing.
        """
        answer = self._answers.get(name)
        if answer is None or not grant.allows(answer.verb, answer.study):
            return None
        body = answer.body()
        if body is None:
            self._answers.pop(name, None)
            return None
        if known_etags and known_etags.removeprefix("W/") != answer.etag:
            return None
        if not self._audit.count_read(grant, answer.study):
            return None
        return (304, b"", answer) if known_etags else (200, body, answer)

    def keep(self, name: Name, answer: ReadyAnswer) -> None:
        """Keep an answer."""
        self._answers[name] = answer
        self._bound(self._answers)

    def keep_siblings(self, name: Name, kept: KeptSiblings) -> None:
        """Keep how the answers to all addresses beside that of a request are made."""
        depth = kept.siblings.depth
        self._siblings[_of_siblings(name, depth)] = kept
        self._bound(self._siblings)
        self._depths = tuple({*self._depths, depth})

    def _bound(self, kept: dict[Name, Any]) -> None:
        if len(kept) > self._maximum:
            for oldest in list(kept)[: self._maximum // _PART_DROPPED]:
                kept.pop(oldest, None)


def _of_siblings(name: Name, depth: int) -> Name:
    """Return what the names of siblings have in common."""
    path, *rest = name[:_FIXED]
    return (path.rsplit("/", depth)[0], *rest, str(depth))
