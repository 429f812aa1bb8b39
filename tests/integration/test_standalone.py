"""The same application outside Orthanc: what the embedded server cannot do is right here."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from werkzeug.serving import make_server

from sightline.configuration import ConfigurationError
from sightline.standalone import Standalone
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import PASSWORD, OrthancServer, free_port
from tests.support.processes import children

USER, SECRET = "ada", "a password of the outer server"


@pytest.fixture(scope="module")
def base_url(orthanc: OrthancServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the application under a WSGI server, with the shared Orthanc as remote archive."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    application = Standalone(
        {
            "Orthanc": orthanc.url,
            "User": "admin",
            "Password": PASSWORD,
            "RegisteredUsers": {USER: SECRET},
            "Sightline": {
                "PublicUrl": url,
                "StateDirectory": str(tmp_path_factory.mktemp("state")),
                "Environment": sys.prefix,
                "Workers": {"Count": 1},
            },
        }
    )
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()
    application.close()


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[requests.Session]:
    """Return a logged-in client that has stored one image."""
    with requests.Session() as session:
        session.auth = (USER, SECRET)
        content = image_file(np.full((16, 16), 40, np.int16), PatientID="OUTSIDE", StudyInstanceUID="1.2.826.0.1.77")
        headers = {"Content-Type": "application/dicom"}
        assert session.post(f"{base_url}/dicom-web/studies", data=content, headers=headers).status_code == 200
        yield session


def test_closed_to_nobody(base_url: str) -> None:
    """It finds out by itself who asks."""
    assert requests.get(f"{base_url}/dicom-web/studies", timeout=10).status_code == 401
    assert requests.get(f"{base_url}/sightline/health", timeout=10).json() == {"status": "ok"}


def test_same_routes(base_url: str, client: requests.Session) -> None:
    """Search, metadata and pictures come from the remote archive."""
    rows = client.get(f"{base_url}/dicom-web/studies", params={"PatientID": "OUTSIDE"}).json()
    assert [row["0020000D"]["Value"] for row in rows] == [["1.2.826.0.1.77"]]
    metadata = client.get(f"{base_url}/dicom-web/studies/1.2.826.0.1.77/metadata").json()
    path = "/".join(metadata[0][tag]["Value"][0] for tag in ("0020000E",))
    sop = metadata[0]["00080018"]["Value"][0]
    url = f"{base_url}/dicom-web/studies/1.2.826.0.1.77/series/{path}/instances/{sop}/rendered"
    picture = client.get(url, headers={"Accept": "image/png"})
    assert (picture.status_code, picture.content[1:4]) == (200, b"PNG")


def test_head(base_url: str, client: requests.Session) -> None:
    """HEAD answers as GET does, without the body."""
    answer = client.head(f"{base_url}/sightline/health")
    assert (answer.status_code, answer.content) == (200, b"")


def test_repeated_keys(base_url: str, client: requests.Session) -> None:
    """Each `includefield` counts, also when the key is repeated."""
    query = [("includefield", "BitsStored"), ("includefield", "HighBit")]
    (row,) = client.get(f"{base_url}/dicom-web/studies/1.2.826.0.1.77/instances", params=query).json()
    assert (row["00280101"]["Value"], row["00280102"]["Value"]) == ([16], [15])


def test_error_keeps_its_media_type(base_url: str, client: requests.Session) -> None:
    """Refusals are JSON and say so."""
    answer = client.get(f"{base_url}/sightline/no-such-page")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "Missing in the settings: Orthanc, User, Password, RegisteredUsers, Sightline"),
        (
            {"Orthanc": "x", "User": "u", "Password": "p", "RegisteredUsers": {}, "Sightline": {}},
            'Set "PublicUrl" and "StateDirectory"',
        ),
    ],
)
def test_settings_are_checked(settings: dict[str, object], words: str) -> None:
    """What is missing is named."""
    with pytest.raises(ConfigurationError, match=words):
        Standalone(settings)


def test_no_worker_is_left(tmp_path: Path) -> None:
    """Closing ends the workers."""
    before = workers()
    places = {"PublicUrl": "http://127.0.0.1:9", "StateDirectory": str(tmp_path), "Environment": sys.prefix}
    settings = {"Orthanc": "http://127.0.0.1:9", "User": "u", "Password": "p", "RegisteredUsers": {USER: SECRET}}
    application = Standalone({**settings, "Sightline": {**places, "Workers": {"Count": 2}}})
    deadline = time.monotonic() + 20
    while len(workers() - before) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)  # each is started by a thread of its own
    assert len(workers() - before) == 2
    application.close()
    assert workers() == before


def workers() -> set[int]:
    """Return our children that are workers."""
    return {pid for pid in children() if b"sightline.rendering.worker" in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just ended
        return b""
