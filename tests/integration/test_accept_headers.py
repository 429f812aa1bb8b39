"""What real programs say that they accept, and what they get of each kind of resource of a real Orthanc.

Of several media types that are liked equally, what is stored comes first, then the default of PS3.18 (section 8.7.3.1):
JPEG for pictures, Explicit VR Little Endian for DICOM and for bulk data, of which `image/jpeg` alone means the lossless
one (table 8.7.3-5).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import imagecodecs
import numpy as np
import pytest
import requests
from PIL import Image
from pydicom import dcmread
from pydicom.uid import generate_uid

from sightline.dicomweb.multipart import parse_multipart
from sightline.web.negotiation import parse_media_type
from tests.integration.test_dicomweb_client import NATIVE, Patient, a_patient, frame
from tests.support.dicom_files import image_file
from tests.support.orthanc_server import OrthancServer

JPEG_LS, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.70"

CHROME_PAGE = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
CHROME_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
FIREFOX_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FIREFOX_IMAGE = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
FIREFOX_92_IMAGE = "image/avif,image/webp,*/*"
SAFARI_IMAGE = "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"

# Resources: a native frame, a frame in JPEG-LS, that instance, metadata, the pictures, pixels as bulk data, a search.
FRAME, COMPRESSED, INSTANCE, METADATA, RENDERED, THUMBNAIL, BULK, SEARCH = (
    *("frame", "compressed frame", "instance", "metadata"),
    *("rendered", "thumbnail", "bulk data", "search"),
)
ALL = (FRAME, COMPRESSED, INSTANCE, METADATA, RENDERED, THUMBNAIL, BULK, SEARCH)

# Answers: media type, of the parts where it says so, and transfer syntax.
JSON, JPEG, PNG, WEBP = "application/dicom+json", "image/jpeg", "image/png", "image/webp"
XML_PARTS = "parts of application/dicom+xml"
NATIVE_PARTS, STORED_PARTS = (f"parts of application/octet-stream {syntax}" for syntax in (NATIVE, JPEG_LS))
NATIVE_ALONE, STORED_ALONE = (f"application/octet-stream {syntax}" for syntax in (NATIVE, JPEG_LS))
DICOM_PARTS, STORED_DICOM_PARTS = (f"parts of application/dicom {syntax}" for syntax in (NATIVE, JPEG_LS))
STORED_DICOM = f"application/dicom {JPEG_LS}"
LOSSLESS_JPEG, LOSSLESS_JPEG_PARTS = f"image/jpeg {JPEG_LOSSLESS}", f"parts of image/jpeg {JPEG_LOSSLESS}"
JLS, JLS_PARTS = f"image/jls {JPEG_LS}", f"parts of image/jls {JPEG_LS}"
NOTHING = "406"

DEFAULTS = {
    FRAME: NATIVE_PARTS,
    COMPRESSED: NATIVE_PARTS,
    INSTANCE: DICOM_PARTS,
    METADATA: JSON,
    RENDERED: JPEG,
    THUMBNAIL: JPEG,
    BULK: NATIVE_PARTS,
    SEARCH: JSON,
}
NONE = dict.fromkeys(ALL, NOTHING)


@dataclass(frozen=True)
class Program:
    """What a program sends for any resource, and the answers it gets."""

    name: str
    header: str | None
    answers: Mapping[str, str]
    query: str = ""


def only(**answers: str) -> dict[str, str]:
    """Return the answers of a program that is after these resources; nothing of the others is acceptable to it."""
    return NONE | {name.replace("_", " "): answer for name, answer in answers.items()}


_DICOM = 'multipart/related; type="application/dicom"'
PROGRAMS = (
    Program("no header", None, DEFAULTS),
    Program("curl, wget, requests, fetch", "*/*", DEFAULTS),
    Program("Chrome, page or frame", CHROME_PAGE, DEFAULTS | {RENDERED: WEBP}),
    Program("Chrome, image", CHROME_IMAGE, DEFAULTS | {FRAME: LOSSLESS_JPEG, COMPRESSED: JLS}),
    Program("Firefox and Safari, page", FIREFOX_PAGE, DEFAULTS),
    Program(
        "Firefox, image",
        FIREFOX_IMAGE,
        DEFAULTS | {FRAME: LOSSLESS_JPEG, COMPRESSED: JLS, RENDERED: PNG, THUMBNAIL: PNG},
    ),
    Program("Firefox 92, image", FIREFOX_92_IMAGE, DEFAULTS),
    Program(
        "Safari, image",
        SAFARI_IMAGE,
        DEFAULTS | {FRAME: LOSSLESS_JPEG, COMPRESSED: JLS, RENDERED: PNG, THUMBNAIL: PNG},
    ),
    Program("OHIF, search and metadata", "application/dicom+json", only(metadata=JSON, search=JSON)),
    Program(
        "OHIF, frames",
        'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
        only(frame=NATIVE_PARTS, compressed_frame=STORED_PARTS, bulk_data=NATIVE_PARTS),
    ),
    Program(
        "OHIF as configured for Orthanc, frames",
        "multipart/related; type=application/octet-stream; transfer-syntax=*",
        only(frame=NATIVE_PARTS, compressed_frame=STORED_PARTS, bulk_data=NATIVE_PARTS),
    ),
    Program("OHIF, files", _DICOM, only(instance=DICOM_PARTS)),
    Program(
        "OHIF, thumbnails",
        "image/jpeg",
        only(frame=LOSSLESS_JPEG, compressed_frame=LOSSLESS_JPEG, rendered=JPEG, thumbnail=JPEG),
    ),
    Program("Weasis; Slicer by dicomweb-client", f"{_DICOM}; transfer-syntax=*", only(instance=STORED_DICOM_PARTS)),
    Program(
        "dicomweb-client, frames",
        'multipart/related; type="*/*"',
        {FRAME: NATIVE_PARTS, COMPRESSED: NATIVE_PARTS, BULK: NATIVE_PARTS, INSTANCE: DICOM_PARTS},
    ),
    Program("as Google documents, files", "application/dicom; transfer-syntax=*", only(instance=STORED_DICOM)),
    Program(
        "as Google documents, frames",
        "application/octet-stream; transfer-syntax=*",
        only(frame=NATIVE_ALONE, compressed_frame=STORED_ALONE, bulk_data=NATIVE_ALONE),
    ),
    Program("as Google documents, metadata", "application/dicom+json; charset=utf-8", only(metadata=JSON, search=JSON)),
    Program(
        "older viewers, by quality",
        'multipart/related; type="image/jls"; q=1, '
        'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1; q=0.9, */*; q=0.1',
        DEFAULTS | {FRAME: JLS_PARTS, COMPRESSED: JLS_PARTS},
    ),
    Program(
        "older viewers, without quality",
        'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1, '
        'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80',
        only(frame=NATIVE_PARTS, compressed_frame=JLS_PARTS, bulk_data=NATIVE_PARTS),
    ),
    Program("wadors of dcm4che without --accept", JAVA, DEFAULTS | {FRAME: LOSSLESS_JPEG, COMPRESSED: LOSSLESS_JPEG}),
    Program("wadors of dcm4che, anything", JAVA, DEFAULTS, query="*/*"),
    Program(
        "wadors of dcm4che, files",
        JAVA,
        only(instance=STORED_DICOM_PARTS),
        query="multipart/related;type=application/dicom;transfer-syntax=*",
    ),
    Program(
        "wadors of dcm4che, JPEG",
        JAVA,
        only(
            frame=LOSSLESS_JPEG_PARTS,
            compressed_frame=LOSSLESS_JPEG_PARTS,
            rendered="parts of image/jpeg",
        ),
        query="multipart/related;type=image/jpeg",
    ),
    Program("wadors of dcm4che, JSON", JAVA, only(metadata=JSON, search=JSON), query="application/dicom+json"),
    Program("qidors of dcm4che, XML", JAVA, {SEARCH: XML_PARTS}, query="multipart/related;type=application/dicom+xml"),
    Program(
        "wadors of dcm4che --header, files", "multipart/related;type=application/dicom", only(instance=DICOM_PARTS)
    ),
)

CASES = [
    pytest.param(program, resource, id=f"{program.name}: {resource}")
    for program in PROGRAMS
    for resource in program.answers
]


@dataclass(frozen=True)
class Stored:
    """A study, and where its resources are."""

    patient: Patient
    bulk: bytes
    urls: Mapping[str, str]


@pytest.fixture(scope="module")
def stored(orthanc: OrthancServer, admin: requests.Session) -> Stored:
    """A patient's study with one more instance, whose pixels are bulk data."""
    made, sop = a_patient(), generate_uid()
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    big = image_file(
        pixels,
        PatientID=made.identifier,
        StudyInstanceUID=made.study,
        SeriesInstanceUID=made.series,
        SOPInstanceUID=sop,
    )
    for file in (*made.files, big):
        assert admin.post(f"{orthanc.url}/instances", data=file).status_code == 200
    study = f"{orthanc.url}/dicom-web/studies/{made.study}"
    native = f"{study}/series/{made.series}/instances/{made.instances[3]}"
    compressed = f"{study}/series/{made.compressed_series}/instances/{made.cine[2]}"
    (metadata,) = admin.get(f"{study}/series/{made.series}/instances/{sop}/metadata").json()
    urls = {
        FRAME: f"{native}/frames/1",
        COMPRESSED: f"{compressed}/frames/2",
        INSTANCE: compressed,
        METADATA: f"{native}/metadata",
        RENDERED: f"{native}/rendered",
        THUMBNAIL: f"{native}/thumbnail",
        BULK: metadata["7FE00010"]["BulkDataURI"],
        SEARCH: f"{study}/instances",
    }
    return Stored(made, pixels.tobytes(), urls)


