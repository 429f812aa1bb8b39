"""Searches: keys, results in the DICOM JSON model, paging, warnings, and what is refused."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from sightline.access.grant import Grant, Permission, Verb
from sightline.dicomweb.multipart import parse_multipart
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import PUBLIC_URL, Serve, Server

PIXELS = np.zeros((2, 3), np.uint16)


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(
        *(
            image_file(
                PIXELS,
                StudyInstanceUID=f"1.2.{study}",
                SeriesInstanceUID=f"1.2.{study}.{series}",
                SOPInstanceUID=f"1.2.{study}.{series}.{instance}",
                PatientID=f"P{study}",
                PatientName=f"Buc^Jérôme{study}" if study == 1 else "Yamada^Tarou=山田^太郎=やまだ^たろう",
                SpecificCharacterSet="ISO_IR 192",
                StudyDate=f"2026010{study}",
                Modality="CT" if series == 1 else "PT",
                SeriesNumber=series,
                InstanceNumber=instance,
                AccessionNumber=f"A{study}",
            )
            for study in (1, 2)
            for series in (1, 2)
            for instance in (1, 2, 3)
        )
    )


def uids(server: Server, path: str, tag: str = "0020000D") -> list[str]:
    answer = server.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [result[tag]["Value"][0] for result in answer.json or ()]


def test_a_study_result_is_right_in_every_attribute(server: Server) -> None:
    answer = server.get("/studies?PatientID=P2")
    assert answer.mimetype == "application/dicom+json"
    assert answer.json == [
        {
            "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
            "00080020": {"vr": "DA", "Value": ["20260102"]},
            "00080030": {"vr": "TM", "Value": ["101500"]},
            "00080050": {"vr": "SH", "Value": ["A2"]},
            "00080056": {"vr": "CS", "Value": ["ONLINE"]},
            "00080061": {"vr": "CS", "Value": ["CT", "PT"]},
            "00080090": {"vr": "PN"},
            "00081190": {"vr": "UR", "Value": [f"{PUBLIC_URL}/dicom-web/studies/1.2.2"]},
            "00100010": {
                "vr": "PN",
                "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}],
            },
            "00100020": {"vr": "LO", "Value": ["P2"]},
            "00100030": {"vr": "DA"},
            "00100040": {"vr": "CS"},
            "0020000D": {"vr": "UI", "Value": ["1.2.2"]},
            "00200010": {"vr": "SH"},
            "00201206": {"vr": "IS", "Value": [2]},
            "00201208": {"vr": "IS", "Value": [6]},
        }
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["1.2.1", "1.2.2"]),
        ("?PatientName=Buc*", ["1.2.1"]),
        ("?PatientName=Buc%5EJ%C3%A9r%C3%B4me1", ["1.2.1"]),
        ("?00100020=P2", ["1.2.2"]),
        ("?StudyDate=20260102-", ["1.2.2"]),
        ("?StudyDate=-20260101", ["1.2.1"]),
        ("?StudyDate=20260101-20260102", ["1.2.1", "1.2.2"]),
        ("?StudyInstanceUID=1.2.1,1.2.2", ["1.2.1", "1.2.2"]),
        ("?StudyInstanceUID=1.2.1%5C1.2.9", ["1.2.1"]),
        ("?0020000D=1.2.2&PatientID=P1", []),
        ("?ModalitiesInStudy=PT&limit=1", ["1.2.1"]),
        ("?limit=1&offset=1", ["1.2.2"]),
        ("?PatientID=*&AccessionNumber=", ["1.2.1", "1.2.2"]),
    ],
)
def test_keys(server: Server, query: str, expected: list[str]) -> None:
    assert uids(server, f"/studies{query}") == expected


def test_no_match_is_an_empty_list(server: Server) -> None:
    answer = server.get("/studies?PatientID=nobody")
    assert (answer.status_code, answer.json) == (200, [])


def test_all_six_paths(server: Server) -> None:
    assert len(uids(server, "/series")) == 4
    assert len(uids(server, "/instances")) == 12
    assert uids(server, "/studies/1.2.1/series", "0020000E") == ["1.2.1.1", "1.2.1.2"]
    assert len(uids(server, "/studies/1.2.1/instances", "00080018")) == 6
    assert uids(server, "/studies/1.2.1/series/1.2.1.2/instances?InstanceNumber=3", "00080018") == ["1.2.1.2.3"]


def test_results_below_a_study_name_it_and_leave_out_the_rest(server: Server) -> None:
    (result,) = server.get("/studies/1.2.1/series?Modality=PT").json or ()
    assert result["0020000D"]["Value"] == ["1.2.1"]
    assert result["00081190"]["Value"] == [f"{PUBLIC_URL}/dicom-web/studies/1.2.1/series/1.2.1.2"]
    assert result["00200011"] == {"vr": "IS", "Value": [2]}
    assert "00100010" not in result
    (result,) = server.get("/instances?SOPInstanceUID=1.2.2.1.3").json or ()
    assert result["00080018"]["Value"] == ["1.2.2.1.3"]
    assert result["00100020"]["Value"] == ["P2"]
    assert result["00080060"]["Value"] == ["CT"]
    assert result["00280010"] == {"vr": "US", "Value": [2]}
    url = f"{PUBLIC_URL}/dicom-web/studies/1.2.2/series/1.2.2.1/instances/1.2.2.1.3"
    assert result["00081190"]["Value"] == [url]


def test_fields_that_are_asked_for(server: Server) -> None:
    (result,) = server.get("/studies?PatientID=P1&includefield=StudyDescription,00101010").json or ()
    assert result["00081030"] == {"vr": "LO"}
    assert result["00101010"] == {"vr": "AS"}
    (result,) = server.get("/instances?SOPInstanceUID=1.2.1.1.1&includefield=all").json or ()
    assert result["00280004"] == {"vr": "CS", "Value": ["MONOCHROME2"]}
    both = server.get("/studies?includefield=StudyDescription&includefield=PatientAge").json or ()
    assert {"00081030", "00101010"} <= set(both[0])


def test_more_results_than_returned_are_announced(server: Server) -> None:
    assert "additional results" in server.get("/studies?limit=1").headers["Warning"]
    assert "Warning" not in server.get("/studies?limit=2").headers


@pytest.mark.parametrize("query", ["InstanceNumber=1", "RequestAttributesSequence=1", "PixelData=x"])
def test_what_cannot_be_honoured_is_said(server: Server, query: str) -> None:
    answer = server.get(f"/studies?{query}")
    assert (answer.status_code, len(answer.json or ())) == (200, 2)
    assert answer.headers["Warning"].startswith("299 Sightline ")


@pytest.mark.parametrize(
    "query",
    [
        "NoSuchKey=1",
        "limit=-1",
        "limit=x",
        "offset=1.5",
        "StudyDate=yesterday",
        "StudyDate=2026-01-01",
        "StudyDate=20260231",
        "StudyTime=2500",
        "AcquisitionDateTime=20261301",
        "00400275.00400004=soon",
        "SeriesNumber=first",
        "Nonsense.00400004=1",
        "StudyInstanceUID=abc",
        "StudyTime=1%3B2",
        "PatientID=a&PatientID=b",
        "fuzzymatching=maybe",
        "includefield=Nonsense",
        "PatientID=a%00b",
    ],
)
def test_what_is_wrong_is_refused(server: Server, query: str) -> None:
    answer = server.get(f"/studies?{query}")
    assert answer.status_code == 400
    assert answer.json and answer.json["message"]


def test_media_types(server: Server) -> None:
    assert server.get("/studies", "application/json").mimetype == "application/json"
    assert server.get("/studies", "application/dicom+json, application/json").mimetype == "application/dicom+json"
    assert server.get("/studies", "application/dicom+xml").status_code == 406
    assert server.get("/studies?accept=application/json", "application/dicom+xml").mimetype == "application/json"


def test_results_in_xml_have_one_part_each(server: Server) -> None:
    accept = 'multipart/related; type="application/dicom+xml"'
    answer = server.get("/studies", accept)
    assert answer.status_code == 200
    parts = parse_multipart(answer.get_data(), answer.mimetype_params["boundary"])
    roots = [ElementTree.fromstring(bytes(part.content)) for part in parts]
    found = [[e[0].text for e in root if e.get("keyword") == "StudyInstanceUID"] for root in roots]
    assert found == [["1.2.1"], ["1.2.2"]]
    assert {part.headers["content-type"] for part in parts} == {"application/dicom+xml"}
    nothing = server.get("/studies?PatientID=nobody", accept)
    assert (nothing.status_code, nothing.get_data()) == (204, b"")


def test_a_caller_with_one_study_searches_in_it_and_nowhere_else(server: Server) -> None:
    server.grant = Grant("link:1", (Permission(frozenset({Verb.VIEW}), "1.2.1"),))
    assert len(uids(server, "/studies/1.2.1/series")) == 2
    for path in ("/studies", "/series", "/instances?StudyInstanceUID=1.2.1", "/studies/1.2.2/series"):
        assert server.get(path).status_code == 403, path
    assert server.audit.events.count("denial") == 4
