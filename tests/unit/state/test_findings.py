"""Findings are kept at once; nothing is overwritten without a word, and nothing of one reader gets another's name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.errors import UnprocessableError
from sightline.state import findings as module
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.finding_versions import FindingVersions, Version
from sightline.state.findings import Author, Change, StoredFindings
from tests.support.clock import Clock

STUDY = "1.2.3"
ADA, BOB = Author("ada", "ada"), Author("link:1", "Dr Bob")


def document(label: str = "") -> str:
    return json.dumps({"label": label})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    database = open_database(sqlite_url(tmp_path), clock)
    yield database
    database.close()


@pytest.fixture
def kept(database: Database) -> StoredFindings:
    return StoredFindings(database)


@pytest.fixture
def versions(database: Database) -> FindingVersions:
    return FindingVersions(database)


def put(kept: StoredFindings, id_: str, label: str = "", base: int = 0, author: Author = ADA, **more: bool) -> int:
    revision, (outcome,) = kept.change(STUDY, [Change(id_, document(label), base)], author, **more)
    assert outcome.conflict is None
    return revision


def labels(version: Version) -> list[str]:
    return [row["finding"]["label"] for row in json.loads(version.document)]


def test_what_changed_since_is_told_with_what_was_removed(kept: StoredFindings) -> None:
    assert kept.read(STUDY) is None
    first = put(kept, "a", "one")
    second = put(kept, "b", "two", author=BOB)
    third, (removal,) = kept.change(STUDY, [Change("a", None, first)], BOB)
    assert (first, second, third, removal.revision) == (1, 2, 3, 3)
    everything, later = kept.read(STUDY), kept.read(STUDY, since=1)
    assert everything is not None
    assert later is not None
    assert [(each.id, each.author, each.revision) for each in everything.findings] == [("b", "Dr Bob", 2)]
    assert [(each.id, each.removed, each.author) for each in later.findings] == [
        ("b", False, "Dr Bob"), ("a", True, "Dr Bob"),
    ]  # fmt: skip
    assert kept.read("1.2.4") is None


def test_what_another_changed_is_told_and_left_as_it_is(kept: StoredFindings) -> None:
    base = put(kept, "a", "first")
    mine = put(kept, "a", "mine", base)
    revision, (told, written) = kept.change(
        STUDY, [Change("a", document("theirs"), base), Change("b", document("new"), 0)], BOB
    )
    assert told.conflict is not None
    assert (told.conflict.document, told.conflict.revision, told.conflict.author) == (document("mine"), mine, "ada")
    assert (written.conflict, written.revision) == (None, revision)
    assert put(kept, "a", "theirs, knowingly", mine, BOB) == revision + 1


def test_changing_what_was_removed_is_a_conflict_and_can_be_undone_knowingly(kept: StoredFindings) -> None:
    base = put(kept, "a", "first")
    gone, _ = kept.change(STUDY, [Change("a", None, base)], ADA)
    _, (told,) = kept.change(STUDY, [Change("a", document("more"), base)], BOB)
    assert told.conflict is not None
    assert told.conflict.removed
    put(kept, "a", "back", gone, BOB)
    state = kept.read(STUDY)
    assert state is not None
    assert [each.document for each in state.findings] == [document("back")]


def test_removing_what_another_changed_is_a_conflict(kept: StoredFindings) -> None:
    base = put(kept, "a", "first")
    put(kept, "a", "mine", base)
    _, (told,) = kept.change(STUDY, [Change("a", None, base)], BOB)
    assert told.conflict is not None
    assert not told.conflict.removed


def test_sending_again_what_is_there_changes_nothing(kept: StoredFindings) -> None:
    base = put(kept, "a", "first")
    change = Change("a", document("second"), base)
    answers = [kept.change(STUDY, [change], ADA) for _ in range(2)]
    assert answers[0] == answers[1]
    removal = [kept.change(STUDY, [Change("a", None, answers[0][0])], ADA) for _ in range(2)]
    assert removal[0] == removal[1]
    assert kept.change(STUDY, [Change("nowhere", None, 3)], ADA)[0] == removal[0][0]


def test_too_many_are_refused_as_a_whole(kept: StoredFindings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FINDINGS", 3)
    for name in "abc":
        put(kept, name)
    with pytest.raises(UnprocessableError, match="at most 3"):
        kept.change(STUDY, [Change("a", document("x"), 1), Change("d", document(), 0)], ADA)
    state = kept.read(STUDY)
    assert state is not None
    assert (state.revision, len(state.findings)) == (3, 3)


def test_too_large_ones_are_refused_as_a_whole(kept: StoredFindings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHARACTERS", 100)
    put(kept, "a", "x" * 60)
    with pytest.raises(UnprocessableError, match="too many points"):
        kept.change(STUDY, [Change("b", document("x" * 60), 0)], ADA)
    kept.change(STUDY, [Change("a", None, 1)], ADA)
    put(kept, "b", "x" * 60)


def test_the_oldest_removed_ones_are_forgotten_first(kept: StoredFindings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FINDINGS", 2)
    for name in "abcd":
        base = put(kept, name)
        kept.change(STUDY, [Change(name, None, base)], ADA)
    state = kept.read(STUDY, since=1)
    assert state is not None
    assert [each.id for each in state.findings] == ["c", "d"]


def test_many_writers_at_once_lose_nothing(kept: StoredFindings) -> None:
    def add(name: str) -> None:
        for number in range(10):
            put(kept, f"{name}{number}", author=Author(name, name))

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = kept.read(STUDY)
    assert state is not None
    assert sorted(each.revision for each in state.findings) == list(range(1, 41))


def test_one_of_many_who_change_the_same_is_heard(kept: StoredFindings) -> None:
    base = put(kept, "a")
    heard = []

    def change(name: str) -> None:
        _, (outcome,) = kept.change(STUDY, [Change("a", document(name), base)], Author(name, name))
        heard.append(outcome.conflict is None)

    threads = [threading.Thread(target=change, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == [False] * 5 + [True]


def test_a_pause_makes_a_version_and_leaving_makes_it_at_once(
    kept: StoredFindings, versions: FindingVersions, clock: Clock
) -> None:
    put(kept, "a", "one")
    clock.advance(seconds=20)
    put(kept, "b", "two")
    clock.advance(seconds=29)
    assert versions.due() == ()
    assert versions.next(STUDY) is None
    clock.advance(seconds=2)
    assert versions.due() == (STUDY,)
    version = versions.next(STUDY)
    assert version is not None
    assert (version.revision, labels(version), version.author) == (2, ["one", "two"], "ada")
    assert versions.next(STUDY) == version  # until it is stored, under the same UID
    versions.stored(version)
    assert versions.next(STUDY) is None
    assert versions.due() == ()
    put(kept, "c", "three", is_leaving=True)
    assert versions.due() == (STUDY,)
    following = versions.next(STUDY)
    assert following is not None
    assert following.predecessors == (version.instance,)
    state = kept.read(STUDY)
    assert state is not None
    assert state.saved is not None
    assert (state.saved.revision, state.saved.instance, state.is_pending) == (2, version.instance, True)
    assert state.saved.version == 1


def test_each_reader_has_a_version_of_their_own(kept: StoredFindings, versions: FindingVersions, clock: Clock) -> None:
    base = put(kept, "a", "ada's")
    put(kept, "a", "bob's", base, BOB)
    first = versions.next(STUDY)
    assert first is not None
    assert (first.author, labels(first)) == ("ada", ["ada's"])
    versions.stored(first)
    assert versions.next(STUDY) is None
    second = versions.next(STUDY, is_asked=True)
    assert second is not None
    assert (second.author, second.subject, labels(second)) == ("Dr Bob", "link:1", ["bob's"])
    assert second.predecessors == (first.instance,)


def test_one_holds_a_study_until_it_is_taken_for_dead(kept: StoredFindings, database: Database, clock: Clock) -> None:
    put(kept, "a", is_leaving=True)
    one, other = FindingVersions(database), FindingVersions(database)
    assert one.hold(STUDY)
    assert not other.hold(STUDY)
    assert other.due() == ()
    other.release(STUDY)
    assert not other.hold(STUDY)
    clock.advance(minutes=1, seconds=50)
    one.extend(STUDY)
    clock.advance(minutes=1, seconds=50)
    assert not other.hold(STUDY)
    clock.advance(minutes=1)
    assert other.due() == (STUDY,)
    assert other.hold(STUDY)
    other.release(STUDY)
    assert one.hold(STUDY)


def test_a_failure_is_told_and_tried_again_later_and_later(
    kept: StoredFindings, versions: FindingVersions, clock: Clock
) -> None:
    put(kept, "a", is_leaving=True)
    version = versions.next(STUDY)
    assert version is not None
    waits = []
    for _ in range(12):
        versions.failed(STUDY, "The archive does not answer.")
        seconds = 0
        while versions.due() == ():
            clock.advance(seconds=15)
            seconds += 15
        waits.append(seconds)
    assert waits[:4] == [15, 30, 60, 120]
    assert waits[-1] == 3600
    state = kept.read(STUDY)
    assert state is not None
    assert (state.problem, state.is_pending) == ("The archive does not answer.", True)
    versions.failed(STUDY, "The archive does not answer.")
    assert versions.due() == ()
    versions.resume()
    assert versions.due() == (STUDY,)
    versions.stored(version)
    assert versions.next(STUDY) is None
    state = kept.read(STUDY)
    assert state is not None
    assert (state.problem, state.is_pending) == ("", False)


def test_what_is_pending_outlives_a_restart(tmp_path: Path, clock: Clock) -> None:
    first = open_database(sqlite_url(tmp_path), clock)
    put(StoredFindings(first), "a", "drawn")
    first.close()
    clock.advance(minutes=1)
    second = open_database(sqlite_url(tmp_path), clock)
    versions = FindingVersions(second)
    assert versions.due() == (STUDY,)
    version = versions.next(STUDY)
    assert version is not None
    assert labels(version) == ["drawn"]
    second.close()


def test_what_was_removed_before_it_was_ever_stored_leaves_no_report(
    kept: StoredFindings, versions: FindingVersions
) -> None:
    base = put(kept, "a")
    kept.change(STUDY, [Change("a", None, base)], ADA, is_leaving=True)
    assert versions.due() == (STUDY,)
    assert versions.next(STUDY) is None
    assert versions.due() == ()


def test_removing_everything_after_a_report_makes_an_empty_version(
    kept: StoredFindings, versions: FindingVersions
) -> None:
    base = put(kept, "a", is_leaving=True)
    version = versions.next(STUDY)
    assert version is not None
    versions.stored(version)
    kept.change(STUDY, [Change("a", None, base)], ADA, is_leaving=True)
    empty = versions.next(STUDY)
    assert empty is not None
    assert labels(empty) == []


def test_reports_of_others_are_named_once(kept: StoredFindings, versions: FindingVersions) -> None:
    kept.change(STUDY, [Change("a", document(), 0)], ADA, True, ["1.9", "1.8"])
    version = versions.next(STUDY)
    assert version is not None
    assert version.predecessors == ("1.9", "1.8")
    versions.stored(version)
    kept.change(STUDY, [Change("b", document(), 0)], ADA, True)
    following = versions.next(STUDY)
    assert following is not None
    assert following.predecessors == (version.instance,)


def test_a_study_that_was_deleted_is_forgotten(kept: StoredFindings, versions: FindingVersions) -> None:
    put(kept, "a", is_leaving=True)
    versions.next(STUDY)
    kept.forget(STUDY)
    assert kept.read(STUDY) is None
    assert versions.due() == ()


def test_what_a_report_says_is_taken_in_once(kept: StoredFindings, clock: Clock) -> None:
    report = module.Report("1.7", 4, clock(), [("a", document("old"), "ada", clock())])
    kept.take_in(STUDY, report)
    put(kept, "b", "new")
    kept.take_in(STUDY, report)
    state = kept.read(STUDY)
    assert state is not None
    first, second = state.findings
    assert (first.id, second.id, second.revision) == ("a", "b", first.revision + 1)
    assert first.revision > 1_000_000  # later than any that a page may still know of
    assert state.saved is not None
    assert (state.saved.instance, state.saved.version) == ("1.7", 4)
