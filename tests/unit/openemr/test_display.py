"""Studies that other programs want to be shown: RAD-106 and the ways in which viewers are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from sightline.errors import BadRequestError, ConflictError
from sightline.openemr.display import ROUTES
from sightline.openemr.invoke_image_display import InvokedDisplay
from sightline.uids import LONGEST_UID
from sightline.viewer.session_routes import SESSION_ROUTES
from tests.support.dicom_files import image_file
from tests.support.site import Site

PIXELS = np.zeros((2, 2), np.uint16)
STUDIES = (
    {
        "StudyInstanceUID": "1.2.1",
        "PatientID": "P1",
        "AccessionNumber": "A1",
        "StudyDate": "20260102",
        "Modality": "CT",
    },
    {
        "StudyInstanceUID": "1.2.2",
        "PatientID": "P1",
        "AccessionNumber": "A2",
        "StudyDate": "20260203",
        "Modality": "MR",
    },
    {
        "StudyInstanceUID": "1.2.3",
        "PatientID": "P1",
        "AccessionNumber": "A3",
        "StudyDate": "20250304",
        "Modality": "CT",
    },
    {"StudyInstanceUID": "1.2.4", "PatientID": "P2", "AccessionNumber": "A3", "PatientBirthDate": "19600101"},
    {"StudyInstanceUID": "1.2.5", "PatientID": "P2", "AccessionNumber": "A5", "PatientBirthDate": "19700101"},
    {"StudyInstanceUID": "1.2.6", "PatientID": "P3", "IssuerOfPatientID": "HERE", "StudyDate": "20260102"},
    {"StudyInstanceUID": "1.2.7", "PatientID": "P3", "IssuerOfPatientID": "THERE", "StudyDate": "20260103"},
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    birth = {"PatientBirthDate": "19500505"}
    files = [
        image_file(PIXELS, SeriesInstanceUID=f"{study['StudyInstanceUID']}.1", **birth | study) for study in STUDIES
    ]
    site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES), files)
    yield site
    site.close()


def led(site: Site, query: str) -> str:
    """Return where somebody is led."""
    answer = site.program("GET", f"/sightline/iid?{query}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        ("requestType=STUDY&studyUID=1.2.1", ["1.2.1"]),
        ("requestType=study&accessionNumber=A2&viewerType=IHE_BIR&diagnosticQuality=true", ["1.2.2"]),
        ("requestType=STUDY&studyUID=1.2.3,1.2.1", ["1.2.3", "1.2.1"]),
        ("StudyInstanceUIDs=1.2.1,1.2.2", ["1.2.1", "1.2.2"]),
        ("study=1.2.3", ["1.2.3"]),
        ("accnum=A1", ["1.2.1"]),
        ("requestType=STUDY&studyUID=1.2.1&patientID=P1", ["1.2.1"]),
        ("requestType=PATIENT&patientID=P1", ["1.2.2"]),
        ("requestType=PATIENT&patientID=P1&mostRecentResults=2", ["1.2.2", "1.2.1"]),
        ("requestType=PATIENT&patientID=P1&mostRecentResults=9&modalitiesInStudy=CT", ["1.2.1", "1.2.3"]),
        ("requestType=PATIENT&patientID=P1&upperDateTime=2026-01-31T00:00:00", ["1.2.1"]),
        ("requestType=PATIENT&patientID=P1&lowerDateTime=20260101&mostRecentResults=3", ["1.2.2", "1.2.1"]),
        ("requestType=PATIENT&patientID=P2&patientBirthDate=19600101", ["1.2.4"]),
        ("requestType=PATIENT&patientID=P3%5E%5E%5EHERE%261.2.3%26ISO", ["1.2.6"]),
        ("mrn=P1", ["1.2.2"]),
    ],
)
def test_leads_to_what_is_meant(site: Site, query: str, studies: list[str]) -> None:
    address, _, beside = led(site, query).partition("?")
    assert address == f"studies/{studies[0]}"
    assert [part.removeprefix("beside=") for part in beside.split("&") if part] == studies[1:]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("requestType=STUDY&studyUID=1.2.99", 404, "study-unknown"),
        (f"studyUID={'1' * LONGEST_UID}", 404, "study-unknown"),
        (f"studyUID={'1' * (LONGEST_UID + 1)}", 400, "bad-request"),
        ("requestType=PATIENT&patientID=P1&modalitiesInStudy=US", 404, "study-unknown"),
        ("requestType=PATIENT&patientID=P1&patientBirthDate=19610203", 404, "study-unknown"),
        ("requestType=PATIENT&patientID=P3%5E%5E%5EELSEWHERE", 404, "study-unknown"),
        ("accessionNumber=A3", 409, "study-ambiguous"),
        ("requestType=PATIENT&patientID=P2", 409, "patient-ambiguous"),
        ("requestType=PATIENT&patientID=P3", 409, "patient-ambiguous"),
        ("studyUID=1.2.1&patientID=P2", 409, "patient-mismatch"),
        ("", 400, "bad-request"),
        ("requestType=SERIES&studyUID=1.2.1", 400, "bad-request"),
        ("requestType=STUDY&patientID=P1", 400, "bad-request"),
        ("studyUID=1.2.*", 400, "bad-request"),
        ("accessionNumber=A?", 400, "bad-request"),
        ("patientID=P%2A", 400, "bad-request"),
        ("studyUID=1.1,1.2,1.3,1.4,1.5", 400, "bad-request"),
        ("patientID=P1&mostRecentResults=0", 400, "bad-request"),
        ("patientID=P1&lowerDateTime=soon", 400, "bad-request"),
        ("studyUID=1.2.1&studyUID=1.2.4", 400, "bad-request"),
    ],
)
def test_refuses_with_a_reason_and_without_values(site: Site, query: str, status: int, code: str) -> None:
    answer = site.program("GET", f"/sightline/iid?{query}")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "P1" not in answer.json["message"]


def test_weasis_is_told_where_to_retrieve_from(site: Site) -> None:
    address = unquote(led(site, "studyUID=1.2.1&viewerType=weasis"))
    assert address.startswith('weasis://$dicom:rs --url "http')
    assert address.endswith('-r "studyUID=1.2.1"')


def test_nobody_is_led_anywhere_without_a_login(site: Site) -> None:
    query: dict[str, Any] = {"path": "/sightline/iid?studyUID=1.2.1", "method": "GET"}
    assert site.browser().open(**query, headers={"Accept": "application/json"}).status_code == 401
    assert site.program("GET", "/sightline/iid?studyUID=1.2.1", "link-service").status_code == 403


def test_same_number_of_two_patients_is_told_apart_only_by_what_the_studies_say() -> None:
    rows = [
        {"StudyInstanceUID": "1", "PatientID": "P", "StudyDate": "20260101"},
        {"StudyInstanceUID": "2", "PatientID": "P", "StudyDate": "20260102", "IssuerOfPatientID": "A"},
    ]
    assert [row["StudyInstanceUID"] for row in InvokedDisplay.parse({"patientID": "P"}).of_patient(rows)] == ["2"]
    rows.append({"StudyInstanceUID": "3", "PatientID": "P", "IssuerOfPatientID": "B"})
    with pytest.raises(ConflictError):
        InvokedDisplay.parse({"patientID": "P"}).of_patient(rows)
    with pytest.raises(BadRequestError):
        InvokedDisplay.parse({"patientID": "P\\Q"})
