"""The gate: what Orthanc's HTTP filter decides before a body is read, and who it leaves for the callback.

It runs on a stack of 100 KB, so it only looks things up in memory. It alone sees the caller's address and the requests
for the core's own routes; filter and callback of one request run on the same thread, so what the gate finds out is left
for the callback under the thread's identity.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from sightline.access.audit import AuditEvent, AuditKind, denial_event
from sightline.access.control import AccessControl
from sightline.access.grant import ANONYMOUS, Grant, Verb
from sightline.dicomweb_section import DicomwebSection
from sightline.errors import SightlineError

QUERY_PROBE = "/sightline/query-probe"
"""Where the host asks its own server a question while it starts."""

SMALL_BODY = 64 * 1024
"""No route of ours but the uploads takes more."""

START_HEADER = "x-sightline-start"
"""Header by which the host is admitted that asks its own server something before anybody else is."""

PAGES_TREE = "/sightline"
_OWN_PAGES = ("/", "/instances")
_WHILE_STARTING = ("/sightline/health", QUERY_PROBE)
_WITH_BODY = ("POST", "PUT")
_METHODS = {1: "GET", 2: "POST", 3: "PUT", 4: "DELETE"}
_FILE_ROUTES = frozenset(
    {"file", "archive", "media", "attachments", "frames", "preview", "rendered", "numpy", "content", "pdf", "webdav"}
)


@dataclass(frozen=True)
class _Visitor:
    uri: str
    method: str
    grant: Grant


class Gate:
    """Admits or refuses requests, and remembers who was admitted on which thread.

    Parameters
    ----------
    access : AccessControl
        Who somebody is, by headers and address.
    public_url : str
        Our own address, for the check of where a state change comes from.
    upload_bound : int
        Largest upload in bytes.
    chunked_uploads : bool
        Whether an upload may leave its length undeclared.
    record : callable
        Writes an audit event, on a larger stack than this one, and returns whether that worked.
    section : DicomwebSection
        Where our DICOMweb routes are.
    """

    def __init__(
        self,
        access: AccessControl,
        public_url: str,
        upload_bound: int,
        chunked_uploads: bool,
        record: Callable[[AuditEvent], bool],
        section: DicomwebSection = DicomwebSection(),  # noqa: B008 - immutable
    ) -> None:
        self._access = access
        self._public_url = public_url
        self._upload_bound = upload_bound
        self._chunked_uploads = chunked_uploads
        self._record = record
        self._own_trees = (PAGES_TREE, *section.trees)
        self._uploads = (f"{section.root}/studies", "/instances")
        self.refused_trees: tuple[str, ...] = ()
        """Paths below which nothing may be reached at all: routes of another DICOMweb server."""
        self.closed_to_bodies: tuple[str, ...] = ()
        """Paths below which no body is let in: Orthanc would hand it to another plugin, which asks nobody who may."""
        self.is_open = False
        """Until it is known who answers on our own trees, nothing but the question itself and the health pass."""
        self.start_token = secrets.token_hex(16)
        self.led_pages: frozenset[str] = frozenset()
        """Pages of the core that we answer in its place, to lead people without a login to ours."""
        self._visitors: dict[int, _Visitor] = {}
        self._inside: set[int] = set()
        self._is_shut = False

    def admit(self, uri: str, method: str, address: str, headers: Mapping[str, str]) -> bool:
        """Whether the request may go on. `uri` is normalised as routing sees it; HEAD and others look like GET."""
        thread = threading.get_ident()
        # Before looking whether it is shut: whoever shuts it looks at this next.
        (self._inside.add if self._is_ours(uri) else self._inside.discard)(thread)
        if not self._is_shut and self._may_enter(uri, method, address, headers):
            return True
        self._inside.discard(thread)
        return False

    def claim(self, uri: str, method: str) -> Grant:
        """Return whom the gate admitted on this thread for this very request, once; else nobody."""
        visitor = self._visitors.pop(threading.get_ident(), None)
        # The filter's URI still has a trailing slash that the callback's has lost.
        if visitor is None or visitor.uri.rstrip("/") != uri.rstrip("/") or visitor.method != method:
            return ANONYMOUS
        return visitor.grant

    def left(self) -> None:
        """Take note that the callback on this thread has answered."""
        self._inside.discard(threading.get_ident())

    @contextmanager
    def nobody_inside(self, patience_seconds: float) -> Iterator[bool]:
        """Let nobody in meanwhile, and tell whether nobody is inside.

        Orthanc waits in a registration until no callback runs, and lets none begin; Python's lock, which a callback
        waits for, is held by whoever registers. So nobody may be on the way when something is registered.
        """
        self._is_shut = True
        try:
            deadline = time.monotonic() + patience_seconds
            while self._inside and time.monotonic() < deadline:
                time.sleep(0.005)
            yield not self._inside
        finally:
            self._is_shut = False

    def _may_enter(self, uri: str, method: str, address: str, headers: Mapping[str, str]) -> bool:
        grant = self._access.identify(headers, address)
        self._visitors[threading.get_ident()] = _Visitor(uri, method, grant)
        if not self._body_fits(uri, headers):
            self._record(denial_event(grant, method, "body too large or of unknown length"))
            return False
        if self._is_form(uri, headers):
            self._record(denial_event(grant, method, "a form, which Orthanc keeps to itself"))
            return False
        if not self.is_open:
            said = headers.get(START_HEADER, "").encode(errors="replace")
            return uri in _WHILE_STARTING or secrets.compare_digest(said, self.start_token.encode())
        if _below(uri, self.refused_trees) or (method in _WITH_BODY and _below(uri, self.closed_to_bodies)):
            self._record(denial_event(grant, method, "another DICOMweb server"))
            return False
        if uri in _OWN_PAGES or _below(uri, self._own_trees):
            return True
        if uri in self.led_pages:
            return grant.allows(Verb.ADMINISTER) or self._record(denial_event(grant, method, "core"))
        if not self._may_use_core(grant, method, headers):
            self._record(denial_event(grant, method, "core"))
            return False
        if method == "GET" and not _reads_files(uri):
            return True
        return self._record(AuditEvent(AuditKind.CORE, grant, detail=f"{method} {uri}"))

    def _is_ours(self, uri: str) -> bool:
        """Whether one of our callbacks will answer."""
        return uri in _OWN_PAGES or uri in self.led_pages or _below(uri, self._own_trees)

    def _is_form(self, uri: str, headers: Mapping[str, str]) -> bool:
        """Whether Orthanc would take the body for files of its own upload page, and say 200 without asking a plugin."""
        return headers.get("content-type", "").lower().startswith("multipart/form-data") and _below(
            uri, self._own_trees
        )

    def _may_use_core(self, grant: Grant, method: str, headers: Mapping[str, str]) -> bool:
        if not grant.allows(Verb.ADMINISTER):
            return False
        try:
            self._access.check_origin(method, headers, self._public_url)
        except SightlineError:
            return False
        return True

    def _body_fits(self, uri: str, headers: Mapping[str, str]) -> bool:
        is_ours = _below(uri, self._own_trees) and not _below(uri, self._uploads)
        if headers.get("transfer-encoding"):
            return self._chunked_uploads and not is_ours
        declared = headers.get("content-length", "0").strip()
        # Longer numbers are beyond any bound, and int() of a very long one takes for ever.
        if not (declared.isascii() and declared.isdigit()) or len(declared) > 18:
            return False
        return int(declared) <= (SMALL_BODY if is_ours else self._upload_bound)


def method_name(method: str | int) -> str:
    """Return the name of the SDK's method, which is a name in a callback and a number in the filter."""
    return method if isinstance(method, str) else _METHODS.get(int(method), "GET")


def _reads_files(uri: str) -> bool:
    """Whether a core route hands out stored files or pixels, rather than says something of them."""
    return not _FILE_ROUTES.isdisjoint(uri.split("/"))


def _below(uri: str, trees: tuple[str, ...]) -> bool:
    return f"{uri}/".startswith(_with_slash(trees))


@cache
def _with_slash(trees: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{tree}/" for tree in trees)
