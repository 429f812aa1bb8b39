"""The study list's server side: sorting, labels, states, body parts, and what has come."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb, administrator
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import ViewerApplication, link_grant, now, viewer_services

LIST = "/sightline/api/studies"
DOSE, COMPREHENSIVE, PDF = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("88.67", "88.33", "104.1"))
SEARCHER = Grant("reader", (Permission(frozenset({Verb.SEARCH, Verb.VIEW})),))


def a_file(number: int, **attributes: Any) -> bytes:
    own = {"StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1", "PatientID": f"P{number}"}
    return image_file(np.zeros((2, 2), np.uint8), **(own | attributes))


def clients(archive: FakeArchive, *grants: Grant) -> list[Client]:
    """Clients of one site, one for each grant."""
    services = viewer_services(archive, engine=cast(Any, None))
    return [Client(ViewerApplication(services, grant)) for grant in grants]


def uids(client: Client, query: str = "", **body: Any) -> list[str]:
    answer = client.post(LIST, json=body) if body else client.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.text
    return [study["uid"].removeprefix("1.2.") for study in answer.json["studies"]]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-date", "3124"), ("date", "4213"), ("name", "2134"), ("-name", "4312"), ("description", "4213"),
        ("modality", "1234"), ("-modality", "4312"), ("", "3124"),
    ],
)  # fmt: skip
def test_the_list_is_sorted_over_all_pages(sort: str, order: str) -> None:
    """What is equal has the newest first; every study is on one page."""
    archive = FakeArchive(
        a_file(n, PatientName=name, StudyDate=date, Modality=modality, StudyDescription=description)
        for n, (name, date, modality, description) in enumerate(
            [("B", "20260103", "CT", "x"), ("A", "20260102", "CT", "v"), ("C", "20260104", "DX", "y"),
             ("D", "20260101", "MR", "u")], 1,
        )
    )  # fmt: skip
    (client,) = clients(archive, SEARCHER)
    pages = [uids(client, f"sort={sort}&limit=3&offset={offset}") for offset in (0, 3)]
    assert "".join(pages[0] + pages[1]) == order


def test_a_report_is_told_from_a_dose_report_and_measurements() -> None:
    archive = FakeArchive(
        [
            a_file(1), a_file(2), a_file(2, SeriesInstanceUID="1.2.2.2", Modality="SR", SOPClassUID=COMPREHENSIVE),
            a_file(3), a_file(3, SeriesInstanceUID="1.2.3.2", Modality="SR", SOPClassUID=DOSE),
            a_file(4, Modality="MR"), a_file(4, SeriesInstanceUID="1.2.4.2", Modality="DOC", SOPClassUID=PDF),
        ]
    )  # fmt: skip
    (client,) = clients(archive, SEARCHER)
    rows = client.get(LIST).json["studies"]
    assert {row["uid"][-1] for row in rows if row["isReported"]} == {"2", "4"}
    assert sorted(uids(client, "state=reported")) == ["2", "4"]
    assert uids(client, "state=reported&modality=MR") == ["4"]


def test_what_one_has_opened_is_new_to_others_only() -> None:
    today = now().strftime("%Y%m%d")
    archive = FakeArchive([a_file(1, StudyDate=today), a_file(2, StudyDate=today), a_file(3, StudyDate="20200101")])
    services = viewer_services(archive, engine=cast(Any, None))
    ada, bob, link = (
        Client(ViewerApplication(services, grant)) for grant in (administrator("ada"), SEARCHER, link_grant("1.2.2"))
    )
    services.openings.note("ada", "1.2.1")
    row = next(row for row in ada.get(LIST).json["studies"] if row["uid"] == "1.2.1")
    assert row["opened"]
    assert not row["isNew"]
    assert uids(ada, "state=opened") == ["1"]
    assert uids(ada, "state=new") == ["2"]
    assert sorted(uids(bob, "state=new")) == ["1", "2"]
    assert uids(bob, "state=opened") == []
    assert link.get(f"{LIST}?state=opened").status_code == 403


def test_body_parts_and_labels_narrow_the_list() -> None:
    archive = FakeArchive(
        [a_file(1, BodyPartExamined="KNEE"), a_file(2, BodyPartExamined="CHEST"),
         a_file(2, SeriesInstanceUID="1.2.2.2", BodyPartExamined="ABDOMEN")]
    )  # fmt: skip
    admin, reader = clients(archive, administrator("ada"), SEARCHER)
    assert admin.put(f"{LIST}/1.2.2/labels/Urgent").status_code == 204
    assert admin.put(f"{LIST}/1.2.2/labels/not%20one").status_code == 400
    assert admin.put(f"{LIST}/1.2.9/labels/Urgent").status_code == 404
    assert reader.put(f"{LIST}/1.2.2/labels/mine").status_code == 403
    assert reader.delete(f"{LIST}/1.2.2/labels/Urgent").status_code == 403
    assert reader.get("/sightline/api/labels").json == {"labels": ["Urgent"]}
    (row,) = reader.get(f"{LIST}?label=Urgent").json["studies"]
    assert (row["labels"], row["bodyParts"]) == (["Urgent"], ["CHEST", "ABDOMEN"])
    assert uids(reader, "body=ABDOMEN,HEAD") == ["2"]
    assert uids(reader, "body=KNEE&label=Urgent") == []
    assert uids(reader, text="P", label="Urgent") == ["2"]
    assert admin.delete(f"{LIST}/1.2.2/labels/Urgent").status_code == 204
    assert uids(reader, "label=Urgent") == []


def test_what_came_since_is_asked_for_cheaply_and_found_by_the_same_filters() -> None:
    archive = FakeArchive([a_file(1)])
    reader, link = clients(archive, SEARCHER, link_grant("1.2.1"))
    token = reader.get(LIST).json["token"]
    arrivals = f"/sightline/api/arrivals?since={token}"
    assert reader.get(arrivals, headers={"If-None-Match": f'"{token}"'}).status_code == 304
    for n in (2, 3):
        archive.store(administrator("ada"), a_file(n, Modality="CT" if n == 2 else "MR"))
    answer = reader.get(arrivals, headers={"If-None-Match": f'"{token}"'})
    assert answer.json["studies"] == ["1.2.2", "1.2.3"]
    assert answer.json["token"] != token
    assert uids(reader, f"since={token}&modality=MR") == ["3"]
    assert uids(reader, f"since={answer.json['token']}") == []
    assert link.get(arrivals).status_code == 403
    assert reader.get("/sightline/api/arrivals?since=1").status_code == 400


def test_pages_of_a_search_that_the_archive_cannot_sort_are_joined_once() -> None:
    """Until something is stored."""
    archive = FakeArchive(a_file(n, Modality="CT" if n % 2 else "MR") for n in range(1, 8))
    (client,) = clients(archive, SEARCHER)
    joined: list[bool] = []
    search = archive.search

    def watched(grant: Grant, query: Any) -> Any:
        joined.append(query.is_bare and query.level == "Study")
        return search(grant, query)

    archive.search = watched  # type: ignore[method-assign]
    found = [uid for offset in (0, 3, 6) for uid in uids(client, f"sort=modality&limit=3&offset={offset}")]
    assert (sorted(found), sum(joined)) == (list("1234567"), 1)
    archive.store(administrator("ada"), a_file(8))
    assert len(uids(client, "sort=modality")) == 8
    assert sum(joined) == 2