@pytest.mark.parametrize(("program", "resource"), CASES)
def test_each_program_gets(admin: requests.Session, stored: Stored, program: Program, resource: str) -> None:
    query = {"accept": program.query} if program.query else {}
    answer = admin.get(stored.urls[resource], params=query, headers={"Accept": program.header})  # type: ignore[dict-item]
    expected = program.answers[resource]
    if expected == NOTHING:
        assert answer.status_code == 406
        assert "Available here: " in answer.text  # JSON, or a page for who accepts one
        return
    assert answer.status_code == 200, answer.text
    name, content = opened(answer)
    assert name == expected
    CHECKS[resource](content, name, stored)


def opened(answer: requests.Response) -> tuple[str, bytes]:
    """Return what an answer says that it is, and the content of its first part or its own."""
    said, content, prefix = answer.headers["Content-Type"], answer.content, ""
    name, parameters = parse_media_type(said)
    if name == "multipart/related":
        part = parse_multipart(content, parameters["boundary"])[0]
        assert parse_media_type(part.headers["content-type"])[0] == parameters["type"]
        said, content, prefix = part.headers["content-type"], bytes(part.content), "parts of "
        name, parameters = parse_media_type(said)
    return f"{prefix}{name} {parameters.get('transfer-syntax', '')}".strip(), content


