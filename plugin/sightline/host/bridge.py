"""A REST callback becomes a WSGI call on a thread of our own, and its answer becomes what Orthanc can send.

The callback's own thread has 100 KB of C stack: it only packs the request, waits, and sends.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote, quote_plus

import orthanc

from sightline.access.grant import Grant
from sightline.web.ready import READY_KEY, ReadyAnswers
from sightline.web.request import CONTENT_TYPE_LOST, GRANT_KEY, REPEATED_KEYS_LOST, WHOLE_BODY

log = logging.getLogger(__name__)

THREADS = 48
"""Fewer than Orthanc's own HTTP threads (50 by default), so that the core always has some left."""

PATIENCE_SECONDS = 150
"""Longer than any worker's deadline. Then the caller is told to try again, rather than left without an answer."""

_SENDABLE = frozenset(
    {*range(200, 209), 226, 300, 302, 303, 304, 305, 307, *range(400, 405), *range(406, 418)}
    | {422, 423, 424, 426, *range(500, 508), 509, 510}
)
_INSTEAD = {301: 307, 308: 307, 418: 400, 421: 400, 425: 503, 428: 403, 429: 503, 431: 400, 451: 403, 508: 500}
"""Statuses that Orthanc answers with a closed connection, and the nearest that it can send."""

