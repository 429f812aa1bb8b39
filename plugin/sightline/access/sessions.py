"""Sessions of people in a browser: random secrets, kept on the server, every live one also in memory.

Finding a session happens on a thread with 100 KB of C stack, before a request's body is read: dictionary look-ups and
nothing else. All that touches the database happens elsewhere.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sightline import configuration
from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.access.launch import LAUNCH_SUBJECT, Launch
from sightline.access.launch_rows import launch_of
from sightline.access.link import Link
from sightline.state.database import Database
from sightline.state.tables import launches as launches_table
from sightline.state.tables import links as links_table
from sightline.state.tables import sessions as sessions_table


@dataclass(frozen=True)
class NewSession:
    """A session that has just begun; the only moment at which its secret exists outside the browser.

    Parameters
    ----------
    id : str
        Public id.
    grant : Grant
        What the session may do.
    expires : datetime
        When it ends in any case.
    cookies : tuple of str
        ``Set-Cookie`` values.
    """

    id: str
    grant: Grant
    expires: datetime
    cookies: tuple[str, ...] = field(repr=False)


@dataclass
class Session:
    """A live session in memory. Only `last_used`, `is_proven` and a launch's `permissions` ever change."""

    id: str
    secret_sha256: str
    user_name: str
    link_id: str | None
    permissions: tuple[Permission, ...]
    password_proof: str
    expires: datetime
    last_used: datetime
    is_proven: bool = False
    stored_use: datetime | None = None
    launch_id: str | None = None
    user_id: str = ""

    @property
    def is_login(self) -> bool:
        """Whether somebody logged in, rather than opened a link or was launched."""
        return self.link_id is None and self.launch_id is None

    def grant(self, address: str) -> Grant:
        """Return what the session may do."""
        if self.is_login:
            return administrator(self.user_name, self.id, address)
        subject = f"link:{self.link_id}" if self.launch_id is None else f"{LAUNCH_SUBJECT}{self.launch_id}"
        return Grant(subject, self.permissions, self.id, address, name=self.user_name, person=self.user_id)


