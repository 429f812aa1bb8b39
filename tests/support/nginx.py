"""The reverse proxy that docs/operations.md recommends, started for a test."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from tests.support.orthanc_server import free_port

EXAMPLE = Path("orthanc-config/nginx.conf")


class Proxy:
    """nginx with the shipped example, on free ports and with a certificate of its own making.

    Parameters
    ----------
    folder : Path
        For its files; made by the caller.
    orthanc_port : int
        Where Orthanc answers by HTTP.
    port : int
        Where to listen, on loopback.
    changes : sequence of (str, str)
        What an administrator would change in the example beside names and paths.
    """

    def __init__(self, folder: Path, orthanc_port: int, port: int, changes: Sequence[tuple[str, str]] = ()) -> None:
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
            ("server 127.0.0.1:8042;", f"server 127.0.0.1:{orthanc_port};"),
            ("/etc/ssl/certs/images.example.org.pem", str(self.certificate)),
            ("/etc/ssl/private/images.example.org.key", str(folder / "key.pem")),
            *changes,
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
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)

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
