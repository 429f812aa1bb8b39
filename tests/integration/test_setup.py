"""The set-up page of a real Orthanc: it is there, tells nobody else, and its self-tests ask the server itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.support.orthanc_server import AET, OrthancServer

SETUP = "/sightline/setup"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    with OrthancServer(tmp_path_factory.mktemp("setup")) as server:
        yield server


def test_only_administrators_see_it(orthanc: OrthancServer) -> None:
    assert requests.get(f"{orthanc.url}{SETUP}", timeout=10).status_code == 401
    with orthanc.session() as admin, orthanc.service() as service:
        assert service.get(f"{orthanc.url}{SETUP}", timeout=10).status_code == 403
        page = admin.get(f"{orthanc.url}{SETUP}", timeout=10)
        assert page.status_code == 200
        assert f'"publicUrl": "{orthanc.url}"' in page.text


@pytest.mark.parametrize(
    ("name", "word"),
    [("state", "audit log"), ("archive", "studies in it: 0"), ("address", "answers at"), ("dicom", f"AE title {AET}")],
)
def test_self_tests_succeed(orthanc: OrthancServer, name: str, word: str) -> None:
    """That of the address is a request that the server sends to itself while it answers another."""
    with orthanc.session() as admin:
        answer = admin.post(f"{orthanc.url}{SETUP}/self-tests/{name}", timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["ok"] is True, answer.text
    assert word in answer.json()["seen"]


def test_an_address_is_looked_at(orthanc: OrthancServer) -> None:
    """There is no OpenEMR here; what is there instead is told."""
    with orthanc.session() as admin:
        answer = admin.post(f"{orthanc.url}{SETUP}/check", json={"address": orthanc.url}, timeout=60)
        refused = admin.post(f"{orthanc.url}{SETUP}/check", json={"address": "http://169.254.169.254"}, timeout=60)
    assert answer.status_code == 200
    states = {row["id"]: row["state"] for row in answer.json()["checks"]}
    assert (states["reach"], states["metadata"]) == ("ok", "failed")
    assert refused.status_code == 400
