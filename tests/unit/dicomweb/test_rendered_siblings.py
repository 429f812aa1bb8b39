"""Pictures of a series, once one has been given: the same answers as by the whole way, in less time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb
from sightline.web.dispatcher import Dispatcher
from sightline.web.ready import READY_KEY, ReadyAnswers
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
TREE = f"/studies/{STUDY}/series/{SERIES}/instances"
ONE, OTHER = f"{TREE}/1.2.3/frames/1/rendered", f"{TREE}/1.2.4/frames/2/rendered"
JPEG = {"accept": "image/jpeg"}


def file(uid: str, value: int = 0) -> bytes:
    return image_file(np.full((2, 4, 4), value, np.uint16), SOPInstanceUID=uid, NumberOfFrames=2)


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(file("1.2.3"), file("1.2.4"))


def whole_way(server: Server, path: str, query: dict[str, str], headers: dict[str, str] = JPEG) -> TestResponse:
    """Ask as Orthanc's host does; what may be kept ready is kept."""
    name = ReadyAnswers.name("GET", f"/dicom-web{path}", query, headers, server.grant.base_url)
    text = "&".join(f"{key}={value}" for key, value in query.items())
    environ = {"sightline.grant": server.grant, READY_KEY: name}
    url = f"/dicom-web{path}?{text}"
    return server.client.get(url, headers=list(headers.items()), environ_overrides=environ)


def ready(
    server: Server, path: str, query: dict[str, str], headers: dict[str, str] = JPEG, grant: Grant | None = None
) -> tuple[int, bytes, tuple[tuple[str, str], ...]] | None:
    """Ask for an answer that needs no handler."""
    dispatcher: Any = server.client.application
    assert isinstance(dispatcher, Dispatcher)
    return dispatcher.ready.answer("GET", f"/dicom-web{path}", query, headers, grant or server.grant)


@pytest.mark.parametrize("path", [ONE, OTHER, f"{TREE}/1.2.4/rendered"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"window": "40,400,linear"},
        {"window": "-1.5e2,9,sigmoid", "quality": "3"},
        {"viewport": "2,2", "iccprofile": "srgb", "annotation": "patient"},
    ],
)
def test_the_same_as_by_the_whole_way(server: Server, path: str, query: dict[str, str]) -> None:
    whole_way(server, path.replace("1.2.4", "1.2.3"), {"window": "1,2,linear"})
    found = ready(server, path, query)
    assert found is not None
    status, body, headers = found
    expected = whole_way(server, path, query)
    assert (status, body) == (expected.status_code, expected.data)
    # The server that sends it knows its length.
    assert sorted(headers) == sorted(pair for pair in expected.headers if pair[0] != "Content-Length")
    known = ready(server, path, query, JPEG | {"if-none-match": expected.headers["ETag"]})
    assert known is not None
    assert known[:2] == (304, b"")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (ONE, {"window": "40,400"}),  # malformed
        (ONE, {"window": "40%2C400%2Clinear"}),  # to be decoded
        (ONE, {"quality": "+3"}),
        (ONE, {"accept": "image/png"}),  # negotiated again
        (ONE, {"charset": "latin-1"}),
        (f"{TREE}/1.2.3/frames/3/rendered", {}),
        (f"{TREE}/1.2.3/frames/0/rendered", {}),
        (f"{TREE}/1.2.3/frames/1,2/rendered", {}),
        (f"{TREE}/1.2.3/frames/1/thumbnail", {}),
        (f"{TREE}/1.2.5/frames/1/rendered", {}),
        (f"{TREE}/1.2.3x/frames/1/rendered", {}),
        (f"/studies/{STUDY}/series/9.9/instances/1.2.3/frames/1/rendered", {}),
        (f"/studies/9.9/series/{SERIES}/instances/1.2.3/frames/1/rendered", {}),
    ],
)
def test_all_else_goes_the_whole_way(server: Server, path: str, query: dict[str, str]) -> None:
    whole_way(server, ONE, {})
    assert ready(server, ONE, {"window": "1,2,linear"}) is not None
    assert ready(server, path, query) is None


def test_what_was_negotiated_holds_for_the_same_wish_alone(server: Server) -> None:
    whole_way(server, ONE, {})
    for headers in ({"accept": "image/png"}, JPEG | {"range": "bytes=0-1"}, JPEG | {"origin": "https://a.example"}):
        assert ready(server, ONE, {"quality": "2"}, headers) is None
    # A wish in the query is no wish of those who send the same header.
    whole_way(server, ONE, {"accept": "image/jpeg"}, {"accept": "image/png"})
    assert ready(server, ONE, {"quality": "2"}, {"accept": "image/png"}) is None


def test_who_may_not_see_the_study_goes_the_whole_way(server: Server) -> None:
    whole_way(server, ONE, {})
    reads = len(server.audit.events)
    for grant in (ANONYMOUS, Grant("link:1", (Permission(frozenset({Verb.VIEW}), "9.9"),))):
        assert ready(server, ONE, {"quality": "2"}, JPEG, grant) is None
    assert len(server.audit.events) == reads
    assert ready(server, ONE, {"quality": "2"}) is not None
    assert server.audit.events[reads:] == [("further read", STUDY)]


def test_what_is_stored_now_is_shown(server: Server) -> None:
    whole_way(server, ONE, {})
    before = ready(server, OTHER, {})
    server.archive.store(server.grant, file("1.2.4", 9))
    after = ready(server, OTHER, {})
    assert before is not None
    assert after is not None
    assert dict(before[2])["ETag"] != dict(after[2])["ETag"]
    server.archive.delete_instance(server.grant, STUDY, SERIES, "1.2.4")
    assert ready(server, OTHER, {}) is None
