"""The Python package dicomweb-client, as it comes, with a real Orthanc: its calls, and what it makes of refusals."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import imagecodecs
import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGLSLossless, RLELossless, generate_uid

from tests.support.dicom_files import image_file, part_10
from tests.support.nginx import Proxy
from tests.support.orthanc_server import OrthancServer, free_port

OCTETS, DICOM = "application/octet-stream", "application/dicom"
NATIVE, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
SLICES, FRAMES = 5, 4


@dataclass(frozen=True)
class Patient:
    """One patient with two studies: a CT of two series and, a month later, another of one instance.

    Parameters
    ----------
    files : tuple of bytes
        Slices of the first series, whose slice n holds the value 100 n everywhere; a multi-frame image in JPEG-LS,
        whose frame n is a ramp plus 1000 n; and the only instance of the second study.
    """

    identifier: str
    study: str
    later_study: str
    series: str
    compressed_series: str
    instances: tuple[str, ...]
    files: tuple[bytes, ...]

    @property
    def slice(self) -> tuple[str, str, str]:
        """Return the UIDs of the slice of index 3."""
        return self.study, self.series, self.instances[3]

    @property
    def cine(self) -> tuple[str, str, str]:
        """Return the UIDs of the multi-frame image."""
        return self.study, self.compressed_series, self.instances[SLICES]


def frame(number: int) -> NDArray[np.uint16]:
    """Return a frame of the multi-frame image, counted from 1."""
    return (np.arange(24 * 20, dtype=np.uint16).reshape(24, 20) + 1000 * number).astype(np.uint16)


def in_jpeg_ls(file: bytes) -> bytes:
    """Return the same image in JPEG-LS, lossless."""
    dataset = dcmread(BytesIO(file))
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    dataset.PixelData = encapsulate([imagecodecs.jpegls_encode(np.ascontiguousarray(one)) for one in frames])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    target = BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def a_patient() -> Patient:
    """Make the files of a patient whom nobody else has the name of."""
    study, later, series, cine = (generate_uid() for _ in range(4))
    instances = tuple(generate_uid() for _ in range(SLICES + 2))
    number = generate_uid()[-10:]
    common = {
        "PatientID": f"DWC{number}",
        "PatientName": f"Zażółć{number}^Łucja",
        "SpecificCharacterSet": "ISO_IR 192",
        "ReferringPhysicianName": "Doctor^Dora",
    }
    first = common | {
        "StudyInstanceUID": study,
        "StudyDate": "20260102",
        "AccessionNumber": f"A{number}",
        "StudyDescription": "First study",
        "InstitutionName": "Clinic",
        "Manufacturer": "Maker",
        "BodyPartExamined": "CHEST",
        "ProtocolName": "Thin",
    }
    slices = [
        image_file(
            np.full((16, 16), 100 * index, np.int16),
            **first,
            SeriesInstanceUID=series,
            SeriesNumber=1,
            SOPInstanceUID=instances[index],
            InstanceNumber=index + 1,
            SeriesDescription="Slices",
            ImagePositionPatient=[0, 0, index],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.5, 0.5],
            EchoTime=12.5,
            ImageComments=f"slice {index}",
        )
        for index in range(SLICES)
    ]
    compressed = image_file(
        np.stack([frame(number) for number in range(1, FRAMES + 1)]),
        **first,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3",
        SeriesInstanceUID=cine,
        SeriesNumber=2,
        SOPInstanceUID=instances[SLICES],
        InstanceNumber=1,
        Modality="OT",
        SeriesDescription="Frames",
    )
    last = image_file(
        np.zeros((8, 8), np.uint8),
        **common,
        StudyInstanceUID=later,
        StudyDate="20260203",
        StudyDescription="Second study",
        SeriesInstanceUID=generate_uid(),
        SOPInstanceUID=instances[-1],
    )
    return Patient(common["PatientID"], study, later, series, cine, instances, (*slices, in_jpeg_ls(compressed), last))


@pytest.fixture
def client(orthanc: OrthancServer, admin: requests.Session) -> DICOMwebClient:
    """The client of an administrator."""
    return DICOMwebClient(f"{orthanc.url}/dicom-web", session=admin)


@pytest.fixture
def in_pieces(orthanc: OrthancServer, admin: requests.Session) -> DICOMwebClient:
    """The same, with pieces so small that every answer which it reads piece by piece has several."""
    return DICOMwebClient(f"{orthanc.url}/dicom-web", session=admin, chunk_size=200)


@pytest.fixture(scope="module")
def proxy(orthanc: OrthancServer) -> Iterator[Proxy]:
    """The reverse proxy of docs/operations.md in front of the shared Orthanc."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed here")
    with TemporaryDirectory() as name:
        # Its workers are another user, and buffer bodies in there.
        Path(name).chmod(0o755)
        running = Proxy(Path(name), orthanc.http_port, free_port())
        yield running
        running.stop()


