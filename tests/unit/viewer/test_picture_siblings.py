"""Pictures of a stack, once one has been given: the same as by the whole way, and as fresh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from werkzeug.test import Client, TestResponse

from sightline.access.grant import administrator
from sightline.viewer.routes import ROUTES
from sightline.web.dispatcher import Dispatcher
from sightline.web.ready import READY_KEY, ReadyAnswers
from sightline.web.request import GRANT_KEY
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import small_engine, viewer_services

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
PATH = f"/sightline/view/{STUDY}/{SERIES}"
DOCTOR = administrator("doctor", session="s1")
Given = tuple[int, bytes, tuple[tuple[str, str], ...]]


def slice_file(number: int, value: int) -> bytes:
    return image_file(np.full((6, 8), value, np.int16), SOPInstanceUID=f"1.2.{number}", InstanceNumber=number)


class Pages:
    """The viewer's routes, by the whole way and without it."""

    def __init__(self, archive: FakeArchive, dispatcher: Dispatcher) -> None:
        self.archive, self._dispatcher = archive, dispatcher

    def whole_way(self, path: str, query: dict[str, str]) -> TestResponse:
        text = "&".join(f"{key}={value}" for key, value in query.items())
        environ = {GRANT_KEY: DOCTOR, READY_KEY: ReadyAnswers.name("GET", path, query, {}, "")}
        return Client(self._dispatcher).get(f"{path}?{text}", environ_overrides=environ)

    def ready(self, path: str, query: dict[str, str], **headers: str) -> Given | None:
        named = {f"sightline-{name}": value for name, value in headers.items()}
        return self._dispatcher.ready.answer("GET", path, query, named, DOCTOR)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    archive = FakeArchive(slice_file(number, 100 * number) for number in range(1, 4))
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        services = viewer_services(archive, engine)
        cast(SimpleNamespace, services.audit).count_read = lambda *_of: True
        engine.describe(DOCTOR, STUDY, SERIES)
        yield Pages(archive, Dispatcher(ROUTES, services))


@pytest.mark.parametrize(
    "query",
    [
        {"format": "exact"},
        {"format": "png16"},
        {"window": "200,300", "format": "png"},
        {"window": "200,300,SIGMOID", "size": "4", "quality": "30", "invert": "1"},
    ],
)
def test_the_same_as_by_the_whole_way(pages: Pages, query: dict[str, str]) -> None:
    pages.whole_way(f"{PATH}/1.2.1/1", {})
    found = pages.ready(f"{PATH}/1.2.2/1", query)
    assert found is not None
    expected = pages.whole_way(f"{PATH}/1.2.2/1", query)
    assert found[:2] == (expected.status_code, expected.data)
    assert sorted(found[2]) == sorted(pair for pair in expected.headers if pair[0] != "Content-Length")


@pytest.mark.parametrize(
    ("place", "query"),
    [
        ("1.2.1/1", {"zoom": "2"}),
        ("1.2.1/2", {}),
        ("1.2.9/1", {}),
        ("1.2.1/0", {}),
        ("axial/1", {}),
        ("1.2.1/1.json", {}),
    ],
)
def test_all_else_goes_the_whole_way(pages: Pages, place: str, query: dict[str, str]) -> None:
    pages.whole_way(f"{PATH}/1.2.1/1", {})
    assert pages.ready(f"{PATH}/{place}", query) is None


def test_what_nobody_waits_for_any_more_is_not_made(pages: Pages) -> None:
    pages.whole_way(f"{PATH}/1.2.1/1", {})
    late = pages.ready(f"{PATH}/1.2.3/1", {"size": "5"}, viewport="left", wait="0")
    assert late is not None
    assert late[0] == 503


def test_what_is_stored_now_is_shown(pages: Pages) -> None:
    """Nothing is known yet of the new file: the next request goes the whole way, and shows it."""
    pages.whole_way(f"{PATH}/1.2.1/1", {})
    query: dict[str, Any] = {"format": "png", "window": "500,1000"}
    before = pages.ready(f"{PATH}/1.2.3/1", query)
    pages.archive.store(DOCTOR, slice_file(3, 900))
    assert pages.ready(f"{PATH}/1.2.3/1", query) is None
    after = pages.whole_way(f"{PATH}/1.2.3/1", query)
    assert before is not None
    assert before[1] != after.data
