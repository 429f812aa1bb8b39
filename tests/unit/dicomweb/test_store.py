"""Storing: each part for itself, damaged bodies not at all, and answers that say what became of everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from sightline.access.grant import Grant, Permission, Verb
from sightline.archive.identity import Identity
from sightline.dicomweb.metadata_reading import dataset_of_xml
from sightline.dicomweb.store_reasons import CANNOT_UNDERSTAND, DUPLICATE, OTHER_STUDY, OUT_OF_RESOURCES
from sightline.errors import ConflictError, UnavailableError
from tests.support.dicom_files import image_file
from tests.unit.archive.test_nesting import EXPLICIT, nested, part10
from tests.unit.dicomweb.conftest import PUBLIC_URL, Serve, Server
from tests.unit.dicomweb.test_multipart import body_of

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
MULTIPART = 'multipart/related; type="application/dicom"; boundary=x'


def file(number: int, **attributes: Any) -> bytes:
    return image_file(np.full((2, 3), number, np.uint16), SOPInstanceUID=f"1.2.3.{number}", **attributes)


def dicom_body(*contents: bytes) -> bytes:
    return body_of(list(contents)).replace(b"a/b", b"application/dicom")


def post(server: Server, *contents: bytes, path: str = "/studies") -> TestResponse:
    return server.post(path, dicom_body(*contents), MULTIPART)


def stored(server: Server) -> set[str]:
    return {record.sop_instance_uid for record, _, _ in server.archive._stored.values()}


def test_what_is_stored_is_referenced(serve: Serve) -> None:
    server = serve()
    answer = post(server, file(1), file(2))
    assert (answer.status_code, answer.mimetype) == (200, "application/dicom+json")
    base = f"{PUBLIC_URL}/dicom-web/studies/{STUDY}"
    assert answer.json == {
        "00081190": {"vr": "UR", "Value": [base]},
        "00081199": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": [CT]},
                    "00081155": {"vr": "UI", "Value": [f"1.2.3.{number}"]},
                    "00081190": {"vr": "UR", "Value": [f"{base}/series/{SERIES}/instances/1.2.3.{number}"]},
                }
                for number in (1, 2)
            ],
        },
    }
    assert stored(server) == {"1.2.3.1", "1.2.3.2"}
    assert server.get(f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3.1", "application/dicom").data == file(1)
    assert server.audit.events[0].kind == "store"


def test_one_file_as_the_body(serve: Serve) -> None:
    server = serve()
    assert server.post("/studies", file(1), "application/dicom").status_code == 200
    assert stored(server) == {"1.2.3.1"}


def test_storing_twice_is_no_failure(serve: Serve) -> None:
    server = serve(file(1))
    assert post(server, file(1)).status_code == 200


def test_of_two_files_for_one_instance_the_last_one_stays(serve: Serve) -> None:
    for _ in range(20):
        server = serve()
        first, last = (file(1, SeriesDescription=text) for text in ("first", "last"))
        answer = post(server, file(2), first, file(3), last)
        assert answer.status_code == 200
        wanted = "application/dicom; transfer-syntax=*"
        assert server.get(f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3.1", wanted).data == last


def test_answers_are_in_the_order_of_the_parts(serve: Serve) -> None:
    server = serve()
    answer = post(server, *(file(number) for number in range(1, 40)))
    told = (answer.json or {})["00081199"]["Value"]
    assert [item["00081155"]["Value"][0] for item in told] == [f"1.2.3.{number}" for number in range(1, 40)]


def test_a_bad_part_never_costs_the_good_ones(serve: Serve) -> None:
    server = serve()
    deep = part10(EXPLICIT, nested(EXPLICIT, 33, True))
    answer = post(server, file(1), b"no DICOM at all", file(2), deep, b"", file(3))
    assert answer.status_code == 202
    assert answer.json is not None
    assert [item["00081155"]["Value"] for item in answer.json["00081199"]["Value"]] == [
        ["1.2.3.1"],
        ["1.2.3.2"],
        ["1.2.3.3"],
    ]
    reasons = [item["00081197"] for item in answer.json["0008119A"]["Value"]]
    assert reasons == [{"vr": "US", "Value": [CANNOT_UNDERSTAND]}] * 3
    assert stored(server) == {"1.2.3.1", "1.2.3.2", "1.2.3.3"}


def test_nothing_stored_is_a_conflict(serve: Serve) -> None:
    answer = post(serve(), b"no DICOM at all")
    assert answer.status_code == 409
    assert answer.json is not None and "00081199" not in answer.json


def test_posting_to_a_study_takes_that_study_only(serve: Serve) -> None:
    server = serve()
    answer = post(server, file(1), file(2, StudyInstanceUID="1.9"), path=f"/studies/{STUDY}")
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["00081198"]["Value"] == [
        {
            "00081150": {"vr": "UI", "Value": [CT]},
            "00081155": {"vr": "UI", "Value": ["1.2.3.2"]},
            "00081197": {"vr": "US", "Value": [OTHER_STUDY]},
        }
    ]
    assert stored(server) == {"1.2.3.1"}
    assert post(serve(), file(2, StudyInstanceUID="1.9"), path=f"/studies/{STUDY}").status_code == 409


def test_an_archive_that_is_full_says_so(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()

    def full(*_: object) -> None:
        raise UnavailableError("The disk is full.")

    monkeypatch.setattr(server.archive, "store", full)
    answer = post(server, file(1))
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["00081198"]["Value"][0]["00081197"]["Value"] == [OUT_OF_RESOURCES]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (dicom_body(file(1))[:-8], MULTIPART, 400),
        (dicom_body(file(1), file(2))[:400], MULTIPART, 400),
        (dicom_body(file(1)), MULTIPART.replace("=x", "=other"), 400),
        (dicom_body(file(1)), MULTIPART.replace("; boundary=x", ""), 400),
        (b"", MULTIPART, 400),
        (file(1), "application/octet-stream", 415),
        (file(1), "multipart/form-data; boundary=x", 415),
        (body_of([file(1)]), MULTIPART, 415),
        (b"{", "application/dicom+json", 400),
        (b"<NativeDicomModel", "application/dicom+xml", 400),
    ],
)
def test_damaged_or_foreign_bodies_store_nothing(serve: Serve, body: bytes, content_type: str, status: int) -> None:
    server = serve()
    assert server.post("/studies", body, content_type).status_code == status
    assert stored(server) == set()


def test_parts_without_a_type_are_what_the_body_says(serve: Serve) -> None:
    server = serve()
    body = b"--x\r\n\r\n" + file(1) + b"\r\n--x--\r\n"
    assert server.post("/studies", body, MULTIPART).status_code == 200
    assert stored(server) == {"1.2.3.1"}


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/related; type=application/dicom; boundary=x", "x"),
        ("Multipart/Related;boundary=----=_Part/1;type=application/dicom", "----=_Part/1"),
        ('multipart/related; boundary="a b"; type="application/dicom"', "a b"),
    ],
)
def test_content_types_as_clients_write_them(serve: Serve, content_type: str, boundary: str) -> None:
    server = serve()
    body = f"--{boundary}\r\n\r\n".encode() + file(1) + f"\r\n--{boundary}--".encode()
    assert server.post("/studies", body, content_type).status_code == 200
    assert stored(server) == {"1.2.3.1"}


def test_an_answer_that_nobody_could_read_is_refused_before_anything_is_stored(serve: Serve) -> None:
    server = serve()
    answer = server.post("/studies", dicom_body(file(1)), MULTIPART, Accept="text/html")
    assert answer.status_code == 406
    assert answer.json and "application/dicom+xml" in answer.json["message"]
    assert stored(server) == set()


def test_the_answer_in_xml(serve: Serve) -> None:
    server = serve()
    answer = server.post("/studies", dicom_body(file(1), b"no DICOM"), MULTIPART, Accept="application/dicom+xml")
    assert (answer.status_code, answer.mimetype) == (202, "application/dicom+xml")
    told = dataset_of_xml(answer.data)
    assert told["00081199"]["Value"][0]["00081155"] == {"vr": "UI", "Value": ["1.2.3.1"]}
    assert told["0008119A"]["Value"][0]["00081197"] == {"vr": "US", "Value": [str(CANNOT_UNDERSTAND)]}


def test_part_headers_as_other_programs_write_them(serve: Serve) -> None:
    """Headers that dcm4chee's tools and mail libraries put before a part, in any case and order."""
    server = serve()
    head = (
        b"--x\r\nMIME-Version: 1.0\r\ncontent-type: application/dicom;transfer-syntax=1.2.840.10008.1.2.1\r\n"
        b"Content-ID: <1@y>\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 12\r\n\r\n"
    )
    body = b"a preamble\r\n" + head + file(1) + b"\r\n" + head + file(2) + b"\r\n--x--\r\nan epilogue"
    assert server.post("/studies", body, MULTIPART).status_code == 200
    assert stored(server) == {"1.2.3.1", "1.2.3.2"}


