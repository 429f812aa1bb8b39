"""The study list's search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.viewer.search import find_studies
from sightline.viewer.study_search import StudySearch
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ADMINISTRATOR, viewer_services

from .conftest import CHEST, HAND


def uids(answer: Any) -> list[str]:
    return [study["uid"] for study in answer.json["studies"]]


def test_the_list_is_newest_first_and_says_what_a_row_shows(client: Client) -> None:
    answer = client.get("/sightline/api/studies")
    assert uids(answer) == [HAND, CHEST]
    assert answer.json["studies"][1] == {
        "uid": CHEST, "name": "Doe^Jane", "id": "P-17", "birthDate": "19700305", "sex": "F", "date": "20260102",
        "time": "101500", "description": "Chest </script> CT", "accession": "ACC1", "modalities": ["CT"],
        "pictures": True,
        "series": 3,
        "instances": 14, "labels": [], "bodyParts": [], "opened": None, "isNew": False, "isReported": False,
    }  # fmt: skip
    assert answer.json["total"] == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("doe", [CHEST]), ("jane doe", [CHEST]), ("doe jane", [CHEST]), ("P-17", [CHEST]), ("ACC2", [HAND]),
        ("P-1", [HAND, CHEST]), ("ro", [HAND]), ("nobody", []), ("", [HAND, CHEST]), ("*", [HAND, CHEST]),
        ("doe richard", []),
    ],
)  # fmt: skip
def test_what_is_typed_is_a_name_in_either_order_or_an_id(client: Client, text: str, found: list[str]) -> None:
    assert uids(client.post("/sightline/api/studies", json={"text": text})) == found


def test_wildcards_that_are_typed_mean_nothing_special() -> None:
    assert next(StudySearch(text="d?e\\x").alternatives()) == {"PatientName": "*d*e*x*"}


def test_a_name_in_the_url_is_refused(client: Client) -> None:
    answer = client.get("/sightline/api/studies?text=doe")
    assert answer.status_code == 400
    assert "body of a POST" in answer.json["message"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=20260301", [HAND]), ("from=20260301&to=20260301", [HAND]), ("to=20260228", [CHEST]),
        ("from=20260302", []), ("modality=CT", [CHEST]), ("modality=CR,DX", [HAND]), ("modality=CT,DX", [HAND, CHEST]),
        ("modality=US", []), ("from=20260101&modality=CT", [CHEST]),
    ],
)  # fmt: skip
def test_dates_and_modalities(client: Client, query: str, found: list[str]) -> None:
    assert uids(client.get(f"/sightline/api/studies?{query}")) == found


@pytest.mark.parametrize(
    "body",
    [
        {"from": "yesterday"}, {"modality": "CT;DROP"}, {"limit": 0}, {"limit": 201}, {"offset": -1}, {"name": "doe"},
        {"modality": ",".join("ABCDEFGHIJKLMNOPQ")}, {"body": "a"}, {"label": "no label"}, {"state": "read"},
        {"sort": "birthDate"}, {"since": "yesterday"}, [],
    ],
)  # fmt: skip
def test_wrong_values_are_refused_with_a_sentence(client: Client, body: Any) -> None:
    answer = client.post("/sightline/api/studies", json=body)
    assert answer.status_code == 400
    assert answer.json["message"].endswith(".")


def test_pages_are_exact_when_several_matches_are_merged() -> None:
    """Every study is listed once, in order, whatever the page size: names and ids overlap on purpose."""
    archive = FakeArchive(
        image_file(
            np.zeros((2, 2), np.uint8), StudyInstanceUID=f"1.2.{n}", SeriesInstanceUID=f"1.2.{n}.1",
            PatientName="Smith^X" if n % 2 else "Other^X", PatientID=f"smith{n}" if n % 3 else f"id{n}",
            StudyDate=f"202601{n:02d}", Modality="CT" if n % 5 else "MR",
        )
        for n in range(1, 28)
    )  # fmt: skip
    services = viewer_services(archive, engine=None)  # type: ignore[arg-type]
    request: Any = type("R", (), {"grant": ADMINISTRATOR})()
    # FakeArchive matches ids with regard to case, as Orthanc may be told to.
    wanted = [f"1.2.{n}" for n in range(27, 0, -1) if n % 2 or n % 3]
    found: list[str] = []
    while True:
        search = StudySearch(text="smith", modalities=("CT", "MR"), limit=4, offset=len(found))
        page = find_studies(request, services, search)
        found += [study["uid"] for study in page["studies"]]
        assert page["total"] == len(wanted)
        if not page["studies"]:
            break
    assert found == wanted
