"""Another viewer beside Orthanc: nginx serves its pages and passes on to Orthanc what lies below `/dicom-web`."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from types import TracebackType

from tests.support.orthanc_server import PASSWORD, OrthancServer

CONFIGURATION = Path(__file__).with_name("ohif") / "app-config.js"
_CREDENTIALS = b64encode(f"admin:{PASSWORD}".encode()).decode()
# Its workers stay who they are: the folders that they buffer in are below one that is the tests' own.
_NGINX = """
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
events {{}}
http {{
    access_log off;
    {further}
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include /etc/nginx/mime.types;
    types {{ application/javascript mjs; }}
    upstream orthanc {{ server 127.0.0.1:{orthanc}; keepalive 16; keepalive_timeout 900ms; }}
    server {{
        listen 127.0.0.1:{port};
        root {pages};
        location / {{ try_files $uri /index.html; }}
        location = /app-config.js {{ alias {configuration}; }}
        location ~ ^/(dicom-web|wado|sightline)(/|$) {{
            proxy_pass http://orthanc;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto http;
            proxy_set_header Authorization "Basic {credentials}";
        }}
    }}
}}
"""


def pages() -> Path | None:
    """Return the folder of OHIF's pages; None where it was not fetched."""
    folder = Path(os.environ.get("SIGHTLINE_OHIF", "/nonexistent"))
    return folder if (folder / "index.html").is_file() else None


class OhifSite:
    """nginx in front of Orthanc, on a free port, until the end of the block."""

    def __init__(self, folder: Path, port: int, orthanc: OrthancServer, pages: Path, further: str = "") -> None:
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"
        text = _NGINX.format(
            folder=folder,
            port=port,
            orthanc=orthanc.http_port,
            pages=pages,
            configuration=CONFIGURATION,
            credentials=_CREDENTIALS,
            further=further,
        )
        folder.chmod(0o755)
        (folder / "nginx.conf").write_text(text)

    def __enter__(self) -> OhifSite:
        self._process = subprocess.Popen(["nginx", "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf"])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self._process.terminate()
        raise AssertionError((self.folder / "error.log").read_text())

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
