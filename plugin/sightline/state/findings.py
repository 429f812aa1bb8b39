"""What readers mark on images: kept at once, never overwritten without a word.

Every change of a study gets the next revision of that study. Who changes a finding says which revision of it they
started from; where that is not the newest, nothing is written and they are told what is there. What was removed keeps
its row for the same reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sightline.errors import UnprocessableError
from sightline.state.database import Database
from sightline.state.finding_rows import locked_study, merged, new_study
from sightline.state.finding_versions import freeze
from sightline.state.tables import finding_studies, finding_versions, findings

PAUSE = timedelta(seconds=30)
"""A reader who changed nothing for so long has paused: what they marked becomes a version."""

MOST_FINDINGS = 5_000
"""In one study; as many removed ones are remembered."""
MOST_CHARACTERS = 16_000_000
"""Of all findings of a study: they have to fit into one report."""
_BEFORE_ALL = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_IDS = 500
"""So many are named in one statement at most."""


@dataclass(frozen=True)
class Author:
    """Who changes findings: the subject of their grant, and the name that is shown."""

    subject: str
    name: str


@dataclass(frozen=True)
class StoredFinding:
    """A finding as it is kept: `document` is its JSON, of a removed one the last that there was."""

    id: str
    document: str
    author: str
    changed: datetime
    revision: int
    removed: bool


@dataclass(frozen=True)
class Change:
    """Put `document` in the place of a finding, or remove it (None). `base` is the revision it starts from; 0: new."""

    id: str
    document: str | None
    base: int


@dataclass(frozen=True)
class Outcome:
    """What became of a change: the finding's revision, or what is there in its stead and was left as it is."""

    id: str
    revision: int
    conflict: StoredFinding | None = None


@dataclass(frozen=True)
class Saved:
    """The last version that is stored as a report, the how manieth it is."""

    revision: int
    version: int
    instance: str
    time: datetime


@dataclass(frozen=True)
class StudyFindings:
    """The state of a study's findings; `problem` says why the newest are not stored as a report yet, if they failed."""

    revision: int
    findings: tuple[StoredFinding, ...] = ()
    saved: Saved | None = None
    problem: str = ""
    is_pending: bool = False


@dataclass(frozen=True)
class Report:
    """A version that was stored as a report by somebody: its findings' ids and documents, by whom and when."""

    instance: str
    version: int
    time: datetime
    findings: Sequence[tuple[str, str, str, datetime]]
    """Id, document, author, and when it was changed."""


class Findings(Protocol):
    """Keeps findings. Safe between threads, and between nodes that share the database."""

    def read(self, study_instance_uid: str, since: int = 0) -> StudyFindings | None:
        """Return the findings that changed after a revision, removed ones only if it is not 0; None: never any."""
        ...

    def change(
        self,
        study_instance_uid: str,
        changes: Sequence[Change],
        author: Author,
        is_leaving: bool = False,
        predecessors: Collection[str] = (),
    ) -> tuple[int, tuple[Outcome, ...]]:
        """Write what does not conflict; return the study's revision and what became of each change."""
        ...

    def take_in(self, study_instance_uid: str, report: Report) -> None:
        """Begin with what a stored report says, where nothing is known of the study."""
        ...

    def forget(self, study_instance_uid: str) -> None:
        """Forget a study that was deleted."""
        ...


