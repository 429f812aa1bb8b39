"""Storing: each part for itself, damaged bodies not at all, and answers that say what became of everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from sightline.dicomweb.store import CANNOT_UNDERSTAND, OTHER_STUDY, OUT_OF_RESOURCES
from sightline.errors import UnavailableError
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
        (b"{}", "application/dicom+json", 415),
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
    answer = server.post("/studies", dicom_body(file(1)), MULTIPART, Accept="application/dicom+xml")
    assert answer.status_code == 406
    assert stored(server) == set()
