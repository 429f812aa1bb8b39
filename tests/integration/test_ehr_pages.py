"""Inside a real Orthanc: chart documents are copied, opened and taken back, and results have somewhere to go."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom import dcmread

from tests.support.ehr_section import asked_ehr
from tests.support.openemr.backend_emr import BackendEmr
from tests.support.openemr.chart_files import dicom, zipped
from tests.support.orthanc_server import OrthancServer

STUDY = "1.2.826.0.9.1"


@pytest.fixture(scope="module")
def emr() -> Iterator[BackendEmr]:
    with BackendEmr() as emr:
        yield emr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, emr: BackendEmr) -> Iterator[OrthancServer]:
    ehr = asked_ehr(emr.fhir, ClientSecret="s3cret", RefreshToken="first")
    folder: Path = tmp_path_factory.mktemp("ehr")
    (folder / "results").mkdir()
    results = {"Transport": "folder", "Folder": str(folder / "results")}
    with OrthancServer(folder, {"Sightline": {"Ehr": ehr, "Results": results}}) as server:
        yield server


def test_a_cd_in_the_chart_comes_into_the_archive_and_goes(server: OrthancServer, emr: BackendEmr) -> None:
    patient = emr.records.add_patient("John", "Smith", "1980-01-01", pubpid="EXT-7")
    cd = zipped({"1": dicom(1), "2": dicom(2), "mary": dicom(3, PatientName="Jones^Mary")})
    document = emr.records.add_document(patient, "cd.zip", "application/dicom+zip", cd)
    admin = server.session()

    def ask(path: str, **body: str) -> Any:
        url = f"{server.url}/sightline/api/chart/{path}"
        answer = admin.post(url, json={"number": "EXT-7", **body}, timeout=60)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    assert [one["name"] for one in ask("find")["documents"]] == ["cd.zip"]
    assert [one["reason"] for one in ask("preview", document=document.uuid)["studies"]] == ["", "patient-name"]
    pull = ask("pulls")["pull"]
    assert ask(f"pulls/{pull}", document=document.uuid) == {"stored": 2, "existed": 0, "refused": 0, "held": 1}
    rows = admin.get(f"{server.url}/dicom-web/studies?PatientID=EXT-7", timeout=30).json()
    assert [row["0020000D"]["Value"] for row in rows] == [[STUDY]]
    series, instance = f"{STUDY}.1", f"{STUDY}.1.1"
    part = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    url = f"{server.url}/dicom-web/studies/{STUDY}/series/{series}/instances/{instance}"
    answer = admin.get(url, headers=part, timeout=30)
    stored = dcmread(BytesIO(answer.content.split(b"\r\n\r\n", 1)[1]))
    assert stored.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientID == "X-17"
    again = ask("pulls")["pull"]
    assert ask(f"pulls/{again}", document=document.uuid)["existed"] == 2
    server.stop()
    server.start()  # what can be taken back is remembered
    undone = admin.post(f"{server.url}/sightline/api/chart/pulls/{pull}/undo", timeout=60).json()
    assert (undone["deleted"], undone["kept"]) == (2, 0)
    assert admin.get(f"{server.url}/dicom-web/studies?PatientID=EXT-7", timeout=30).status_code in (200, 204)
    assert admin.get(url, headers=part, timeout=30).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "deliveries",
        "chart-documents",
        "api/deliveries",
        "api/deliveries/news",
        "api/chart/pulls",
        "access",
        "smart/launches",
    ],
)
def test_administrators_only(server: OrthancServer, path: str) -> None:
    url = f"{server.url}/sightline/{path}"
    assert server.session().get(url, timeout=30).status_code == 200
    assert server.service().get(url, timeout=30).status_code == 403
    anonymous = requests.get(url, timeout=30, allow_redirects=False)
    assert anonymous.status_code in (302, 303, 401)
