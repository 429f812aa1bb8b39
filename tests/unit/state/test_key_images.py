"""Key images are kept from the moment of marking, each author's own, and known to be stored or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.errors import TooLargeError
from sightline.state import key_images
from sightline.state.database import open_database, sqlite_url
from sightline.state.key_images import Author, KeyImage, StoredKeyImages
from tests.support.clock import Clock

ADA, BOB = Author("ada", "Ada"), Author("bob", "Bob")
STUDY = "1.2"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stored(tmp_path: Path, clock: Clock) -> Iterator[StoredKeyImages]:
    database = open_database(sqlite_url(tmp_path), clock)
    yield StoredKeyImages(database)
    database.close()


def mark(clock: Clock, uid: str, author: Author = ADA, title: str = "113000", frame: int = 1) -> KeyImage:
    return KeyImage("1.2.3", uid, frame, title, author, clock())


def test_marks_are_their_authors_own(stored: StoredKeyImages, clock: Clock) -> None:
    stored.change(STUDY, ADA, [mark(clock, "1.1")], [])
    clock.advance(minutes=1)
    stored.change(STUDY, BOB, [mark(clock, "1.1", BOB, "113003")], [])
    stored.change(STUDY, ADA, [], [("1.1", 1), ("1.9", 1)])
    (left,) = stored.of(STUDY)
    assert (left.author, left.title, left.marked) == (BOB, "113003", clock())
    assert stored.of("1.3") == []


def test_another_reason_takes_the_place_of_the_first(stored: StoredKeyImages, clock: Clock) -> None:
    stored.change(STUDY, ADA, [mark(clock, "1.1")], [])
    stored.change(STUDY, ADA, [mark(clock, "1.1", title="113004")], [])
    assert [one.title for one in stored.of(STUDY)] == ["113004"]
    assert {document.title for document in stored.documents(STUDY)} == {"113000", "113004"}


def test_what_changed_while_it_was_stored_is_still_to_be_stored(stored: StoredKeyImages, clock: Clock) -> None:
    stored.change(STUDY, ADA, [mark(clock, "1.1")], [])
    (before,) = stored.documents(STUDY)
    assert [document.title for document in stored.due(clock())] == ["113000"]
    clock.advance(seconds=10)
    stored.change(STUDY, ADA, [mark(clock, "1.2")], [])
    stored.note_saved(before, "1.5", "1.5.1")
    (after,) = stored.documents(STUDY)
    assert (after.is_saved, after.sop_instance_uid) == (False, "1.5.1")
    assert stored.due(before.changed) == []
    stored.note_saved(after, "1.5", "1.5.2")
    assert stored.documents(STUDY)[0].is_saved
    assert stored.due(clock()) == []


def test_too_many_marks_change_nothing(stored: StoredKeyImages, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_images, "MOST_OF_AUTHOR", 2)
    stored.change(STUDY, ADA, [mark(clock, "1.1"), mark(clock, "1.2")], [])
    with pytest.raises(TooLargeError):
        stored.change(STUDY, ADA, [mark(clock, "1.3"), mark(clock, "1.4")], [("1.1", 1)])
    assert [one.sop_instance_uid for one in stored.of(STUDY)] == ["1.1", "1.2"]