@pytest.fixture
def through_proxy(proxy: Proxy, orthanc: OrthancServer) -> Iterator[DICOMwebClient]:
    """The client of an administrator who comes through nginx, with so small pieces that it uploads in chunks."""
    with orthanc.session() as session:
        session.verify = str(proxy.certificate)
        yield DICOMwebClient(f"{proxy.url}/dicom-web", session=session, chunk_size=1000)


@pytest.fixture(scope="module")
def patient(orthanc: OrthancServer, admin: requests.Session) -> Patient:
    """A patient whose studies are stored, and are only read."""
    made = a_patient()
    for file in made.files:
        answer = admin.post(f"{orthanc.url}/instances", data=file)
        assert answer.status_code == 200, answer.text
    return made


def refusal(call: Callable[[], object], bare: bool = False) -> int:
    """Return the status with which a call is refused, as the client tells it; `bare` where no body can say why."""
    with pytest.raises(requests.HTTPError) as caught:
        call()
    response = caught.value.response
    assert response is not None
    assert bare or response.json(), response.text
    return response.status_code


def values(found: list[dict[str, dict[str, Any]]], tag: str) -> list[Any]:
    """Return the first value of an attribute in each result."""
    return [item[tag]["Value"][0] for item in found]


class TestSearch:
    def test_by_keyword_and_by_tag(self, client: DICOMwebClient, patient: Patient) -> None:
        for key in ("PatientID", "00100020"):
            found = client.search_for_studies(search_filters={key: patient.identifier})
            assert set(values(found, "0020000D")) == {patient.study, patient.later_study}
        found = client.search_for_series(search_filters={"PatientID": patient.identifier, "Modality": "OT"})
        assert values(found, "0020000E") == [patient.compressed_series]
        found = client.search_for_instances(search_filters={"SOPInstanceUID": patient.instances[2]})
        assert values(found, "00100020") == [patient.identifier]

    def test_below_a_study_and_a_series(self, client: DICOMwebClient, patient: Patient) -> None:
        assert set(values(client.search_for_series(patient.study), "0020000E")) == {
            patient.series,
            patient.compressed_series,
        }
        assert len(client.search_for_instances(patient.study)) == SLICES + 1
        assert len(client.search_for_instances(patient.study, patient.series)) == SLICES
        third = client.search_for_instances(patient.study, patient.series, search_filters={"InstanceNumber": 3})
        assert values(third, "00080018") == [patient.instances[2]]

    def test_wildcards_ranges_and_lists(self, client: DICOMwebClient, patient: Patient) -> None:
        mine = {"PatientID": patient.identifier}
        for value, count in (
            ({"PatientName": f"zażółć{patient.identifier[3:]}*"}, 2),
            ({"PatientName": f"Zażół?{patient.identifier[3:]}^Ł*a"}, 2),
            ({"PatientName": f"Zażół?{patient.identifier[3:]}"}, 0),
            ({"StudyDate": "20260101-20260131"}, 1),
            ({"StudyDate": "20260103-"}, 1),
            ({"StudyDate": "-20260203"}, 2),
            ({"StudyInstanceUID": f"{patient.study},{patient.later_study},1.2.3"}, 2),
            ({"StudyDescription": "f*study"}, 1),
        ):
            assert len(client.search_for_studies(search_filters=mine | value)) == count, value

    def test_names_that_nearly_match(self, client: DICOMwebClient, patient: Patient) -> None:
        near = {"PatientName": f"lucia zazolc{patient.identifier[3:]}"}
        assert client.search_for_studies(search_filters=near) == []
        found = client.search_for_studies(fuzzymatching=True, search_filters=near)
        assert set(values(found, "0020000D")) == {patient.study, patient.later_study}

    def test_pages(self, client: DICOMwebClient, patient: Patient) -> None:
        def page(limit: int, offset: int) -> list[Any]:
            found = client.search_for_instances(patient.study, patient.series, limit=limit, offset=offset)
            return values(found, "00080018")

        pages = [page(2, offset) for offset in range(0, 8, 2)]
        assert [len(one) for one in pages] == [2, 2, 1, 0]
        assert {uid for one in pages for uid in one} == set(patient.instances[:SLICES])
        rest = client.search_for_instances(patient.study, patient.series, limit=2, offset=1, get_remaining=True)
        assert len(rest) == SLICES - 1

    def test_several_fields(self, client: DICOMwebClient, patient: Patient) -> None:
        """It repeats the key for each, of which Orthanc keeps one only: then more is answered, never less."""
        mine = {"StudyInstanceUID": patient.study}
        (study,) = client.search_for_studies(search_filters=mine, fields=["StudyDescription", "00080080"])
        assert study["00081030"]["Value"] == ["First study"]
        assert study["00080080"]["Value"] == ["Clinic"]
        fields = ["Manufacturer", "BodyPartExamined", "ProtocolName"]
        (series,) = client.search_for_series(
            patient.study, search_filters={"SeriesInstanceUID": patient.series}, fields=fields
        )
        assert [series[tag]["Value"] for tag in ("00080070", "00180015", "00181030")] == [
            ["Maker"],
            ["CHEST"],
            ["Thin"],
        ]
        fields = ["PixelSpacing", "ImagePositionPatient", "EchoTime", "ImageComments", "Rows"]
        found = client.search_for_instances(patient.study, patient.series, fields=fields)
        assert sorted(values(found, "00204000")) == [f"slice {index}" for index in range(SLICES)]
        assert {item["00280030"]["Value"][1] for item in found} == {0.5}
        assert sorted(item["00200032"]["Value"][2] for item in found) == list(range(SLICES))
        assert set(values(found, "00180081")) == {12.5}

    def test_nobody_is_no_error(self, client: DICOMwebClient) -> None:
        assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
        assert client.search_for_series("1.2.3.4") == []

    def test_what_cannot_be_searched_for(self, client: DICOMwebClient) -> None:
        assert refusal(lambda: client.search_for_studies(additional_params={"NoSuchKeyword": "1"})) == 400
        assert refusal(lambda: client.search_for_studies(search_filters={"StudyDate": "yesterday"})) == 400


