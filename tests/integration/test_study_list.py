"""What the study list does, inside a real Orthanc: upload and undo, labels, what has come, downloads, deletion."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import requests
from pydicom import dcmread
from pydicom.uid import generate_uid

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer

DICOM = {"Content-Type": "application/dicom"}


def test_a_study_comes_is_labelled_read_downloaded_and_goes(orthanc: OrthancServer, admin: requests.Session) -> None:
    study, name = generate_uid()[:48].rstrip("."), "Integration^Ida"
    api, upload = f"{orthanc.url}/sightline/api", f"{orthanc.url}/sightline/api/uploads/upload-{study[-8:]}"
    token = admin.get(f"{api}/studies").json()["token"]
    unchanged = admin.get(f"{api}/arrivals", params={"since": token}, headers={"If-None-Match": f'"{token}"'})
    assert unchanged.status_code == 304
    for number in (1, 2):
        pixels = np.full((16, 16), number, np.uint8)
        uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.1.{number}"}
        more = {"PatientName": name, "PatientID": study[-12:], "BodyPartExamined": "KNEE", "Modality": "US"}
        content = image_file(pixels, **uids, **more)
        answer = admin.post(upload, data=content, headers=DICOM)
        assert (answer.status_code, answer.json()) == (201, {"study": study, "isNew": True})
        assert admin.post(upload, data=content, headers=DICOM).json()["isNew"] is False
    assert admin.post(upload, data=b"no DICOM file", headers=DICOM).status_code == 422
    assert study in admin.get(f"{api}/arrivals", params={"since": token}).json()["studies"]

    label = f"label-{study[-6:]}"
    assert admin.put(f"{api}/studies/{study}/labels/{label}").status_code == 204
    assert label in admin.get(f"{api}/labels").json()["labels"]
    found = {"label": label, "body": "KNEE", "since": token, "sort": "modality"}
    (row,) = admin.get(f"{api}/studies", params=found).json()["studies"]
    assert (row["labels"], row["bodyParts"], row["instances"], row["opened"]) == ([label], ["KNEE"], 2, None)
    assert admin.get(f"{orthanc.url}/sightline/studies/{study}").status_code == 200
    (row,) = admin.get(f"{api}/studies", params={"state": "opened", "label": label}).json()["studies"]
    assert row["opened"]
    assert admin.delete(f"{api}/studies/{study}/labels/{label}").status_code == 204

    files = zipfile.ZipFile(io.BytesIO(admin.get(f"{api}/studies/{study}/files").content))
    assert len(files.namelist()) == 2
    anonymised = f"{api}/studies/{study}/anonymised"
    assert admin.get(anonymised).status_code == 422
    (series,) = admin.get(f"{anonymised}/preview").json()["series"]
    assert series["risk"] == "likely"
    decided = {"looked": f"{study}.1", "blank": f"{study}.1:0_0_1000_500"}
    files = zipfile.ZipFile(io.BytesIO(admin.get(anonymised, params=decided).content))
    assert len(files.namelist()) == 2
    for entry in files.namelist():
        dataset = dcmread(io.BytesIO(files.read(entry)))
        assert name not in str(dataset)
        assert dataset.StudyInstanceUID != study

    assert admin.post(f"{upload}/undo").json() == {"deleted": 2, "kept": 0, "left": 0}
    assert admin.get(f"{api}/studies", params={"since": token, "body": "KNEE"}).json()["total"] == 0
    assert admin.delete(f"{api}/studies/{study}").status_code == 404
