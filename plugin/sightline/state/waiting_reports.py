"""Signed reports on their way into the archive: none is lost, each is stored by one node at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from sightline.state.database import Database
from sightline.state.tables import waiting_reports

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
"""After a failure; twice as long after each further one."""
_HOLD = timedelta(minutes=2)
"""How long one node has for one report, before another takes it for lost."""


class WaitingReports:
    """What is signed and not stored yet, by `SignedReport.sequence`. Safe between threads and nodes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> Sequence[int]:
        """Return what is to be stored now, oldest first."""
        now, columns = self._database.clock(), waiting_reports.c
        is_free = or_(columns.held_until.is_(None), columns.held_until <= now)
        query = select(columns.sequence).where(columns.due <= now, is_free).order_by(columns.sequence)
        with self._database.read() as connection:
            return connection.execute(query).scalars().all()

    def hold(self, sequence: int) -> bool:
        """Take one for this thread; False where another has it, or where it is stored already."""
        now, columns = self._database.clock(), waiting_reports.c
        is_free = or_(columns.held_until.is_(None), columns.held_until <= now)
        wanted = update(waiting_reports).where(columns.sequence == sequence, is_free)
        with self._database.write() as connection:
            return connection.execute(wanted.values(held_until=now + _HOLD)).rowcount == 1

    def stored(self, sequence: int) -> None:
        """Remember that it is stored."""
        with self._database.write() as connection:
            connection.execute(delete(waiting_reports).where(waiting_reports.c.sequence == sequence))

    def failed(self, sequence: int, problem: str) -> None:
        """Remember why it is not, and try again after a while."""
        columns = waiting_reports.c
        with self._database.write() as connection:
            own = columns.sequence == sequence
            attempts = connection.execute(select(columns.attempts).where(own)).scalar_one_or_none() or 0
            pause = min(FIRST_WAIT * 2 ** min(attempts, 20), LONGEST_WAIT)
            values = {"attempts": attempts + 1, "problem": problem, "due": self._database.clock() + pause}
            connection.execute(update(waiting_reports).where(own).values(**values, held_until=None))

    def problems(self, study_instance_uid: str) -> Mapping[int, str]:
        """Return which of a study's signed versions wait, with what went wrong the last time; empty: nothing yet."""
        columns = waiting_reports.c
        query = select(columns.sequence, columns.problem).where(columns.study_instance_uid == study_instance_uid)
        with self._database.read() as connection:
            return {row.sequence: row.problem for row in connection.execute(query)}

    def retry(self, study_instance_uid: str) -> None:
        """Make all of a study due now: somebody asks for it."""
        columns = waiting_reports.c
        own = columns.study_instance_uid == study_instance_uid
        with self._database.write() as connection:
            connection.execute(update(waiting_reports).where(own).values(due=self._database.clock()))


def put_in(connection: Connection, sequence: int, study_instance_uid: str, database: Database) -> None:
    """Let a version wait that is being signed, within the caller's transaction."""
    values = {"sequence": sequence, "study_instance_uid": study_instance_uid, "due": database.clock()}
    connection.execute(insert(waiting_reports).values(**values, attempts=0, problem=""))
