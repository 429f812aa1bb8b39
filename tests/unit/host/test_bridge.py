"""What Orthanc can send, and what it made of a request."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest
from werkzeug.wrappers import Request, Response

from sightline.access.grant import ANONYMOUS, administrator
from sightline.web.request import GRANT_KEY, WHOLE_BODY


class Output:
    """Records what was sent."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.sent: tuple[Any, ...] = ()

    def SetHttpHeader(self, key: str, value: str) -> None:  # noqa: N802 - the SDK's own names
        self.headers.append((key, value))

    def AnswerBuffer(self, body: bytes, mime: str) -> None:  # noqa: N802
        self.sent = (200, body, mime)

    def SendHttpStatus(self, status: int, body: bytes) -> None:  # noqa: N802
        self.sent = (status, body)

    def SendHttpStatusCode(self, status: int) -> None:  # noqa: N802
        self.sent = (status,)

    def StartStreamAnswer(self, mime: str) -> None:  # noqa: N802
        self.sent = ("stream", mime)

    def SendStreamChunk(self, chunk: bytes) -> None:  # noqa: N802
        if chunk == b"gone":
            raise sys.modules["orthanc"].OrthancException(0, "client")
        self.sent = (*self.sent, chunk)

    def SendMethodNotAllowed(self, allowed: str) -> None:  # noqa: N802
        self.sent = (405, allowed)


@pytest.fixture
def bridge(orthanc_module: types.ModuleType) -> Any:
    """Return the module under test."""
    from sightline.host import bridge as module

    return module


def sent(bridge: Any, *arguments: Any, **keywords: Any) -> Output:
    """Send an answer and return what reached Orthanc."""
    output = Output()
    bridge.send(output, bridge.Answer(*arguments, **keywords))
    return output


def test_page_keeps_its_type(bridge: Any) -> None:
    """A 200 carries our media type."""
    output = sent(bridge, 200, b"<p>", "text/html; charset=utf-8", headers=[("Content-Type", "x"), ("ETag", '"1"')])
    assert output.sent == (200, b"<p>", "text/html; charset=utf-8")
    assert output.headers == [("ETag", '"1"')]


def test_error_has_no_second_type(bridge: Any) -> None:
    """Orthanc writes the Content-Type of other statuses itself."""
    output = sent(bridge, 409, b"{}", "application/dicom+json", headers=[("Content-Type", "application/dicom+json")])
    assert output.sent == (409, b"{}")
    assert output.headers == [("X-Sightline-Content-Type", "application/dicom+json")]


@pytest.mark.parametrize("status", [204, 304])
def test_no_body_where_none_may_be(bridge: Any, status: int) -> None:
    """A body would break the connection for the next request."""
    assert sent(bridge, status, b"body").sent == (status,)


def test_method_not_allowed(bridge: Any) -> None:
    """405 has a call of its own, which writes the Allow header."""
    output = sent(bridge, 405, b"", headers=[("Allow", "GET, POST")])
    assert (output.sent, output.headers) == ((405, "GET,POST"), [])


@pytest.mark.parametrize(("status", "instead"), [(429, 503), (308, 307), (451, 403), (999, 500)])
def test_statuses_that_orthanc_cannot_send(bridge: Any, status: int, instead: int) -> None:
    """Without a replacement the client would see a closed connection."""
    assert sent(bridge, status, b"why").sent == (instead, b"why")


def test_line_breaks_are_taken_out(bridge: Any) -> None:
    """A patient's name in a file name cannot add a header."""
    output = sent(bridge, 200, b"", headers=[("X-Name", "a\r\nEvil: 1\x00")])
    assert output.headers == [("X-Name", "a  Evil: 1 ")]


