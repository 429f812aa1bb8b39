"""Drafts are their writers' own, what was signed never changes, and nothing that waits is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.errors import ConflictError, SightlineError
from sightline.state.database import open_database, sqlite_url
from sightline.state.findings import Author
from sightline.state.report import KeyFrame
from sightline.state.reports import StoredReports
from sightline.state.waiting_reports import FIRST_WAIT, LONGEST_WAIT
from tests.support.clock import Clock
from tests.support.reports import signed_report

ADA, BOB = Author("ada", "Dr Ada"), Author("bob", "Dr Bob")
STUDY = "1.2.3"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports(tmp_path: Path, clock: Clock) -> Iterator[StoredReports]:
    with closing(open_database(sqlite_url(tmp_path), clock)) as database:
        yield StoredReports(database)


def sign(reports: StoredReports, study: str = STUDY, version: int = 1, author: Author = ADA) -> int:
    revision = reports.drafts.keep(study, author, "{}", 0).revision
    known = signed_report(study, version, id=f"report {study}", author_subject=author.subject, author=author.name)
    return reports.sign(known, revision).sequence


def test_a_draft_is_kept_from_revision_to_revision(reports: StoredReports) -> None:
    first = reports.drafts.keep(STUDY, ADA, "one", 0).revision
    second = reports.drafts.keep(STUDY, ADA, "two", first).revision
    assert second > first
    (draft,) = reports.drafts.of(STUDY)
    assert (draft.author, draft.document, draft.revision) == (ADA, "two", second)
    # An answer may be lost on the way: the same again is no conflict.
    assert reports.drafts.keep(STUDY, ADA, "two", first).revision == second


def test_another_window_of_the_same_reader_is_told_and_nothing_is_written_over(reports: StoredReports) -> None:
    base = reports.drafts.keep(STUDY, ADA, "one", 0).revision
    reports.drafts.keep(STUDY, ADA, "here", base)
    kept = reports.drafts.keep(STUDY, ADA, "there", base)
    assert kept.conflict is not None
    assert kept.conflict.document == "here"
    assert reports.drafts.of(STUDY)[0].document == "here"


def test_readers_do_not_touch_each_others_drafts(reports: StoredReports) -> None:
    reports.drafts.keep(STUDY, ADA, "hers", 0)
    reports.drafts.keep(STUDY, BOB, "his", 0)
    reports.drafts.discard(STUDY, BOB)
    assert [(each.author, each.document) for each in reports.drafts.of(STUDY)] == [(ADA, "hers")]


def test_who_goes_on_with_a_draft_that_was_thrown_away_is_told(reports: StoredReports, clock: Clock) -> None:
    base = reports.drafts.keep(STUDY, ADA, "one", 0).revision
    reports.drafts.discard(STUDY, ADA)
    assert reports.drafts.keep(STUDY, ADA, "two", base).is_gone
    clock.advance(seconds=5)
    reports.drafts.keep(STUDY, ADA, "new", 0)
    # A window that still knows the draft of before does not take the new one for it.
    assert reports.drafts.keep(STUDY, ADA, "old", base).conflict is not None


def test_what_is_signed_comes_back_whole(reports: StoredReports) -> None:
    keys = (KeyFrame("1.2.3.4", "1.2.3.4.5", 2, "1.2.840.10008.5.1.4.1.1.2"),)
    wanted = signed_report(key_frames=keys)
    revision = reports.drafts.keep(STUDY, ADA, "{}", 0).revision
    signed = reports.sign(wanted, revision)
    assert signed == replace(wanted, sequence=1)
    assert reports.signed(wanted.id) == signed == reports.signed(wanted.id, 1) == reports.of_sequence(1)
    assert reports.signed(wanted.id, 2) is None
    assert reports.drafts.of(STUDY) == []


def test_the_sequence_has_no_gap_and_can_be_read_on(reports: StoredReports) -> None:
    assert [sign(reports), sign(reports, "1.4"), sign(reports, version=2, author=BOB)] == [1, 2, 3]
    assert [one.sequence for one in reports.signed_after(0)] == [1, 2, 3]
    assert [one.sequence for one in reports.signed_after(1, limit=1)] == [2]
    assert reports.signed_after(3) == ()
    newest = reports.signed_of((STUDY, "1.4", "1.9"))
    assert [(one.study_instance_uid, one.version) for one in newest] == [(STUDY, 2), ("1.4", 1)]
    assert [one.author for one in reports.versions_of(STUDY)] == ["Dr Ada", "Dr Bob"]


def test_two_who_sign_at_once_do_not_both_succeed(reports: StoredReports) -> None:
    revisions = {author: reports.drafts.keep(STUDY, author, "{}", 0).revision for author in (ADA, BOB)}
    refused: list[SightlineError] = []

    def put(author: Author) -> None:
        try:
            reports.sign(signed_report(id=author.subject, author_subject=author.subject), revisions[author])
        except SightlineError as error:
            refused.append(error)

    threads = [threading.Thread(target=put, args=(author,)) for author in (ADA, BOB)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [error.code for error in refused] == ["signed-meanwhile"]
    assert len(reports.versions_of(STUDY)) == 1
    assert len(reports.drafts.of(STUDY)) == 1


def test_nothing_is_signed_that_was_not_seen(reports: StoredReports) -> None:
    seen = reports.drafts.keep(STUDY, ADA, "one", 0).revision
    reports.drafts.keep(STUDY, ADA, "two", seen)
    with pytest.raises(ConflictError) as refused:
        reports.sign(signed_report(), seen)
    assert refused.value.code == "draft-changed"
    assert reports.versions_of(STUDY) == ()
    assert reports.waiting.due() == []


def test_what_is_signed_waits_until_it_is_stored(reports: StoredReports, clock: Clock) -> None:
    sequence = sign(reports)
    assert reports.waiting.due() == [sequence]
    assert reports.waiting.hold(sequence)
    assert not reports.waiting.hold(sequence)
    assert reports.waiting.due() == []
    reports.waiting.failed(sequence, "The archive is full.")
    assert reports.waiting.problems(STUDY) == {sequence: "The archive is full."}
    assert reports.waiting.due() == []
    clock.advance(seconds=FIRST_WAIT.total_seconds())
    assert reports.waiting.due() == [sequence]
    reports.waiting.stored(sequence)
    assert reports.waiting.problems(STUDY) == {}
    assert not reports.waiting.hold(sequence)


def test_who_holds_a_report_and_dies_does_not_keep_it(reports: StoredReports, clock: Clock) -> None:
    sequence = sign(reports)
    assert reports.waiting.hold(sequence)
    clock.advance(minutes=3)
    assert reports.waiting.due() == [sequence]
    assert reports.waiting.hold(sequence)


def test_waiting_is_bounded_and_can_be_cut_short(reports: StoredReports, clock: Clock) -> None:
    sequence = sign(reports)
    for _ in range(30):
        reports.waiting.failed(sequence, "no")
    clock.advance(seconds=LONGEST_WAIT.total_seconds())
    assert reports.waiting.due() == [sequence]
    reports.waiting.failed(sequence, "no")
    reports.waiting.retry(STUDY)
    assert reports.waiting.due() == [sequence]


def test_a_study_that_is_deleted_takes_its_drafts_but_not_what_was_signed(reports: StoredReports) -> None:
    sequence = sign(reports)
    reports.drafts.keep(STUDY, BOB, "{}", 0)
    reports.forget(STUDY)
    assert (reports.drafts.of(STUDY), reports.waiting.due()) == ([], [])
    assert reports.of_sequence(sequence) is not None