class TestMetadata:
    def test_three_levels(self, client: DICOMwebClient, patient: Patient) -> None:
        study = client.retrieve_study_metadata(patient.study)
        assert set(values(study, "00080018")) == set(patient.instances[: SLICES + 1])
        series = client.retrieve_series_metadata(patient.study, patient.series)
        assert set(values(series, "00080018")) == set(patient.instances[:SLICES])
        instance = client.retrieve_instance_metadata(*patient.slice)
        assert instance in series and instance in study
        assert instance["00100010"]["Value"][0]["Alphabetic"] == f"Zażółć{patient.identifier[3:]}^Łucja"

    def test_with_its_bulk_data_it_is_the_file(self, client: DICOMwebClient, patient: Patient) -> None:

        def fetch(url: str) -> bytes:
            return b"".join(client.retrieve_bulkdata(url))

        for index, place in ((3, patient.slice), (SLICES, patient.cine)):
            metadata = client.retrieve_instance_metadata(*place)
            stored = dcmread(BytesIO(patient.files[index]))

            again = Dataset.from_json(metadata, bulk_data_uri_handler=lambda _tag, _vr, url: fetch(url))
            if index == SLICES:
                # Behind the address of encapsulated pixels are the frames, native unless asked for otherwise.
                assert again.PixelData == b"".join(frame(number).tobytes() for number in range(1, FRAMES + 1))
                del again.PixelData, stored.PixelData
            of_the_server = {"AvailableTransferSyntaxUID"}
            assert {element.tag: element.value for element in again if element.keyword not in of_the_server} == {
                element.tag: element.value for element in stored
            }

    def test_only_some(self, client: DICOMwebClient, patient: Patient) -> None:
        some = client.retrieve_series_metadata(
            patient.study, patient.series, additional_params={"includefield": "Rows,Columns", "limit": 2}
        )
        assert len(some) == 2
        assert {"00280010", "00280011"} <= set(some[0])
        assert "00100010" not in some[0]


