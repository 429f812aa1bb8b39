"""Deletion: of what is named and nothing else, by those who may, and recorded."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.access.grant import Grant, Permission, Verb
from sightline.web.request import GRANT_KEY
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server

STUDY = "/studies/1.2.826.0.1.1"
SERIES = f"{STUDY}/series/1.2.826.0.1.1.1"


@pytest.fixture
def server(serve: Serve) -> Server:
    pixels = np.zeros((2, 3), np.uint8)
    return serve(
        *(image_file(pixels, SOPInstanceUID=f"1.2.{n}") for n in (1, 2)),
        image_file(pixels, SOPInstanceUID="1.2.3", SeriesInstanceUID="1.2.826.0.1.1.2"),
    )


def delete(server: Server, path: str) -> int:
    environ = {GRANT_KEY: server.grant}
    return server.client.delete("/dicom-web" + path, environ_overrides=environ).status_code


def left(server: Server) -> list[str]:
    answer = server.get(f"{STUDY}/instances")
    return sorted(item["00080018"]["Value"][0] for item in answer.json or ())


def test_what_is_named_and_nothing_else(server: Server) -> None:
    assert delete(server, f"{SERIES}/instances/1.2.1") == 204
    assert left(server) == ["1.2.2", "1.2.3"]
    assert delete(server, f"{SERIES}/instances/1.2.1") == 404
    assert delete(server, f"{SERIES}/instances/1.2.3") == 404
    assert delete(server, SERIES) == 204
    assert left(server) == ["1.2.3"]
    assert delete(server, STUDY) == 204
    assert delete(server, STUDY) == 404
    assert left(server) == []


def test_it_is_recorded(server: Server) -> None:
    delete(server, SERIES)
    (event,) = [event for event in server.audit.events if getattr(event, "kind", "") == "delete"]
    assert event.study_instance_uid == "1.2.826.0.1.1"
    assert event.detail.startswith("DELETE /dicom-web/studies/")


@pytest.mark.parametrize("path", [STUDY, SERIES, f"{SERIES}/instances/1.2.1"])
def test_only_by_those_who_may(server: Server, path: str) -> None:
    everything = server.grant
    server.grant = Grant("reader", (Permission(frozenset({Verb.VIEW, Verb.SEARCH, Verb.DOWNLOAD, Verb.UPLOAD})),))
    assert delete(server, path) == 403
    server.grant = everything
    assert left(server) == ["1.2.1", "1.2.2", "1.2.3"]
