"""Access tokens of the fake OpenEMR: opaque here, with the scopes and the patient they were granted for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.exceptions import InternalServerError, Unauthorized
from werkzeug.wrappers import Request


@dataclass(frozen=True)
class Token:
    """What a token was granted."""

    client_id: str
    scopes: frozenset[str]
    patient: str
    """uuid of the launch patient; empty for a token that is bound to none."""
    ends: float


class Tokens:
    """All tokens that were issued."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._tokens: dict[str, Token] = {}

    def issue(self, client_id: str, scopes: str, patient: str = "", seconds: float = 3600) -> str:
        """Return a new token."""
        text = secrets.token_urlsafe(32)
        self._tokens[text] = Token(client_id, frozenset(scopes.split()), patient, self.clock() + seconds)
        return text

    def revoke(self, text: str) -> None:
        """End a token."""
        self._tokens.pop(text, None)

    def require(self, request: Request, resource: str, verb: str = "read") -> Token:
        """Return the token of a request that may do this.

        A token that is unknown or has ended is answered by 401; one that may not, by 500: so does OpenEMR.
        """
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        token = self._tokens.get(text) if kind == "Bearer" else None
        if token is None or token.ends <= self.clock():
            raise Unauthorized("The resource owner or authorization server denied the request.")
        letter = "rs" if verb == "read" else "cud"
        wanted = {f"{level}/{resource}.{spelling}" for level in ("patient", "user", "system") for spelling in
                  (verb, letter, "cruds", "*")}  # fmt: skip
        if not wanted & token.scopes:
            raise InternalServerError
        return token
