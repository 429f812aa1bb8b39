"""The routes that keep findings: what is refused, who may, and what two readers are told of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from sightline.access.grant import Grant, Permission, Verb
from sightline.rendering.engine import RenderingEngine
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.tables import finding_studies
from tests.support.clock import Clock
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.findings import EVERY_TOOL, finding
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, small_engine, viewer_services

STUDY, SERIES = "1.2.826.0.1.7", "1.2.826.0.1.7.1"
OTHER = "1.2.826.0.1.8"
PATH = f"/sightline/api/studies/{STUDY}/findings"
Clients = Callable[..., Client]


@pytest.fixture(scope="module")
def archive() -> FakeArchive:
    volume = np.zeros((3, 8, 6), np.int16)
    places = [(0.0, 0.0, 2.0 * k) for k in range(3)]
    common: dict[str, Any] = {"PatientID": "P-7", "PatientName": "Doe^Jane"}
    here = slices_of(volume, places, StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, **common)
    other = image_file(volume[0], StudyInstanceUID=OTHER, SeriesInstanceUID=f"{OTHER}.1", **common)
    return FakeArchive([*here, other])


@pytest.fixture(scope="module")
def engine(archive: FakeArchive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderingEngine]:
    with closing(small_engine(archive, tmp_path_factory.mktemp("tables"))) as engine:
        yield engine


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(sqlite_url(tmp_path), Clock())) as database:
        yield database


@pytest.fixture
def client_of(archive: FakeArchive, engine: RenderingEngine, database: Database, tmp_path: Path) -> Clients:
    def make(grant: Grant = ADMINISTRATOR) -> Client:
        return Client(ViewerApplication(viewer_services(archive, engine, tmp_path, database=database), grant))

    return make


def reader(name: str, *verbs: Verb, study: str = STUDY) -> Grant:
    return Grant(
        f"link:{name}", (Permission(frozenset(verbs or (Verb.VIEW, Verb.ANNOTATE)), study),), name=f"Dr {name}"
    )


def instance_of(archive: FakeArchive, number: int = 0) -> str:
    records = archive.series_instances(ADMINISTRATOR, STUDY, SERIES)
    return sorted(record.sop_instance_uid for record in records)[number]


@pytest.fixture
def mark(archive: FakeArchive) -> Callable[..., dict[str, Any]]:
    def make(tool: str = "length", name: str = "", **more: Any) -> dict[str, Any]:
        return finding(STUDY, SERIES, instance_of(archive), tool, name) | more

    return make


def send(client: Client, *changes: dict[str, Any], **more: Any) -> TestResponse:
    return client.post(PATH, json={"changes": list(changes), **more})


def test_every_tool_is_kept_as_it_was_drawn(client_of: Clients, mark: Callable[..., dict[str, Any]]) -> None:
    drawn = [mark(tool, f"{tool} “ü” 日本", colour=5, hidden=True) for tool in EVERY_TOOL]
    answer = send(client_of(), *({"finding": each, "base": 0} for each in drawn))
    assert answer.json is not None
    assert [result["revision"] for result in answer.json["results"]] == [1] * len(drawn)
    told = client_of().get(PATH).json
    assert told is not None
    assert (told["revision"], told["mayAnnotate"], told["saved"]) == (1, True, None)
    assert {each["finding"]["id"]: each["finding"] for each in told["findings"]} == {each["id"]: each for each in drawn}
    assert {each["author"] for each in told["findings"]} == {"admin"}


def test_two_readers_are_told_of_each_other(client_of: Clients, mark: Callable[..., dict[str, Any]]) -> None:
    ann, bob = client_of(reader("Ann")), client_of(reader("Bob"))
    drawn = mark()
    assert send(ann, {"finding": drawn, "base": 0}).status_code == 200
    send(ann, {"finding": drawn | {"label": "Ann's"}, "base": 1})
    answer = send(bob, {"finding": drawn | {"label": "Bob's"}, "base": 1}).json
    assert answer is not None
    assert answer["revision"] == 2
    conflict = answer["results"][0]["conflict"]
    assert (conflict["finding"]["label"], conflict["author"], conflict["revision"]) == ("Ann's", "Dr Ann", 2)
    send(ann, {"remove": drawn["id"], "base": 2})
    answer = send(bob, {"finding": drawn | {"label": "Bob's"}, "base": 2}).json
    assert answer is not None
    assert answer["results"][0]["conflict"]["finding"] is None
    told = bob.get(PATH, query_string={"since": "2"}).json
    assert told is not None
    assert (told["findings"], [each["id"] for each in told["removed"]]) == ([], [drawn["id"]])
    assert told["removed"][0]["author"] == "Dr Ann"


def test_leaving_a_study_without_findings_keeps_nothing(client_of: Clients, database: Database) -> None:
    answer = send(client_of(), leaving=True)
    assert (answer.status_code, answer.json) == (200, {"revision": 0, "results": []})
    with database.read() as connection:
        assert connection.execute(select(finding_studies)).all() == []


def test_who_may_not_annotate_this_study_changes_nothing(
    client_of: Clients, mark: Callable[..., dict[str, Any]]
) -> None:
    change = {"finding": mark(), "base": 0}
    may_view = client_of(reader("Eve", Verb.VIEW))
    assert send(may_view, change).status_code == 403
    told = may_view.get(PATH).json
    assert told is not None
    assert (told["mayAnnotate"], told["findings"]) == (False, [])
    elsewhere = client_of(reader("Eve", study=OTHER))
    assert send(elsewhere, change).status_code == 403
    assert elsewhere.get(PATH).status_code == 403
    assert client_of(Grant("anonymous")).get(PATH).status_code == 401
    assert send(client_of(Grant("anonymous")), change).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": "A" * 36}, "UUID"),
        ({"tracking": "1.2.x"}, "tracking"),
        ({"frame": 0}, "frame"),
        ({"frame": True}, "frame"),
        ({"tool": "spline"}, "tool"),
        ({"points": [[1, 2]]}, "'length' has 2 points, not 1"),
        ({"points": [[1, 2], [3]]}, "points"),
        ({"points": [[1, 2], [3, "4"]]}, "points"),
        ({"points": [[1, 2], [3, 1e9]]}, "no places"),
        ({"label": "x" * 1025}, "label"),
        ({"label": "\u0000"}, "control"),
        ({"label": "\ud800"}, "label"),
        ({"colour": 6}, "colour"),
        ({"hidden": 1}, "hidden"),
        ({"knownLength": 3.0}, "calibration"),
        ({"more": 1}, "more"),
        ({"study": OTHER}, "another study"),
    ],
)
def test_a_wrong_finding_is_named_and_nothing_is_kept(
    client_of: Clients, mark: Callable[..., dict[str, Any]], wrong: dict[str, Any], says: str
) -> None:
    good, bad = mark(name="good"), mark(name="bad") | wrong
    answer = send(client_of(), {"finding": good, "base": 0}, {"finding": bad, "base": 0})
    assert answer.status_code == 400
    assert answer.json is not None
    message = answer.json["message"]
    assert says in message
    assert "id" in wrong or bad["id"] in message
    assert client_of().get(PATH).json["findings"] == []  # type: ignore[index]


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"changes": {}}, {"changes": [{}]}, {"changes": [{"remove": "x", "base": 1}]},
        {"changes": [{"remove": "00000000-0000-0000-0000-000000000000"}]}, {"changes": [], "leaving": 1},
        {"changes": [{"remove": "00000000-0000-0000-0000-000000000000", "base": -1}]},
        {"changes": [{"remove": "00000000-0000-0000-0000-000000000000", "base": 1}] * 2},
        {"changes": [{"remove": "00000000-0000-0000-0000-000000000000", "base": 1}] * 501},
        {"changes": [], "predecessors": ["x"]},
    ],
)  # fmt: skip
def test_what_is_no_list_of_changes_is_refused(client_of: Clients, body: Any) -> None:
    assert client_of().post(PATH, json=body).status_code == 400


def test_too_many_points_and_too_large_bodies_are_refused(
    client_of: Clients, mark: Callable[..., dict[str, Any]]
) -> None:
    outline = [[float(n), 1.0] for n in range(10_000)]
    assert send(client_of(), {"finding": mark("freehand", points=outline), "base": 0}).status_code == 200
    assert send(client_of(), {"finding": mark("freehand", points=[*outline, [1, 1]]), "base": 1}).status_code == 400
    assert client_of().post(PATH, data=b" " * (5 << 20), content_type="application/json").status_code == 413
    assert client_of().post(PATH, data=b"{}", content_type="text/plain").status_code == 415


@pytest.mark.parametrize(
    "place",
    [
        {"series": f"{OTHER}.1"}, {"series": "1.2.3"}, {"instance": "1.2.3"}, {"frame": 2},
    ],
)  # fmt: skip
def test_a_finding_on_what_is_no_image_of_the_study_is_refused(
    client_of: Clients, mark: Callable[..., dict[str, Any]], place: dict[str, Any]
) -> None:
    bad = mark(name="bad") | place
    answer = send(client_of(), {"finding": mark(name="good"), "base": 0}, {"finding": bad, "base": 0})
    assert answer.status_code == 422
    assert answer.json is not None
    assert bad["id"] in answer.json["message"]
    assert client_of().get(PATH).json["findings"] == []  # type: ignore[index]


def test_a_report_to_go_on_from_has_to_be_in_the_study(
    client_of: Clients, archive: FakeArchive, mark: Callable[..., dict[str, Any]]
) -> None:
    change = {"finding": mark(), "base": 0}
    assert send(client_of(), change, predecessors=["1.2.3"]).status_code == 422
    assert send(client_of(), change, predecessors=[instance_of(archive)]).status_code == 200
