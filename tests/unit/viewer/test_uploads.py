"""Uploads of the study list, and their undoing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from werkzeug.test import Client, TestResponse

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.archive.protocol import Level, Query
from sightline.archive.upload_ledger import UploadLedger
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.nested import nested_file
from tests.support.viewer_server import ViewerApplication, link_grant, viewer_services

UPLOADS = "/sightline/api/uploads"
NAME = "upload-1"
ADMIN = administrator("ada")
UPLOADER = Grant("bob", (Permission(frozenset({Verb.UPLOAD})),), session="s1")


class Place:
    """A site, and people who upload to it."""

    def __init__(self) -> None:
        self.archive = FakeArchive()
        self._services = viewer_services(self.archive, engine=cast(Any, None))

    def send(self, content: bytes, grant: Grant = UPLOADER, name: str = NAME, **more: Any) -> TestResponse:
        options = {"content_type": "application/dicom", "data": content} | more
        return self._client(grant).post(f"{UPLOADS}/{name}", **options)

    def undo(self, grant: Grant = UPLOADER, name: str = NAME) -> Any:
        return self._client(grant).post(f"{UPLOADS}/{name}/undo")

    def stored(self) -> list[str]:
        rows = self.archive.search(ADMIN, Query(Level.INSTANCE)).rows
        return sorted(row["SOPInstanceUID"] for row in rows)

    def _client(self, grant: Grant) -> Client:
        return Client(ViewerApplication(self._services, grant))


@pytest.fixture
def place() -> Place:
    return Place()


def file(number: int, level: int = 0) -> bytes:
    return image_file(np.full((2, 2), level, np.uint8), SOPInstanceUID=f"1.2.{number}")


def test_only_what_was_new_is_taken_back(place: Place) -> None:
    place.archive.store(ADMIN, file(1))
    place.archive.store(ADMIN, file(2))
    assert (place.send(file(1)).status_code, place.send(file(1)).json["isNew"]) == (200, False)
    assert place.send(file(2, level=9)).json["isNew"] is False  # in place of another file
    assert place.send(file(3)).status_code == 201
    assert place.send(file(4)).json == {"study": "1.2.826.0.1.1", "isNew": True}
    assert place.undo().json == {"deleted": 2, "kept": 0, "left": 0}
    assert place.stored() == ["1.2.1", "1.2.2"]
    assert place.undo().json == {"deleted": 0, "kept": 0, "left": 0}


def test_what_somebody_replaced_or_deleted_since_is_left_alone(place: Place) -> None:
    for number in (1, 2, 3):
        place.send(file(number))
    place.archive.store(ADMIN, file(1, level=7))
    place.archive.forget("1.2.2")
    assert place.undo().json == {"deleted": 1, "kept": 2, "left": 0}
    assert place.stored() == ["1.2.1"]


def test_nobody_takes_back_what_others_have_uploaded(place: Place) -> None:
    place.send(file(1))
    for grant, name in (
        (Grant("eve", UPLOADER.permissions, session="s2"), NAME),
        (Grant("bob", UPLOADER.permissions, session="s2"), NAME),
        (UPLOADER, "upload-2"),
    ):
        assert place.undo(grant, name).json["deleted"] == 0
    assert place.stored() == ["1.2.1"]


@pytest.mark.parametrize("grant", [link_grant("1.2.826.0.1.1"), Grant("x", (Permission(frozenset({Verb.SEARCH})),))])
def test_who_may_not_upload_can_neither_store_nor_undo(place: Place, grant: Grant) -> None:
    assert place.send(file(1), grant).status_code == 403
    assert place.undo(grant).status_code == 403


def test_a_refusal_says_why(place: Place) -> None:
    for content, word in ((b"", "DICOM"), (b"text" * 99, "DICOM"), (nested_file(33), "levels")):
        answer = place.send(content)
        assert answer.status_code == 422
        assert word in answer.json["message"]
    assert place.send(file(1), content_type="text/plain").status_code == 415
    assert place.send(file(1), name="a b").status_code == 400
    assert place.stored() == []


def test_large_uploads_are_undone_in_parts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.viewer.uploads.UNDONE_AT_ONCE", 2)
    for number in range(5):
        place.send(file(number))
    assert [place.undo().json["left"] for _ in range(3)] == [3, 1, 0]
    assert place.stored() == []


def test_the_ledger_forgets_the_oldest_upload_first(place: Place) -> None:
    place.archive.store(ADMIN, file(1))
    record = place.archive.instance(ADMIN, "1.2.826.0.1.1", "1.2.826.0.1.1.1", "1.2.1")
    first, second = (replace(record, orthanc_id=name) for name in ("1", "2"))
    ledger = UploadLedger(maximum=3)
    for name in ("a", "b"):
        for one in (first, second, second):
            ledger.add(("bob", "s1", name), one)
    assert ledger.take(("bob", "s1", "a"), 9) == ([], 0)
    assert ledger.take(("bob", "s1", "b"), 1) == ([second], 1)


def test_what_an_upload_brings_twice_is_taken_back_once(place: Place) -> None:
    """Even where the archive keeps the second one as another file; what was there before is not touched."""
    place.archive.store(ADMIN, file(2))
    for level in (0, 1, 2):
        place.send(file(1, level))
        place.send(file(2, level))
    assert place.undo().json == {"deleted": 1, "kept": 0, "left": 0}
    assert place.stored() == ["1.2.2"]