def secret_digest(secret: str) -> str:
    """Return the form in which a secret is stored: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class SessionStore:
    """All live sessions.

    Parameters
    ----------
    database : Database
        Where they survive a restart.
    settings : sightline.configuration.Sessions
        When they end.
    """

    def __init__(self, database: Database, settings: configuration.Sessions) -> None:
        self._database = database
        self._idle = timedelta(minutes=settings.idle_minutes)
        self._maximum = timedelta(hours=settings.maximum_hours)
        self._lock = threading.Lock()
        self._by_digest: dict[str, Session] = {}
        self._load()

    def find(self, secret: str) -> Session | None:
        """Return the live session of a secret and count the request as its use. Memory only."""
        session = self._by_digest.get(secret_digest(secret))
        if session is None:
            return None
        now = self._database.clock()
        if not self._is_live(session, now):
            return None
        session.last_used = now
        return session

    def expiry(self, session_id: str) -> datetime | None:
        """Return when a live session ends in any case; of several, joined by ``+``, the first to end."""
        ids = set(session_id.split("+"))
        return min((session.expires for session in self._live() if session.id in ids), default=None)

    def insert(
        self,
        connection: Connection,
        secret: str,
        user_name: str,
        password_proof: str = "",
        link: Link | None = None,
        launch: Launch | None = None,
    ) -> Session:
        """Write a new session within the caller's transaction; `adopt` makes it live once that has been committed.

        Parameters
        ----------
        connection : Connection
            The open transaction.
        secret : str
            256 random bits.
        user_name : str
            Who logged in, or whom the link was made for.
        password_proof : str
            Ties a login to the password it was made with.
        link : Link, optional
            The link that was opened; the session ends with it at the latest.
        launch : Launch, optional
            The launch that it came of; the session ends with it at the latest.
        """
        now = self._database.clock()
        expires = min([now + self._maximum, *(origin.expires for origin in (link, launch) if origin is not None)])
        permissions: tuple[Permission, ...] = launch.permissions if launch else ()
        session = Session(
            id=secrets.token_urlsafe(12),
            secret_sha256=secret_digest(secret),
            user_name=user_name,
            link_id=link.id if link else None,
            permissions=(link.permission,) if link else permissions,
            password_proof=password_proof,
            expires=expires,
            last_used=now,
            is_proven=True,
            stored_use=now,
            launch_id=launch.id if launch else None,
            user_id=launch.user_id if launch else "",
        )
        connection.execute(
            insert(sessions_table).values(
                id=session.id,
                secret_sha256=session.secret_sha256,
                user_name=user_name,
                link_id=session.link_id,
                launch_id=session.launch_id,
                password_proof=password_proof,
                created=now,
                last_used=now,
                expires=expires,
            )
        )
        return session

    def adopt(self, session: Session) -> None:
        """Make a stored session live."""
        with self._lock:
            self._by_digest[session.secret_sha256] = session

    def end(self, session: Session) -> None:
        """End one session: at once in memory, then in the database."""
        self._end([session])

    def end_link(self, link_id: str) -> tuple[str, ...]:
        """End every session of a link and return their public ids."""
        ended = [session for session in self._live() if session.link_id == link_id]
        self._end(ended)
        return tuple(session.id for session in ended)

    def end_launch(self, launch_id: str) -> tuple[str, ...]:
        """End a launch with every session that came of it, and return their public ids."""
        with self._database.write() as connection:
            connection.execute(delete(launches_table).where(launches_table.c.id == launch_id))
        ended = [session for session in self._live() if session.launch_id == launch_id]
        self._end(ended)
        return tuple(session.id for session in ended)

    def last_uses(self) -> dict[str, datetime]:
        """Return when each link and each launch that has live sessions was last used, by its id. Memory only."""
        now, uses = self._database.clock(), dict[str, datetime]()
        for session in self._live():
            origin = session.link_id or session.launch_id
            if origin and self._is_live(session, now):
                uses[origin] = max(session.last_used, uses.get(origin, session.last_used))
        return uses

    def renew_launch(self, launch: Launch) -> None:
        """Let the open sessions of a launch do what it allows now."""
        for session in self._live():
            if session.launch_id == launch.id:
                session.permissions = launch.permissions

    def sweep(self) -> tuple[str, ...]:
        """Store when sessions were last used, end those whose time is up and return the public ids of these."""
        now = self._database.clock()
        ended = [session for session in self._live() if not self._is_live(session, now)]
        self._end(ended)
        used = [session for session in self._live() if session.stored_use != session.last_used]
        if used:
            moments = [(session, session.last_used) for session in used]
            with self._database.write() as connection:
                for session, moment in moments:
                    row = sessions_table.c.id == session.id
                    connection.execute(update(sessions_table).where(row).values(last_used=moment))
            for session, moment in moments:
                session.stored_use = moment
        return tuple(session.id for session in ended)

    def _live(self) -> list[Session]:
        with self._lock:
            return list(self._by_digest.values())

    def _is_live(self, session: Session, now: datetime) -> bool:
        return now < session.expires and now - session.last_used < self._idle

    def _end(self, ended: list[Session]) -> None:
        with self._lock:
            for session in ended:
                self._by_digest.pop(session.secret_sha256, None)
        self._delete([session.id for session in ended])

    def _delete(self, ids: list[str]) -> None:
        if ids:
            with self._database.write() as connection:
                connection.execute(delete(sessions_table).where(sessions_table.c.id.in_(ids)))

    def _load(self) -> None:
        """Read the sessions that outlived a restart; delete those that are over, or whose link or launch is."""
        query = select(sessions_table, links_table.c.verbs, links_table.c.study_instance_uid, links_table.c.revoked)
        query = query.select_from(sessions_table.outerjoin(links_table))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            launches = {row.id: launch_of(row) for row in connection.execute(select(launches_table))}
        now, dead = self._database.clock(), []
        for row in rows:
            session = _from_row(row, launches.get(row.launch_id))
            has_ended = row.revoked is not None or (row.launch_id is not None and row.launch_id not in launches)
            if not has_ended and self._is_live(session, now):
                self._by_digest[session.secret_sha256] = session
            else:
                dead.append(session.id)
        self._delete(dead)


def _from_row(row: Row[Any], launch: Launch | None) -> Session:
    """Make a session of a row of `sessions` joined with its link's, if it has one, and of the launch it came of."""
    permissions: tuple[Permission, ...] = launch.permissions if launch else ()
    if row.link_id is not None:
        permissions = (Permission(frozenset(Verb(verb) for verb in row.verbs.split()), row.study_instance_uid),)
    return Session(
        id=row.id,
        secret_sha256=row.secret_sha256,
        user_name=row.user_name,
        link_id=row.link_id,
        permissions=permissions,
        password_proof=row.password_proof,
        expires=row.expires,
        last_used=row.last_used,
        is_proven=row.link_id is not None or row.launch_id is not None,
        stored_use=row.last_used,
        launch_id=row.launch_id,
        user_id=launch.user_id if launch else "",
    )
