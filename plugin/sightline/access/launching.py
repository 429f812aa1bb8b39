"""How a launch begins, goes into a tab of its own, and ends."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select

from sightline import configuration
from sightline.access.audit import AuditEvent, AuditKind, AuditLog, Outcome
from sightline.access.cookies import Cookies
from sightline.access.grant import Grant, Verb
from sightline.access.headers import Headers
from sightline.access.launch import LAUNCH_SUBJECT, Launch
from sightline.access.launch_rows import launch_of, row_of
from sightline.access.launches import StoredLaunches
from sightline.access.sessions import NewSession, SessionStore
from sightline.access.single_use import SingleUse
from sightline.access.throttle import Throttle
from sightline.errors import GoneError
from sightline.state.database import Database
from sightline.state.tables import launches as launches_table

TAB_SECONDS = 60
_TAB = "launch-tab"


class Launching:
    """Begins and ends launches. Safe between threads.

    Parameters
    ----------
    database : Database
        Where they are kept.
    settings : sightline.configuration.Sessions
        When they end.
    public_url : str
        Our own address.
    launches : StoredLaunches
    sessions : SessionStore
        Where their sessions go.
    audit : AuditLog
        Where all of it is written down.
    throttle : Throttle
        Counts wrong secrets per address.
    """

    def __init__(
        self,
        database: Database,
        settings: configuration.Sessions,
        public_url: str,
        launches: StoredLaunches,
        sessions: SessionStore,
        audit: AuditLog,
        throttle: Throttle,
    ) -> None:
        self.kept = SingleUse(database)
        """What flows, and tabs, come back for."""
        self.throttle = throttle
        self._database = database
        self._maximum = timedelta(hours=settings.maximum_hours)
        self._launches = launches
        self._sessions = sessions
        self._audit = audit
        self._cookies = Cookies(public_url)

    def browser(self, headers: Headers) -> tuple[str, str]:
        """Return what ties a browser to the launches that it begins, and the ``Set-Cookie`` value that keeps it."""
        secret = self._cookies.flow_secret(headers) or secrets.token_urlsafe(32)
        return secret, self._cookies.flow(secret)

    def known_browser(self, headers: Headers) -> str:
        """Return what ties this browser to launches that it has begun; empty if it has begun none, or kept nothing."""
        return self._cookies.flow_secret(headers)

    def begin(
        self, launch: Launch, address: str, detail: str = "", headers: Headers | None = None
    ) -> tuple[Launch, NewSession]:
        """Begin a launch and a session of it; `id`, `created` and `expires` are given here.

        Parameters
        ----------
        launch : Launch
            What the EHR has told, and which studies are the patient's.
        address : str
            Of the browser.
        detail : str
            For the audit log: how the EHR calls whoever reads.
        headers : Headers, optional
            Of the browser: of its oldest cookies, some make room.
        """
        now = self._database.clock()
        begun = replace(launch, id=secrets.token_urlsafe(16), created=now, expires=now + self._maximum)
        self._audit.record(self._event(begun, address, detail))
        with self._database.write() as connection:
            connection.execute(insert(launches_table).values(row_of(begun)))
        session = self._session(begun, address)
        return begun, replace(session, cookies=(*self._cookies.surplus(headers or {}), *session.cookies))

    def refuse(self, address: str, reason: str, is_guess: bool = False) -> None:
        """Write down that a launch was refused; count it against the address where it may be a guess at a secret."""
        if is_guess:
            self.throttle.failed(address)
        anonymous = Grant("anonymous", address=address)
        self._audit.record(AuditEvent(AuditKind.LAUNCH, anonymous, Outcome.MINOR_FAILURE, detail=reason))

    def tab_code(self, grant: Grant, launch_id: str) -> str:
        """Return a secret that opens a launch once more, in a tab of its own, within a minute (as `Launches.get`)."""
        launch = self._launches.get(grant, launch_id)
        return self.kept.put(_TAB, {"launch": launch.id}, timedelta(seconds=TAB_SECONDS))

    def open_tab(self, launch_id: str, code: str, address: str) -> NewSession:
        """Exchange the secret for a session of the launch.

        Raises
        ------
        GoneError
            ``launch-ended``: it was used, or is too old, or the launch has ended.
        TooManyRequestsError
            Too many wrong secrets from that address.
        """
        self.throttle.require(address)
        kept = self.kept.take(_TAB, code)
        with self._database.read() as connection:
            row = connection.execute(select(launches_table).where(launches_table.c.id == launch_id)).one_or_none()
        is_right = kept is not None and kept["launch"] == launch_id and row is not None
        if not is_right or row is None or row.expires <= self._database.clock():
            self.refuse(address, "a code for a tab that is unknown, used or too old", is_guess=True)
            raise GoneError(
                "This address opens once, and soon. Open it again from the page it came from.", "launch-ended"
            )
        launch = launch_of(row)
        self._audit.record(self._event(launch, address, "opened in a tab of its own"))
        return self._session(launch, address)

    def list(self, grant: Grant, limit: int = 100, offset: int = 0, is_open: bool = False) -> tuple[Launch, ...]:
        """Return launches, newest first, all or the open ones only (ADMINISTER). What was ended is not kept."""
        grant.require(Verb.ADMINISTER)
        found = self._launches.page(limit, offset, is_open)
        self._audit.record(AuditEvent(AuditKind.SEARCH, grant, detail="list of launches"))
        return found

    def end(self, grant: Grant, launch_id: str) -> None:
        """End a launch with all its sessions (as `Launches.get`)."""
        launch = self._launches.get(grant, launch_id)
        ended = self._sessions.end_launch(launch.id)
        self._audit.write_counts(ended)
        self._audit.record(
            AuditEvent(AuditKind.LOGOUT, grant, patient_id=launch.patient.patient_id, detail="launch ended")
        )

    def _session(self, launch: Launch, address: str) -> NewSession:
        secret = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            session = self._sessions.insert(connection, secret, launch.user_name, launch=launch)
        self._sessions.adopt(session)
        with self._database.read() as connection:
            row = connection.execute(select(launches_table).where(launches_table.c.id == launch.id)).one_or_none()
        if row is None:  # it was ended meanwhile, before the session could be found among the live ones
            self._sessions.end_launch(launch.id)
            raise GoneError("This launch has ended. Open the images from the patient's chart again.", "launch-ended")
        self._sessions.renew_launch(launch_of(row))
        cookies = (self._cookies.launch(launch.id, secret),)
        return NewSession(session.id, session.grant(address), session.expires, cookies)

    def _event(self, launch: Launch, address: str, detail: str) -> AuditEvent:
        who = Grant(f"{LAUNCH_SUBJECT}{launch.id}", launch.permissions, address=address, name=launch.user_name)
        told = f"{launch.issuer}; {detail}" if detail else launch.issuer
        return AuditEvent(AuditKind.LAUNCH, who, patient_id=launch.patient.patient_id, detail=told)
