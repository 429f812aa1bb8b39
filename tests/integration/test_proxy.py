"""The reverse proxy that docs/operations.md recommends, in front of a real Orthanc."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.dicom_files import image_file
from tests.support.nginx import Proxy
from tests.support.orthanc_server import PASSWORD, OrthancServer, free_port

ADMIN = ("admin", PASSWORD)

if shutil.which("nginx") is None or shutil.which("Orthanc") is None:
    pytest.skip("nginx or Orthanc is not installed here", allow_module_level=True)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Orthanc and the proxy in front of it."""
    port = free_port()
    extra = {"Sightline": {"PublicUrl": f"https://localhost:{port}", "TrustedProxies": ["127.0.0.1"]}}
    with OrthancServer(tmp_path_factory.mktemp("orthanc"), extra) as orthanc:
        folder = tmp_path_factory.mktemp("proxy")
        folder.chmod(0o755)
        running = Proxy(folder, orthanc.http_port, port)
        yield running
        running.stop()


def test_it_reaches_sightline_and_adds_strict_transport_security(proxy: Proxy) -> None:
    answer = proxy.request("GET", "/sightline/health")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_store_and_search_through_it(proxy: Proxy) -> None:
    content = image_file(np.zeros((16, 16), dtype=np.uint16))
    stored = proxy.request("POST", "/instances", data=content, auth=ADMIN)
    assert stored.status_code == 200, stored.text
    found = proxy.request("GET", "/dicom-web/studies", auth=ADMIN)
    assert [study["0020000D"]["Value"] for study in found.json()] == [["1.2.826.0.1.1"]]


def test_an_error_has_its_own_content_type(proxy: Proxy) -> None:
    answer = proxy.request("GET", "/dicom-web/studies/1.2.3/metadata", auth=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["Content-Type"] == "application/json"
    assert "X-Sightline-Content-Type" not in answer.headers
    assert proxy.request("GET", "/sightline/health").headers["Content-Type"] == "application/json"


def test_links_have_the_public_address(proxy: Proxy) -> None:
    proxy.request("POST", "/instances", data=image_file(np.zeros((16, 16), dtype=np.uint16)), auth=ADMIN)
    made = proxy.request("POST", "/sightline/openemr/links", json={"studyInstanceUID": "1.2.826.0.1.1"}, auth=ADMIN)
    assert made.status_code == 201
    assert made.json()["url"].startswith(f"{proxy.url}/sightline/link/")


def test_a_request_with_two_lengths_is_refused(proxy: Proxy) -> None:
    with proxy.connect() as connection:
        connection.sendall(
            b"POST /instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 400")


def test_who_sends_slowly_keeps_nobody_waiting(proxy: Proxy) -> None:
    """Without the proxy, 60 half-sent requests make the next one wait for half a minute."""
    slow = [proxy.connect() for _ in range(60)]
    try:
        for connection in slow:
            connection.sendall(b"GET /sightline/health HTTP/1.1\r\nHost: local")
        started = time.monotonic()
        assert proxy.request("GET", "/sightline/health").status_code == 200
        assert time.monotonic() - started < 2
    finally:
        for connection in slow:
            connection.close()