def is_frame(expected: np.ndarray) -> Callable[[bytes, str, Stored], None]:  # type: ignore[type-arg]
    """Return a check for a frame in whatever encoding it came."""

    def check(content: bytes, name: str, _stored: Stored) -> None:
        if JPEG_LS in name:
            pixels = imagecodecs.jpegls_decode(content)
        elif JPEG_LOSSLESS in name:
            pixels = imagecodecs.ljpeg_decode(content)
        else:
            pixels = np.frombuffer(content, expected.dtype).reshape(expected.shape)
        assert np.array_equal(np.asarray(pixels).astype(expected.dtype), expected)

    return check


def is_picture(content: bytes, name: str, _stored: Stored) -> None:
    """Check that the picture is what it is called."""
    shown = Image.open(io.BytesIO(content))
    assert f"image/{(shown.format or '').lower()}" == name.removeprefix("parts of ")
    assert shown.size == (16, 16)


def is_instance(content: bytes, name: str, stored: Stored) -> None:
    """Check identity and declared syntax, and that what is stored came as it is stored."""
    found = dcmread(io.BytesIO(content))
    assert found.SOPInstanceUID == stored.patient.cine[2]
    assert found.file_meta.TransferSyntaxUID == name.split()[-1]
    if JPEG_LS in name:
        assert content == stored.patient.files[5]


