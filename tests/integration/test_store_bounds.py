"""Uploads at their bounds: how large, in chunks, and over what is stored already."""

from __future__ import annotations

import socket
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
import requests
from pydicom import dcmread
from pydicom.uid import generate_uid
from werkzeug.serving import make_server

from sightline.dicomweb.store_reasons import DUPLICATE
from sightline.standalone import Standalone
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import PASSWORD, OrthancServer, free_port

DICOM = {"Content-Type": "application/dicom"}
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    """An Orthanc that takes uploads of one megabyte, also in chunks, and keeps what it has."""
    extra = {"OverwriteInstances": False, "Sightline": {"MaximumUploadMegabytes": 1, "AllowChunkedUploads": True}}
    with OrthancServer(tmp_path_factory.mktemp("bounds"), extra) as started:
        yield started


@pytest.fixture(scope="module")
def outside(server: OrthancServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same application under a WSGI server, which reads bodies in chunks."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    sightline = {
        "PublicUrl": url,
        "StateDirectory": str(tmp_path_factory.mktemp("state")),
        "Environment": sys.prefix,
        "Workers": {"Count": 1},
        "MaximumUploadMegabytes": 1,
        "AllowChunkedUploads": True,
    }
    users = {"Orthanc": server.url, "User": "admin", "Password": PASSWORD, "RegisteredUsers": {"admin": PASSWORD}}
    application = Standalone({**users, "Sightline": sightline})
    wsgi = make_server("127.0.0.1", port, application, threaded=True)
    thread = threading.Thread(target=wsgi.serve_forever)
    thread.start()
    yield url
    wsgi.shutdown()
    thread.join()
    wsgi.server_close()
    application.close()


def image(size: int, **attributes: object) -> bytes:
    pixels = np.zeros((size, size), np.uint16)
    return image_file(pixels, **({"StudyInstanceUID": generate_uid(), "PatientID": "BOUNDS"} | attributes))


def in_chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def test_beyond_the_bound_nothing_is_stored(server: OrthancServer, outside: str) -> None:
    """403 inside Orthanc, where its filter refuses before the body is read; 413 outside, and for chunks."""
    client = server.session()
    study = generate_uid()
    large = image(800, StudyInstanceUID=study)
    assert len(large) > MEGABYTE
    for url, status in ((server.url, 403), (outside, 413)):
        assert client.post(f"{url}/dicom-web/studies", large, headers=DICOM).status_code == status
    assert client.post(f"{server.url}/dicom-web/studies", in_chunks(large), headers=DICOM).status_code == 413
    with suppress(requests.ConnectionError):  # the server closes while the rest is being sent
        assert client.post(f"{outside}/dicom-web/studies", in_chunks(large), headers=DICOM).status_code == 413
    assert client.get(f"{server.url}/dicom-web/studies?StudyInstanceUID={study}").json() == []


def test_chunks_within_the_bound_are_stored_where_they_are_allowed(server: OrthancServer, outside: str) -> None:
    client = server.session()
    for url in (server.url, outside):
        study = generate_uid()
        content = image(300, StudyInstanceUID=study)
        assert client.post(f"{url}/dicom-web/studies", in_chunks(content), headers=DICOM).status_code == 200
        stored = client.get(f"{url}/dicom-web/studies/{study}/metadata").json()
        assert len(stored) == 1


def test_what_is_stored_already_is_not_lost_and_the_client_is_told(server: OrthancServer) -> None:
    """The same file again is a success; another one under the same UIDs is refused here, and not silently."""
    client = server.session()
    url = f"{server.url}/dicom-web/studies"
    uids = {"StudyInstanceUID": generate_uid(), "SOPInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    first, second = image(8, **uids), image(8, SeriesDescription="another", **uids)
    assert client.post(url, first, headers=DICOM).status_code == 200
    assert client.post(url, first, headers=DICOM).status_code == 200
    answer = client.post(url, second, headers=DICOM)
    assert answer.status_code == 409
    (item,) = answer.json()["00081198"]["Value"]
    assert item["00081155"]["Value"] == [uids["SOPInstanceUID"]]
    assert item["00081197"]["Value"] == [DUPLICATE]
    path = "/".join(("", uids["StudyInstanceUID"], "series", uids["SeriesInstanceUID"]))
    kept = client.get(
        f"{url}{path}/instances/{uids['SOPInstanceUID']}", headers={"Accept": "application/dicom; transfer-syntax=*"}
    )
    assert kept.content == first
    assert "SeriesDescription" not in dcmread(BytesIO(kept.content))


def test_a_body_cut_off_stores_nothing(outside: str, server: OrthancServer) -> None:
    """Whoever hangs up in the middle of a body has stored nothing."""
    study = generate_uid()
    content = image(100, StudyInstanceUID=study)
    port = int(outside.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        credentials = b64encode(f"admin:{PASSWORD}".encode()).decode()
        head = (
            "POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: application/dicom\r\n"
            f"Authorization: Basic {credentials}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        connection.sendall(head.encode() + content[: len(content) // 2])
        connection.shutdown(socket.SHUT_WR)
        status = connection.recv(4096).split(b" ")[1]
    assert status == b"400"
    client = server.session()
    assert client.get(f"{server.url}/dicom-web/studies?StudyInstanceUID={study}").json() == []
