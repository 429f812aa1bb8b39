"""The viewer's routes over an archive in memory and a real engine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.access.grant import Grant
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, small_engine, viewer_services

ROOT = Path(__file__).parents[3]
MESSAGES = ROOT / "viewer-assets" / "messages" / "en.json"

CHEST = "1.2.826.0.1.1"
HAND = "1.2.826.0.1.2"
FILES = (
    ("study-AAAA1111.js", b"export {};" * 200),
    ("chunk-BBBB2222.js", b"export const a = 1;"),
    ("list-CCCC3333.js", b"export {};"),
    ("login-DDDD4444.js", b"export {};"),
    ("link-EEEE5555.js", b"export {};"),
    ("app-FFFF6666.css", b"body{margin:0}"),
)


@pytest.fixture(scope="session")
def build_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the one that the viewer is built into."""
    folder = tmp_path_factory.mktemp("dist")
    manifest = {
        "style": "app-FFFF6666.css",
        "entries": {
            name.split("-")[0]: {"script": name, "preloads": ["chunk-BBBB2222.js"]}
            for name, _ in FILES
            if name.endswith(".js") and not name.startswith("chunk")
        },
        "files": {
            name: {"type": f"text/{'css' if name.endswith('css') else 'javascript'}; charset=utf-8", "gzip": True}
            for name, _ in FILES
        },
    }
    for name, content in FILES:
        (folder / name).write_bytes(content)
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "messages.en.json").write_text(MESSAGES.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "icons.svg").write_text('<svg class="sprite"></svg>')
    (folder / "secret.txt").write_text("not listed")
    return folder


def chest_files() -> list[bytes]:
    """A localiser of one image, then twelve axial slices with values that say which slice it is."""
    volume = np.stack([np.full((8, 6), 100 * k, np.int16) for k in range(12)])
    positions = [(-3.0, -4.0, 2.0 * k) for k in range(12)]
    common = {
        "StudyInstanceUID": CHEST, "PatientName": "Doe^Jane", "PatientID": "P-17", "PatientBirthDate": "19700305",
        "PatientSex": "F", "StudyDescription": "Chest </script> CT", "AccessionNumber": "ACC1",
    }  # fmt: skip
    scout = image_file(
        np.zeros((4, 4), np.int16), SeriesInstanceUID=f"{CHEST}.1", SeriesNumber=1, SeriesDescription="Scout", **common
    )
    slices = slices_of(
        volume, positions, spacing=(0.7, 0.8), SeriesInstanceUID=f"{CHEST}.2", SeriesNumber=2, WindowCenter=500,
        WindowWidth=1000, RescaleSlope=1, RescaleIntercept=0, RescaleType="HU", **common,
    )  # fmt: skip
    broken = image_file(np.zeros((4, 4), np.int16), SeriesInstanceUID=f"{CHEST}.3", SeriesNumber=3, Rows=0, **common)
    return [scout, *slices, broken]


def hand_file() -> bytes:
    """One radiograph of another patient, in colour."""
    return image_file(
        np.zeros((5, 7, 3), np.uint8), StudyInstanceUID=HAND, SeriesInstanceUID=f"{HAND}.1", SeriesNumber=1,
        PatientName="Roe^Richard", PatientID="P-18", StudyDate="20260301", StudyTime="080000", Modality="DX",
        SamplesPerPixel=3, PatientOrientation=("L", "F"), AccessionNumber="ACC2",
    )  # fmt: skip


@pytest.fixture(scope="session")
def archive() -> FakeArchive:
    """Two studies of two patients."""
    return FakeArchive([*chest_files(), hand_file()])


@pytest.fixture(scope="session")
def client_of(
    archive: FakeArchive, build_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Client]]:
    """Clients by grant, all of one engine."""
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:

        def make(grant: Grant = ADMINISTRATOR, directory: Path = build_directory) -> Client:
            return Client(ViewerApplication(viewer_services(archive, engine, directory), grant))

        yield make


@pytest.fixture
def client(client_of: Callable[..., Client]) -> Client:
    """An administrator's client."""
    return client_of()
