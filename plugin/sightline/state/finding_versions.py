"""Versions of a study's findings on their way into reports: each is frozen as one reader left it, then stored once.

A version has its SOP Instance UID before anybody tries to store it, so that whoever goes on after a crash finds out
whether it was stored. One node at a time stores the versions of a study: it holds the study for a while.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from sightline.state.database import Database
from sightline.state.finding_rows import LockedStudy, locked_study
from sightline.state.tables import finding_studies, finding_versions, findings

HELD = timedelta(minutes=2)
"""A node that has not stored for so long is taken for dead, and another goes on."""

FIRST_RETRY = timedelta(seconds=15)
LAST_RETRY = timedelta(hours=1)
_AT_ONCE = 20


@dataclass(frozen=True)
class Version:
    """All findings of a study as one reader left them.

    Parameters
    ----------
    study_instance_uid : str
        Whose findings.
    revision : int
        The last that is in it.
    instance : str
        SOP Instance UID of the report that it becomes.
    subject, author : str
        Who made the last change.
    changed : datetime
        When.
    document : str
        JSON list, each with ``finding``, ``author`` and ``changed``.
    predecessors : tuple of str
        SOP Instance UIDs of other people's reports that it follows, and of ours before it.
    """

    study_instance_uid: str
    revision: int
    instance: str
    subject: str
    author: str
    changed: datetime
    document: str
    predecessors: tuple[str, ...]


def freeze(connection: Connection, study: LockedStudy, now: datetime) -> None:
    """Make a version of what is in none yet; `study` has to be locked."""
    uid = study.study_instance_uid
    query = select(findings).where(findings.c.study_instance_uid == uid, findings.c.removed.is_(False))
    rows = connection.execute(query.order_by(findings.c.revision, findings.c.id)).all()
    own = finding_studies.c.study_instance_uid == uid
    values: dict[str, object] = {"frozen_revision": study.revision, "due": None, "predecessors": "[]"}
    waiting = select(finding_versions.c.revision).where(finding_versions.c.study_instance_uid == uid)
    is_followed = study.saved_instance is not None or connection.execute(waiting).first() is not None
    if rows or is_followed:  # what was drawn and removed before anything was stored leaves no report
        parts = [
            f'{{"finding":{row.document},"author":{json.dumps(row.author)},"changed":"{row.changed.isoformat()}"}}'
            for row in rows
        ]
        version = {
            "study_instance_uid": uid, "revision": study.revision, "instance": f"2.25.{uuid4().int}",
            "subject": study.subject, "author": study.author, "changed": study.changed,
            "document": f"[{','.join(parts)}]", "predecessors": study.predecessors,
        }  # fmt: skip
        connection.execute(insert(finding_versions).values(version))
        values["retry"] = now
    connection.execute(update(finding_studies).where(own).values(values))


class FindingVersions:
    """Hands versions to whoever stores them. Safe between threads, and between nodes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = str(uuid4())

    def resume(self) -> None:
        """Try at once again what failed before a restart, which may have been why."""
        failed = finding_studies.c.retry.is_not(None)
        with self._database.write() as connection:
            connection.execute(update(finding_studies).where(failed).values(retry=self._database.clock(), attempts=0))

    def due(self) -> tuple[str, ...]:
        """Return studies that have something to store by now, the longest overdue first."""
        now = self._database.clock()
        is_due = or_(finding_studies.c.due <= now, finding_studies.c.retry <= now)
        is_free = or_(finding_studies.c.held_until.is_(None), finding_studies.c.held_until < now)
        query = select(finding_studies.c.study_instance_uid).where(is_due, is_free)
        with self._database.read() as connection:
            return tuple(connection.execute(query.order_by(finding_studies.c.changed).limit(_AT_ONCE)).scalars())

    def hold(self, study_instance_uid: str) -> bool:
        """Take a study for this thread of this node; False while anybody has it."""
        now = self._database.clock()
        own = finding_studies.c.study_instance_uid == study_instance_uid
        is_free = or_(finding_studies.c.held_until.is_(None), finding_studies.c.held_until < now)
        values = {"holder": self._holder, "held_until": now + HELD}
        with self._database.write() as connection:
            return connection.execute(update(finding_studies).where(own, is_free).values(values)).rowcount == 1

    def extend(self, study_instance_uid: str) -> None:
        """Say that this node is still at it."""
        own = and_(finding_studies.c.study_instance_uid == study_instance_uid, finding_studies.c.holder == self._holder)
        with self._database.write() as connection:
            values = {"held_until": self._database.clock() + HELD}
            connection.execute(update(finding_studies).where(own).values(values))

    def release(self, study_instance_uid: str) -> None:
        """Let others have the study."""
        own = and_(finding_studies.c.study_instance_uid == study_instance_uid, finding_studies.c.holder == self._holder)
        with self._database.write() as connection:
            connection.execute(update(finding_studies).where(own).values(holder=None, held_until=None))

    def next(self, study_instance_uid: str, is_asked: bool = False) -> Version | None:
        """Return the oldest version that is not stored; one is made of changes that are due, or of all if asked."""
        with self._database.write() as connection:
            now = self._database.clock()
            study = locked_study(connection, study_instance_uid, now)
            is_unsaved = study.revision > study.frozen_revision
            if is_unsaved and (is_asked or (study.due is not None and study.due <= now)):
                freeze(connection, study, now)
            of_study = finding_versions.c.study_instance_uid == study_instance_uid
            query = select(finding_versions).where(of_study).order_by(finding_versions.c.revision).limit(1)
            row = connection.execute(query).one_or_none()
            if row is None:
                own = finding_studies.c.study_instance_uid == study_instance_uid
                connection.execute(update(finding_studies).where(own).values(retry=None, problem="", attempts=0))
                return None
        before = [study.saved_instance] if study.saved_instance else []
        values = {**row._mapping, "predecessors": tuple(dict.fromkeys([*before, *json.loads(row.predecessors)]))}
        return Version(**values)

    def stored(self, version: Version) -> None:
        """Remember that a version is a report now."""
        study, now = version.study_instance_uid, self._database.clock()
        own = finding_versions.c.study_instance_uid == study
        values: dict[str, object] = {
            "saved_revision": version.revision, "saved_instance": version.instance, "saved_time": now,
            "problem": "", "attempts": 0, "retry": now,
        }  # fmt: skip
        with self._database.write() as connection:
            connection.execute(delete(finding_versions).where(own, finding_versions.c.revision == version.revision))
            of_study = finding_studies.c.study_instance_uid == study
            before = connection.execute(select(finding_studies.c.saved_version).where(of_study)).scalar_one()
            values["saved_version"] = (before or 0) + 1
            connection.execute(update(finding_studies).where(of_study).values(values))

    def failed(self, study_instance_uid: str, problem: str) -> None:
        """Remember why a version could not be stored, and try again later and later."""
        own = finding_studies.c.study_instance_uid == study_instance_uid
        with self._database.write() as connection:
            attempts = connection.execute(select(finding_studies.c.attempts).where(own)).scalar_one()
            wait = min(FIRST_RETRY * 2 ** min(attempts, 16), LAST_RETRY)
            values = {"attempts": attempts + 1, "problem": problem, "retry": self._database.clock() + wait}
            connection.execute(update(finding_studies).where(own).values(values))
