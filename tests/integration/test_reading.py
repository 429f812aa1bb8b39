"""Inside a real Orthanc, the reading page finds priors, attributes, values and documents, and stores captures."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import requests
from pydicom import dcmread

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer
from tests.unit.objects.test_captures import COLOURS, png
from tests.unit.viewer.test_documents import STREAM, STUDY, files

PRIOR, OTHER = f"{STUDY}.100", f"{STUDY}.101"
CT = f"{STUDY}.7"
PIXELS = np.arange(24, dtype=np.int16).reshape(4, 6)


def image(study: str, date: str, **attributes: Any) -> bytes:
    return image_file(
        PIXELS, StudyInstanceUID=study, SeriesInstanceUID=f"{study}.7", SOPInstanceUID=f"{study}.7.1", StudyDate=date,
        BodyPartExamined="CHEST", **{"PatientBirthDate": "19700305"} | attributes,
    )  # fmt: skip


def of_nobody_else(content: bytes) -> bytes:
    """The file under a Patient ID that no other test's files have."""
    dataset = dcmread(BytesIO(content))
    dataset.PatientID = "READING"
    target = BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


@pytest.fixture(scope="module")
def api(orthanc: OrthancServer, admin: requests.Session) -> Iterator[str]:
    """The viewer's address of a study with an image, a report, a document and videos, and of its patient others."""
    contents = [
        image(STUDY, "20260301"),
        image(PRIOR, "20250301", IssuerOfPatientID="HERE"),
        image(OTHER, "20250301", PatientBirthDate="19700306"),
        *files(),
    ]
    for content in map(of_nobody_else, contents):
        answer = admin.post(
            f"{orthanc.url}/dicom-web/studies", content, headers={"Content-Type": "application/dicom"}, timeout=30
        )
        assert answer.status_code == 200, answer.text
    yield f"{orthanc.url}/sightline/api/studies/{STUDY}"
    for study in (STUDY, PRIOR, OTHER):
        admin.delete(f"{orthanc.url}/dicom-web/studies/{study}", timeout=30)


def test_priors_are_those_of_the_same_patient(api: str, admin: requests.Session, nobody: requests.Session) -> None:
    answer = admin.get(f"{api}/priors", timeout=30).json()
    assert [(row["study"]["uid"], row["why"]) for row in answer["priors"]] == [
        (PRIOR, "same body part and modality, 12 months before")
    ]
    assert answer["withheld"] == 1
    pairs = admin.get(f"{api}/priors/{PRIOR}", timeout=60).json()["pairs"]
    assert [pair[:2] for pair in pairs] == [[CT, f"{PRIOR}.7"]]
    assert nobody.get(f"{api}/priors", timeout=30).status_code == 401


def test_attributes_and_values_of_an_instance(api: str, admin: requests.Session, nobody: requests.Session) -> None:
    place = f"{api}/series/{CT}/instances/{CT}.1"
    rows = {row["tag"]: row for row in admin.get(f"{place}/tags", timeout=30).json()["attributes"]}
    assert rows["00180015"]["value"] == ["CHEST"]
    value = admin.get(f"{place}/frames/1/value?row=1&column=2", timeout=30).json()
    assert (value["stored"], value["modality"]["value"]) == (8, 8)
    region = {"tool": "rectangle", "points": [[0, 0], [2, 2]]}
    said = admin.post(f"{place}/frames/1/statistics", json=region, timeout=30).json()
    assert {one["name"]: one["value"] for one in said["quantities"]}["pixels"] == 4
    assert nobody.post(f"{place}/frames/1/statistics", json=region, timeout=30).status_code == 401
    assert nobody.get(f"{place}/tags", timeout=30).status_code == 401


def test_documents_are_named_and_sent_and_videos_in_parts(api: str, admin: requests.Session) -> None:
    told = admin.get(api, timeout=60).json()["series"]
    kinds = {one["kind"]: (series["uid"], one["instance"]) for series in told for one in series.get("documents", [])}
    assert set(kinds) == {"report", "pdf", "other", "video"}
    report, document, video = (
        "{}/series/{}/instances/{}/".format(api, *kinds[kind]) for kind in ("report", "pdf", "video")
    )
    assert "Radiology Report" in admin.get(f"{report}document", timeout=30).text
    assert admin.get(f"{document}document", timeout=30).headers["Content-Type"] == "application/pdf"
    part = admin.get(f"{video}video", headers={"Range": "bytes=4-11"}, timeout=30)
    assert (part.status_code, part.content) == (206, STREAM[4:12])
    assert part.headers["Content-Range"].startswith("bytes 4-11/")


def test_a_capture_is_stored_into_its_study(
    api: str, orthanc: OrthancServer, admin: requests.Session, nobody: requests.Session
) -> None:
    address = f"{api}/captures"
    headers = {"Content-Type": "image/png", "Sightline-Sources": f"{CT}/{CT}.1/1", "Sightline-Annotated": "1"}
    assert nobody.post(address, png(COLOURS), headers=headers, timeout=30).status_code == 401
    answer = admin.post(address, png(COLOURS), headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    place = "/dicom-web/studies/{}/series/{series}/instances/{instance}".format(STUDY, **answer.json())
    stored = admin.get(
        f"{orthanc.url}{place}", headers={"Accept": 'multipart/related; type="application/dicom"'}, timeout=30
    )
    dataset = dcmread(BytesIO(stored.content[stored.content.index(b"DICM") - 128 :]))
    assert (dataset.PatientID, dataset.BurnedInAnnotation) == ("READING", "YES")
    np.testing.assert_array_equal(dataset.pixel_array, COLOURS)