class TestFiles:
    def test_an_instance(self, client: DICOMwebClient, patient: Patient) -> None:
        for media_types in (None, ((DICOM, NATIVE),), ((DICOM, "*"),), (DICOM,)):
            found = client.retrieve_instance(*patient.slice, media_types=media_types)
            assert found == dcmread(BytesIO(patient.files[3])), media_types
            assert found.file_meta.TransferSyntaxUID == NATIVE

    @pytest.mark.parametrize(
        ("media_types", "syntax"),
        [
            (None, JPEG_LS),
            ((DICOM,), NATIVE),
            (((DICOM, "*"),), JPEG_LS),
            (((DICOM, JPEG_LS),), JPEG_LS),
            (((DICOM, JPEG_2000),), JPEG_2000),
            (((DICOM, "1.2.840.10008.1.2.5"),), "1.2.840.10008.1.2.5"),
        ],
    )
    def test_compressed_or_not(
        self, client: DICOMwebClient, patient: Patient, media_types: tuple[Any, ...] | None, syntax: str
    ) -> None:
        found = client.retrieve_instance(*patient.cine, media_types=media_types)
        assert found.file_meta.TransferSyntaxUID == syntax
        if syntax == JPEG_2000:
            assert found["PixelData"].is_undefined_length
        else:
            assert np.array_equal(decoded(found), np.stack([frame(number) for number in range(1, FRAMES + 1)]))

    def test_series_and_study(self, client: DICOMwebClient, patient: Patient) -> None:
        series = client.retrieve_series(patient.study, patient.series)
        assert {str(one.SOPInstanceUID) for one in series} == set(patient.instances[:SLICES])
        study = client.retrieve_study(patient.study, media_types=((DICOM, "*"),))
        assert {str(one.SOPInstanceUID) for one in study} == set(patient.instances[: SLICES + 1])
        assert {str(one.file_meta.TransferSyntaxUID) for one in study} == {NATIVE, JPEG_LS}
        for media_types in (None, (DICOM,)):
            native = client.retrieve_study(patient.study, media_types=media_types)
            assert {str(one.file_meta.TransferSyntaxUID) for one in native} == {NATIVE}

    def test_one_by_one(self, in_pieces: DICOMwebClient, patient: Patient) -> None:
        series = in_pieces.iter_series(patient.study, patient.series)
        assert isinstance(series, Iterator)
        assert {str(one.SOPInstanceUID) for one in series} == set(patient.instances[:SLICES])
        study = list(in_pieces.iter_study(patient.study, media_types=((DICOM, "*"),)))
        assert sorted(part_10(one, one.file_meta.TransferSyntaxUID)[132:] for one in study) == sorted(
            part_10(one, one.file_meta.TransferSyntaxUID)[132:]
            for one in (dcmread(BytesIO(file)) for file in patient.files[: SLICES + 1])
        )


def decoded(dataset: Dataset) -> NDArray[Any]:
    """Return the pixels, also of JPEG-LS, which pydicom alone does not decode."""
    if dataset.file_meta.TransferSyntaxUID != JPEG_LS:
        return np.asarray(dataset.pixel_array)
    from pydicom.encaps import generate_frames

    frames = generate_frames(dataset.PixelData, number_of_frames=FRAMES)
    return np.stack([imagecodecs.jpegls_decode(one) for one in frames])


