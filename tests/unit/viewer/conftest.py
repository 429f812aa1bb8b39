"""The viewer's routes over an archive in memory and a real engine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.access.grant import Grant
from tests.support.dicom_files import CORONAL, image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, small_engine, viewer_services

ROOT = Path(__file__).parents[3]
MESSAGES = ROOT / "viewer-assets" / "messages" / "en.json"

CHEST = "1.2.826.0.1.1"
HAND = "1.2.826.0.1.2"
PHASES = "1.2.826.0.1.3"
FILES = (
    ("study-AAAA1111.js", b"export {};" * 200),
    ("chunk-BBBB2222.js", b"export const a = 1;"),
    ("list-CCCC3333.js", b"export {};"),
    ("login-DDDD4444.js", b"export {};"),
    ("link-EEEE5555.js", b"export {};"),
    ("timeline-GGGG7777.js", b"export {};"),
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
        WindowWidth=1000, RescaleSlope=1, RescaleIntercept=0, RescaleType="HU", FrameOfReferenceUID="1.2.826.0.1.9",
        **common,
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
    yield from _clients(archive, build_directory, tmp_path_factory.mktemp("tables"))


@pytest.fixture
def client(client_of: Callable[..., Client]) -> Client:
    """An administrator's client."""
    return client_of()


@pytest.fixture(scope="session")
def reading_archive() -> FakeArchive:
    """What the reading page has to do with beside plain stacks."""
    return FakeArchive(phases_files())


@pytest.fixture(scope="session")
def reading_client_of(
    reading_archive: FakeArchive, build_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Client]]:
    """Clients by grant, all of one engine, of that archive."""
    yield from _clients(reading_archive, build_directory, tmp_path_factory.mktemp("tables"))


@pytest.fixture
def reading_client(reading_client_of: Callable[..., Client]) -> Client:
    """An administrator's client of that archive."""
    return reading_client_of()


def _clients(archive: FakeArchive, build_directory: Path, tables: Path) -> Iterator[Callable[..., Client]]:
    with closing(small_engine(archive, tables)) as engine:

        def make(grant: Grant = ADMINISTRATOR, directory: Path = build_directory) -> Client:
            return Client(ViewerApplication(viewer_services(archive, engine, directory), grant))

        yield make


def phases_files() -> list[bytes]:
    """A series of two echoes, five axial slices each, and three coronal images."""
    common: dict[str, Any] = {
        "StudyInstanceUID": PHASES, "SeriesInstanceUID": f"{PHASES}.1", "Modality": "MR", "SeriesNumber": 1,
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
    }  # fmt: skip
    axial = [(0.0, 0.0, 3.0 * k) for k in range(5)]
    files = [slices_of(np.full((5, 4, 5), 10 * time, np.int16), axial, EchoTime=time, **common) for time in (30, 80)]
    coronal = slices_of(np.zeros((3, 4, 5), np.int16), [(0.0, 2.0 * k, 0.0) for k in range(3)], CORONAL, **common)
    return [*files[0], *files[1], *coronal]
