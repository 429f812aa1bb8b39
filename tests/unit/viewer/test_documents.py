"""Reports, documents and videos of a study: named in its JSON, and sent as people read or play them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG4HP41,
    BasicTextSRStorage,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    VideoEndoscopicImageStorage,
)
from werkzeug.test import Client

from tests.support.dicom_files import image_file, part_10
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, link_grant, small_engine, viewer_services

STUDY = "1.2.826.0.8"
STREAM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
PDF = b"%PDF-1.4 tiny"
API = f"/sightline/api/studies/{STUDY}"


def made(series: int, sop_class: str, syntax: str | None = None, **attributes: Any) -> bytes:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, f"{STUDY}.{series}.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{STUDY}.{series}"
    dataset.SeriesNumber, dataset.PatientID, dataset.SpecificCharacterSet = series, "P1", "ISO_IR 192"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return part_10(dataset, syntax) if syntax else part_10(dataset)


def title(text: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99TEST", text
    return [item]


def movie(series: int, instance: int = 1) -> bytes:
    return made(
        series, VideoEndoscopicImageStorage, MPEG4HP41, SOPInstanceUID=f"{STUDY}.{series}.{instance}", Modality="ES",
        SeriesDescription="Colon", Rows=16, Columns=16, SamplesPerPixel=3, PhotometricInterpretation="YBR_PARTIAL_420",
        BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0, PlanarConfiguration=0, NumberOfFrames=25,
        PixelData=encapsulate([STREAM], fragments_per_frame=3),
    )  # fmt: skip


def files() -> list[bytes]:
    report = {"Modality": "SR", "ContentDate": "20260301", "ValueType": "CONTAINER", "CompletionFlag": "COMPLETE"}
    still = image_file(
        np.zeros((4, 4, 3), np.uint8), StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.5", SamplesPerPixel=3,
        SOPInstanceUID=f"{STUDY}.5.2", Modality="ES", SeriesNumber=5, PatientID="P1",
    )  # fmt: skip
    return [
        made(1, BasicTextSRStorage, **report, VerificationFlag="VERIFIED", ContinuityOfContent="SEPARATE",
             ConceptNameCodeSequence=title("Radiology Report"), ContentSequence=[]),
        made(2, EncapsulatedPDFStorage, Modality="OT", DocumentTitle="Consent", EncapsulatedDocument=PDF + b"\0",
             EncapsulatedDocumentLength=len(PDF), MIMETypeOfEncapsulatedDocument="application/pdf"),
        made(3, GrayscaleSoftcopyPresentationStateStorage, Modality="PR", SeriesDescription="Arrows"),
        movie(4),
        movie(5),
        still,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def client_of(build_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    archive = FakeArchive(files())
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        services = viewer_services(archive, engine, build_directory)
        yield lambda grant=ADMINISTRATOR: Client(ViewerApplication(services, grant))


def path(series: int, what: str) -> str:
    return f"{API}/series/{STUDY}.{series}/instances/{STUDY}.{series}.1/{what}"


def test_the_study_names_what_is_read_or_played(client_of: Callable[..., Client]) -> None:
    client = client_of()
    for _ in range(2):  # the second time from what is kept
        answer: Any = client.get(API).json
        told = [
            [(one["kind"], one["title"], one["date"], one["status"]) for one in series.get("documents", [])]
            for series in answer["series"]
        ]
        assert told == [
            [("report", "Radiology Report", "20260301", "complete verified")],
            [("pdf", "Consent", "", "")],
            [("other", "Arrows", "", "")],
            [("video", "Colon", "", "")],
            [("video", "Colon", "", "")],
        ]
    pictures = [(series["pictures"], series["stack"] is not None) for series in answer["series"]]
    assert pictures == [(False, False)] * 4 + [(True, True)]
    assert [row[0] for row in answer["series"][4]["stack"]["frames"]] == [""]  # the still image alone
    assert answer["series"][4]["stack"]["prefix"] == f"{STUDY}.5.2"


def test_a_report_is_a_page_and_a_document_is_a_pdf(client_of: Callable[..., Client]) -> None:
    client = client_of()
    report = client.get(path(1, "document"))
    assert report.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Radiology Report" in report.text
    document = client.get(path(2, "document"))
    assert (document.headers["Content-Type"], document.data) == ("application/pdf", PDF)
    assert document.headers["Cache-Control"] == "private, no-store"
    again = client.get(path(2, "document"), headers={"If-None-Match": document.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(path(3, "document")).status_code == 404


def test_our_pages_may_frame_documents_and_play_videos(client_of: Callable[..., Client]) -> None:
    policy = client_of().get(path(2, "document")).headers["Content-Security-Policy"]
    assert {"frame-src 'self'", "media-src 'self' blob:"} <= set(policy.split("; "))
    assert "frame-ancestors 'self'" in policy


def test_a_video_is_its_stream(client_of: Callable[..., Client]) -> None:
    answer = client_of().get(path(4, "video"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.data.rstrip(b"\0") == STREAM.rstrip(b"\0")


@pytest.mark.parametrize(("wanted", "start", "stop"), [("bytes=0-11", 0, 12), ("bytes=3300-3600", 3300, 3601)])
def test_a_video_is_sent_in_parts(client_of: Callable[..., Client], wanted: str, start: int, stop: int) -> None:
    client = client_of()
    whole = client.get(path(4, "video"))
    part = client.get(path(4, "video"), headers={"Range": wanted, "If-Range": whole.headers["ETag"]})
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole.data)}"
    assert part.data == whole.data[start:stop]
    other = client.get(path(4, "video"), headers={"Range": wanted, "If-Range": '"other"'})
    assert other.status_code == 200
    assert client.get(path(4, "video"), headers={"Range": "bytes=99999999-"}).status_code == 416


def test_who_may_not_view_the_study_is_refused(client_of: Callable[..., Client]) -> None:
    client = client_of(link_grant("1.2.3"))
    assert [client.get(path(*each)).status_code for each in ((1, "document"), (4, "video"))] == [403, 403]


def test_what_is_no_video_is_not_found(client_of: Callable[..., Client]) -> None:
    client = client_of()
    assert client.get(path(1, "video")).status_code == 404
    still = path(5, "video").replace(f"{STUDY}.5.1", f"{STUDY}.5.2")
    assert client.get(still).status_code == 404