class TestFrames:
    def test_by_default(self, client: DICOMwebClient, patient: Patient) -> None:
        """It accepts parts of any type, and says of no encoding that it knows it: so they come native."""
        assert client.retrieve_instance_frames(*patient.slice, [1]) == [np.full((16, 16), 300, np.int16).tobytes()]
        found = client.retrieve_instance_frames(*patient.cine, [3, 1])
        assert found == [frame(3).tobytes(), frame(1).tobytes()]

    @pytest.mark.parametrize(
        "media_types",
        [(OCTETS,), ((OCTETS, NATIVE),), (("image/jpeg", "1.2.840.10008.1.2.4.50"), (OCTETS, NATIVE))],
    )
    def test_native(self, client: DICOMwebClient, patient: Patient, media_types: tuple[Any, ...]) -> None:
        found = client.retrieve_instance_frames(*patient.cine, [2, 4], media_types=media_types)
        assert found == [frame(2).tobytes(), frame(4).tobytes()]

    @pytest.mark.parametrize(
        ("media_types", "decode"),
        [
            ((("image/jls", JPEG_LS),), imagecodecs.jpegls_decode),
            (("image/jls",), imagecodecs.jpegls_decode),
            ((("image/jp2", JPEG_2000),), imagecodecs.jpeg2k_decode),
            (("image/jp2",), imagecodecs.jpeg2k_decode),
            (("image/*",), imagecodecs.jpegls_decode),
            (((OCTETS, "*"),), imagecodecs.jpegls_decode),
            ((("image/jls", JPEG_LS), (OCTETS, NATIVE)), imagecodecs.jpegls_decode),
        ],
    )
    def test_compressed(
        self,
        client: DICOMwebClient,
        patient: Patient,
        media_types: tuple[Any, ...],
        decode: Callable[[bytes], NDArray[Any]],
    ) -> None:
        found = client.retrieve_instance_frames(*patient.cine, [4, 1], media_types=media_types)
        assert [decode(one).tolist() for one in found] == [frame(4).tolist(), frame(1).tolist()]

    def test_one_by_one(self, in_pieces: DICOMwebClient, patient: Patient) -> None:
        found = in_pieces.iter_instance_frames(*patient.cine, list(range(1, FRAMES + 1)), media_types=(OCTETS,))
        assert isinstance(found, Iterator)
        assert list(found) == [frame(number).tobytes() for number in range(1, FRAMES + 1)]

    def test_refusals(self, client: DICOMwebClient, patient: Patient) -> None:
        assert refusal(lambda: client.retrieve_instance_frames(*patient.cine, [1, FRAMES + 1])) == 404
        assert refusal(lambda: client.retrieve_instance_frames(*patient.cine, [0])) == 400
        assert refusal(lambda: client.retrieve_instance_frames(*patient.cine, [1], media_types=("video/mp4",))) == 406
        lossy = ("image/jpeg", "1.2.840.10008.1.2.4.50")
        assert refusal(lambda: client.retrieve_instance_frames(*patient.cine, [1], media_types=(lossy,))) == 406
        assert refusal(lambda: client.retrieve_instance_frames(patient.study, patient.series, "1.2.3", [1])) == 404


class TestRendered:
    def picture(self, content: bytes) -> NDArray[Any]:
        return np.asarray(Image.open(io.BytesIO(content)))

    def test_an_instance(self, client: DICOMwebClient, patient: Patient) -> None:
        window = {"window": "300,101,linear-exact"}
        png = client.retrieve_instance_rendered(*patient.slice, ("image/png",), window)
        assert set(self.picture(png).ravel()) <= {127, 128}
        jpeg = client.retrieve_instance_rendered(*patient.slice, ("image/jpeg",), {"viewport": "32,32", "quality": 90})
        assert Image.open(io.BytesIO(jpeg)).format == "JPEG"
        assert self.picture(jpeg).shape[:2] == (32, 32)
        for media_types in (None, ("image/*",), ("image/jpeg", "image/png")):
            shown = client.retrieve_instance_rendered(*patient.slice, media_types)
            assert Image.open(io.BytesIO(shown)).format in ("JPEG", "PNG")
        gif = client.retrieve_instance_rendered(*patient.cine, ("image/gif",), {"window": "2500,5000,linear"})
        assert getattr(Image.open(io.BytesIO(gif)), "n_frames", 0) == FRAMES

    def test_frames(self, client: DICOMwebClient, patient: Patient) -> None:
        shown = client.retrieve_instance_frames_rendered(*patient.cine, [2], ("image/png",))
        assert self.picture(shown).shape[:2] == (24, 20)
        assert refusal(lambda: client.retrieve_instance_frames_rendered(*patient.cine, [9], ("image/png",))) == 404

    def test_refusals(self, client: DICOMwebClient, patient: Patient) -> None:
        wrong = {"window": "300,wide,linear"}
        assert refusal(lambda: client.retrieve_instance_rendered(*patient.slice, ("image/png",), wrong)) == 400
        assert refusal(lambda: client.retrieve_instance_rendered(*patient.slice, ("image/jp2",))) == 406
        assert refusal(lambda: client.retrieve_instance_rendered(patient.study, patient.series, "1.2.3")) == 404


