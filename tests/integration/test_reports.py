"""Inside a real Orthanc: what is signed becomes a structured report and a PDF, also when Orthanc ends in between."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import Dataset, dcmread
from pypdf import PdfReader

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer
from tests.support.reports import addendum, draft

STUDY = "1.2.826.0.1.93"
SERIES = f"{STUDY}.1"
KEY = {"series": SERIES, "instance": f"{SERIES}.1", "frame": 1}
PIXELS = np.random.default_rng(3).integers(0, 2000, (40, 50)).astype(np.int16)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    """An Orthanc of its own, since it is killed."""
    with OrthancServer(tmp_path_factory.mktemp("reports")) as server:
        content = image_file(
            PIXELS, StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=f"{SERIES}.1", SeriesNumber=1,
            PatientID="R1", PatientName="Doe^Jane", PatientBirthDate="19700102", AccessionNumber="ACC93",
        )  # fmt: skip
        with server.session() as admin:
            answer = admin.post(f"{server.url}/instances", data=content, timeout=30)
            assert answer.status_code == 200, answer.text
        yield server


def api(server: OrthancServer) -> str:
    return f"{server.url}/sightline/api/studies/{STUDY}/report"


def sign(admin: requests.Session, server: OrthancServer, body: Any) -> None:
    kept = admin.put(f"{api(server)}/draft", json={"base": 0, "draft": body}, timeout=30)
    assert kept.status_code == 200, kept.text
    signed = admin.post(f"{api(server)}/sign", json={"revision": kept.json()["revision"]}, timeout=30)
    assert signed.status_code == 201, signed.text


def all_stored(admin: requests.Session, server: OrthancServer, count: int) -> None:
    """Wait until the archive has every version that was signed."""
    until = monotonic() + 60
    versions: list[Any] = []
    while monotonic() < until:
        versions = admin.get(api(server), timeout=30).json()["versions"]
        if len(versions) == count and all(version["stored"] for version in versions):
            return
        sleep(0.3)
    raise AssertionError(versions)


def found(admin: requests.Session, server: OrthancServer, modality: str) -> list[Dataset]:
    """Return what Orthanc has of a modality, in the order of Instance Number."""
    wish = {"Level": "Instance", "Query": {"StudyInstanceUID": STUDY, "Modality": modality}}
    ids = admin.post(f"{server.url}/tools/find", json=wish, timeout=30).json()
    files = [admin.get(f"{server.url}/instances/{one}/file", timeout=30).content for one in ids]
    return sorted((dcmread(BytesIO(file)) for file in files), key=lambda one: one.InstanceNumber)


def test_what_is_signed_is_stored_and_survives_the_end_of_orthanc(server: OrthancServer, tmp_path: Path) -> None:
    with server.session() as admin, server.session(None) as nobody:
        assert nobody.get(api(server), timeout=30).status_code == 401
        sign(admin, server, draft("Clear: Ελληνικά.", keyFrames=[KEY]))
        assert server.process is not None
        server.process.kill()  # it may be stored already, half or not at all
        server.process.wait()
        server.start()
    with server.session() as admin:
        all_stored(admin, server, 1)
        (text,), (document,) = found(admin, server, "SR"), found(admin, server, "DOC")
        assert (text.VerificationFlag, text.PatientID, text.AccessionNumber) == ("VERIFIED", "R1", "ACC93")
        assert document.SourceInstanceSequence[0].ReferencedSOPInstanceUID == text.SOPInstanceUID
        pdf = PdfReader(BytesIO(document.EncapsulatedDocument))
        assert "Ελληνικά" in pdf.pages[0].extract_text()
        assert len(pdf.pages[0].images) == 1
        shown = admin.get(f"{api(server)}/versions/1/pdf", timeout=60)
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, "application/pdf")
        if shutil.which("dsrdump"):
            file = tmp_path / "report.dcm"
            text.save_as(file)
            dumped = subprocess.run(["dsrdump", str(file)], capture_output=True, text=True, check=True, timeout=30)
            assert "Basic Text SR Document" in dumped.stdout
        sign(admin, server, addendum("More."))
        all_stored(admin, server, 2)
        assert [one.InstanceNumber for one in found(admin, server, "SR")] == [1, 2]
        assert admin.delete(f"{api(server)}/draft", timeout=30).status_code == 204
