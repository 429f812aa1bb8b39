"""Which studies each user has opened, and when last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, insert, select

from sightline.state.database import Database
from sightline.state.tables import openings

_MOST_UIDS = 500
"""So many are named in one statement at most."""


class Openings(Protocol):
    """Remembers openings. Safe between threads."""

    def note(self, user: str, study_instance_uid: str) -> None:
        """Remember that a user opens a study now."""
        ...

    def of(self, user: str, study_instance_uids: Collection[str]) -> Mapping[str, datetime]:
        """Return when a user opened those of these studies that they did."""
        ...

    def latest(self, user: str, limit: int) -> tuple[str, ...]:
        """Return the studies that a user opened last, the latest first."""
        ...


class StoredOpenings:
    """`Openings` in Sightline's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, user: str, study_instance_uid: str) -> None:
        """Remember that a user opens a study now."""
        key = (openings.c.user_name == user, openings.c.study_instance_uid == study_instance_uid)
        with self._database.write() as connection:
            connection.execute(delete(openings).where(*key))
            values = {"user_name": user, "study_instance_uid": study_instance_uid, "opened": self._database.clock()}
            connection.execute(insert(openings).values(values))

    def of(self, user: str, study_instance_uids: Collection[str]) -> Mapping[str, datetime]:
        """Return when a user opened those of these studies that they did."""
        uids = list(study_instance_uids)
        found: dict[str, datetime] = {}
        with self._database.read() as connection:
            for start in range(0, len(uids), _MOST_UIDS):
                part = openings.c.study_instance_uid.in_(uids[start : start + _MOST_UIDS])
                query = select(openings.c.study_instance_uid, openings.c.opened)
                rows = connection.execute(query.where(openings.c.user_name == user, part))
                found |= {row.study_instance_uid: row.opened for row in rows}
        return found

    def latest(self, user: str, limit: int) -> tuple[str, ...]:
        """Return the studies that a user opened last, the latest first."""
        query = select(openings.c.study_instance_uid).where(openings.c.user_name == user)
        order = (openings.c.opened.desc(), openings.c.study_instance_uid)
        with self._database.read() as connection:
            return tuple(connection.execute(query.order_by(*order).limit(limit)).scalars())
