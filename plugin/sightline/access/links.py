"""Links: made, listed, revoked and opened. A link's secret is known to whoever was given it, and to nobody else."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from sightline.access.audit import AuditEvent, AuditKind, AuditLog, Outcome
from sightline.access.cookies import Cookies
from sightline.access.grant import Grant, Verb
from sightline.access.link import LINK_VERBS, Link, LinkState
from sightline.access.sessions import NewSession, SessionStore, secret_digest
from sightline.access.throttle import Throttle
from sightline.errors import BadRequestError, GoneError, NotFoundError
from sightline.state.database import Database
from sightline.state.tables import links as links_table

__all__ = ["LINK_VERBS", "Link", "LinkState", "LinkStore"]

_UNKNOWN = "This link does not exist, or it was not copied completely. Open it again from where you got it."
_ENDED = {
    LinkState.REVOKED: "This link has been withdrawn. Ask whoever gave it to you for a new one.",
    LinkState.EXPIRED: "This link has expired. Open the study again from the patient's chart to get a new one.",
    LinkState.USED: "This link has been used as often as it allows. Ask whoever gave it to you for a new one.",
}
_NO_SECRET = secret_digest("")  # compared with when there is no such link, so that both take as long


class LinkStore:
    """All links. Safe between threads.

    Parameters
    ----------
    database : Database
        Where they are kept.
    public_url : str
        What their URLs begin with.
    sessions : SessionStore
        Where an opened link's session goes.
    audit : AuditLog
        Where all of it is written down.
    throttle : Throttle
        Counts wrong secrets per address.
    """

    def __init__(
        self, database: Database, public_url: str, sessions: SessionStore, audit: AuditLog, throttle: Throttle
    ) -> None:
        self._database = database
        self._public_url = public_url
        self._sessions = sessions
        self._audit = audit
        self._throttle = throttle
        self._cookies = Cookies(public_url)
        # Held over database and memory together: else a link revoked while it is being opened left a live session.
        self._lock = threading.Lock()

    def url(self, link_id: str, secret: str) -> str:
        """Return the address to open; browsers never send what follows the ``#``, so no server's log can hold it."""
        return f"{self._public_url}/sightline/link/{link_id}#{secret}"

    def create(
        self,
        grant: Grant,
        study_instance_uid: str,
        verbs: Collection[Verb],
        expires: datetime,
        uses: int | None = None,
        purpose: str = "",
        user_name: str = "",
        patient_id: str = "",
    ) -> tuple[Link, str]:
        """Make a link (SHARE) and return it with its secret, which is not kept.

        Parameters
        ----------
        grant : Grant
            Who makes it.
        study_instance_uid : str
            A study that exists.
        verbs : collection of Verb
            Some of `LINK_VERBS`.
        expires : datetime
            Timezone-aware, in the future.
        uses : int, optional
            How often it can be opened; uses are not counted by default.
        purpose, user_name : str
            Why and for whom, for the audit log.
        patient_id : str
            Whose study it is, for the audit log only.

        Raises
        ------
        BadRequestError
            Not something that a link can allow.
        """
        grant.require(Verb.SHARE)
        now = self._database.clock()
        if not verbs or not set(verbs) <= LINK_VERBS or expires <= now or (uses is not None and uses < 1):
            raise BadRequestError("A link needs verbs that links can have, an end in the future and at least one use.")
        secret = secrets.token_urlsafe(32)
        link = Link(
            id=secrets.token_urlsafe(16),
            study_instance_uid=study_instance_uid,
            verbs=frozenset(verbs),
            created=now,
            created_by=grant.subject,
            expires=expires,
            uses_left=uses,
            purpose=purpose,
            user_name=user_name,
        )
        with self._database.write() as connection:
            connection.execute(
                insert(links_table).values(
                    id=link.id,
                    secret_sha256=secret_digest(secret),
                    study_instance_uid=study_instance_uid,
                    verbs=" ".join(sorted(link.verbs)),
                    created=now,
                    created_by=grant.subject,
                    expires=expires,
                    uses_left=uses,
                    purpose=purpose,
                    user_name=user_name,
                )
            )
        self._record(AuditKind.LINK_CREATE, grant, link, f"for {user_name!r}: {purpose}", patient_id=patient_id)
        return link, secret

    def list(
        self,
        grant: Grant,
        limit: int = 100,
        offset: int = 0,
        study_instance_uid: str | None = None,
        is_open: bool = False,
    ) -> tuple[Link, ...]:
        """Return links, newest first, to all studies or to one (SHARE).

        Where `is_open`, those only that give somebody access: that can be opened, or through which somebody reads now.
        """
        grant.require(Verb.SHARE)
        uses, columns = self._sessions.last_uses(), links_table.c
        query = select(links_table).order_by(columns.created.desc(), columns.id)
        if study_instance_uid is not None:
            query = query.where(columns.study_instance_uid == study_instance_uid)
        if is_open:
            can_be_opened = or_(columns.uses_left.is_(None), columns.uses_left > 0, columns.id.in_(uses))
            query = query.where(columns.revoked.is_(None), columns.expires > self._database.clock(), can_be_opened)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
        self._audit.record(AuditEvent(AuditKind.LINK, grant, detail="list of links"))
        return tuple(replace(_from_row(row), last_used=uses.get(row.id)) for row in rows)

    def get(self, grant: Grant, link_id: str) -> Link:
        """Return one link (SHARE). Raises `NotFoundError`."""
        grant.require(Verb.SHARE)
        link, _ = self._find(link_id)
        if link is None:
            raise NotFoundError("There is no such link.", "link-unknown")
        self._audit.record(AuditEvent(AuditKind.LINK, grant, link_id=link.id, detail="one link"))
        return replace(link, last_used=self._sessions.last_uses().get(link.id))

    def revoke(self, grant: Grant, link_id: str) -> None:
        """End a link and all sessions opened by it, at once (SHARE). Revoking it again changes nothing.

        Raises
        ------
        NotFoundError
            There is no such link.
        """
        grant.require(Verb.SHARE)
        with self._lock:
            link, _ = self._find(link_id)
            if link is None:
                raise NotFoundError("There is no such link.", "link-unknown")
            if link.revoked is None:
                with self._database.write() as connection:
                    row = links_table.c.id == link_id
                    connection.execute(update(links_table).where(row).values(revoked=self._database.clock()))
            ended = self._sessions.end_link(link_id)
        self._audit.write_counts(ended)
        self._record(AuditKind.LINK_REVOKE, grant, link, f"{len(ended)} open sessions ended")

    def exchange(self, link_id: str, secret: str, address: str = "") -> NewSession:
        """Open a link: spend one use and begin a session.

        Raises
        ------
        NotFoundError
            There is no such link, or the secret is not its own (``link-unknown``); the answer does not tell which.
        GoneError
            ``link-expired``, ``link-revoked`` or ``link-used``; only told to whoever has the secret.
        TooManyRequestsError
            Too many wrong secrets from that address.
        """
        self._throttle.require(address)
        with self._lock:
            link, secret_sha256 = self._find(link_id)
            # Digests are compared, in constant time: nothing is learned of the secret from how long it takes.
            if not hmac.compare_digest(secret_digest(secret), secret_sha256) or link is None:
                self._throttle.failed(address)
                self._refuse(Grant("anonymous", address=address), link, "unknown link or wrong secret")
                raise NotFoundError(_UNKNOWN, "link-unknown")
            caller = Grant(f"link:{link.id}", (link.permission,), address=address, name=link.user_name)
            state = link.state(self._database.clock())
            if state is LinkState.OPEN:
                self._record(AuditKind.LINK_OPEN, caller, link, link.purpose)
                session = self._open(link, address)
                if session is not None:
                    return session
                state = LinkState.USED  # the last use went to somebody else, on another node, just now
            self._refuse(caller, link, state.value)
            raise GoneError(_ENDED[state], f"link-{state.value}")

    def _open(self, link: Link, address: str) -> NewSession | None:
        """Count the use and store the session in one transaction; None when no use was left."""
        now, secret, columns = self._database.clock(), secrets.token_urlsafe(32), links_table.c
        statement = update(links_table).where(
            columns.id == link.id,
            columns.revoked.is_(None),
            columns.expires > now,
            or_(columns.uses_left.is_(None), columns.uses_left > 0),
        )
        with self._database.write() as connection:
            if connection.execute(statement.values(uses_left=columns.uses_left - 1)).rowcount != 1:
                return None
            session = self._sessions.insert(connection, secret, link.user_name, link=link)
        self._sessions.adopt(session)
        return NewSession(session.id, session.grant(address), session.expires, (self._cookies.link(link.id, secret),))

    def _find(self, link_id: str) -> tuple[Link | None, str]:
        with self._database.read() as connection:
            row = connection.execute(select(links_table).where(links_table.c.id == link_id)).one_or_none()
        return (None, _NO_SECRET) if row is None else (_from_row(row), row.secret_sha256)

    def _refuse(self, caller: Grant, link: Link | None, reason: str) -> None:
        event = AuditEvent(AuditKind.LINK_OPEN, caller, Outcome.MINOR_FAILURE, detail=reason)
        if link is not None:
            event = replace(event, link_id=link.id, study_instance_uid=link.study_instance_uid)
        self._audit.record(event)

    def _record(self, kind: AuditKind, grant: Grant, link: Link, detail: str, patient_id: str = "") -> None:
        self._audit.record(
            AuditEvent(
                kind,
                grant,
                study_instance_uid=link.study_instance_uid,
                patient_id=patient_id,
                link_id=link.id,
                detail=detail,
            )
        )


def _from_row(row: Row[Any]) -> Link:
    return Link(
        id=row.id,
        study_instance_uid=row.study_instance_uid,
        verbs=frozenset(Verb(verb) for verb in row.verbs.split()),
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        uses_left=row.uses_left,
        revoked=row.revoked,
        purpose=row.purpose,
        user_name=row.user_name,
    )
