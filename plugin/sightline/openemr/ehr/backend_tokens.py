"""Access tokens for Sightline itself (SMART Backend Services; RFC 6749 sections 4.4 and 6, RFC 7523 section 2.2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from sightline.openemr.ehr.client import EhrClient, EhrError, EhrRefusedError
from sightline.openemr.ehr.discovery import discover
from sightline.smart_section import Backend, Issuer
from sightline.state.backend_credentials import BackendCredentials

_ASSERTION_SECONDS = 240
_SPARE = timedelta(seconds=15)
"""A token is not used in its last seconds."""
_SECONDS_UNTOLD, _SECONDS_BELIEVED = 60, 1 << 24


@dataclass(frozen=True)
class _Token:
    text: str
    ends: datetime


class BackendTokens:
    """What one EHR lets Sightline do in its own name. Safe between threads.

    Parameters
    ----------
    issuer : Issuer
    backend : Backend
        Its own section: as whom the EHR knows us.
    credentials : BackendCredentials
        The site's key, and the newest refresh tokens, of which each is good for once.
    clock : callable
    """

    def __init__(
        self, issuer: Issuer, backend: Backend, credentials: BackendCredentials, clock: Callable[[], datetime]
    ) -> None:
        self._issuer, self._backend, self._credentials, self._clock = issuer, backend, credentials, clock
        self._client = EhrClient(issuer)
        self._lock = threading.Lock()
        self._known: dict[str, _Token] = {}

    def token(self, scopes: str, refused: str = "") -> str:
        """Return an access token.

        Parameters
        ----------
        scopes : str
            What is asked for by client credentials, unless the site has said what to ask for.
        refused : str
            A token that the EHR did not take: it may have been revoked, and another one is asked for.

        Raises
        ------
        EhrError
            The EHR cannot be reached, or gives none.
        """
        wanted = self._backend.scopes or ("" if self._backend.refresh_token else scopes)
        with self._lock:
            known = self._known.get(wanted)
            if known is None or known.text == refused or self._clock() >= known.ends - _SPARE:
                known = self._known[wanted] = self._asked(wanted)
            return known.text

    def _asked(self, scopes: str) -> _Token:
        backend = self._backend
        address = discover(self._issuer, self._clock()).token_endpoint
        form = {"grant_type": "client_credentials", "client_id": backend.client_id, "scope": scopes}
        if backend.refresh_token:
            current = self._credentials.refresh_token(backend.refresh_token)
            form |= {"grant_type": "refresh_token", "refresh_token": current}
        if backend.is_by_key:
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            form["client_assertion"] = self._assertion(address)
        elif backend.client_secret:
            form["client_secret"] = backend.client_secret
        try:
            answer = self._client.post(address, {name: value for name, value in form.items() if value})
        except EhrRefusedError as error:
            why = f"The EHR gave no token ({error.answered}): check client, secret or key, and scopes."
            raise EhrRefusedError(why, error.answered) from error
        return self._kept(answer)

    def _kept(self, answer: dict[str, Any]) -> _Token:
        """Return the token of an answer, and remember the refresh token that came with it."""
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token:
            raise EhrError("The EHR gave no access token.", "ehr-answer")
        if self._backend.refresh_token and answer.get("refresh_token"):
            self._credentials.replace(self._backend.refresh_token, str(answer["refresh_token"]))
        told = seconds if isinstance(seconds, int) and 0 < seconds < _SECONDS_BELIEVED else _SECONDS_UNTOLD
        return _Token(token, self._clock() + timedelta(seconds=told))

    def _assertion(self, audience: str) -> str:
        now = int(self._clock().timestamp())
        claims = {"iss": self._backend.client_id, "sub": self._backend.client_id, "aud": audience,
                  "jti": str(uuid4()), "iat": now, "exp": now + _ASSERTION_SECONDS}  # fmt: skip
        try:
            key = self._key()
            header = {"alg": "RS384", "typ": "JWT"} | ({"kid": key.kid} if key.kid else {})
            return jwt.encode(header, claims, key, algorithms=["RS384"])
        except (OSError, ValueError, JoseError) as error:
            raise EhrError("The private key for the EHR cannot be used (Backend.KeyFile).", "ehr-key") from error

    def _key(self) -> RSAKey:
        path = self._backend.key_file
        return RSAKey.import_key(Path(path).read_bytes()) if path else self._credentials.key()
