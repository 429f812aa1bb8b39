"""Which documents of charts were pulled into the archive, by whom, and what that has newly stored: for the undo."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update

from sightline.errors import NotFoundError
from sightline.state.database import Database
from sightline.state.tables import chart_documents, chart_pulls


@dataclass(frozen=True)
class PulledInstance:
    """One instance that a pull has stored; `document` names where it came from."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    file_uuid: str
    document: str
    is_new: bool


@dataclass(frozen=True)
class ChartPull:
    """One pull. `instances` is how many it stored newly, `studies` of which studies."""

    id: str
    patient_id: str
    subject: str
    pulled: datetime
    undone: datetime | None
    instances: int
    studies: tuple[str, ...]


class StoredChartPulls:
    """All pulls, in Sightline's database. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, patient_id: str, subject: str) -> str:
        """Note that a pull begins, before anything is stored; return its name."""
        name = secrets.token_urlsafe(16)
        row = {"id": name, "patient_id": patient_id, "subject": subject, "pulled": self._database.clock()}
        with self._database.write() as connection:
            connection.execute(insert(chart_pulls).values(row))
        return name

    def add(self, pull: str, stored: PulledInstance) -> None:
        """Note one instance that was stored; the first time in a pull counts."""
        key = (chart_documents.c.pull_id == pull, chart_documents.c.sop_instance_uid == stored.sop_instance_uid)
        with self._database.write() as connection:
            if connection.execute(select(chart_documents.c.pull_id).where(*key)).first() is None:
                connection.execute(insert(chart_documents).values(pull_id=pull, **vars(stored)))

    def new_instances(self, pull: str) -> tuple[PulledInstance, ...]:
        """Return what a pull has newly stored. Raises `NotFoundError`, also for one that was taken back."""
        columns = chart_documents.c
        with self._database.read() as connection:
            own = (chart_pulls.c.id == pull, chart_pulls.c.undone.is_(None))
            if connection.execute(select(chart_pulls.c.id).where(*own)).first() is None:
                raise NotFoundError("There is nothing to take back.", "pull-unknown")
            query = select(chart_documents).where(columns.pull_id == pull, columns.is_new.is_(True))
            rows = connection.execute(query).all()
        names = PulledInstance.__dataclass_fields__
        return tuple(PulledInstance(**{name: getattr(row, name) for name in names}) for row in rows)

    def patient_id(self, pull: str) -> str:
        """Return whose documents a pull is of. Raises `NotFoundError`, also for one that was taken back."""
        query = select(chart_pulls.c.patient_id).where(chart_pulls.c.id == pull, chart_pulls.c.undone.is_(None))
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar()
        if found is None:
            raise NotFoundError("This was never begun, or was taken back.", "pull-unknown")
        return found

    def count(self, pull: str) -> int:
        """Return how many instances a pull has stored so far."""
        query = select(func.count()).select_from(chart_documents).where(chart_documents.c.pull_id == pull)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def note_undone(self, pull: str) -> None:
        """Note that a pull was taken back."""
        with self._database.write() as connection:
            statement = update(chart_pulls).where(chart_pulls.c.id == pull)
            connection.execute(statement.values(undone=self._database.clock()))

    def latest(self, limit: int) -> Sequence[ChartPull]:
        """Return the last pulls, the latest first."""
        columns = chart_documents.c
        found = []
        with self._database.read() as connection:
            order = (chart_pulls.c.pulled.desc(), chart_pulls.c.id)
            for row in connection.execute(select(chart_pulls).order_by(*order).limit(limit)).all():
                query = select(columns.study_instance_uid, func.count()).where(
                    columns.pull_id == row.id, columns.is_new.is_(True)
                )
                counts = connection.execute(query.group_by(columns.study_instance_uid)).all()
                studies = tuple(sorted(study for study, _ in counts))
                total = sum(count for _, count in counts)
                found.append(ChartPull(row.id, row.patient_id, row.subject, row.pulled, row.undone, total, studies))
        return found
