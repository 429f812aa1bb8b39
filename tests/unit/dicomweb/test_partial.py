"""A series of which only a part can be sent as the client wants it: that part, with 206 and a count of the rest."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG4HP41, UID, HTJ2KLossless, JPEG2000Lossless, JPEGLSLossless, RLELossless

from sightline.dicomweb.multipart import parse_multipart
from sightline.web.negotiation import parse_media_type
from sightline.web.request import CONTENT_TYPE_LOST, GRANT_KEY
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.2"
PATH = f"/studies/{STUDY}/series/{SERIES}"
DICOM = 'multipart/related; type="application/dicom"'


def file(number: int, **attributes: Any) -> bytes:
    pixels = np.full((8, 8), number, np.uint16)
    return image_file(
        pixels, SOPInstanceUID=f"1.2.3.{number}", StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, **attributes
    )


def relabelled(content: bytes, syntax: str) -> bytes:
    """Return a file that says it is in another transfer syntax, which we do not decode."""
    dataset = dcmread(BytesIO(content))
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = encapsulate([bytes(64)])
    dataset["PixelData"].is_undefined_length = True
    written = BytesIO()
    dataset.save_as(written, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return written.getvalue()


@pytest.fixture
def server(serve: Serve) -> Server:
    """Two images, one of which nothing can decode."""
    return serve(file(1), relabelled(file(2), MPEG4HP41))


def instances(answer: Any) -> list[tuple[str, str]]:
    """Return UID and transfer syntax of each part."""
    _, options = parse_media_type(answer.headers["Content-Type"])
    parts = [dcmread(BytesIO(bytes(p.content)), force=True) for p in parse_multipart(answer.data, options["boundary"])]
    return [(part.SOPInstanceUID, part.file_meta.TransferSyntaxUID) for part in parts]


@pytest.mark.parametrize(
    ("syntax", "expected"),
    [
        ("", ("1.2.3.1", "1.2.840.10008.1.2.1")),
        (f"; transfer-syntax={JPEG2000Lossless}", ("1.2.3.1", JPEG2000Lossless)),
        (f"; transfer-syntax={RLELossless}", ("1.2.3.1", RLELossless)),
        (f"; transfer-syntax={HTJ2KLossless}", ("1.2.3.1", HTJ2KLossless)),
        (f"; transfer-syntax={MPEG4HP41}", ("1.2.3.2", MPEG4HP41)),
    ],
)
def test_the_part_that_can_be_had(server: Server, syntax: str, expected: tuple[str, str]) -> None:
    answer = server.get(PATH, DICOM + syntax)
    assert answer.status_code == 206
    assert instances(answer) == [expected]
    assert answer.headers["Warning"].startswith('299 Sightline "1 of 2 instances ')
    assert "Content-Range" not in answer.headers
    known = server.get(PATH, DICOM + syntax, headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304


def test_all_of_it_where_the_client_takes_it(server: Server) -> None:
    for accept in (f"{DICOM}; transfer-syntax=*", f"{DICOM}, {DICOM}; transfer-syntax=*;q=0.5", "*/*"):
        answer = server.get(PATH, accept)
        assert answer.status_code == 200, accept
        assert len(instances(answer)) == 2
        assert "Warning" not in answer.headers


def test_nothing_of_it(server: Server) -> None:
    for accept in (f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.4.81", "image/png"):
        assert server.get(PATH, accept).status_code == 406


def test_the_next_best_syntax_counts(serve: Serve) -> None:
    """Signed values of 12 bits cannot be JPEG-LS, those of 16 can; what the client likes less stays for the others."""
    server = serve(relabelled(file(1), MPEG4HP41), file(2, BitsStored=1, HighBit=0))
    accept = f"{DICOM}; transfer-syntax={JPEGLSLossless}, {DICOM}; transfer-syntax={RLELossless}; q=0.5"
    answer = server.get(PATH, accept)
    assert answer.status_code in (206, 406)
    if answer.status_code == 206:
        assert len(instances(answer)) == 1


def test_where_a_206_would_lose_its_media_type_it_is_406(server: Server) -> None:
    environ = {GRANT_KEY: server.grant, CONTENT_TYPE_LOST: True}
    answer = server.client.get(f"/dicom-web{PATH}", headers={"Accept": DICOM}, environ_overrides=environ)
    assert answer.status_code == 406
    assert "transfer-syntax=as stored" in (answer.json or {})["message"]