REAL_CONTENT_TYPE = "X-Sightline-Content-Type"
"""Header that says what the body is where Orthanc says ``text/plain``; orthanc-config/nginx.conf puts it right."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OWN_HEADERS = frozenset({"content-type", "content-length", "connection", "keep-alive", "x-content-type-options"})
"""Headers that Orthanc writes by itself; a second one would be sent beside it."""


@dataclass(frozen=True)
class Answer:
    """What goes back to Orthanc: a body, or with status 200 pieces of one that are made while they are sent."""

    status: int
    body: bytes
    content_type: str = "application/octet-stream"
    headers: Sequence[tuple[str, str]] = ()
    pieces: Iterable[bytes] | None = None


_STOPPING = Answer(503, b"Sightline is stopping.", headers=[("Retry-After", "10")])

Handler = Callable[[str, Mapping[str, Any], Grant], Answer]


class Bridge:
    """Runs handlers on our own threads and sends what they answer.

    Parameters
    ----------
    handler : callable
        ``handler(uri, request, grant) -> Answer``; runs on an 8 MB stack.
    ready : ReadyAnswers, optional
        Answers that need no handler: given on the callback's own thread, which spares two changes of thread.
    """

    def __init__(self, threads: ThreadPoolExecutor, handler: Handler, ready: ReadyAnswers | None = None) -> None:
        self._threads = threads
        self._handler = handler
        self._ready = ready

    def serve(self, output: orthanc.RestOutput, uri: str, request: Mapping[str, Any], grant: Grant) -> None:
        """Answer one callback. Always answers: without one, Orthanc closes the connection on the client."""
        answer = self._ready_answer(uri, request, grant) or self._answer(uri, request, grant)
        if answer.pieces is None:
            send(output, answer)
            return
        try:
            # Pieces are made on a stack of our own, too, for as long as the client takes to read them.
            self._threads.submit(_send_pieces, output, answer).result()
        except (CancelledError, RuntimeError):
            send(output, _STOPPING)

    def _ready_answer(self, uri: str, request: Mapping[str, Any], grant: Grant) -> Answer | None:
        if self._ready is None:
            return None
        try:
            found = self._ready.answer(request["method"], uri, request.get("get") or {}, request["headers"], grant)
        except Exception:
            log.exception("A ready answer could not be given")
            return None
        if found is None:
            return None
        status, body, headers = found
        content_type = next((value for key, value in headers if key == "Content-Type"), "application/octet-stream")
        return Answer(status, body, content_type, headers)

    def _answer(self, uri: str, request: Mapping[str, Any], grant: Grant) -> Answer:
        try:
            future = self._threads.submit(self._handler, uri, request, grant)
        except RuntimeError:  # the pool takes nothing more
            return _STOPPING
        try:
            return future.result(PATIENCE_SECONDS)
        except CancelledError:
            return _STOPPING
        except TimeoutError:
            return Answer(503, b"This takes too long. Try again soon.", headers=[("Retry-After", "10")])
        except Exception:
            log.exception("A request could not be handled")
            return Answer(500, b"Something went wrong here. The server's log says what.")


def _send_pieces(output: orthanc.RestOutput, answer: Answer) -> None:
    """Send an answer piece by piece. Where that breaks off, the connection ends before the body is complete."""
    pieces = answer.pieces or ()
    try:
        _set_headers(output, answer.headers)
        output.StartStreamAnswer(_CONTROL.sub(" ", answer.content_type))
        for piece in pieces:
            if piece:
                output.SendStreamChunk(piece)
    except orthanc.OrthancException:
        log.info("A client went away before it had read all of its answer")
    except Exception:
        log.exception("An answer broke off")
    finally:
        if hasattr(pieces, "close"):
            pieces.close()


def _set_headers(output: orthanc.RestOutput, headers: Sequence[tuple[str, str]], left_out: str = "") -> None:
    is_plain = "".join(chain.from_iterable(headers)).isprintable()
    for name, value in headers:
        if name.lower() not in _OWN_HEADERS and name != left_out:
            if not is_plain:
                name, value = _CONTROL.sub("", name), _CONTROL.sub(" ", value)
            output.SetHttpHeader(name, value)


def send(output: orthanc.RestOutput, answer: Answer) -> None:
    """Send an answer within what Orthanc can send (statuses, one Content-Type, no line breaks in headers)."""
    status = answer.status if answer.status in _SENDABLE else _INSTEAD.get(answer.status, answer.status)
    _set_headers(output, answer.headers, "Allow" if status == 405 else "")
    if status == 405:
        allowed = next((value for name, value in answer.headers if name == "Allow"), "GET")
        output.SendMethodNotAllowed(_CONTROL.sub(" ", allowed.replace(" ", "")))
    elif status == 200:
        output.AnswerBuffer(answer.body, _CONTROL.sub(" ", answer.content_type))
    elif answer.body and status not in (204, 304):
        # Orthanc adds "text/plain" to these; a type of our own would be a second one. A reverse proxy may restore it.
        output.SetHttpHeader(REAL_CONTENT_TYPE, _CONTROL.sub(" ", answer.content_type))
        output.SendHttpStatus(status if status in _SENDABLE else 500, answer.body)
    else:
        output.SendHttpStatusCode(status if status in _SENDABLE else 500)


def wsgi_handler(application: Callable[..., Any], query_is_decoded: Callable[[], bool], base_url: str) -> Handler:
    """Return a handler that calls a WSGI application.

    Parameters
    ----------
    application : callable
        WSGI.
    query_is_decoded : callable
        Whether this Orthanc decodes query values before it hands them over; asked for each request with a query.
    base_url : str
        Scheme, host and port for the WSGI environment.
    """
    scheme, _, rest = base_url.partition("://")
    host, _, port = rest.partition("/")[0].rpartition(":")

    def handle(uri: str, request: Mapping[str, Any], grant: Grant) -> Answer:
        body = request.get("body") or b""
        query = request.get("get") or {}
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request["method"],
            "SCRIPT_NAME": "",
            "PATH_INFO": uri.encode("utf-8", "surrogateescape").decode("latin-1"),
            "REQUEST_URI": quote(uri),
            "QUERY_STRING": query_string(query, query_is_decoded()) if query else "",
            "SERVER_NAME": host or "localhost",
            "SERVER_PORT": port or "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": grant.address,
            REPEATED_KEYS_LOST: True,
            CONTENT_TYPE_LOST: True,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": io.BytesIO(body),
            WHOLE_BODY: body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            GRANT_KEY: grant,
            READY_KEY: ReadyAnswers.name(request["method"], uri, query, request["headers"], grant.base_url),
        }
        for name, value in request["headers"].items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_TYPE"] = request["headers"].get("content-type", "")
        # The body has arrived whole, also when it came chunked.
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.pop("HTTP_CONTENT_LENGTH", None)
        environ.pop("HTTP_CONTENT_TYPE", None)
        return _call(application, environ)

    return handle


def query_string(values: Mapping[str, str], decoded: bool) -> str:
    """Return the query string that the client sent, as far as Orthanc kept it.

    >>> query_string({"PatientName": "M%C3%BCller*"}, decoded=False)
    'PatientName=M%C3%BCller*'
    >>> query_string({"PatientName": "Müller*"}, decoded=True)
    'PatientName=M%C3%BCller%2A'
    """
    if decoded:
        return "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in values.items())
    return "&".join(f"{key}={value}" for key, value in values.items())


def _call(application: Callable[..., Any], environ: dict[str, Any]) -> Answer:
    status, headers = 500, list[tuple[str, str]]()

    def start_response(line: str, fields: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
        nonlocal status, headers
        status, headers = int(line[:3]), fields
        return lambda _data: None

    pieces = application(environ, start_response)
    known = {name.lower(): value for name, value in headers}
    content_type = known.get("content-type") or "application/octet-stream"
    if status == 200 and "content-length" not in known:
        return Answer(status, b"", content_type, headers, pieces)
    try:
        body = b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return Answer(status, body, content_type, headers)