def test_wsgi_environment(bridge: Any) -> None:
    """Method, path in any script, query, headers, body and grant arrive."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        seen.update(path=request.path, name=request.args["n"], body=request.get_data(), grant=environ[GRANT_KEY])
        seen.update(whole=environ[WHOLE_BODY])
        seen.update(kind=request.content_type, accept=request.headers["Accept"], length=request.content_length)
        return Response(b"yes", 202)(environ, start_response)

    handle = bridge.wsgi_handler(application, lambda: False, "https://pacs.example:8443")
    grant = administrator("admin", address="192.0.2.1")
    request = {
        "method": "POST",
        "get": {"n": "M%C3%BCller+X"},
        "headers": {"accept": "*/*", "content-type": "a/b", "transfer-encoding": "chunked"},
        "body": b"12345",
    }
    answer = handle("/sightline/ü", request, grant)
    assert (answer.status, answer.body) == (202, b"yes")
    assert seen == {
        "path": "/sightline/ü",
        "name": "Müller X",
        "body": b"12345",
        "whole": b"12345",
        "grant": grant,
        "kind": "a/b",
        "accept": "*/*",
        "length": 5,
    }


@pytest.mark.parametrize("decoded", [True, False])
@pytest.mark.parametrize("value", ["Müller^Jörg", "50%25 off", "a+b c", "&x=1", "%", "山田^太郎", ""])
def test_query_arrives_as_it_was_meant(bridge: Any, decoded: bool, value: str) -> None:
    """A newer core hands over what it decoded, an older one what was sent."""
    handed_over = value if decoded else quote_plus(value)
    text = bridge.query_string({"n": handed_over, "limit": "1"}, decoded)
    assert parse_qs(text, keep_blank_values=True) == {"n": [value], "limit": ["1"]}


def test_failure_is_answered(bridge: Any) -> None:
    """A handler that raises still answers; so does a pool that is closed."""

    def fail(_uri: str, _request: Any, _grant: Any) -> Any:
        raise RuntimeError("inside")

    with ThreadPoolExecutor(1) as threads:
        output = Output()
        bridge.Bridge(threads, fail).serve(output, "/", {"method": "GET"}, ANONYMOUS)
        assert output.sent[0] == 500
    output = Output()
    bridge.Bridge(threads, fail).serve(output, "/", {"method": "GET"}, ANONYMOUS)
    assert output.sent == (503, b"Sightline is stopping.")


class Ready:
    """Ready answers as a test wants them."""

    def __init__(self, headers: Any) -> None:
        self.headers = headers

    def answer(self, _method: str, _path: str, _query: Any, headers: Any, _grant: Any) -> Any:
        if isinstance(self.headers, Exception):
            raise self.headers
        known = "if-none-match" in headers
        return (304 if known else 200, b"" if known else b"ready", self.headers) if self.headers else None


def test_ready_answers_need_no_handler(bridge: Any) -> None:
    """They are sent with all their headers; where there is none, or none can be made, the handler answers."""
    kept = (("Content-Type", "image/png"), ("ETag", '"1"'))

    def handle(_uri: str, _request: Any, _grant: Any) -> Any:
        return bridge.Answer(200, b"made", "text/plain")

    def serve(answer: Any, **request_headers: str) -> tuple[Any, ...]:
        output = Output()
        request = {"method": "GET", "headers": {name.replace("_", "-"): v for name, v in request_headers.items()}}
        with ThreadPoolExecutor(1) as threads:
            bridge.Bridge(threads, handle, Ready(answer)).serve(output, "/", request, ANONYMOUS)
        return (*output.sent, output.headers)

    assert serve(kept) == (200, b"ready", "image/png", [("ETag", '"1"')])
    assert serve(kept, if_none_match='"1"') == (304, [("ETag", '"1"')])
    assert serve(None) == serve(RuntimeError("inside")) == (200, b"made", "text/plain", [])


class Pieces:
    """A body in pieces that remembers whether it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.closed = pieces, False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if piece == b"broken":
                raise RuntimeError("inside")
            yield piece

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        ((b"a", b"", b"b"), (b"a", b"b")),
        ((b"a", b"gone", b"b"), (b"a",)),
        ((b"a", b"broken", b"b"), (b"a",)),
    ],
)
def test_pieces_are_sent_as_they_are_made(bridge: Any, pieces: tuple[bytes, ...], sent: tuple[bytes, ...]) -> None:
    """Nothing follows what broke off, so that nobody takes it for the whole; what makes the pieces is closed."""
    body = Pieces(*pieces)

    def handle(_uri: str, _request: Any, _grant: Any) -> Any:
        return bridge.Answer(200, b"", "multipart/related", [("ETag", '"1"')], body)

    output = Output()
    with ThreadPoolExecutor(1) as threads:
        bridge.Bridge(threads, handle).serve(output, "/", {"method": "GET"}, ANONYMOUS)
    assert (output.sent, output.headers) == (("stream", "multipart/related", *sent), [("ETag", '"1"')])
    assert body.closed


def test_only_what_has_no_length_is_streamed(bridge: Any) -> None:
    """A body that is there leaves at once, which keeps the connection."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        pieces = environ["PATH_INFO"] == "/pieces"
        return Response(iter([b"a", b"b"]) if pieces else b"ab")(environ, start_response)

    handle = bridge.wsgi_handler(application, lambda: False, "https://pacs.example")
    whole = handle("/whole", {"method": "GET", "headers": {}}, ANONYMOUS)
    assert (whole.body, whole.pieces) == (b"ab", None)
    streamed = handle("/pieces", {"method": "GET", "headers": {}}, ANONYMOUS)
    assert (streamed.body, b"".join(streamed.pieces)) == (b"", b"ab")
