"""The routes of key images: kept at once, stored as documents, and nobody else's to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import KeyObjectSelectionDocumentStorage
from werkzeug.test import Client

from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.errors import UnavailableError
from sightline.state.database import open_database, sqlite_url
from sightline.viewer.key_documents import KeyDocumentKeeper
from sightline.web.services import Services
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.viewer_server import (
    ViewerApplication,
    link_grant,
    now,
    small_engine,
    viewer_services,
)

STUDY, OTHER = "1.2.826.0.1.70", "1.2.826.0.1.71"
SERIES, CINE = f"{STUDY}.1", f"{STUDY}.2"
PATH = f"/sightline/api/studies/{STUDY}/keys"
EVERYTHING = administrator("test")


def files() -> list[bytes]:
    common = {"StudyInstanceUID": STUDY, "PatientName": "Müller^Änne", "SpecificCharacterSet": "ISO_IR 100"}
    plain = [
        image_file(
            np.zeros((4, 4), np.int16),
            SeriesInstanceUID=SERIES,
            SOPInstanceUID=f"{SERIES}.{n}",
            SeriesNumber=1,
            **common,
        )
        for n in (1, 2, 3)
    ]
    cine = image_file(
        np.zeros((5, 4, 4), np.int16), SeriesInstanceUID=CINE, SOPInstanceUID=f"{CINE}.1", SeriesNumber=2,
        NumberOfFrames=5, **common,
    )  # fmt: skip
    other = image_file(np.zeros((4, 4), np.int16), StudyInstanceUID=OTHER, SOPInstanceUID=f"{OTHER}.1.1")
    return [*plain, cine, other]


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive(files())


@pytest.fixture
def services(archive: FakeArchive, tmp_path: Path) -> Iterator[Services]:
    with (
        closing(small_engine(archive, tmp_path / "tables")) as engine,
        closing(open_database(sqlite_url(tmp_path / "state"), now)) as database,
    ):
        yield viewer_services(archive, engine, tmp_path, database=database)


@pytest.fixture
def client_of(services: Services) -> Callable[..., Client]:
    """Clients by grant, all of one state."""
    return lambda grant=ADA: Client(ViewerApplication(services, grant))


def reader(name: str, *verbs: Verb) -> Grant:
    return Grant(name, (Permission(frozenset(verbs or (Verb.VIEW, Verb.ANNOTATE)), STUDY),), name=name.title())


ADA = reader("ada")


def key(instance: str, frame: int = 1, title: str = "113000") -> dict[str, Any]:
    series = instance.rpartition(".")[0]
    return {"key": {"series": series, "instance": instance, "frame": frame, "title": title}}


def send(client: Client, *changes: Any, leaving: bool = False) -> Any:
    return client.post(PATH, json={"changes": list(changes), "leaving": leaving})


def documents(archive: FakeArchive) -> list[Dataset]:
    found = [dcmread(BytesIO(content)) for content in archive.files()]
    return [dataset for dataset in found if dataset.SOPClassUID == KeyObjectSelectionDocumentStorage]


def test_marks_are_kept_at_once_and_seen_by_others(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    answer = send(client_of(), key(f"{SERIES}.2"), key(f"{CINE}.1", 4, "113004"))
    assert answer.status_code == 200
    seen = client_of(reader("bob", Verb.VIEW)).get(PATH).json
    assert not seen["mayAnnotate"]
    assert [(mark["instance"], mark["frame"], mark["title"]) for mark in seen["marks"]] == [
        (f"{SERIES}.2", 1, "113000"),
        (f"{CINE}.1", 4, "113004"),
    ]
    assert {(mark["author"], mark["own"]) for mark in seen["marks"]} == {("Ada", False)}
    assert documents(archive) == []
    removed = send(client_of(), {"remove": {"instance": f"{SERIES}.2", "frame": 1}}).json
    assert [mark["instance"] for mark in removed["marks"]] == [f"{CINE}.1"]


def test_they_are_stored_as_one_document_for_each_reason(
    client_of: Callable[..., Client], archive: FakeArchive
) -> None:
    client = client_of()
    changes = [key(f"{SERIES}.3"), key(f"{SERIES}.1"), key(f"{CINE}.1", 4, "113004"), key(f"{CINE}.1", 2, "113004")]
    answer = send(client, *changes, leaving=True).json
    assert answer["saved"]
    interest, teaching = sorted(documents(archive), key=lambda one: one.ConceptNameCodeSequence[0].CodeValue)
    assert interest.ConceptNameCodeSequence[0].CodeMeaning == "Of Interest"
    assert (str(interest.PatientName), str(interest.StudyInstanceUID), interest.Modality) == (
        "Müller^Änne",
        STUDY,
        "KO",
    )
    (image,) = [item for item in teaching.ContentSequence if item.ValueType == "IMAGE"]
    assert list(image.ReferencedSOPSequence[0].ReferencedFrameNumber) == [2, 4]
    listed = {one["title"]["code"]: one for one in answer["documents"]}
    assert [image["instance"] for image in listed["113000"]["images"]] == [f"{SERIES}.3", f"{SERIES}.1"]
    assert listed["113004"]["images"] == [{"series": CINE, "instance": f"{CINE}.1", "frames": [2, 4]}]
    assert {(one["author"], one["ours"], one["isOfMarks"], one["superseded"]) for one in listed.values()} == {
        ("Ada", True, True, False)
    }


def test_a_new_version_names_the_one_before_which_stays(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    first = send(client, key(f"{SERIES}.1"), leaving=True).json["documents"][0]["instance"]
    again = client.post(f"{PATH}/save").json["documents"]
    assert [one["instance"] for one in again] == [first]
    after = send(client, key(f"{SERIES}.2"), leaving=True).json["documents"]
    told = {one["instance"]: (one["superseded"], one["isOfMarks"], one["predecessors"]) for one in after}
    assert told.pop(first) == (True, False, [])
    assert list(told.values()) == [(False, True, [first])]
    assert len({one["series"] for one in after}) == 1
    assert len(documents(archive)) == 2


def test_what_was_taken_away_altogether_is_told_as_superseded(
    client_of: Callable[..., Client], archive: FakeArchive
) -> None:
    client = client_of()
    send(client, key(f"{SERIES}.1"), leaving=True)
    answer = send(client, {"remove": {"instance": f"{SERIES}.1", "frame": 1}}, leaving=True).json
    assert answer["saved"]
    assert [(one["superseded"], one["isOfMarks"]) for one in answer["documents"]] == [(True, False)]
    back = send(client, key(f"{SERIES}.1"), leaving=True).json
    assert sorted(one["superseded"] for one in back["documents"]) == [False, True]


def test_authors_do_not_touch_each_others_marks(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    ada, bob = client_of(), client_of(reader("bob"))
    send(ada, key(f"{SERIES}.1"))
    send(bob, {"remove": {"instance": f"{SERIES}.1", "frame": 1}}, key(f"{SERIES}.1", title="113003"), leaving=True)
    assert {(mark["author"], mark["title"]) for mark in ada.get(PATH).json["marks"]} == {
        ("Ada", "113000"),
        ("Bob", "113003"),
    }
    assert not ada.get(PATH).json["saved"]
    assert [one.ConceptNameCodeSequence[0].CodeValue for one in documents(archive)] == ["113003"]


def test_who_may_not_annotate_the_study_marks_nothing(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    for grant in (reader("eve", Verb.VIEW), link_grant(OTHER), link_grant(STUDY)):
        client = client_of(grant)
        assert send(client, key(f"{SERIES}.1"), leaving=True).status_code == 403
        assert client.post(f"{PATH}/save").status_code == 403
    assert client_of(link_grant(OTHER)).get(PATH).status_code == 403
    assert client_of(link_grant(STUDY)).get(PATH).json["marks"] == []
    assert documents(archive) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({"changes": {}}, 400),
        ({"changes": [], "leaving": 1}, 400),
        ({"changes": [{"key": {}, "remove": {}}]}, 400),
        ({"changes": [{"key": [f"{SERIES}.1"]}]}, 400),
        ({"changes": [key(f"{SERIES}.1"), key(f"{SERIES}.2", 0)]}, 400),
        ({"changes": [key(f"{SERIES}.1"), key(f"{SERIES}.2", title="113030")]}, 400),
        ({"changes": [key(f"{SERIES}.1"), key(f"{SERIES}.2", title=["113000"])]}, 400),
        ({"changes": [key(f"{SERIES}.1"), key("../1")]}, 400),
        ({"changes": [key(f"{SERIES}.1"), key(f"{SERIES}.9")]}, 404),
        ({"changes": [key(f"{SERIES}.1"), key(f"{CINE}.1", 6)]}, 404),
        ({"changes": [key(f"{OTHER}.1.1")]}, 404),
        ({"changes": [key(f"{SERIES}.1")] * 201}, 400),
    ],
)
def test_what_is_no_change_changes_nothing(client_of: Callable[..., Client], body: Any, status: int) -> None:
    client = client_of()
    assert client.post(PATH, json=body).status_code == status
    assert client.get(PATH).json["marks"] == []


def test_an_image_that_was_deleted_is_left_out(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    send(client, key(f"{SERIES}.1"), key(f"{SERIES}.2"))
    archive.delete_instance(EVERYTHING, STUDY, SERIES, f"{SERIES}.1")
    (document,) = client.post(f"{PATH}/save").json["documents"]
    assert [image["instance"] for image in document["images"]] == [f"{SERIES}.2"]


def test_a_damaged_document_does_not_hide_the_others(client_of: Callable[..., Client], archive: FakeArchive) -> None:
    client = client_of()
    send(client, key(f"{SERIES}.1"), leaving=True)
    (dataset,) = documents(archive)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    del dataset.ContentSequence[-1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    broken = BytesIO()
    dataset.save_as(broken)
    archive.store(EVERYTHING, broken.getvalue())
    problems = ["problem" in one for one in client.get(PATH).json["documents"]]
    assert sorted(problems) == [False, True]


def test_after_a_pause_it_is_stored_without_anybody_asking(services: Services, archive: FakeArchive) -> None:
    client = Client(ViewerApplication(services, ADA))
    send(client, key(f"{SERIES}.1"))
    events: list[AuditEvent] = []
    later = timedelta(seconds=29)
    audit: Any = SimpleNamespace(record=events.append)
    keeper = KeyDocumentKeeper(replace(services, clock=lambda: now() + later, audit=audit))
    keeper.save_due()
    assert documents(archive) == []
    later = timedelta(seconds=31)
    keeper.save_due()
    keeper.save_due()
    assert len(documents(archive)) == 1
    assert client.get(PATH).json["saved"]
    (event,) = events
    assert (event.kind, event.grant.subject, event.study_instance_uid) == (AuditKind.STORE, "ada", STUDY)


def test_what_cannot_be_stored_is_tried_again_later(
    services: Services, archive: FakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(Client(ViewerApplication(services, ADA)), key(f"{SERIES}.1"))
    events: list[AuditEvent] = []
    seconds = 31
    audit: Any = SimpleNamespace(record=events.append)
    keeper = KeyDocumentKeeper(replace(services, clock=lambda: now() + timedelta(seconds=seconds), audit=audit))
    with monkeypatch.context() as patch:
        patch.setattr(archive, "store", lambda *_: (_ for _ in ()).throw(UnavailableError("Full.")))
        keeper.save_due()
        keeper.save_due()
    assert [event.outcome for event in events] == [Outcome.SERIOUS_FAILURE]
    seconds = 60
    keeper.save_due()
    assert [event.outcome for event in events] == [Outcome.SERIOUS_FAILURE, Outcome.SUCCESS]
    assert len(documents(archive)) == 1
