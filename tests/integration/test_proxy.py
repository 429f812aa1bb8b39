"""The reverse proxy that docs/operations.md recommends, in front of a real Orthanc."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import PASSWORD, OrthancServer, free_port

EXAMPLE = Path("orthanc-config/nginx.conf")
ADMIN = ("admin", PASSWORD)

if shutil.which("nginx") is None or shutil.which("Orthanc") is None:
    pytest.skip("nginx or Orthanc is not installed here", allow_module_level=True)


class Proxy:
    """nginx with the example, on free ports and with a certificate of its own making."""

    def __init__(self, folder: Path, orthanc: OrthancServer, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"https://localhost:{port}"
        self.certificate = folder / "certificate.pem"
        self._make_certificate()
        text = EXAMPLE.read_text()
        for shipped, ours in (
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("    listen [::]:80;\n", ""),
            ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
            ("    listen [::]:443 ssl;\n", ""),
            ("server 127.0.0.1:8042;", f"server 127.0.0.1:{orthanc.http_port};"),
            ("/etc/ssl/certs/images.example.org.pem", str(self.certificate)),
            ("/etc/ssl/private/images.example.org.key", str(folder / "key.pem")),
        ):
            assert shipped in text
            text = text.replace(shipped, ours)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{text}\n}}\n"
        )
        self.process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])

    def _make_certificate(self) -> None:
        make = (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        )
        files = ["-keyout", str(self.folder / "key.pem"), "-out", str(self.certificate)]
        subprocess.run([*make.split(), *files], check=True, capture_output=True)

    def connect(self) -> ssl.SSLSocket:
        """Open a TLS connection, to send what no client library would."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection(("127.0.0.1", self.port), 10)
        return context.wrap_socket(plain, server_hostname="localhost")

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Ask through the proxy, which is trusted for its own certificate only."""
        return requests.request(method, f"{self.url}{path}", verify=str(self.certificate), timeout=20, **arguments)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Orthanc and the proxy in front of it."""
    port = free_port()
    extra = {"Sightline": {"PublicUrl": f"https://localhost:{port}", "TrustedProxies": ["127.0.0.1"]}}
    with OrthancServer(tmp_path_factory.mktemp("orthanc"), extra) as orthanc:
        folder = tmp_path_factory.mktemp("proxy")
        folder.chmod(0o755)
        running = Proxy(folder, orthanc, port)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield running
        running.process.terminate()
        running.process.wait(10)


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


def test_an_error_has_one_content_type(proxy: Proxy) -> None:
    answer = proxy.request("GET", "/dicom-web/studies/1.2.3/metadata", auth=ADMIN)
    assert answer.status_code == 404
    assert "," not in answer.headers["Content-Type"]


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
