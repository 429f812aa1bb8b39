"""Who asks: turns a request's headers into a grant, and logs people in and out."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from sightline.access.address import ClientAddress
from sightline.access.audit import AuditEvent, AuditKind, AuditLog, Outcome
from sightline.access.cookies import Cookies
from sightline.access.credentials import Credentials, Identity, is_signed_token
from sightline.access.forwarded import forwarded_base
from sightline.access.grant import Grant, Permission, Verb, administrator, union
from sightline.access.headers import Headers
from sightline.access.origin import check_origin
from sightline.access.sessions import NewSession, Session, SessionStore
from sightline.access.throttle import Throttle
from sightline.configuration import Configuration
from sightline.errors import UnauthenticatedError
from sightline.state.database import Database

_log = logging.getLogger("sightline.access")


class AccessControl:
    """Finds out who asks. Safe between threads.

    Parameters
    ----------
    configuration : Configuration
        Whose proxies, and which service key, are believed.
    public_url : str
        Our own address.
    database : Database
        Where sessions are stored.
    users : Mapping[str, str]
        Administrators' names and passwords.
    sessions : SessionStore
        All live sessions.
    audit : AuditLog
        Where logins are written down.
    throttle : Throttle
        Counts wrong passwords per address.
    """

    def __init__(
        self,
        configuration: Configuration,
        public_url: str,
        database: Database,
        users: Mapping[str, str],
        sessions: SessionStore,
        audit: AuditLog,
        throttle: Throttle,
    ) -> None:
        self._public_url = public_url
        self._prefix = urlsplit(public_url).path
        self._cors_origins = configuration.cors_origins
        self._takes_tokens = any(issuer.accept_tokens for issuer in configuration.ehr.issuers)
        self._database = database
        self._sessions = sessions
        self._audit = audit
        self._throttle = throttle
        self._credentials = Credentials(users, configuration.links.service_key_sha256)
        self._cookies = Cookies(public_url)
        self._addresses = ClientAddress(configuration.trusted_proxies)
        self._failures: deque[str] = deque(maxlen=16)
        self._warm_up()

    def identify(self, headers: Headers, address: str) -> Grant:
        """Return who asks. Memory only, shallow enough for a 100 KB C stack, and it never raises.

        Parameters
        ----------
        headers : Headers
            Asked for by lower-case names.
        address : str
            Address of the other end of the connection.

        Returns
        -------
        Grant
            Of the ``Authorization`` header if there is one, else of the session cookies; an anonymous grant (which
            carries the address, so ask `Grant.is_anonymous`) for anything missing, malformed, wrong or ended. It
            carries our own address as well, where a trusted proxy says under which one we were asked.
        """
        client = ""
        try:
            client = self._addresses.of(headers, address)
            authorization = headers.get("authorization", "")
            grant = self._by_header(authorization, client) if authorization else self._by_cookies(headers, client)
            base = self._addresses.base_url(headers, address, self._prefix)
            return replace(grant, base_url=base) if base else grant
        except Exception as error:  # whoever cannot be identified is nobody; told by `report_failures`
            self._failures.append(type(error).__name__)
            return Grant("anonymous", address=client)

    def client_address(self, headers: Headers, address: str) -> str:
        """Return the caller's address, seen through the trusted proxies; empty when unknown."""
        return self._addresses.of(headers, address)

    def login(self, user: str, password: str, address: str = "") -> NewSession:
        """Begin a session for a user (SessionStore says for how long).

        Raises
        ------
        UnauthenticatedError
            ``wrong-credentials``; the answer does not tell which of the two is wrong.
        TooManyRequestsError
            Too many failures from that address: nothing was checked.
        """
        self._throttle.require(address)
        name = self._credentials.check(user, password)
        if name is None:
            self._throttle.failed(address)
            known = user if self._credentials.knows(user) else "an unknown user"  # people type passwords there
            self._audit.record(
                AuditEvent(
                    AuditKind.LOGIN,
                    Grant("anonymous", address=address),
                    Outcome.MINOR_FAILURE,
                    detail=f"wrong user or password for {known}",
                )
            )
            raise UnauthenticatedError("User name or password is wrong.", "wrong-credentials")
        secret = secrets.token_urlsafe(32)
        self._audit.record(AuditEvent(AuditKind.LOGIN, administrator(name, address=address)))
        with self._database.write() as connection:
            session = self._sessions.insert(connection, secret, name, self._credentials.proof(name, secret))
        self._sessions.adopt(session)
        return NewSession(session.id, session.grant(address), session.expires, (self._cookies.login(secret),))

    def logout(self, headers: Headers, address: str = "") -> tuple[str, ...]:
        """End every session of a request and return the ``Set-Cookie`` values that remove its cookies."""
        for secret in (self._cookies.login_secret(headers), *self._cookies.link_secrets(headers)):
            self._end(secret, address)
        return self._cookies.cleared(headers)

    def end_login(self, headers: Headers, address: str = "") -> None:
        """End the login session of a request, which another one has replaced."""
        self._end(self._cookies.login_secret(headers), address)

    def expires(self, grant: Grant) -> datetime | None:
        """Return when the session behind a grant ends in any case; None without a session."""
        return self._sessions.expiry(grant.session) if grant.session else None

    def cookie_used(self, headers: Headers) -> bool:
        """Whether `identify` looked at cookies."""
        return not headers.get("authorization", "") and self._cookies.present(headers)

    def check_origin(self, method: str, headers: Headers, public_url: str, gives_cookie: bool = False) -> None:
        """Refuse a state change that another site may have caused (`origin.check_origin`).

        Parameters
        ----------
        method : str
            HTTP method.
        headers : Headers
            Asked for by lower-case names.
        public_url : str
            Our own address.
        gives_cookie : bool
            The route answers with a session (login, opening a link): it always has to be asked by our own pages.

        Raises
        ------
        ForbiddenError
            With the code ``cross-origin``.
        """
        by_cookie = gives_cookie or self.cookie_used(headers)
        check_origin(method, headers, public_url, by_cookie, self._cors_origins)

    def report_failures(self) -> None:
        """Log what `identify` swallowed."""
        while self._failures:
            _log.error("A caller could not be identified: %s", self._failures.popleft())

    def _end(self, secret: str, address: str) -> None:
        session = self._sessions.find(secret) if secret else None
        if session is None:
            return
        if session.launch_id is None:
            self._sessions.end(session)
            ended: tuple[str, ...] = (session.id,)
        else:  # it may be open in a tab as well
            ended = self._sessions.end_launch(session.launch_id)
        self._audit.write_counts(ended)
        self._audit.record(AuditEvent(AuditKind.LOGOUT, session.grant(address), link_id=session.link_id or ""))

    def _warm_up(self) -> None:
        """Do once what may import or fetch something at its first call, which a small stack would not survive."""
        self._addresses.of({"x-forwarded-for": "::1"}, "::ffff:127.0.0.1")
        forwarded_base({"forwarded": 'for="[::1]";host=localhost;proto=https'}, 1, "")
        self._credentials.authorization("Basic Og==")
        self._credentials.authorization("Bearer -")
        self._sessions.find("")
        check_origin("POST", {"origin": self._public_url, "host": "localhost"}, self._public_url, by_cookie=True)

    def _by_header(self, authorization: str, address: str) -> Grant:
        identity = None
        if not self._throttle.wait_seconds(address):
            identity = self._credentials.authorization(authorization)
            # A token may be an EHR's: that is checked where there is time for it, and counted there.
            if identity is None and not (self._takes_tokens and is_signed_token(authorization)):
                self._throttle.failed(address)
        if identity is None:
            return Grant("anonymous", address=address)
        return _grant_of(identity, address)

    def _by_cookies(self, headers: Headers, address: str) -> Grant:
        secret = self._cookies.login_secret(headers)
        login = self._sessions.find(secret) if secret else None
        if login is not None and login.is_login and self._is_proven(login, secret):
            return login.grant(address)
        found = (self._sessions.find(link) for link in self._cookies.link_secrets(headers))
        grants = {session.id: session.grant(address) for session in found if session and not session.is_login}
        return union(tuple(grants.values())) if grants else Grant("anonymous", address=address)

    def _is_proven(self, session: Session, secret: str) -> bool:
        """Whether a login that outlived a restart was made with the password that its user has now."""
        if not session.is_proven:
            session.is_proven = session.password_proof == self._credentials.proof(session.user_name, secret) != ""
        return session.is_proven


def _grant_of(identity: Identity, address: str) -> Grant:
    if identity.is_service:
        return Grant(identity.subject, (Permission(frozenset({Verb.SHARE})),), address=address, name=identity.subject)
    return administrator(identity.subject, address=address)
