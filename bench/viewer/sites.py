"""The viewers that are compared, each with a server that holds the same CT series."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench.data import CT_SERIES, CT_STUDY, ct_instances
from bench.servers import OFFICIAL, Ours, Peer, description, fill
from bench.viewer.figures import DWV, OHIF, ORTHANC_WEB_VIEWER, SIGHTLINE, SIGHTLINE_PAGE
from deploy import ohif
from tests.browser.ohif_site import OhifSite
from tests.browser.reading import ask_for_link
from tests.support.orthanc_server import PASSWORD, free_port

HERE = Path(__file__).parent
SLICES = 300
_GZIP = "gzip_static on; gzip on; gzip_proxied any; gzip_types application/json application/dicom+json;"
# What OHIF shows on a first visit would lie over the image. Without a graphics card it draws sooner by itself than with
# WebGL in software.
_OHIF_SCRIPT = """
try { localStorage.setItem("shownTours", '["basicViewerTour"]') } catch {}
let config;
Object.defineProperty(window, "config", {
  get: () => config,
  set: (value) => { config = { ...value, useCPURendering: true }; },
});
"""


@dataclass(frozen=True)
class Opening:
    """What somebody opens: an address on the server, and what the browser has brought along."""

    path: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    script: str = ""


@dataclass(frozen=True)
class Viewer:
    """One viewer: where its server listens, and a new opening for each visit."""

    name: str
    version: str
    port: int
    opening: Callable[[], Opening]


class OldOrthanc(Peer):
    """The Orthanc of a Debian that still has the Web Viewer, in a root of its own that shares our /tmp."""

    def __init__(self, folder: Path, root: Path) -> None:
        super().__init__(folder, ORTHANC_WEB_VIEWER, Path("/usr/share/orthanc/plugins/libOrthancWebViewer.so"))
        self.program = ("chroot", str(root), "Orthanc")
        self.configuration["WebViewer"] = {"CachePath": str(folder / "cache")}
        subprocess.run(["mount", "--bind", "/tmp", str(root / "tmp")], check=True)  # noqa: S108 - all of it is meant


@contextmanager
def viewers(folder: Path) -> Iterator[list[Viewer]]:
    """Start all servers, fill them, and give the viewers; those that could not be had are left out, loudly."""
    with ExitStack() as stack:
        slices = ct_instances(SLICES)

        def start(server: Ours | Peer) -> None:
            server.start()
            stack.callback(server.stop)
            fill(server, slices)

        start(ours := Ours(_new(folder / "ours")))
        found = _sightline(ours)
        peers = Path(os.environ.get("SIGHTLINE_PEER_VIEWERS", "/nonexistent"))
        if (peers / "orthanc-web-viewer").is_dir():
            start(old := OldOrthanc(_new(folder / "old"), peers / "orthanc-web-viewer"))
            found.append(_orthanc_web_viewer(old))
        if (peers / "dwv").is_dir() or (peers / "ohif").is_dir():
            start(orthanc := Peer(_new(folder / "peer"), "Orthanc", OFFICIAL))
            for name, make in (("dwv", _dwv), ("ohif", _ohif)):
                if (peers / name).is_dir():
                    site = OhifSite(_new(folder / name), free_port(), orthanc, peers / name, _GZIP)
                    found.append(make(stack.enter_context(site).port))
        for name in (ORTHANC_WEB_VIEWER, DWV, OHIF):
            if name not in [viewer.name for viewer in found]:
                print(f"!!! LEFT OUT: {name} is not here.", flush=True)
        yield found


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _sightline(server: Ours) -> list[Viewer]:
    def by_link() -> Opening:
        parts = urlsplit(ask_for_link(server, CT_STUDY).url)
        return Opening(f"{parts.path}#{parts.fragment}")

    def reading_page() -> Opening:
        login = {"user": "admin", "password": PASSWORD}
        answer = requests.post(f"{server.url}/sightline/login", json=login, headers={"Origin": server.url}, timeout=30)
        answer.raise_for_status()
        return Opening(f"/sightline/studies/{CT_STUDY}", answer.cookies.get_dict())

    version = f"on Orthanc {description(server)['Version']}"
    return [
        Viewer(SIGHTLINE, version, server.http_port, by_link),
        Viewer(SIGHTLINE_PAGE, version, server.http_port, reading_page),
    ]


def _orthanc_web_viewer(server: OldOrthanc) -> Viewer:
    series: list[dict[str, Any]] = requests.post(
        f"{server.url}/tools/lookup", data=CT_SERIES, headers={"Content-Type": "text/plain"}, timeout=10
    ).json()
    version = requests.get(f"{server.url}/plugins/web-viewer", timeout=10).json()["Version"]
    return Viewer(
        ORTHANC_WEB_VIEWER,
        f"{version} on Orthanc {description(server)['Version']}",
        server.http_port,
        lambda: Opening(f"/web-viewer/app/viewer.html?series={series[0]['ID']}"),
    )


def _dwv(port: int) -> Viewer:
    version = json.loads((HERE / "dwv" / "package.json").read_text(encoding="utf-8"))["dependencies"]["dwv"]
    return Viewer(DWV, version, port, lambda: Opening(f"/?study={CT_STUDY}&series={CT_SERIES}"))


def _ohif(port: int) -> Viewer:
    path = f"/viewer/orthanc?StudyInstanceUIDs={CT_STUDY}"
    version = json.loads(ohif.PIN.read_text(encoding="utf-8"))["version"]
    return Viewer(OHIF, version, port, lambda: Opening(path, script=_OHIF_SCRIPT))
