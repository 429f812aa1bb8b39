"""Inside a real Orthanc, an image with UIDs longer than the standard allows is read, marked and kept as any other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
import requests
from PIL import Image

from sightline.uids import LONGEST_UID
from tests.support.dicom_files import image_file
from tests.support.findings import finding
from tests.support.orthanc_server import OrthancServer

pytestmark = pytest.mark.filterwarnings("ignore:The value length")  # pydicom says so, too
STUDY, SERIES, IMAGE = (f"1.2.826.0.{number}.".ljust(LONGEST_UID - 10 * number, "7") for number in (1, 2, 3))
PIXELS = np.arange(48, dtype=np.int16).reshape(8, 6)


@pytest.fixture(scope="module")
def stored(orthanc: OrthancServer, admin: requests.Session) -> Iterator[None]:
    content = image_file(PIXELS, StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=IMAGE)
    answer = admin.post(f"{orthanc.url}/instances", content, timeout=30)
    assert answer.status_code == 200, answer.text
    yield
    admin.delete(f"{orthanc.url}/dicom-web/studies/{STUDY}", timeout=30)


@pytest.mark.usefixtures("stored")
def test_it_is_found_and_retrieved(orthanc: OrthancServer, admin: requests.Session) -> None:
    root = f"{orthanc.url}/dicom-web"
    rows = admin.get(f"{root}/instances", params={"SOPInstanceUID": IMAGE}, timeout=30).json()
    assert [row["00080018"]["Value"] for row in rows] == [[IMAGE]]
    place = f"{root}/studies/{STUDY}/series/{SERIES}/instances/{IMAGE}"
    assert admin.get(f"{place}/metadata", timeout=30).json()[0]["0020000D"]["Value"] == [STUDY]
    frame = admin.get(f"{place}/frames/1", headers={"Accept": "application/octet-stream"}, timeout=30)
    assert frame.content == PIXELS.astype("<i2").tobytes()
    address = f"{orthanc.url}/wado?requestType=WADO&studyUID={STUDY}&seriesUID={SERIES}&objectUID={IMAGE}"
    assert admin.get(address, timeout=30).headers["Content-Type"] == "image/jpeg"


@pytest.mark.usefixtures("stored")
def test_it_is_read_and_marked(orthanc: OrthancServer, admin: requests.Session, nobody: requests.Session) -> None:
    view = f"{orthanc.url}/sightline/view/{STUDY}/{SERIES}/{IMAGE}/1"
    assert nobody.get(view, timeout=30).status_code == 401
    picture = admin.get(view, headers={"Accept": "image/png"}, timeout=30)
    assert Image.open(BytesIO(picture.content)).size == (6, 8)
    api = f"{orthanc.url}/sightline/api/studies/{STUDY}"
    assert [series["uid"] for series in admin.get(api, timeout=30).json()["series"]] == [SERIES]
    key = {"key": {"series": SERIES, "instance": IMAGE, "frame": 1, "title": "113004"}}
    kept = admin.post(f"{api}/keys", json={"changes": [key], "leaving": True}, timeout=60)
    assert kept.status_code == 200, kept.text
    assert kept.json()["documents"][0]["images"][0]["instance"] == IMAGE
    drawn = {"changes": [{"finding": finding(STUDY, SERIES, IMAGE), "base": 0}], "leaving": True}
    answer = admin.post(f"{api}/findings", json=drawn, timeout=60)
    assert answer.status_code == 200, answer.text
    deadline = time.monotonic() + 60
    while not (reports := admin.get(f"{api}/findings/reports", timeout=60).json()["reports"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [(one["ours"], one["problems"], len(one["findings"])) for one in reports] == [(True, [], 1)]
