"""A study as ZIP archive: all of it, or de-identified and nothing that nobody has decided about."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, FileDataset, dcmread
from pydicom.uid import JPEG2000Lossless
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.dicomweb.encapsulated import encapsulate_pixels
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ViewerApplication, link_grant, small_engine, viewer_services

STUDY = "1.2.7"
CT, US, STATED, SR = (f"{STUDY}.{n}" for n in range(1, 5))
BASE = f"/sightline/api/studies/{STUDY}"
SECRET = "Geheim"


def compressed(content: bytes) -> bytes:
    dataset = dcmread(io.BytesIO(content))
    encapsulate_pixels(dataset, JPEG2000Lossless)
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def study_files() -> list[bytes]:
    """A CT that does not say, an ultrasound, a CT that says NO (but for one file), and a report."""
    common: dict[str, Any] = {
        "StudyInstanceUID": STUDY, "PatientName": f"{SECRET}^Ada", "PatientID": f"{SECRET}1", "PatientSex": "F",
        "ReferringPhysicianName": f"{SECRET}^Doc", "StudyDate": "20260102",
    }  # fmt: skip
    text = Dataset()
    text.ValueType, text.TextValue = "TEXT", SECRET
    pixels = np.arange(16 * 8, dtype=np.uint8).reshape(16, 8) + 100
    return [
        image_file(pixels, SeriesInstanceUID=CT, SOPInstanceUID=f"{CT}.1", **common),
        compressed(image_file(pixels, SeriesInstanceUID=US, SOPInstanceUID=f"{US}.1", **common, Modality="US")),
        *(
            image_file(
                pixels, SeriesInstanceUID=STATED, SOPInstanceUID=f"{STATED}.{n}", BurnedInAnnotation=stated, **common
            )
            for n, stated in ((1, "NO"), (2, "YES"))
        ),
        image_file(
            pixels, SeriesInstanceUID=SR, SOPInstanceUID=f"{SR}.1", **common, Modality="SR",
            ContentSequence=[text], Rows=None, Columns=None, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11",
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Grant], Client]]:
    archive = FakeArchive(study_files())
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        services = viewer_services(archive, engine)
        yield lambda grant: Client(ViewerApplication(services, grant))


@pytest.fixture
def client(client_of: Callable[[Grant], Client]) -> Client:
    return client_of(administrator("ada"))


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def datasets(files: dict[str, bytes]) -> dict[str, FileDataset]:
    return {name: dcmread(io.BytesIO(content)) for name, content in files.items() if name.endswith(".dcm")}


def test_all_files_are_sent_byte_for_byte_under_names_that_tell_nothing(client: Client) -> None:
    answer = client.get(f"{BASE}/files")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="dicom.zip"'
    files = unzipped(answer.data)
    assert sorted(files.values()) == sorted(study_files())
    assert all(name.startswith("SE00000") for name in files)
    told = client.get(f"{BASE}/size").json
    assert told == {"files": 5, "bytes": sum(map(len, study_files()))}


def test_the_preview_says_what_goes_what_stays_and_where_names_may_be_seen(client: Client) -> None:
    series = {one["uid"]: one for one in client.get(f"{BASE}/anonymised/preview").json["series"]}
    risks = {uid: one["risk"] for uid, one in series.items()}
    assert (risks[CT], risks[US]) == ("unstated", "likely")
    changes = {row[0]: row[2:] for row in series[CT]["changes"]}
    assert changes["(0010,0010)"] == ["emptied", f"{SECRET}^Ada", ""]
    assert changes["(0010,0040)"][0] != "kept"
    assert changes["(0028,0010)"] == ["kept", "16", "16"]
    assert changes["(0020,000D)"][0] == "replaced"
    assert changes["(0012,0062)"] == ["added", "", "YES"]
    assert client.get("/" + series[US]["picture"]).status_code == 200
    kept = client.get(f"{BASE}/anonymised/preview?keep=characteristics,dates").json["series"]
    changes = {row[0]: row[2:] for row in kept[0]["changes"]}
    assert (changes["(0010,0040)"][0], changes["(0008,0020)"][0]) == ("kept", "kept")


def test_nothing_whose_pixels_may_name_the_patient_is_sent_undecided(client: Client) -> None:
    for query, undecided in ((f"leave={SR}", CT), (f"leave={SR},{CT}", US), (f"looked={CT}&leave={SR}", US)):
        answer = client.get(f"{BASE}/anonymised?{query}")
        assert (answer.status_code, answer.json["code"]) == (422, "undecided")
        assert undecided in answer.json["message"]


def test_nothing_names_the_patient_and_everything_still_fits_together(client: Client) -> None:
    answer = client.get(f"{BASE}/anonymised?looked={CT},{US},{STATED}&keep=characteristics")
    files = unzipped(answer.data)
    made = datasets(files)
    assert all(SECRET.encode() not in content for content in files.values())
    assert len({dataset.StudyInstanceUID for dataset in made.values()}) == 1
    assert {dataset.StudyInstanceUID for dataset in made.values()} != {STUDY}
    assert len({dataset.SeriesInstanceUID for dataset in made.values()}) == 3
    assert {dataset.PatientSex for dataset in made.values()} == {"F"}
    assert all(dataset.BurnedInAnnotation == "NO" for dataset in made.values())
    (reason,) = files["LEFT-OUT.txt"].decode().splitlines()
    assert reason.startswith("SE000004/IM000001.dcm: ")


def test_what_is_blanked_is_gone_and_compressed_again_without_loss(client: Client) -> None:
    answer = client.get(f"{BASE}/anonymised?leave={CT},{STATED},{SR}&looked={US}&blank={US}:0_0_1000_250")
    (dataset,) = datasets(unzipped(answer.data)).values()
    before = dcmread(io.BytesIO(study_files()[1])).pixel_array
    assert dataset.file_meta.TransferSyntaxUID.is_compressed
    assert (dataset.pixel_array[:4] == before.min()).all()
    assert (dataset.pixel_array[4:] == before[4:]).all()
    assert [code.CodeValue for code in dataset.DeidentificationMethodCodeSequence] == ["113100", "113101"]


def test_a_file_that_differs_from_its_series_is_left_out_and_named(client: Client) -> None:
    """One file says NO, the other YES: whichever was looked at, the other one is not sent silently."""
    answer = client.get(f"{BASE}/anonymised?leave={CT},{US},{SR}")
    if answer.status_code == 422:
        assert STATED in answer.json["message"]
        return
    files = unzipped(answer.data)
    assert len(datasets(files)) == 1
    assert "IM000002.dcm" in files["LEFT-OUT.txt"].decode()


@pytest.mark.parametrize(
    "query",
    [
        "keep=names", "leave=x", "looked=1..2", f"blank={US}:0_0_1000_1001&looked={US}",
        f"blank={US}:0_0_0_9&looked={US}", f"blank={US}:0_0_9_9", f"blank={US}:1_2_3&looked={US}", "other=1",
        f"leave={CT},{US},{STATED},{SR}",
    ],
)  # fmt: skip
def test_wrong_decisions_are_refused_with_a_sentence(client: Client, query: str) -> None:
    answer = client.get(f"{BASE}/anonymised?{query}")
    assert answer.status_code == 400
    assert answer.json["message"].endswith(".")


@pytest.mark.parametrize("path", ["files", "size", "anonymised", "anonymised/preview"])
def test_who_may_only_look_downloads_nothing(client_of: Callable[[Grant], Client], path: str) -> None:
    assert client_of(link_grant(STUDY)).get(f"{BASE}/{path}").status_code == 403
    other = Grant("link:2", (Permission(frozenset({Verb.DOWNLOAD}), "1.2.8"),))
    assert client_of(other).get(f"{BASE}/{path}").status_code == 403


def test_a_study_that_is_not_there_is_404(client: Client) -> None:
    for path in ("files", "size", "anonymised", "anonymised/preview"):
        assert client.get(f"/sightline/api/studies/1.9/{path}").status_code == 404
