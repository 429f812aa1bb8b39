"""Inside a real Orthanc: key images and what is seen are stored, found by QIDO, and rendered as they were seen."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer

STUDY = "1.2.826.0.1.92"
SERIES = f"{STUDY}.1"
ROWS, COLUMNS = 40, 50
PIXELS = np.random.default_rng(9).integers(0, 2000, (3, ROWS, COLUMNS)).astype(np.int16)


@pytest.fixture(scope="module")
def api(orthanc: OrthancServer, admin: requests.Session) -> Iterator[str]:
    """The viewer's address of a study with three images."""
    for number in (1, 2, 3):
        content = image_file(
            PIXELS[number - 1], StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=f"{SERIES}.{number}",
            SeriesNumber=1, InstanceNumber=number, PatientID="K1", RescaleSlope=1, RescaleIntercept=-1000,
        )  # fmt: skip
        headers = {"Content-Type": "application/dicom"}
        answer = admin.post(f"{orthanc.url}/dicom-web/studies", content, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
    yield f"{orthanc.url}/sightline/api/studies/{STUDY}"
    admin.delete(f"{orthanc.url}/dicom-web/studies/{STUDY}", timeout=30)


def found(orthanc: OrthancServer, admin: requests.Session, modality: str) -> list[str]:
    """Return the instances of series of that modality, as QIDO finds them."""
    address = f"{orthanc.url}/dicom-web/studies/{STUDY}/instances?Modality={modality}"
    rows = admin.get(address, headers={"Accept": "application/dicom+json"}, timeout=30)
    return [row["00080018"]["Value"][0] for row in rows.json()] if rows.status_code == 200 else []


def picture(admin: requests.Session, address: str) -> Any:
    answer = admin.get(address, headers={"Accept": "image/png"}, timeout=60)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content))).astype(int)


def test_key_images_are_stored_and_found(
    api: str, orthanc: OrthancServer, admin: requests.Session, nobody: requests.Session
) -> None:
    changes = [
        {"key": {"series": SERIES, "instance": f"{SERIES}.{number}", "frame": 1, "title": "113004"}}
        for number in (3, 1)
    ]
    body = {"changes": changes, "leaving": True}
    assert nobody.post(f"{api}/keys", json=body, timeout=30).status_code == 401
    assert nobody.get(f"{api}/keys", timeout=30).status_code == 401
    answer = admin.post(f"{api}/keys", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["saved"]
    (document,) = answer.json()["documents"]
    assert [image["instance"] for image in document["images"]] == [f"{SERIES}.3", f"{SERIES}.1"]
    assert found(orthanc, admin, "KO") == [document["instance"]]
    again = admin.post(f"{api}/keys", json={"changes": changes[:1], "leaving": True}, timeout=60).json()
    assert {one["superseded"] for one in again["documents"]} == {True, False}
    assert len(found(orthanc, admin, "KO")) == 2


@pytest.mark.parametrize(("quarters", "mirrored"), [(0, False), (1, False), (3, True)])
def test_what_was_seen_is_rendered_by_dicomweb(
    api: str, orthanc: OrthancServer, admin: requests.Session, nobody: requests.Session, quarters: int, mirrored: bool
) -> None:
    wish = {
        "shown": {"series": SERIES, "instance": f"{SERIES}.2", "frame": 1}, "whole": False, "name": "To surgery",
        "window": {"center": 40, "width": 1200}, "invert": True, "turn": {"quarters": quarters, "mirrored": mirrored},
        "area": {"left": 10, "top": 5, "right": 42, "bottom": 30}, "magnification": None, "overlays": True,
        "shutter": True, "graphics": [],
    }  # fmt: skip
    assert nobody.post(f"{api}/presentations", json=wish, timeout=30).status_code == 401
    answer = admin.post(f"{api}/presentations", json=wish, timeout=60)
    assert answer.status_code == 201, answer.text
    place = answer.json()
    assert place["instance"] in found(orthanc, admin, "PR")
    plain = picture(
        admin, f"{orthanc.url}/sightline/view/{STUDY}/{SERIES}/{SERIES}.2/1?window=40,1200&invert=1&format=png"
    )[5:30, 10:42]
    seen = np.rot90(plain[:, ::-1] if mirrored else plain, -quarters)
    root = f"{orthanc.url}/dicom-web/studies/{STUDY}/series/{place['series']}/instances/{place['instance']}"
    np.testing.assert_array_equal(picture(admin, f"{root}/rendered"), seen)
    listed = admin.get(f"{api}/presentations", timeout=30).json()["presentations"]
    (own,) = [one for one in listed if one["instance"] == place["instance"]]
    assert (own["description"], own["reason"]) == ("To surgery", None)
