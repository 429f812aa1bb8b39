"""The bundle, installed into a stock Orthanc that holds data, users and the official DICOMweb plugin."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
import requests

from deploy import bundle, viewer
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import free_port

STOCK = Path("/etc/orthanc")
ANN = ("ann", "her password")

if not (STOCK / "dicomweb.json").exists():
    pytest.skip("no stock Orthanc with the official DICOMweb plugin here", allow_module_level=True)
if not viewer.DIST.is_dir():
    pytest.skip("the viewer is not built here: make test builds it", allow_module_level=True)


class Stock:
    """Debian's Orthanc with a copy of its own configuration folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "etc"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copytree(STOCK, self.configuration)
        self._change("orthanc.json", "HttpPort", self.port)
        self._change("orthanc.json", "DicomPort", free_port())
        for key in ("StorageDirectory", "IndexDirectory"):
            self._change("orthanc.json", key, str(folder / "archive"))
        credentials = self.configuration / "credentials.json"
        credentials.write_text('{\n // as the package ships it\n "RegisteredUsers": {"ann": "her password"}\n}\n')
        self.process: subprocess.Popen[bytes] | None = None

    def _change(self, name: str, key: str, value: object) -> None:
        path = self.configuration / name
        text, count = re.subn(
            rf'("{key}" *: *)("[^"]*"|[0-9]+)', rf"\g<1>{json.dumps(value)}", path.read_text(), count=1
        )
        assert count == 1, key
        path.write_text(text)

    def start(self) -> None:
        """Start it, and wait until it answers anything."""
        with (self.folder / "orthanc.log").open("wb") as log:
            self.process = subprocess.Popen(["Orthanc", str(self.configuration)], stdout=log, stderr=log)
        for _ in range(300):
            assert self.process.poll() is None, self.log()
            try:
                requests.get(f"{self.url}/system", timeout=5)
                return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError("it does not answer")

    def stop(self) -> None:
        """Stop it."""
        if self.process:
            self.process.terminate()
            assert self.process.wait(30) == 0

    def log(self) -> str:
        """Return what it said since the last start."""
        return (self.folder / "orthanc.log").read_text(errors="replace")


def install(stock: Stock, unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bundle's installer as an administrator would, with an environment that is there already."""
    command = [
        sys.executable,
        str(unpacked / "install.py"),
        f"--prefix={stock.folder / 'prefix'}",
        f"--configuration={stock.configuration}",
        f"--environment={sys.prefix}",
        *arguments,
    ]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=environment)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the bundle and unpack it."""
    folder = tmp_path_factory.mktemp("bundle")
    archive = bundle.write(folder)
    first = archive.read_bytes()
    assert bundle.write(folder).read_bytes() == first
    with tarfile.open(archive) as content:
        content.extractall(folder, filter="data")
    return folder / f"sightline-{bundle.version()}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, unpacked: Path) -> Iterator[Stock]:
    """A stock Orthanc, used for a while, then with Sightline installed and started again."""
    stock = Stock(tmp_path_factory.mktemp("stock"))
    stock.start()
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    stored = requests.post(f"{stock.url}/instances", image_file(pixels), auth=ANN, timeout=10)
    assert stored.status_code == 200
    official = requests.get(f"{stock.url}/dicom-web/servers", auth=ANN, timeout=10)
    assert official.status_code == 200
    stock.stop()
    listed = install(stock, unpacked)
    assert listed.returncode == 1
    assert not (stock.configuration / "sightline.json").exists()
    for key in ("Plugins", "PythonScript"):
        assert f'"{key}" is ' in listed.stderr
    adjusted = install(stock, unpacked, "--adjust")
    assert adjusted.returncode == 0, adjusted.stderr
    assert "Restart Orthanc" in adjusted.stdout
    stock.start()
    for _ in range(300):
        if requests.get(f"{stock.url}/sightline/health", timeout=10).status_code == 200:
            break
        time.sleep(0.1)
    yield stock
    stock.stop()


def test_it_is_healthy_and_closed(installed: Stock) -> None:
    assert requests.get(f"{installed.url}/sightline/health", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{installed.url}/system", timeout=10).status_code in (401, 403)


def test_registered_users_and_stored_data_are_still_there(installed: Stock) -> None:
    assert requests.get(f"{installed.url}/statistics", auth=ANN, timeout=10).json()["CountInstances"] == 1
    page = requests.get(f"{installed.url}/sightline/", auth=ANN, timeout=10)
    assert page.status_code == 200
    script = re.search(r'<script[^>]* src="([^"]+)"', page.text)
    assert script
    assert requests.get(urljoin(page.url, script[1]), timeout=10).status_code == 200


def test_our_routes_win(installed: Stock) -> None:
    """The official plugin answers this with an empty list and no ETag or Cache-Control; ours needs a login first."""
    assert requests.get(f"{installed.url}/dicom-web/studies", timeout=10).status_code == 401
    answer = requests.get(f"{installed.url}/dicom-web/studies", auth=ANN, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/dicom+json")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json()[0]["0020000D"]["Value"] == ["1.2.826.0.1.1"]
    assert requests.get(f"{installed.url}/wado", timeout=10).status_code == 401
    refused = requests.get(f"{installed.url}/wado?requestType=WADO", auth=ANN, timeout=10)
    assert (refused.status_code, "'studyUID'" in refused.text) == (400, True)


def test_a_store_is_ours(installed: Stock) -> None:
    """The official plugin would take it from anybody."""
    url, headers = f"{installed.url}/dicom-web/studies", {"Content-Type": "application/dicom"}
    content = image_file(np.zeros((16, 16), np.uint16), StudyInstanceUID="1.2.826.0.1.9")
    assert requests.post(url, content, headers=headers, timeout=10).status_code == 401
    answer = requests.post(url, content, headers=headers, auth=ANN, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["00081199"]["Value"]


@pytest.mark.parametrize("path", ["/dicom-web/servers", "/dicom-web/info"])
def test_left_over_official_routes_are_refused(installed: Stock, path: str) -> None:
    assert requests.get(f"{installed.url}{path}", auth=ANN, timeout=10).status_code in (403, 404)


def test_the_official_plugin_is_no_longer_loaded(installed: Stock) -> None:
    plugins = requests.get(f"{installed.url}/plugins", auth=ANN, timeout=10).json()
    assert "dicom-web" not in plugins
    assert "python" in plugins
    assert "official DICOMweb plugin" not in installed.log()


def test_installing_again_changes_nothing(installed: Stock, unpacked: Path) -> None:
    before = {path.name: path.read_bytes() for path in installed.configuration.glob("*.json")}
    again = install(installed, unpacked)
    assert again.returncode == 0, again.stderr
    assert {path.name: path.read_bytes() for path in installed.configuration.glob("*.json")} == before


def test_every_changed_file_is_kept(installed: Stock) -> None:
    kept = {path.name for path in installed.configuration.glob("*.before-sightline")}
    assert kept == {"orthanc.json.before-sightline", "python.json.before-sightline"}