def is_metadata(content: bytes, _name: str, stored: Stored) -> None:
    """Check that it is of that instance."""
    assert stored.patient.instances[3].encode() in content


def is_search(content: bytes, _name: str, stored: Stored) -> None:
    """Check that one of the study's instances was found, whichever comes first."""
    assert stored.patient.study.encode() in content


def is_bulk(content: bytes, _name: str, stored: Stored) -> None:
    """Check that it is the value."""
    assert content == stored.bulk


CHECKS: Mapping[str, Callable[[bytes, str, Stored], None]] = {
    FRAME: is_frame(np.full((16, 16), 300, np.int16)),
    COMPRESSED: is_frame(frame(2)),
    INSTANCE: is_instance,
    METADATA: is_metadata,
    RENDERED: is_picture,
    THUMBNAIL: is_picture,
    BULK: is_bulk,
    SEARCH: is_search,
}


@pytest.mark.parametrize(
    ("syntax", "expected"), [("", NATIVE), ("*", JPEG_LS), (JPEG_LS, JPEG_LS)], ids=["default", "OHIF", "by name"]
)
def test_a_file_by_wado_uri(
    orthanc: OrthancServer, admin: requests.Session, stored: Stored, syntax: str, expected: str
) -> None:
    """OHIF sends the header that it has for frames along, which means nothing here."""
    study, series, instance = stored.patient.cine
    query = {"requestType": "WADO", "studyUID": study, "seriesUID": series, "objectUID": instance}
    query |= {"contentType": "application/dicom"} | ({"transferSyntax": syntax} if syntax else {})
    header = 'multipart/related; type="application/octet-stream"; transfer-syntax="*"'
    answer = admin.get(f"{orthanc.url}/wado", params=query, headers={"Accept": header})
    assert answer.status_code == 200, answer.text
    name, content = opened(answer)
    assert name == f"application/dicom {expected}"
    is_instance(content, name, stored)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        (JAVA, "application/dicom+json"),
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/dicom+xml, application/dicom+json", "application/dicom+json"),
    ],
)
@pytest.mark.parametrize(
    "head",
    ["Content-Type: application/dicom", "Content-Type: application/dicom;transfer-syntax=1.2.840.10008.1.2.1", ""],
    ids=["stowrs of dcm4che", "with its syntax", "no headers"],
)
def test_a_store_is_answered_in(
    orthanc: OrthancServer, admin: requests.Session, accept: str | None, content_type: str, head: str
) -> None:
    made = a_patient()
    body = f"--b\r\n{head}\r\n\r\n".encode() if head else b"--b\r\n\r\n"
    headers = {"Accept": accept, "Content-Type": "multipart/related;type=application/dicom;boundary=b"}
    answer = admin.post(f"{orthanc.url}/dicom-web/studies", body + made.files[0] + b"\r\n--b--", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    assert parse_media_type(answer.headers["Content-Type"])[0] == content_type
    assert made.instances[0] in answer.text
