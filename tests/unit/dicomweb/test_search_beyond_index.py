"""Searches that no index answers: nested, private and date-time keys, names that nearly match, lost repetitions."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from sightline.dicomweb import search_candidates
from sightline.web.request import REPEATED_KEYS_LOST
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve, Server

PIXELS = np.zeros((2, 3), np.uint16)
NAMES = {1: "Buc^Jérôme", 2: "Yamada^Tarou=山田^太郎=やまだ^たろう", 3: "Иванов^Пётр"}


def stored(study: int, series: int, instance: int) -> bytes:
    content = image_file(
        PIXELS,
        StudyInstanceUID=f"1.2.{study}",
        SeriesInstanceUID=f"1.2.{study}.{series}",
        SOPInstanceUID=f"1.2.{study}.{series}.{instance}",
        PatientID=f"P{study}",
        PatientName=NAMES[study],
        SpecificCharacterSet="ISO_IR 192",
        Modality="CT" if series == 1 else "PT",
        InstanceNumber=instance,
        AcquisitionDateTime=f"2026010{study}1015{instance:02}",
    )
    dataset = dcmread(BytesIO(content))
    item = Dataset()
    item.ScheduledProcedureStepID = f"STEP{study}{series}"
    item.ScheduledProcedureStepStartDate = f"2026020{study}"
    dataset.RequestAttributesSequence = [item]
    dataset.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", f"secret {study}")
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture
def server(serve: Serve) -> Server:
    places = [(study, series, instance) for study in (1, 2, 3) for series in (1, 2) for instance in (1, 2)]
    return serve(*(stored(*place) for place in places))


def found(server: Server, path: str, tag: str = "0020000D", **options: Any) -> list[str]:
    answer = server.get(path, **options)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [result[tag]["Value"][0] for result in answer.json or ()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("00400275.00400009=STEP22", ["1.2.2"]),
        ("RequestAttributesSequence.ScheduledProcedureStepID=STEP?1", ["1.2.1", "1.2.2", "1.2.3"]),
        ("00400275.00400002=20260202-", ["1.2.2", "1.2.3"]),
        ("00400275.00400002=20260202-&PatientID=P3", ["1.2.3"]),
        ("00091001=secret%202", ["1.2.2"]),
        ("00091001=*2", ["1.2.2"]),
        ("00091001=secret", []),
        ("Modality=PT&PatientID=P1", ["1.2.1"]),
        ("Modality=MR", []),
    ],
)
def test_keys_that_no_index_has(server: Server, query: str, expected: list[str]) -> None:
    assert found(server, f"/studies?{query}") == expected


def test_pages_of_what_headers_let_pass(server: Server) -> None:
    path = "/studies?00091001=secret*&limit=1"
    assert [found(server, f"{path}&offset={offset}") for offset in range(4)] == [["1.2.1"], ["1.2.2"], ["1.2.3"], []]
    warnings = [server.get(f"{path}&offset={offset}").headers.getlist("Warning") for offset in (0, 2)]
    assert ["additional results" in str(listed) for listed in warnings] == [True, False]


def test_series_and_instances(server: Server) -> None:
    assert found(server, "/series?00400275.00400009=STEP12", "0020000E") == ["1.2.1.2"]
    assert found(server, "/studies/1.2.2/series?00400275.00400009=STEP21", "0020000E") == ["1.2.2.1"]
    path = "/studies/1.2.2/series/1.2.2.1/instances?AcquisitionDateTime=20260102101502-"
    assert found(server, path, "00080018") == ["1.2.2.1.2"]
    assert found(server, "/instances?00091001=secret%203&InstanceNumber=1", "00080018") == ["1.2.3.1.1", "1.2.3.2.1"]
    assert "Warning" not in server.get(path).headers


def test_fields_that_no_index_has(server: Server) -> None:
    fields = "includefield=00400275.00400009,00091001,SeriesDescription"
    (result,) = server.get(f"/studies?PatientID=P2&{fields}").json or ()
    assert result["00400275"] == {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": ["STEP21"]}}]}
    assert result["00091001"] == {"vr": "LO", "Value": ["secret 2"]}
    assert result["00090010"] == {"vr": "LO", "Value": ["ACME"]}
    assert "0008103E" not in result
    (result,) = server.get("/instances?SOPInstanceUID=1.2.1.2.1&includefield=RequestAttributesSequence").json or ()
    assert set(result["00400275"]["Value"][0]) == {"00400002", "00400009"}


def test_a_key_is_part_of_the_result(server: Server) -> None:
    (result,) = server.get("/studies?00400275.00400009=STEP11").json or ()
    assert result["00400275"]["Value"] == [{"00400009": {"vr": "SH", "Value": ["STEP11"]}}]


def test_what_was_only_sampled_is_said(server: Server) -> None:
    assert "one instance of each series" in server.get("/studies?00091001=secret*").headers["Warning"]


def test_results_are_never_silently_fewer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_candidates, "MAXIMUM_HEADERS", 3)
    answer = server.get("/instances?00091001=secret%201")
    assert [result["00080018"]["Value"] for result in answer.json or ()] == [
        ["1.2.1.1.1"],
        ["1.2.1.1.2"],
        ["1.2.1.2.1"],
    ]
    assert "Results may be missing" in answer.headers["Warning"]


@pytest.mark.parametrize("name", ["jerome buc", "Buk", "JÉROME", "太郎 山田", "Yamata", "петр"])
def test_names_that_nearly_match(server: Server, name: str) -> None:
    answer = server.get("/studies", query_string={"PatientName": name, "fuzzymatching": "true"})
    (result,) = answer.json or ()
    assert result["0020000D"]["Value"] == [
        {"j": "1.2.1", "b": "1.2.1", "太": "1.2.2", "y": "1.2.2", "п": "1.2.3"}[name[0].lower()]
    ]
    assert result["00201208"]["Value"] == [4]
    assert "Warning" not in answer.headers
    assert server.get("/studies", query_string={"PatientName": name}).json == []


def test_nearly_matching_names_of_one_patient(server: Server) -> None:
    assert found(server, "/studies?fuzzymatching=true&PatientName=buk&PatientID=P1") == ["1.2.1"]
    assert found(server, "/studies?fuzzymatching=true&PatientName=buk&PatientID=P2") == []
    assert found(server, "/series?fuzzymatching=true&PatientName=buk", "0020000E") == ["1.2.1.1", "1.2.1.2"]
    assert len(found(server, "/studies?fuzzymatching=true")) == 3


def test_where_repeated_fields_are_lost_the_superset_is_answered(server: Server) -> None:
    lost = {REPEATED_KEYS_LOST: True, "sightline.grant": server.grant}

    def get(query: str) -> dict[str, Any]:
        answer = server.client.get(f"/dicom-web/studies?PatientID=P1{query}", environ_overrides=lost)
        (result,) = answer.json or ()
        return dict(result)

    assert {"00081030", "00080080", "00101010"} <= set(get("&includefield=PatientAge"))
    assert "00080080" not in get("&includefield=PatientAge,StudyDescription")
    assert "00081030" not in get("")
