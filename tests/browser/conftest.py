"""Everything in this folder opens pages of a real Orthanc in a real Chromium."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tests.browser.chest import Chest, chest
from tests.browser.chromium import EXECUTABLE, launch
from tests.support.orthanc_server import AET, CLIENT_AET, REPOSITORY, OrthancServer, free_port

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and what of it meets no Orthanc, since its pages are served over an archive in memory."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            meets = "site" in getattr(item, "fixturenames", ()) and not hasattr(getattr(item, "module", None), "site")
            if not meets and item.path.stem != "test_ohif":
                item.add_marker(pytest.mark.without_orthanc)


@pytest.fixture(scope="session")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Chest:
    """The chest CT, on disk."""
    return chest(tmp_path_factory.mktemp("chest"))


@pytest.fixture(scope="session")
def record_port() -> int:
    """Where the site of another host listens, which may show Sightline in a frame."""
    return free_port()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, ct: Chest, record_port: int) -> Iterator[OrthancServer]:
    """An Orthanc that a modality sent the chest CT to."""
    for program in ("Orthanc", "storescu", EXECUTABLE):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here")
    if not (REPOSITORY / "viewer-assets" / "dist" / "manifest.json").is_file():
        pytest.fail("The viewer has not been built: run 'make viewer'.")
    extra = {"Sightline": {"FrameAncestors": [f"http://localhost:{record_port}"]}}
    with OrthancServer(tmp_path_factory.mktemp("site"), extra) as server:
        send(server, ct.folder)
        yield server


def send(server: OrthancServer, folder: Path) -> None:
    """Send a folder as the configured modality does."""
    names = ["storescu", "--aetitle", CLIENT_AET, "--call", AET, "--scan-directories", "--propose-jls-lossless"]
    if not (folder / "000001.dcm").read_bytes().count(b"1.2.840.10008.1.2.4.80"):
        names.remove("--propose-jls-lossless")
    command = [*names, "127.0.0.1", str(server.dicom_port), str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="session")
def other_study(site: OrthancServer) -> str:
    """Another study on the same server, and not to be seen by a link."""
    path = Path(str(get_testdata_file("CT_small.dcm")))
    with site.session() as admin:
        assert admin.post(f"{site.url}/instances", data=path.read_bytes()).status_code == 200
    return str(dcmread(path, stop_before_pixels=True).StudyInstanceUID)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium; every test has a profile of its own in it."""
    chromium = launch(playwright)
    yield chromium
    chromium.close()
