"""FHIR over HTTP on a real Orthanc: a study that arrives, is found, read and retrieved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.imagingstudy import ImagingStudy
from pydicom import dcmread
from pydicom.data import get_testdata_file

from tests.support.openemr.signed_tokens import FOREIGN_KEY, SigningOpenEmr
from tests.support.orthanc_server import OrthancServer

FHIR = "/sightline/fhir"
CONTENT = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
DATASET = dcmread(str(get_testdata_file("CT_small.dcm")))
STUDY, PATIENT = str(DATASET.StudyInstanceUID), str(DATASET.PatientID)
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    with SigningOpenEmr() as emr:
        issuer = {
            "Name": "emr", "Issuer": emr.fhir, "ClientId": "sightline", "PatientId": {"Source": "pubpid"},
            "AcceptTokens": True, "TokenClients": ["app"],
        }  # fmt: skip
        extra = {"StableAge": 3, "Sightline": {"Ehr": {"Issuers": [issuer]}}}
        with OrthancServer(tmp_path_factory.mktemp("fhir"), extra) as server:
            server.emr = emr  # type: ignore[attr-defined]
            yield server


def test_a_study_arrives_and_is_found(orthanc: OrthancServer) -> None:
    with orthanc.session() as admin:
        assert admin.post(f"{orthanc.url}/instances", data=CONTENT).status_code == 200
        address = f"{orthanc.url}{FHIR}/ImagingStudy"
        query = {"patient.identifier": PATIENT, "_include": "ImagingStudy:endpoint"}
        early = [admin.get(address, params=query), admin.get(f"{address}/{STUDY}")]
        for answer in early:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["resourceType"] == "OperationOutcome"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := admin.get(address, params=query)).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("application/fhir+json; fhirVersion=4.0")
        Bundle.model_validate(answer.json())
        study, endpoint = (entry["resource"] for entry in answer.json()["entry"])
        ImagingStudy.model_validate(study)
        assert study["id"] == STUDY
        assert (study["numberOfSeries"], study["numberOfInstances"]) == (1, 1)
        assert study["series"][0]["instance"][0]["uid"] == str(DATASET.SOPInstanceUID)
        assert study["series"][0]["instance"][0]["sopClass"]["code"] == f"urn:oid:{DATASET.SOPClassUID}"
        assert study["meta"]["lastUpdated"].startswith("20")
        retrieved = admin.get(f"{endpoint['address']}/studies/{study['id']}/metadata")
        assert retrieved.json()[0]["0020000D"]["Value"] == [STUDY]
        assert admin.get(f"{address}/{STUDY}").json() == study
        as_form = admin.post(f"{address}/_search", data={"patient.identifier": PATIENT, "started": "ge1990-01-01"})
        assert as_form.json()["total"] == 1, as_form.text
        since = {"patient.identifier": PATIENT, "_lastUpdated": f"gt{study['meta']['lastUpdated']}"}
        assert admin.post(f"{address}/_search", data=since).json()["total"] == 0


def test_who_may_ask(orthanc: OrthancServer) -> None:
    address = f"{orthanc.url}{FHIR}"
    with orthanc.session(None) as nobody:
        assert nobody.get(f"{address}/metadata").json()["fhirVersion"] == "4.0.1"
        refusal = nobody.get(f"{address}/ImagingStudy?identifier=urn:oid:{STUDY}")
        assert (refusal.status_code, refusal.json()["issue"][0]["code"]) == (401, "login")
    with orthanc.service() as service:
        assert service.get(f"{address}/ImagingStudy/{STUDY}").status_code == 403
    with orthanc.session() as admin:
        refusal = admin.get(f"{address}/ImagingStudy?status=available")
        assert (refusal.status_code, refusal.json()["issue"][0]["code"]) == (400, "required")


def test_the_token_of_an_ehr_opens_its_patients_study(orthanc: OrthancServer) -> None:
    """After the study has arrived above. The EHR's patient has the file's number, name and birth date."""
    emr: SigningOpenEmr = orthanc.emr  # type: ignore[attr-defined]
    dataset = dcmread(BytesIO(CONTENT))
    dataset.PatientBirthDate, dataset.PatientName = "19800102", "Smith^John"
    dataset.StudyInstanceUID, dataset.PatientID = "1.2.826.0.1.77", "MRN77"
    dataset.SeriesInstanceUID = "1.2.826.0.1.77.1"
    content = BytesIO()
    dataset.save_as(content)
    john = emr.records.add_patient("John", "Smith", "1980-01-02", "MRN77")
    jane = emr.records.add_patient("Jane", "Doe", "1990-01-01", "MRN78")
    with orthanc.session() as admin:
        assert admin.post(f"{orthanc.url}/instances", data=content.getvalue()).status_code == 200
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {emr.signed(john.uuid)}"
    address = f"{orthanc.url}{FHIR}/ImagingStudy"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := session.get(f"{address}?patient={john.uuid}")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()["entry"]
    assert entry["resource"]["subject"]["reference"] == f"{emr.fhir}/Patient/{john.uuid}"
    series = f"{orthanc.url}/dicom-web/studies/1.2.826.0.1.77/series"
    assert session.get(series).status_code == 200
    assert session.get(f"{orthanc.url}/dicom-web/studies/1.2.826.0.1.77").status_code == 200
    assert session.get(f"{orthanc.url}/dicom-web/studies/{STUDY}/series").status_code == 403
    assert session.get(f"{address}?patient={jane.uuid}").status_code == 403
    assert session.get(f"{orthanc.url}/system").status_code == 403
    session.headers["Authorization"] = f"Bearer {emr.signed(john.uuid, key=FOREIGN_KEY)}"
    assert session.get(series).status_code == 401


def test_a_token_of_nobody_is_refused(orthanc: OrthancServer) -> None:
    headers = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."}
    answer = requests.get(f"{orthanc.url}{FHIR}/ImagingStudy?patient=1", headers=headers, timeout=10)
    assert answer.status_code == 401
