"""What readers are writing and have not signed: kept at once, each reader's own, never written over unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select, update

from sightline.state.database import Database
from sightline.state.findings import Author
from sightline.state.tables import report_drafts

_BEFORE_ALL = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Draft:
    """One reader's draft for one study: `document` is its JSON."""

    study_instance_uid: str
    author: Author
    document: str
    revision: int
    changed: datetime


@dataclass(frozen=True)
class Kept:
    """What became of a draft that was sent: its revision, or what another window of the same reader has left there."""

    revision: int
    conflict: Draft | None = None
    is_gone: bool = False
    """Whether it was signed or thrown away elsewhere, so that nothing is there."""


class ReportDrafts:
    """All drafts. Safe between threads, and between nodes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, study_instance_uid: str) -> Sequence[Draft]:
        """Return everybody's drafts for a study, the newest first."""
        query = select(report_drafts).where(report_drafts.c.study_instance_uid == study_instance_uid)
        with self._database.read() as connection:
            return [_draft(row) for row in connection.execute(query.order_by(report_drafts.c.changed.desc()))]

    def keep(self, study_instance_uid: str, author: Author, document: str, base: int) -> Kept:
        """Put a draft in the place of the one that it starts from.

        Parameters
        ----------
        base : int
            Revision that the writer started from; 0 where there was none. Where another is there, nothing is written.
        """
        own = _key(study_instance_uid, author.subject)
        with self._database.write() as connection:
            there = _read(connection, own)
            if there is None and base:
                return Kept(0, is_gone=True)
            if there is not None and there.document == document:
                return Kept(there.revision)
            if there is not None and there.revision != base:
                return Kept(there.revision, there)
            now = self._database.clock()
            # A draft that begins anew goes on from the clock: no window may take it for the one that it once knew.
            revision = max(base, int((now - _BEFORE_ALL).total_seconds())) + 1
            values: dict[str, Any] = {
                "document": document,
                "author": author.name,
                "revision": revision,
                "changed": now,
            }
            if there is None:
                key = {"study_instance_uid": study_instance_uid, "subject": author.subject}
                connection.execute(insert(report_drafts).values({**key, **values}))
            else:
                connection.execute(update(report_drafts).where(own).values(values))
            return Kept(revision)

    def discard(self, study_instance_uid: str, author: Author) -> None:
        """Throw a reader's own draft away; nothing happens where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(report_drafts).where(_key(study_instance_uid, author.subject)))


def taken(connection: Connection, study_instance_uid: str, subject: str, revision: int) -> bool:
    """Remove a draft that is being signed, within the caller's transaction; False where it is not as it was seen."""
    own = and_(_key(study_instance_uid, subject), report_drafts.c.revision == revision)
    return connection.execute(delete(report_drafts).where(own)).rowcount == 1


def _key(study: str, subject: str) -> ColumnElement[bool]:
    return and_(report_drafts.c.study_instance_uid == study, report_drafts.c.subject == subject)


def _read(connection: Connection, own: ColumnElement[bool]) -> Draft | None:
    row = connection.execute(select(report_drafts).where(own)).one_or_none()
    return _draft(row) if row else None


def _draft(row: Row[Any]) -> Draft:
    author = Author(row.subject, row.author)
    return Draft(row.study_instance_uid, author, row.document, row.revision, row.changed)
