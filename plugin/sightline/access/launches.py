"""Launches: kept, found again, and renewed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import delete, select, update

from sightline.access.grant import Grant, Verb
from sightline.access.launch import LAUNCH_SUBJECT, Launch, LaunchedStudy
from sightline.access.launch_rows import launch_of, studies_text
from sightline.access.sessions import SessionStore
from sightline.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from sightline.state.database import Database
from sightline.state.tables import launches as launches_table

_ENDED = "This launch has ended. Open the images from the patient's chart again."


class StoredLaunches:
    """`Launches` in Sightline's database. Safe between threads.

    Parameters
    ----------
    database : Database
        Where they are kept.
    sessions : SessionStore
        All live sessions.
    """

    def __init__(self, database: Database, sessions: SessionStore) -> None:
        self._database = database
        self._sessions = sessions

    def get(self, grant: Grant, launch_id: str) -> Launch:
        """Return a launch to whoever came by it, and to administrators.

        Raises
        ------
        UnauthenticatedError
            Nobody is logged in, or the launch has ended.
        ForbiddenError
            It is another's.
        """
        if grant.is_anonymous:
            raise UnauthenticatedError(_ENDED)
        came_by_it = any(part.subject == f"{LAUNCH_SUBJECT}{launch_id}" for part in (grant, *grant.parts))
        if not came_by_it and not grant.allows(Verb.ADMINISTER):
            raise ForbiddenError("This is somebody else's. Open the images from the patient's chart.")
        launch = self._find(launch_id)
        if launch is None or launch.expires <= self._database.clock():
            raise UnauthenticatedError(_ENDED)
        return launch

    def renew(self, launch_id: str, studies: Collection[LaunchedStudy]) -> Launch:
        """Remember which studies are the patient's now; open sessions see it at once. Raises `NotFoundError`."""
        row = launches_table.c.id == launch_id
        with self._database.write() as connection:
            connection.execute(update(launches_table).where(row).values(studies=studies_text(studies)))
            found = connection.execute(select(launches_table).where(row)).one_or_none()
        if found is None:
            raise NotFoundError("There is no such launch.", "launch-unknown")
        launch = replace(launch_of(found), studies=tuple(studies))
        self._sessions.renew_launch(launch)
        return launch

    def page(self, limit: int, offset: int, is_open: bool) -> tuple[Launch, ...]:
        """Return launches, newest first: all that are kept, or those only through which somebody may read now."""
        uses, columns = self._sessions.last_uses(), launches_table.c
        query = select(launches_table).order_by(columns.created.desc(), columns.id)
        if is_open:
            query = query.where(columns.expires > self._database.clock(), columns.id.in_(uses))
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
        return tuple(replace(launch_of(row), last_used=uses.get(row.id)) for row in rows)

    def sweep(self) -> None:
        """Forget launches whose time is up; their sessions have ended with them."""
        is_over = launches_table.c.expires <= self._database.clock()
        with self._database.read() as connection:
            if connection.execute(select(launches_table.c.id).where(is_over).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(delete(launches_table).where(is_over))

    def _find(self, launch_id: str) -> Launch | None:
        with self._database.read() as connection:
            row = connection.execute(select(launches_table).where(launches_table.c.id == launch_id)).one_or_none()
        return None if row is None else launch_of(row)
