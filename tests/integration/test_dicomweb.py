"""DICOMweb on a real Orthanc: an official client, nothing stale after any change, DICOM's own network beside it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from sightline.dicomweb.metadata_reading import dataset_of_xml
from sightline.dicomweb.multipart import parse_multipart
from sightline.dicomweb.native_xml import native_xml
from sightline.dicomweb.store_reasons import CONTRADICTION
from tests.support.dicom_files import image_file
from tests.support.file_sets import file_set
from tests.support.orthanc_server import AET, CLIENT_AET, OrthancServer
from tests.support.presentation_states import area, presentation_state, reference
from tests.unit.archive.test_nesting import EXPLICIT, nested, part10

OCTETS = "application/octet-stream"
SLICES = 8


@pytest.fixture
def client(orthanc: OrthancServer, admin: requests.Session) -> DICOMwebClient:
    """An official client."""
    return DICOMwebClient(f"{orthanc.url}/dicom-web", session=admin)


class Series:
    """A small axial CT, 1 mm apart, whose slice n holds the value 100 n everywhere."""

    def __init__(self) -> None:
        self.study, self.series = generate_uid(), generate_uid()
        self.instances = [generate_uid() for _ in range(SLICES)]
        self.patient_id = generate_uid()[-12:]

    def file(self, index: int, value: int | None = None, **attributes: Any) -> bytes:
        pixels: NDArray[np.int16] = np.full((16, 16), 100 * index if value is None else value, np.int16)
        given = {
            "StudyInstanceUID": self.study,
            "SeriesInstanceUID": self.series,
            "SOPInstanceUID": self.instances[index],
            "PatientID": self.patient_id,
            "InstanceNumber": index + 1,
            "ImagePositionPatient": [0, 0, index],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
            "SliceThickness": 1,
            "RescaleSlope": 1,
            "RescaleIntercept": 0,
        }
        return image_file(pixels, **(given | attributes))

    def path(self, index: int | None = None) -> str:
        series = f"/dicom-web/studies/{self.study}/series/{self.series}"
        return series if index is None else f"{series}/instances/{self.instances[index]}"


@pytest.fixture
def series(client: DICOMwebClient) -> Series:
    """A stored series."""
    made = Series()
    answer = client.store_instances([dcmread(BytesIO(made.file(index))) for index in range(SLICES)])
    assert len(answer.ReferencedSOPSequence) == SLICES
    return made


class TestClient:
    """The official Python client, as it comes."""

    def test_search(self, client: DICOMwebClient, series: Series) -> None:
        (study,) = client.search_for_studies(search_filters={"PatientID": series.patient_id})
        assert study["0020000D"]["Value"] == [series.study]
        assert study["00201208"]["Value"] == [SLICES]
        assert study["00080061"]["Value"] == ["CT"]
        assert study["00100010"]["Value"] == [{"Alphabetic": "Test^Patient"}]
        (found,) = client.search_for_series(series.study)
        assert found["0020000E"]["Value"] == [series.series]
        instances = client.search_for_instances(series.study, series.series, fields=["InstanceNumber", "Rows"])
        assert {item["00080018"]["Value"][0] for item in instances} == set(series.instances)
        one = client.search_for_instances(search_filters={"SOPInstanceUID": series.instances[2]})
        assert one[0]["00100020"]["Value"] == [series.patient_id]
        assert client.search_for_studies(search_filters={"PatientID": "nobody at all"}) == []

    @pytest.mark.parametrize(
        "value", ["Müller^Jörg", "山田^太郎", "O'Hara^A+B", "100%^Sure", "a=b^c", "%2525^x"], ids=range(6)
    )
    def test_names_that_need_encoding(
        self, orthanc: OrthancServer, admin: requests.Session, client: DICOMwebClient, value: str
    ) -> None:
        made = Series()
        content = made.file(0, PatientName=value, SpecificCharacterSet="ISO_IR 192")
        answer = admin.post(f"{orthanc.url}/dicom-web/studies", content, headers={"Content-Type": "application/dicom"})
        assert answer.status_code == 200
        for wanted in (value, value[:3] + "*"):
            studies = client.search_for_studies(search_filters={"PatientName": wanted})
            assert made.study in [study["0020000D"]["Value"][0] for study in studies], wanted

    def test_an_ampersand_in_a_value_is_found_or_refused(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        """Orthanc 1.13.0 splits the value there before any plugin sees it; then nothing else may be found instead."""
        made = Series()
        headers = {"Content-Type": "application/dicom"}
        admin.post(f"{orthanc.url}/dicom-web/studies", made.file(0, PatientName="a&b=c"), headers=headers)
        answer = admin.get(f"{orthanc.url}/dicom-web/studies?PatientName=a%26b%3Dc")
        version = tuple(map(int, admin.get(f"{orthanc.url}/system").json()["Version"].split(".")))
        if version < (1, 13):
            assert [study["0020000D"]["Value"] for study in answer.json()] == [[made.study]]
        else:
            assert answer.status_code == 400

    def test_keys_that_no_index_has(
        self, orthanc: OrthancServer, admin: requests.Session, client: DICOMwebClient
    ) -> None:
        """Nested and private attributes, and names that nearly match, with fields asked for one by one."""
        made = Series()
        for index in (0, 1):
            dataset = dcmread(BytesIO(made.file(index, PatientName="Łuczak^Zoë", SpecificCharacterSet="ISO_IR 192")))
            item = Dataset()
            item.ScheduledProcedureStepID = f"S{made.patient_id}"
            dataset.RequestAttributesSequence = [item]
            dataset.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", f"private {index}")
            buffer = BytesIO()
            dataset.save_as(buffer)
            admin.post(
                f"{orthanc.url}/dicom-web/studies", buffer.getvalue(), headers={"Content-Type": "application/dicom"}
            ).raise_for_status()
        wanted = {"PatientID": made.patient_id, "00400275.00400009": f"S{made.patient_id}"}
        (study,) = client.search_for_studies(search_filters=wanted)
        assert study["0020000D"]["Value"] == [made.study]
        assert study["00201208"]["Value"] == [2]
        (instance,) = client.search_for_instances(made.study, made.series, search_filters={"00091001": "private 1"})
        assert instance["00080018"]["Value"] == [made.instances[1]]
        assert instance["00091001"] == {"vr": "LO", "Value": ["private 1"]}
        assert client.search_for_instances(made.study, search_filters={"00091001": "private 7"}) == []
        assert not client.search_for_studies(search_filters=wanted | {"00400275.00400009": "other"})
        near = {"PatientName": "zoe luczac", "PatientID": made.patient_id}
        (study,) = client.search_for_studies(fuzzymatching=True, search_filters=near)
        assert study["0020000D"]["Value"] == [made.study]
        assert client.search_for_studies(search_filters=near) == []
        fields = ["StudyDescription", "InstitutionName"]
        (study,) = client.search_for_studies(search_filters={"PatientID": made.patient_id}, fields=fields)
        assert {"00081030", "00080080"} <= set(study)
        (study,) = client.search_for_studies(search_filters={"PatientID": made.patient_id}, fields=["00091001"])
        assert study["00091001"]["Value"][0] in ("private 0", "private 1")

    def test_pages(self, client: DICOMwebClient, series: Series) -> None:
        pages = [client.search_for_instances(series.study, series.series, limit=3, offset=n) for n in (0, 3, 6)]
        assert [len(page) for page in pages] == [3, 3, 2]
        assert len({item["00080018"]["Value"][0] for page in pages for item in page}) == SLICES

    def test_metadata(self, client: DICOMwebClient, series: Series) -> None:
        for metadata in (
            client.retrieve_study_metadata(series.study),
            client.retrieve_series_metadata(series.study, series.series),
        ):
            assert {item["00080018"]["Value"][0] for item in metadata} == set(series.instances)
        item = client.retrieve_instance_metadata(series.study, series.series, series.instances[3])
        assert item["00200032"]["Value"] == [0, 0, 3]
        bulk = client.retrieve_bulkdata(item["7FE00010"].get("BulkDataURI", "")) if "BulkDataURI" in item else None
        assert bulk is None or bulk[0] == np.full((16, 16), 300, np.int16).tobytes()

    def test_frames(self, client: DICOMwebClient, series: Series) -> None:
        frames = client.retrieve_instance_frames(series.study, series.series, series.instances[3], [1])
        assert frames == [np.full((16, 16), 300, np.int16).tobytes()]

    def test_files(self, client: DICOMwebClient, series: Series) -> None:
        stored = client.retrieve_instance(
            series.study, series.series, series.instances[3], media_types=(("application/dicom", "*"),)
        )
        buffer = BytesIO()
        stored.save_as(buffer)
        assert stored.pixel_array[0, 0] == 300
        assert len(client.retrieve_series(series.study, series.series)) == SLICES
        assert len(client.retrieve_study(series.study)) == SLICES

    def test_rendered(self, client: DICOMwebClient, series: Series) -> None:
        png = client.retrieve_instance_rendered(
            series.study, series.series, series.instances[3], ("image/png",), {"window": "300,101,linear-exact"}
        )
        assert np.array(Image.open(io.BytesIO(png))).ravel()[0] in (127, 128)
        jpeg = client.retrieve_instance_frames_rendered(
            series.study, series.series, series.instances[3], [1], ("image/jpeg",)
        )
        assert Image.open(io.BytesIO(jpeg)).size == (16, 16)

    def test_pictures_are_the_same_whichever_way(
        self, orthanc: OrthancServer, admin: requests.Session, series: Series
    ) -> None:
        """After the first picture of a series the others take a shorter way, unless the query has to be negotiated."""
        accept = {"Accept": "image/png"}
        for index in range(SLICES):
            for width in (400, 500):
                path = f"{series.path(index)}/frames/1/rendered?window=300,{width},linear-exact"
                short = admin.get(orthanc.url + path, headers=accept)
                whole = admin.get(f"{orthanc.url}{path}&accept=image%2Fpng", headers=accept)
                assert (short.status_code, short.content) == (200, whole.content), short.text
                assert {**short.headers, "Date": ""} == {**whole.headers, "Date": ""}
        with orthanc.session(None) as nobody:
            assert nobody.get(orthanc.url + path, headers=accept).status_code == 401

    def test_wado_uri(self, orthanc: OrthancServer, admin: requests.Session, series: Series) -> None:
        uids = {
            "requestType": "WADO", "studyUID": series.study, "seriesUID": series.series,
            "objectUID": series.instances[3],
        }  # fmt: skip
        window = {"windowCenter": "300", "windowWidth": "11", "contentType": "image/png", "rows": "8"}
        picture = admin.get(f"{orthanc.url}/wado", params=uids | window)
        assert picture.status_code == 200
        with Image.open(io.BytesIO(picture.content)) as image:
            # PS3.3 C.11.2.1.2.1: (300 - 299.5) / 10 + 0.5 of the grey scale.
            assert (image.size, image.getextrema()) == ((8, 8), (140, 140))
        file = admin.get(f"{orthanc.url}/wado", params=uids | {"contentType": "application/dicom"})
        assert dcmread(BytesIO(file.content)).SOPInstanceUID == series.instances[3]
        wrong = admin.get(f"{orthanc.url}/wado", params=uids | {"windowCenter": "1"})
        assert (wrong.status_code, "'windowCenter'" in wrong.text) == (400, True)
        assert admin.get(f"{orthanc.url}/wado", params=uids | {"objectUID": "9.9"}).status_code == 404
        with orthanc.session(None) as nobody:
            assert nobody.get(f"{orthanc.url}/wado", params=uids).status_code == 401

    def test_a_presentation_state(self, orthanc: OrthancServer, admin: requests.Session, series: Series) -> None:
        uid, voi = generate_uid(), Dataset()
        voi.WindowCenter, voi.WindowWidth = 300, 11
        state = presentation_state(
            [reference(series.instances[3]), reference(series.instances[0])],
            [area(16, 16)],
            series=series.series,
            StudyInstanceUID=series.study,
            SeriesInstanceUID=uid,
            SOPInstanceUID=uid,
            PatientID=series.patient_id,
            SoftcopyVOILUTSequence=[voi],
        )
        body = {"data": state, "headers": {"Content-Type": "application/dicom"}}
        assert admin.post(f"{orthanc.url}/dicom-web/studies", **body).status_code == 200
        path = f"{orthanc.url}/dicom-web/studies/{series.study}/series/{uid}/instances/{uid}/rendered"
        answer = admin.get(path, headers={"Accept": 'multipart/related; type="image/png"'})
        assert (answer.status_code, answer.content.count(b"\x89PNG")) == (200, 2)
        start = answer.content.index(b"\x89PNG")
        with Image.open(io.BytesIO(answer.content[start:])) as image:
            assert image.getextrema() == (140, 140)

    def test_store_tells_good_from_bad(self, orthanc: OrthancServer, admin: requests.Session) -> None:
        made = Series()
        parts = [made.file(0), b"no DICOM at all", part10(EXPLICIT, nested(EXPLICIT, 60, True)), made.file(1)]
        body = b"".join(b"--x\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % part for part in parts) + b"--x--"
        headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=x'}
        answer = admin.post(f"{orthanc.url}/dicom-web/studies", body, headers=headers)
        assert answer.status_code == 202
        found = answer.json()
        stored = [item["00081155"]["Value"][0] for item in found["00081199"]["Value"]]
        assert stored == made.instances[:2]
        assert len(found["0008119A"]["Value"]) == 2
        cut = admin.post(f"{orthanc.url}/dicom-web/studies", body[:-20], headers=headers)
        assert cut.status_code == 400

    @pytest.mark.parametrize("kind", ["application/dicom+json", "application/dicom+xml"])
    def test_store_metadata_and_bulk_data(self, orthanc: OrthancServer, admin: requests.Session, kind: str) -> None:
        """Real workers make the files: native, compressed, and one that is refused; the answer as XML too."""
        made = Series()
        frame = np.arange(256, dtype=np.uint16).reshape(16, 16)
        files = [dcmread(BytesIO(made.file(index))) for index in range(3)]
        datasets = []
        for index, dataset in enumerate(files):
            told = json.loads(dataset.to_json())
            told["00280103"]["Value"] = [0]
            told["7FE00010"] = {"vr": "OW", "BulkDataURI": f"bulk/{index}"}
            datasets.append(told)
        bulk = [
            ("bulk/0", OCTETS, frame.tobytes()),
            ("bulk/1", "image/jls", bytes(imagecodecs.jpegls_encode(frame))),
            ("bulk/2", OCTETS, frame.tobytes()[:-2]),
        ]
        is_json = kind.endswith("json")
        metadata = [json.dumps(datasets).encode()] if is_json else [native_xml(dataset) for dataset in datasets]
        body = b"".join(b"--x\r\nContent-Type: %b\r\n\r\n%b\r\n" % (kind.encode(), part) for part in metadata)
        for location, media_type, content in bulk:
            head = f"--x\r\nContent-Type: {media_type}\r\nContent-Location: {location}\r\n\r\n"
            body += head.encode() + content + b"\r\n"
        headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary=x', "Accept": kind}
        answer = admin.post(f"{orthanc.url}/dicom-web/studies/{made.study}", body + b"--x--", headers=headers)
        assert answer.status_code == 202, answer.text
        told = answer.json() if is_json else dataset_of_xml(answer.content)
        assert [item["00081155"]["Value"][0] for item in told["00081199"]["Value"]] == made.instances[:2]
        (failed,) = told["00081198"]["Value"]
        assert failed["00081155"]["Value"] == [made.instances[2]]
        assert int(failed["00081197"]["Value"][0]) == CONTRADICTION
        for index, syntax in ((0, "1.2.840.10008.1.2.1"), (1, "1.2.840.10008.1.2.4.80")):
            wanted = {"Accept": "application/dicom; transfer-syntax=*"}
            found = dcmread(BytesIO(admin.get(orthanc.url + made.path(index), headers=wanted).content))
            assert found.file_meta.TransferSyntaxUID == syntax
            native = admin.get(f"{orthanc.url}{made.path(index)}/frames/1", headers={"Accept": OCTETS})
            assert native.content == frame.tobytes()
        assert admin.get(f"{orthanc.url}{made.path(2)}/metadata").status_code == 404
        bomb = b'<!DOCTYPE a [<!ENTITY b "cccc">]><NativeDicomModel>&b;</NativeDicomModel>'
        refused = admin.post(
            f"{orthanc.url}/dicom-web/studies", bomb, headers={"Content-Type": "application/dicom+xml"}
        )
        assert refused.status_code == 400
        deep = b'[{"0040A730":{"vr":"SQ","Value":' * 100_000
        refused = admin.post(
            f"{orthanc.url}/dicom-web/studies", deep, headers={"Content-Type": "application/dicom+json"}
        )
        assert refused.status_code == 400

    def test_metadata_as_xml(self, orthanc: OrthancServer, admin: requests.Session, series: Series) -> None:
        wanted = {"Accept": 'multipart/related; type="application/dicom+xml"'}
        answer = admin.get(f"{orthanc.url}{series.path()}/metadata", headers=wanted)
        assert answer.status_code == 200
        boundary = answer.headers["Content-Type"].rpartition("boundary=")[2]
        documents = [dataset_of_xml(bytes(part.content)) for part in parse_multipart(answer.content, boundary)]
        assert sorted(item["00080018"]["Value"][0] for item in documents) == sorted(series.instances)

    def test_a_study_as_a_file_set(
        self, orthanc: OrthancServer, admin: requests.Session, series: Series, tmp_path: Path
    ) -> None:
        """An archive that DCMTK and pydicom read as a file-set; its DICOMDIR names every file in it."""
        url = f"{orthanc.url}/dicom-web/studies/{series.study}"
        answer = admin.get(f"{url}?accept=application/zip", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        with zipfile.ZipFile(BytesIO(answer.content)) as archive:
            archive.extractall(tmp_path)
        with file_set(tmp_path) as found:
            assert {instance.SOPInstanceUID for instance in found} == set(series.instances)
            assert all(instance.load().PatientID == series.patient_id for instance in found)
        dump = subprocess.run(["dcmdump", str(tmp_path / "DICOMDIR")], capture_output=True, text=True, check=True)
        assert (dump.stderr, dump.stdout.count("[IMAGE]")) == ("", SLICES)
        again = admin.get(url, headers={"Accept": "application/zip", "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


class TestFreshness:
    """What was acknowledged is what the next request sees."""

    @pytest.fixture(autouse=True)
    def _look(self, orthanc: OrthancServer, admin: requests.Session, series: Series) -> Iterator[None]:
        self.url, self.http, self.series = orthanc.url, admin, series
        for _ in range(3):  # all that can be kept is kept before something changes
            for index in (3, 4):
                self.see(index, 100 * index)
        yield

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.http.get(self.url + path, headers=headers)

    def store(self, content: bytes) -> None:
        headers = {"Content-Type": "application/dicom"}
        assert self.http.post(f"{self.url}/dicom-web/studies", content, headers=headers).status_code == 200

    def pixel(self, path: str) -> int:
        answer = self.get(path, Accept="image/png")
        assert answer.status_code == 200, answer.text
        return int(np.array(Image.open(io.BytesIO(answer.content))).ravel()[0])

    def plane(self) -> NDArray[np.uint8]:
        """Return the sagittal plane through the middle, most superior slice first."""
        view = f"/sightline/view/{self.series.study}/{self.series.series}/sagittal/8"
        answer = self.get(f"{view}?window=400,1000,LINEAR_EXACT&format=png")
        assert answer.status_code == 200, answer.text
        return np.array(Image.open(io.BytesIO(answer.content)))

    def see(self, index: int, value: int) -> None:
        """Frame, rendered picture, plane through the volume, metadata and file all show this value in a slice."""
        path = self.series.path(index)
        grey = round((value + 100) * 0.255)
        frame = self.get(f"{path}/frames/1", Accept=OCTETS).content
        assert set(np.frombuffer(frame, np.int16)) == {value}
        assert abs(self.pixel(f"{path}/rendered?window=400,1000,linear-exact") - grey) <= 1
        if self.uids() == set(self.series.instances):
            row = self.plane()[SLICES - 1 - index]
            assert abs(int(row.min()) - grey) <= 1 and abs(int(row.max()) - grey) <= 1
        metadata = self.get(f"{path}/metadata").json()[0]
        assert metadata["00080018"]["Value"] == [self.series.instances[index]]
        file = self.get(path, Accept="application/dicom; transfer-syntax=*").content
        assert dcmread(BytesIO(file)).pixel_array[0, 0] == value

    def uids(self) -> set[str]:
        answer = self.get(f"{self.series.path()}/metadata")
        return {item["00080018"]["Value"][0] for item in answer.json()} if answer.status_code == 200 else set()

    def test_overwritten(self) -> None:
        tag = self.get(f"{self.series.path(3)}/frames/1", Accept=OCTETS).headers["ETag"]
        self.store(self.series.file(3, 700, SeriesDescription="second"))
        self.see(3, 700)
        again = self.get(f"{self.series.path(3)}/frames/1", Accept=OCTETS, **{"If-None-Match": tag})
        assert again.status_code == 200
        described = self.get(f"{self.series.path(3)}/metadata").json()[0]
        assert described["0008103E"]["Value"] == ["second"]

    def test_deleted(self) -> None:
        instance = self.http.post(f"{self.url}/tools/lookup", self.series.instances[3]).json()[0]["ID"]
        assert self.http.delete(f"{self.url}/instances/{instance}").status_code == 200
        path = self.series.path(3)
        for suffix in ("", "/frames/1", "/rendered", "/metadata", "/thumbnail"):
            assert self.get(path + suffix).status_code == 404, suffix
        assert self.uids() == set(self.series.instances) - {self.series.instances[3]}
        self.see(4, 400)
        planes = self.get(f"/sightline/api/studies/{self.series.study}/series/{self.series.series}/planes").json()
        assert planes["refusal"] or planes["warnings"]

    def test_modified_with_its_uids_kept(self) -> None:
        study = self.http.post(f"{self.url}/tools/lookup", self.series.study).json()[0]["ID"]
        order = {
            "Replace": {"PatientName": "Corrected^Name"},
            "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"],
            "Force": True,
            "KeepSource": True,
        }
        answer = self.http.post(f"{self.url}/studies/{study}/modify", json=order)
        assert answer.status_code == 200, answer.text
        for item in self.get(f"{self.series.path()}/metadata").json():
            assert item["00100010"]["Value"] == [{"Alphabetic": "Corrected^Name"}]
        self.see(3, 300)

    def test_deleted_while_it_is_hot(self) -> None:
        """A client that asks for the same frame over and over never sees it after its deletion was acknowledged."""
        path = f"{self.series.path(4)}/frames/1"
        tag = self.get(path, Accept=OCTETS).headers["ETag"]
        for _ in range(20):
            assert self.get(path, Accept=OCTETS).status_code == 200
        assert self.get(path, Accept=OCTETS, **{"If-None-Match": tag}).status_code == 304
        assert self.http.delete(f"{self.url}{self.series.path(4)}").status_code == 204
        assert self.get(path, Accept=OCTETS).status_code == 404
        assert self.get(path, Accept=OCTETS, **{"If-None-Match": tag}).status_code == 404

    def test_same_identifiers_of_another_patient(self) -> None:
        """Whose pictures these are is then unknown: nothing is shown any more, however hot it was."""
        self.store(self.series.file(3, 300, PatientID="somebody else"))
        for suffix in ("/frames/1", "/rendered", "/metadata"):
            assert self.get(self.series.path(4) + suffix).status_code == 409, suffix

    def test_merged_into_another_study(self) -> None:
        other = Series()
        self.store(other.file(0))
        target = self.http.post(f"{self.url}/tools/lookup", other.study).json()[0]["ID"]
        source = self.http.post(f"{self.url}/tools/lookup", self.series.series).json()[0]["ID"]
        order = {"Resources": [source], "KeepSource": False}
        answer = self.http.post(f"{self.url}/studies/{target}/merge", json=order)
        assert answer.status_code == 200, answer.text
        assert self.get(f"{self.series.path()}/metadata").status_code == 404
        assert self.get(f"/dicom-web/studies/{self.series.study}/series").json() == []
        merged = self.get(f"/dicom-web/studies/{other.study}/metadata").json()
        assert len(merged) == SLICES + 1
        assert {item["0020000D"]["Value"][0] for item in merged} == {other.study}


class TestLimits:
    """What an administrator bounds for Orthanc's own searches never makes ours, or a retrieve, incomplete."""

    def test_nothing_is_left_out(self, tmp_path: Path) -> None:
        limits = {"LimitFindResults": 2, "LimitFindInstances": 2}
        with OrthancServer(tmp_path, limits) as server, server.session() as http:
            made = [Series() for _ in range(5)]
            for one in made:
                for index in range(SLICES):
                    assert http.post(f"{server.url}/instances", one.file(index)).status_code == 200

            def count(path: str) -> int:
                answer = http.get(server.url + path)
                assert answer.status_code == 200, answer.text
                return len(answer.json())

            studies = "/dicom-web/studies"
            assert [count(f"{studies}{query}") for query in ("", "?limit=3", "?limit=3&offset=3")] == [5, 3, 2]
            assert count("/dicom-web/series") == 5
            assert count("/dicom-web/instances") == 5 * SLICES
            for suffix in ("/instances", "/metadata"):
                assert count(made[1].path() + suffix) == SLICES
            assert count(f"{studies}/{made[1].study}/metadata") == SLICES
            file = http.get(server.url + made[1].path(), headers={"Accept": "application/zip"})
            assert len(zipfile.ZipFile(io.BytesIO(file.content)).namelist()) == SLICES + 1


@pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")
class TestNetwork:
    """Orthanc's own C-STORE, C-FIND, C-MOVE and C-GET go on beside us."""

    def run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stored(self, orthanc: OrthancServer, study: str) -> list[tuple[str, str]]:
        """Return who stored an instance of that study and whose it is, for each event of the audit log."""
        with orthanc.session() as admin:
            events = admin.get(f"{orthanc.url}/sightline/api/audit?limit=100").json()["events"]
        found = []
        for event in (row["event"] for row in events):
            values = [entity["what"]["identifier"]["value"] for entity in event["entity"] if "what" in entity]
            if event["subtype"][1]["code"] == "store" and values[-1:] == [f"urn:oid:{study}"]:
                found.append((event["agent"][0]["who"]["identifier"]["value"], values[0]))
        return found

    def test_store_find_get_move(self, orthanc: OrthancServer, client: DICOMwebClient, tmp_path: Path) -> None:
        made = Series()
        files = []
        for index in range(SLICES):
            files.append(tmp_path / f"{index}.dcm")
            files[-1].write_bytes(made.file(index))
        peer = ["-aet", CLIENT_AET, "-aec", AET, "127.0.0.1", str(orthanc.dicom_port)]
        self.run("storescu", *peer, *map(str, files))
        assert self.stored(orthanc, made.study) == [(f"aet:{CLIENT_AET}", made.patient_id)] * SLICES
        metadata = client.retrieve_series_metadata(made.study, made.series)
        assert {item["00080018"]["Value"][0] for item in metadata} == set(made.instances)

        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={made.study}", "-k", "PatientID"]
        found = self.run("findscu", "-S", *peer[:4], *keys, *peer[4:])
        assert made.patient_id in found

        got = tmp_path / "got"
        got.mkdir()
        level = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={made.study}"]
        self.run("getscu", "-S", "-od", str(got), *peer[:4], *level, *peer[4:])
        assert len(list(got.iterdir())) == SLICES

        moved = tmp_path / "moved"
        moved.mkdir()
        port = str(orthanc.client_port)
        self.run("movescu", "-S", "--port", port, "-od", str(moved), "-aem", CLIENT_AET, *peer[:4], *level, *peer[4:])
        assert len(list(moved.iterdir())) == SLICES