def test_line_feeds_alone_are_refused_as_a_whole(serve: Serve) -> None:
    server = serve()
    body = b"--x\nContent-Type: application/dicom\n\n" + file(1) + b"\n--x--\n"
    assert server.post("/studies", body, MULTIPART).status_code == 400
    mixed = dicom_body(file(1))[:-7] + b"\n--x\nContent-Type: application/dicom\n\n" + file(2) + b"\n--x--\n"
    assert server.post("/studies", mixed, MULTIPART).status_code == 400
    assert stored(server) == set()


@given(cut=st.integers(0, 1 << 20), flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_body_damaged_anywhere_never_stores_a_part_of_itself(
    serve: Serve, cut: int, flips: list[tuple[int, int]]
) -> None:
    """What is stored of a damaged body is whole files, and everything that was sent is accounted for."""
    server = serve()
    whole = dicom_body(file(1), file(2))
    damaged = bytearray(whole[: len(whole) - cut % 40])
    for position, value in flips:
        damaged[position % len(damaged)] = value
    answer = server.post("/studies", bytes(damaged), MULTIPART)
    assert answer.status_code in (200, 202, 400, 409, 415)
    if answer.status_code in (400, 409, 415):
        assert stored(server) == set()
    if bytes(damaged) == whole:
        assert stored(server) == {"1.2.3.1", "1.2.3.2"}


def test_a_file_too_irregular_for_a_simple_look_is_read_by_a_worker(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    assert server.post(f"/studies/{STUDY}", file(1), "application/dicom").status_code == 200
    assert server.engine.tasks == []
    monkeypatch.setattr("sightline.archive.upload.identify", lambda _: Identity())
    assert server.post(f"/studies/{STUDY}", file(2), "application/dicom").status_code == 200
    assert server.engine.tasks == ["sightline.dicomweb.store_tasks:read_identity"]
    assert server.post("/studies/1.9", file(3), "application/dicom").status_code == 409
    assert server.post("/studies/1.9", b"nothing that is DICOM", "application/dicom").status_code == 409
    assert stored(server) == {"1.2.3.1", "1.2.3.2"}


def test_another_file_that_is_not_overwritten_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()

    def keeps(*_: object) -> None:
        raise ConflictError("Another file is stored under these identifiers.")

    monkeypatch.setattr(server.archive, "store", keeps)
    answer = post(server, file(1))
    assert (answer.status_code, (answer.json or {})["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [DUPLICATE])


def test_whoever_may_not_upload_stores_nothing(serve: Serve) -> None:
    server = serve()
    server.grant = Grant("link:1", (Permission(frozenset({Verb.VIEW, Verb.DOWNLOAD}), STUDY),))
    for path in ("/studies", f"/studies/{STUDY}"):
        assert post(server, file(1), path=path).status_code == 403
    assert stored(server) == set()
    assert server.audit.events == ["denial", "denial"]