class StoredFindings:
    """`Findings` in Sightline's database."""

    def __init__(self, database: Database, pause: timedelta = PAUSE) -> None:
        self.database = database
        self._pause = pause

    def read(self, study_instance_uid: str, since: int = 0) -> StudyFindings | None:
        """Return the findings that changed after a revision, removed ones only if it is not 0; None: never any."""
        of_study = findings.c.study_instance_uid == study_instance_uid
        query = select(findings).where(of_study, findings.c.revision > since)
        if not since:
            query = query.where(findings.c.removed.is_(False))
        with self.database.read() as connection:
            study = connection.execute(
                select(finding_studies).where(finding_studies.c.study_instance_uid == study_instance_uid)
            ).one_or_none()
            if study is None:
                return None
            rows = connection.execute(query.order_by(findings.c.revision, findings.c.id)).all()
        return StudyFindings(
            study.revision,
            tuple(_stored(row) for row in rows),
            _saved(study),
            study.problem,
            study.due is not None or study.retry is not None,
        )

    def change(
        self,
        study_instance_uid: str,
        changes: Sequence[Change],
        author: Author,
        is_leaving: bool = False,
        predecessors: Collection[str] = (),
    ) -> tuple[int, tuple[Outcome, ...]]:
        """Write what does not conflict; return the study's revision and what became of each change.

        Where another reader's changes are in no version yet, these become one first, in that reader's name.

        Raises
        ------
        UnprocessableError
            The study would have more than `MOST_FINDINGS`, or of `MOST_CHARACTERS`; nothing was written.
        UnavailableError
            The database cannot be written; nothing was.
        """
        with self.database.write() as connection:
            now = self.database.clock()
            study = locked_study(connection, study_instance_uid, now)
            there = _by_id(connection, study_instance_uid, [change.id for change in changes])
            outcomes = tuple(_outcome(change, there.get(change.id), study.revision + 1) for change in changes)
            wanted = [
                change
                for change, outcome in zip(changes, outcomes, strict=True)
                if outcome.conflict is None and outcome.revision > study.revision
            ]
            values: dict[str, Any] = {}
            if wanted:
                if study.revision > study.frozen_revision and study.subject_and_name != (author.subject, author.name):
                    freeze(connection, study, now)
                    study = locked_study(connection, study_instance_uid, now)
                for change in wanted:
                    _write(
                        connection, study_instance_uid, change, there.get(change.id), author, study.revision + 1, now
                    )
                _bound(connection, study_instance_uid)
                values = {"revision": study.revision + 1, "subject": author.subject, "author": author.name}
                values |= {"changed": now, "due": now + self._pause}
            is_unsaved = bool(wanted) or study.revision > study.frozen_revision
            if is_leaving and is_unsaved:
                values["due"] = now
            if predecessors and is_unsaved:
                values["predecessors"] = merged(study.predecessors, predecessors)
            if values:
                own = finding_studies.c.study_instance_uid == study_instance_uid
                connection.execute(update(finding_studies).where(own).values(values))
            return study.revision + bool(wanted), outcomes

    def take_in(self, study_instance_uid: str, report: Report) -> None:
        """Begin with what a stored report says, where nothing is known of the study."""
        with self.database.write() as connection:
            now = self.database.clock()
            # Pages may be open that know of later revisions than a lost state could count to from 0.
            revision = max(1, int((now - _BEFORE_ALL).total_seconds()))
            if not new_study(connection, study_instance_uid, now, revision, report):
                return
            for id_, document, author, changed in report.findings:
                row: dict[str, Any] = {"study_instance_uid": study_instance_uid, "id": id_, "revision": revision}
                row |= {"document": document, "author": author, "changed": changed, "removed": False}
                connection.execute(insert(findings).values(row))

    def forget(self, study_instance_uid: str) -> None:
        """Forget a study that was deleted."""
        with self.database.write() as connection:
            for table in (findings, finding_versions, finding_studies):
                connection.execute(delete(table).where(table.c.study_instance_uid == study_instance_uid))


def _saved(study: Row[Any]) -> Saved | None:
    if study.saved_instance is None:
        return None
    return Saved(study.saved_revision, study.saved_version, study.saved_instance, study.saved_time)


def _stored(row: Row[Any]) -> StoredFinding:
    return StoredFinding(row.id, row.document, row.author, row.changed, row.revision, row.removed)


def _by_id(connection: Connection, study: str, ids: Sequence[str]) -> Mapping[str, StoredFinding]:
    found: dict[str, StoredFinding] = {}
    for start in range(0, len(ids), _MOST_IDS):
        part = findings.c.id.in_(ids[start : start + _MOST_IDS])
        rows = connection.execute(select(findings).where(findings.c.study_instance_uid == study, part))
        found |= {row.id: _stored(row) for row in rows}
    return found


def _outcome(change: Change, there: StoredFinding | None, revision: int) -> Outcome:
    """Decide about one change; who sends again what is there already, since an answer was lost, is not in conflict."""
    if there is None:
        return Outcome(change.id, revision - 1 if change.document is None else revision)
    is_same = there.removed if change.document is None else not there.removed and there.document == change.document
    if is_same:
        return Outcome(change.id, there.revision)
    return Outcome(change.id, revision) if there.revision == change.base else Outcome(change.id, there.revision, there)


def _write(
    connection: Connection,
    study: str,
    change: Change,
    there: StoredFinding | None,
    author: Author,
    revision: int,
    now: datetime,
) -> None:
    values: dict[str, Any] = {"author": author.name, "changed": now, "revision": revision}
    values["removed"] = change.document is None
    if change.document is not None:
        values["document"] = change.document
    key = {"study_instance_uid": study, "id": change.id}
    if there is None:
        connection.execute(insert(findings).values(key | values))
    else:
        own = (findings.c.study_instance_uid == study, findings.c.id == change.id)
        connection.execute(update(findings).where(*own).values(values))


def _bound(connection: Connection, study: str) -> None:
    """Refuse too many findings, and forget the removed ones that have been so for longest beyond as many."""
    of_study = findings.c.study_instance_uid == study
    length = func.sum(func.length(findings.c.document))
    query = select(findings.c.removed, func.count(), length).where(of_study).group_by(findings.c.removed)
    rows = connection.execute(query).all()
    counts = {bool(removed): count for removed, count, _ in rows}
    if any(not removed and characters > MOST_CHARACTERS for removed, _, characters in rows):
        raise UnprocessableError(
            "The outlines of this study's findings have too many points in all. Remove some before you add others.",
            "too-many-points",
        )
    if counts.get(False, 0) > MOST_FINDINGS:
        raise UnprocessableError(
            f"A study has at most {MOST_FINDINGS} findings. Remove some before you add others.", "too-many-findings"
        )
    surplus = counts.get(True, 0) - MOST_FINDINGS
    if surplus > 0:
        removed = select(findings.c.id).where(of_study, findings.c.removed.is_(True)).order_by(findings.c.revision)
        oldest = connection.execute(removed.limit(surplus)).scalars().all()
        for start in range(0, len(oldest), _MOST_IDS):
            part = findings.c.id.in_(oldest[start : start + _MOST_IDS])
            connection.execute(delete(findings).where(of_study, part))
