"""WADO-URI: each parameter does what chapter 9 says, or is refused by its name; nobody gets what is not theirs."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from pydicom import dcmread
from werkzeug.test import TestResponse

from sightline.access.audit import AuditKind
from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb
from sightline.rendering.view import Annotation, FrameOf, PictureFormat, PresentationOf, View, Window
from sightline.rendering.viewport import Viewport
from sightline.uids import LONGEST_UID
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.support.presentation_states import area, presentation_state, reference
from tests.unit.dicomweb.conftest import Serve, Server

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
PLAIN = View(STUDY, SERIES, FrameOf("1.1"))
UIDS = {"requestType": "WADO", "studyUID": STUDY, "seriesUID": SERIES, "objectUID": "1.1"}
EXPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
STATE = {"presentationSeriesUID": "1.2.826.0.1.1.9", "presentationUID": "1.2.3.99"}


@pytest.fixture
def server(serve: Serve) -> Server:
    """An image of 100 x 200 pixels, one of three frames, a presentation state and an image of another study."""
    return serve(
        image_file(np.zeros((100, 200), np.uint16), SOPInstanceUID="1.1"),
        image_file(np.zeros((3, 100, 200), np.uint16), SOPInstanceUID="1.2", FrameTime=40),
        image_file(np.zeros((4, 4), np.uint16), SOPInstanceUID="1.3", StudyInstanceUID="5.5"),
        presentation_state([reference("1.1")], [area(200, 100)]),
    )


def get(server: Server, accept: str = "", **parameters: Any) -> TestResponse:
    present = {name: value for name, value in (UIDS | parameters).items() if value is not None}
    return server.get(f"?{urlencode(present)}", accept, root="/wado")


@pytest.mark.parametrize(
    ("parameters", "view"),
    [
        ({}, PLAIN),
        ({"contentType": "image/png"}, replace(PLAIN, picture_format=PictureFormat.PNG)),
        ({"windowCenter": "40", "windowWidth": "400"}, replace(PLAIN, window=Window(40, 400))),
        ({"windowCenter": "-1.5e2", "windowWidth": "1"}, replace(PLAIN, window=Window(-150, 1))),
        ({"rows": 50, "columns": 60}, replace(PLAIN, viewport=Viewport(60, 50))),
        ({"rows": 50}, replace(PLAIN, viewport=Viewport(99999, 50))),
        ({"columns": 60}, replace(PLAIN, viewport=Viewport(60, 99999))),
        ({"region": "0.5,0.25,1,0.75"}, replace(PLAIN, viewport=Viewport(100, 50, 100, 25, 100, 50))),
        ({"region": "0,0,0.5,1.0", "rows": 20}, replace(PLAIN, viewport=Viewport(99999, 20, 0, 0, 100, 100))),
        ({"imageQuality": 30}, replace(PLAIN, quality=30)),
        ({"annotation": "patient"}, replace(PLAIN, annotations=(Annotation.PATIENT,))),
        ({"imageAnnotation": "technique,patient"}, replace(PLAIN, annotations=tuple(Annotation))),
        ({"objectUID": "1.2"}, replace(PLAIN, source=FrameOf("1.2", 1))),
        ({"objectUID": "1.2", "frameNumber": 3}, replace(PLAIN, source=FrameOf("1.2", 3))),
        (STATE, replace(PLAIN, presentation=PresentationOf(*STATE.values()))),
        (
            STATE | {"rows": 50},
            replace(PLAIN, presentation=PresentationOf(*STATE.values()), viewport=Viewport(99999, 50)),
        ),
        ({"charset": "utf-8", "unknown": "ignored"}, PLAIN),
    ],
)
def test_parameters_make_the_view(server: Server, parameters: dict[str, Any], view: View) -> None:
    answer = get(server, **parameters)
    assert (answer.status_code, answer.mimetype) == (200, f"image/{view.picture_format.value}")
    assert server.engine.views == [view]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"requestType": None}, "requestType"),
        ({"requestType": "wado"}, "requestType"),
        ({"studyUID": None}, "studyUID"),
        ({"studyUID": "1.2;3"}, "studyUID"),
        ({"seriesUID": None}, "seriesUID"),
        ({"seriesUID": "a"}, "seriesUID"),
        ({"objectUID": ""}, "objectUID"),
        ({"objectUID": "1" * (LONGEST_UID + 1)}, "objectUID"),
        ({"contentType": "jpeg"}, "contentType"),
        ({"contentType": ""}, "contentType"),
        ({"contentType": "image/png,,image/jpeg"}, "contentType"),
        ({"anonymize": "yes"}, "anonymize"),
        ({"anonymize": "no", "contentType": "application/dicom"}, "anonymize"),
        ({"annotation": "name"}, "annotation"),
        ({"annotation": ""}, "annotation"),
        ({"imageAnnotation": "x"}, "imageAnnotation"),
        ({"rows": "0"}, "rows"),
        ({"rows": "1.5"}, "rows"),
        ({"columns": "-1"}, "columns"),
        ({"columns": "٣"}, "columns"),
        ({"region": "0,0,1"}, "region"),
        ({"region": "0.5,0,0.5,1"}, "region"),
        ({"region": "0,0,1.1,1"}, "region"),
        ({"region": "a,0,1,1"}, "region"),
        ({"windowCenter": "40"}, "windowCenter"),
        ({"windowWidth": "40"}, "windowWidth"),
        ({"windowCenter": "x", "windowWidth": "40"}, "windowCenter"),
        ({"windowCenter": "1", "windowWidth": "0.5"}, "windowWidth"),
        ({"windowCenter": "nan", "windowWidth": "5"}, "windowCenter"),
        ({"frameNumber": "0", "objectUID": "1.2"}, "frameNumber"),
        ({"frameNumber": "4", "objectUID": "1.2"}, "frameNumber"),
        ({"frameNumber": "1,2", "objectUID": "1.2"}, "frameNumber"),
        ({"frameNumber": "1"}, "frameNumber"),
        ({"imageQuality": "101"}, "imageQuality"),
        ({"imageQuality": "high"}, "imageQuality"),
        ({"presentationUID": "1.2"}, "presentationSeriesUID"),
        ({"presentationSeriesUID": "1.2"}, "presentationUID"),
        (STATE | {"windowCenter": "1", "windowWidth": "2"}, "windowCenter"),
        (STATE | {"region": "0,0,1,1"}, "region"),
        ({"transferSyntax": EXPLICIT}, "transferSyntax"),
        ({"transferSyntax": "RLE", "contentType": "application/dicom"}, "transferSyntax"),
        ({"rows": "5", "contentType": "application/dicom"}, "rows"),
        ({"annotation": "patient", "contentType": "application/dicom"}, "annotation"),
        ({"charset": "utf-8", "contentType": "application/dicom"}, "charset"),
    ],
)
def test_what_is_wrong_is_named(server: Server, parameters: dict[str, Any], name: str) -> None:
    answer = get(server, **parameters)
    assert answer.status_code == 400
    assert f"'{name}'" in (answer.json or {})["message"]
    assert server.engine.views == []
    assert server.audit.events == []


@pytest.mark.parametrize("name", ["studyUID", "seriesUID", "objectUID"])
def test_what_there_is_not(server: Server, name: str) -> None:
    assert get(server, **{name: "7.7.7"}).status_code == 404
    assert get(server, objectUID="1.3").status_code == 404, "it belongs to another study"


@pytest.mark.parametrize(
    ("wanted", "accept", "kind"),
    [
        (None, "", "image/jpeg"),
        (None, "text/html,image/avif,image/webp,*/*;q=0.8", "image/jpeg"),
        (None, "image/png", "image/png"),
        ("image/png;q=0.5,image/jpeg;q=0.6", "text/plain", "image/jpeg"),
        ("image/tiff, image/png", "", "image/png"),
        ("application/dicom", "image/jpeg", "application/dicom"),
        ("*/*", "", "image/jpeg"),
        ("image/gif", "", "image/gif"),
        ("image/tiff", "*/*", None),
        ("text/html", "", None),
    ],
)
def test_content_types_come_before_accept(server: Server, wanted: str | None, accept: str, kind: str | None) -> None:
    """Of several frames the first is the picture; an animation has all."""
    monkey = get(server, accept, contentType=wanted, objectUID="1.2", frameNumber=None)
    if kind == "image/gif":
        assert len(server.engine.views) == 3
        return
    assert monkey.status_code == (200 if kind else 406)
    assert monkey.mimetype == kind if kind else "image/jpeg" in (monkey.json or {})["message"]


def test_files_in_the_syntax_that_is_named(server: Server) -> None:
    plain = get(server, contentType="application/dicom")
    assert plain.headers["Content-Type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
    as_stored = get(server, contentType="application/dicom", transferSyntax="*")
    assert as_stored.headers["Content-Type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
    packed = get(server, contentType="application/dicom", transferSyntax=RLE)
    assert dcmread(BytesIO(packed.data)).file_meta.TransferSyntaxUID == RLE
    refused = get(server, contentType="application/dicom", transferSyntax="1.2.840.10008.1.2.4.102")
    assert refused.status_code == 406
    assert [event.kind for event in server.audit.events] == [AuditKind.EXPORT] * 3
    assert {event.study_instance_uid for event in server.audit.events} == {STUDY}


def test_other_objects_have_their_own_default(serve: Serve) -> None:
    for name, default, other in (
        ("reportsi.dcm", "text/html", "text/plain"),
        ("test-SR.dcm", "text/html", "application/dicom"),
        ("waveform_ecg.dcm", "application/dicom", None),
    ):
        content = real_file(name).read_bytes()
        stored = dcmread(BytesIO(content), force=True, stop_before_pixels=True)
        uids = {
            "studyUID": stored.StudyInstanceUID, "seriesUID": stored.SeriesInstanceUID,
            "objectUID": stored.SOPInstanceUID,
        }  # fmt: skip
        server = serve(content)
        answer = get(server, "*/*", **uids)
        assert (answer.status_code, answer.mimetype) == (200, default)
        if other:
            assert get(server, contentType=other, **uids).mimetype == other
        refused = get(server, rows=5, **uids)
        assert (refused.status_code, "'rows'" in (refused.json or {})["message"]) == (400, True)
    assert get(server, contentType="image/jpeg", **uids).status_code == 406


def test_texts_are_in_utf_8_or_refused(serve: Serve) -> None:
    content = real_file("reportsi.dcm").read_bytes()
    stored = dcmread(BytesIO(content))
    uids = {
        "studyUID": stored.StudyInstanceUID, "seriesUID": stored.SeriesInstanceUID, "objectUID": stored.SOPInstanceUID,
    }  # fmt: skip
    server = serve(content)
    assert get(server, charset="ISO-8859-1,utf-8;q=0.5", **uids).headers["Content-Type"] == "text/html; charset=utf-8"
    assert get(server, charset="ISO-8859-1", **uids).status_code == 406


def link(study: str, *verbs: Verb) -> Grant:
    return Grant("link:x", (Permission(frozenset(verbs), study),))


def test_a_link_opens_its_own_study_and_no_other(server: Server) -> None:
    server.grant = link(STUDY, Verb.VIEW)
    assert get(server).status_code == 200
    assert server.audit.events == [("read", STUDY, "P1")]
    server.grant = link("5.5", Verb.VIEW)
    before = server.archive.source_calls
    assert get(server).status_code == 403
    assert get(server, studyUID="5.5").status_code == 404, "the image is not of that study"
    assert get(server, studyUID="x").status_code == 403
    assert get(server, studyUID=None).status_code == 403
    assert server.archive.source_calls == before
    assert server.audit.events[1:] == ["denial"] * 3
    assert get(server, studyUID="5.5", objectUID="1.3").status_code == 200


def test_repeated_studies_are_one_and_the_same_for_permission_and_handler(server: Server) -> None:
    server.grant = link("5.5", Verb.VIEW)
    for first, second, status in (("5.5", STUDY, 404), (STUDY, "5.5", 403)):
        query = f"?requestType=WADO&studyUID={first}&studyUID={second}&seriesUID={SERIES}&objectUID=1.1"
        assert server.get(query, root="/wado").status_code == status
    assert server.engine.views == []


def test_a_file_leaves_without_its_patient_if_so_asked(server: Server) -> None:
    named = get(server, contentType="application/dicom")
    nameless = get(server, contentType="application/dicom", anonymize="yes")
    assert (nameless.status_code, nameless.mimetype) == (200, "application/dicom")
    assert named.headers["ETag"] != nameless.headers["ETag"]
    before, after = (dcmread(BytesIO(answer.data)) for answer in (named, nameless))
    assert before.PatientName != "" and after.PatientName == ""
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID != before.SOPInstanceUID
    assert after.PixelData == before.PixelData
    assert get(server, contentType="application/dicom", anonymize="yes").data == nameless.data
    assert [event.kind for event in server.audit.events] == [AuditKind.EXPORT] * 3


def test_files_need_more_than_looking(server: Server) -> None:
    server.grant = link(STUDY, Verb.VIEW)
    assert get(server, contentType="application/dicom").status_code == 403
    assert server.audit.events == ["denial"]
    server.grant = link(STUDY, Verb.VIEW, Verb.DOWNLOAD)
    assert get(server, contentType="application/dicom").status_code == 200


def test_nobody_sees_nothing(server: Server) -> None:
    server.grant = ANONYMOUS
    for parameters in ({}, {"studyUID": None}, {"anonymize": "yes"}):
        assert get(server, **parameters).status_code == 401
    assert server.audit.events == ["denial"] * 3