class TestBulkData:
    def address(self, client: DICOMwebClient, place: tuple[str, str, str]) -> str:
        metadata = client.retrieve_instance_metadata(*place)
        return str(metadata["7FE00010"]["BulkDataURI"])

    @pytest.fixture
    def big(self, client: DICOMwebClient, patient: Patient) -> tuple[tuple[str, str, str], bytes]:
        """An instance of a study of its own, whose pixels are too many to lie in its metadata."""
        pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
        uids = generate_uid(), generate_uid(), generate_uid()
        names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        file = image_file(pixels, PatientID=patient.identifier, **dict(zip(names, uids, strict=True)))
        client.store_instances([dcmread(BytesIO(file))])
        return uids, pixels.tobytes()

    @pytest.mark.parametrize("media_types", [None, (OCTETS,), ((OCTETS, NATIVE),)])
    def test_by_its_address(
        self, client: DICOMwebClient, big: tuple[tuple[str, str, str], bytes], media_types: tuple[Any, ...] | None
    ) -> None:
        place, expected = big
        url = self.address(client, place)
        assert client.retrieve_bulkdata(url, media_types=media_types) == [expected]
        assert list(client.iter_bulkdata(url, media_types=media_types)) == [expected]

    def test_frames_of_compressed_pixels(self, client: DICOMwebClient, patient: Patient) -> None:
        parts = client.retrieve_bulkdata(self.address(client, patient.cine), media_types=("image/jls",))
        assert [imagecodecs.jpegls_decode(part).tolist() for part in parts] == [
            frame(number).tolist() for number in range(1, FRAMES + 1)
        ]

    def test_a_range_of_a_body_of_parts_is_all_of_it(
        self, client: DICOMwebClient, big: tuple[tuple[str, str, str], bytes]
    ) -> None:
        """Bytes are counted in the body, whose boundary is another each time; so a range of it is not served."""
        place, expected = big
        assert client.retrieve_bulkdata(self.address(client, place), byte_range=(0, 99)) == [expected]

    def test_refusals(self, client: DICOMwebClient, big: tuple[tuple[str, str, str], bytes]) -> None:
        url = self.address(client, big[0])
        assert (
            refusal(lambda: client.retrieve_bulkdata(re.sub("7FE00010", "00100010", url, flags=re.IGNORECASE))) == 404
        )
        assert refusal(lambda: client.retrieve_bulkdata(url, media_types=("image/jpeg",))) == 406


class TestStore:
    def test_one_and_several(self, client: DICOMwebClient) -> None:
        made = a_patient()
        datasets = [dcmread(BytesIO(file)) for file in made.files]
        one = client.store_instances(datasets[:1])
        assert [item.ReferencedSOPInstanceUID for item in one.ReferencedSOPSequence] == [made.instances[0]]
        assert one.ReferencedSOPSequence[0].ReferencedSOPClassUID == datasets[0].SOPClassUID
        assert one.ReferencedSOPSequence[0].RetrieveURL.endswith(f"/instances/{made.instances[0]}")
        assert one.RetrieveURL.endswith(f"/studies/{made.study}")
        assert "FailedSOPSequence" not in one
        all_of_them = client.store_instances(datasets)
        assert {str(item.ReferencedSOPInstanceUID) for item in all_of_them.ReferencedSOPSequence} == set(made.instances)
        for dataset in datasets:
            uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
            assert client.retrieve_instance(*map(str, uids), media_types=((DICOM, "*"),)) == dataset

    def test_of_one_study(self, client: DICOMwebClient, through_proxy: DICOMwebClient) -> None:
        """Orthanc itself calls an answer 202 plain text, of which this client reads nothing; the proxy mends that."""
        made = a_patient()
        datasets = [dcmread(BytesIO(made.files[index])) for index in (0, -1)]
        answer = through_proxy.store_instances(datasets, study_instance_uid=made.study)
        assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [made.instances[0]]
        (failed,) = answer.FailedSOPSequence
        assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == (made.instances[-1], 0xA900)
        assert client.store_instances(datasets, study_instance_uid=made.study) == Dataset()
        assert client.search_for_studies(search_filters={"StudyInstanceUID": made.later_study}) == []
        assert refusal(lambda: client.store_instances(datasets[1:], study_instance_uid=made.study)) == 409

    def test_run_length_encoded(self, client: DICOMwebClient) -> None:
        file = dcmread(BytesIO(image_file(np.arange(256, dtype=np.uint16).reshape(16, 16))))
        file.StudyInstanceUID, file.SeriesInstanceUID, file.SOPInstanceUID = (generate_uid() for _ in range(3))
        file.file_meta.MediaStorageSOPInstanceUID = UID(file.SOPInstanceUID)
        file.compress(RLELossless, generate_instance_uid=False)
        client.store_instances([file])
        place = str(file.StudyInstanceUID), str(file.SeriesInstanceUID), str(file.SOPInstanceUID)
        assert client.retrieve_instance_frames(*place, [1], media_types=(OCTETS,)) == [
            np.arange(256, dtype=np.uint16).tobytes()
        ]


