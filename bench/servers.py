"""The servers that are compared: one core with our plugin, with Orthanc's own DICOMweb plugin, and with neither."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Self

import requests
from urllib3.util.retry import Retry

from tests.support.orthanc_server import PASSWORD, OrthancServer

OFFICIAL = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
STABLE_SECONDS = 10
"""How long nothing may have come until a series counts as complete: 60 by default, which no benchmark wants to wait."""


class Ours(OrthancServer):
    """Sightline as it is shipped: filter, login and audit log on."""

    name = "Sightline"
    headers: ClassVar[dict[str, str]] = {
        "Authorization": "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    }

    def _defaults(self) -> dict[str, Any]:
        settings = super()._defaults()
        del settings["Sightline"]["Workers"]
        return settings


class Peer(OrthancServer):
    """Orthanc with stock settings and these plugins only; nobody has to log in."""

    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: Path, name: str, *plugins: Path) -> None:
        super().__init__(folder)
        self.name = name
        modality = {"AET": "TESTCLIENT", "Host": "127.0.0.1", "Port": 4243, "AllowStore": True}
        self.configuration = {
            "Name": name,
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "DicomAet": "SIGHTLINE",
            "DicomModalities": {"client": modality},
            "StorageDirectory": str(folder / "data" / "orthanc"),
            "IndexDirectory": str(folder / "data" / "orthanc"),
            "AuthenticationEnabled": False,
            "RemoteAccessAllowed": False,
            "OverwriteInstances": True,
            "StableAge": STABLE_SECONDS,
            "Plugins": [str(plugin) for plugin in plugins],
        }

    def start(self) -> Self:
        """Start and wait until it answers."""
        self.launch()
        wait_for(f"{self.url}/system", self)
        return self


def wait_for(url: str, server: OrthancServer) -> None:
    """Wait until an address answers 200, or the server has ended."""
    for _ in range(600):
        assert server.process is not None
        assert server.process.poll() is None, server.log()
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            pass
        try:
            server.process.wait(0.1)
        except Exception:  # noqa: S112 - it has not ended, which is what is hoped for
            continue
    raise AssertionError(f"{url} does not answer")


def fill(server: Ours | Peer, contents: Iterable[bytes]) -> None:
    """Store files by the core's own upload route, some at a time."""
    session = requests.Session()
    session.headers.update(server.headers)
    # A kept connection may have been closed by the server meanwhile; storing the same file again does no harm.
    retries = Retry(total=3, allowed_methods=None, backoff_factor=0.1)
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=4, max_retries=retries)
    session.mount("http://", adapter)

    def store(content: bytes) -> None:
        session.post(f"{server.url}/instances", data=content, timeout=60).raise_for_status()

    with ThreadPoolExecutor(4) as threads:
        for batch in itertools.batched(contents, 400):
            list(threads.map(store, batch))


def description(server: OrthancServer) -> dict[str, Any]:
    """Return what the server says of itself."""
    answer: dict[str, Any] = requests.get(
        f"{server.url}/system", headers=getattr(server, "headers", {}), timeout=10
    ).json()
    return answer