class TestLargeUploads:
    """What is longer than its `chunk_size`, 1 MB unless told otherwise, it sends in chunks, without a length."""

    def test_are_refused_inside_orthanc(self, in_pieces: DICOMwebClient, client: DICOMwebClient) -> None:
        made = a_patient()
        assert refusal(lambda: in_pieces.store_instances([dcmread(BytesIO(made.files[0]))]), bare=True) == 403
        assert client.search_for_studies(search_filters={"PatientID": made.identifier}) == []

    def test_are_stored_through_the_proxy(self, through_proxy: DICOMwebClient) -> None:
        """It gathers the chunks and tells Orthanc their length."""
        self.store(through_proxy, a_patient())

    def test_are_stored_where_the_site_allows_it(self, tmp_path: Path) -> None:
        made = a_patient()
        with (
            OrthancServer(tmp_path, {"Sightline": {"AllowChunkedUploads": True}}) as server,
            server.session() as admin,
        ):
            self.store(DICOMwebClient(f"{server.url}/dicom-web", session=admin, chunk_size=1000), made)

    def store(self, client: DICOMwebClient, made: Patient) -> None:
        client.store_instances([dcmread(BytesIO(file)) for file in made.files])
        found = client.search_for_instances(search_filters={"PatientID": made.identifier})
        assert set(values(found, "00080018")) == set(made.instances)


class TestDelete:
    def test_instance_series_study(self, client: DICOMwebClient) -> None:
        made = a_patient()
        client.store_instances([dcmread(BytesIO(file)) for file in made.files])
        client.delete_instance(made.study, made.series, made.instances[0])
        assert len(client.search_for_instances(made.study, made.series)) == SLICES - 1
        client.delete_series(made.study, made.series)
        assert values(client.search_for_series(made.study), "0020000E") == [made.compressed_series]
        client.delete_study(made.study)
        found = client.search_for_studies(search_filters={"PatientID": made.identifier})
        assert values(found, "0020000D") == [made.later_study]
        assert refusal(lambda: client.delete_study(made.study)) == 404


class TestRefusals:
    def test_who_is_nobody(self, orthanc: OrthancServer, nobody: requests.Session, patient: Patient) -> None:
        stranger = DICOMwebClient(f"{orthanc.url}/dicom-web", session=nobody)
        for call in (
            stranger.search_for_studies,
            lambda: stranger.retrieve_study_metadata(patient.study),
            lambda: stranger.retrieve_instance(*patient.slice),
            lambda: stranger.retrieve_instance_frames(*patient.slice, [1]),
            lambda: stranger.retrieve_instance_rendered(*patient.slice),
            lambda: stranger.store_instances([dcmread(BytesIO(patient.files[0]))]),
            lambda: stranger.delete_study(patient.study),
        ):
            assert refusal(call) in (401, 403)

    def test_what_is_not_there(self, client: DICOMwebClient, patient: Patient) -> None:
        for call in (
            lambda: client.retrieve_study("1.2.3"),
            lambda: client.retrieve_study_metadata("1.2.3"),
            lambda: client.retrieve_series(patient.study, "1.2.3"),
            lambda: client.retrieve_series_metadata(patient.later_study, patient.series),
            lambda: client.retrieve_instance(patient.study, patient.series, "1.2.3"),
            lambda: client.retrieve_instance(patient.study, patient.compressed_series, patient.instances[0]),
        ):
            assert refusal(call) == 404
