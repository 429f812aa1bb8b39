"""A fake OpenEMR that gives tokens to backend clients, whose tests need no more of its OAuth."""

from __future__ import annotations

import secrets
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.support.openemr import server
from tests.support.openemr.answers import json_answer
from tests.support.openemr.server import FakeOpenEmr

TOKEN_PATH = "/oauth2/default/token"
ALL = "system/Patient.read system/DocumentReference.read system/Binary.read system/Media.read"
USER = f"{ALL} user/patient.read user/document.read user/document.write".replace("system/", "user/")


class BackendEmr(FakeOpenEmr):
    """With the confidential client ``backend``, whose secret is ``s3cret``; or whose assertions `key` verifies.

    A refresh token is good for once, and comes with the next one.
    """

    def __init__(self, version: str = "7.0.3") -> None:
        super().__init__(version)
        self.refresh_tokens = {"first": USER}
        self.key: RSAKey | None = None
        self.token_requests: list[dict[str, str]] = []
        rows = [(m, path, handler) for part in server.PARTS for m, path, handler in part if path != TOKEN_PATH]
        rows.append(("POST", TOKEN_PATH, BackendEmr._token))
        self._map = Map([Rule(path, methods=[method], endpoint=handler) for method, path, handler in rows])

    def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in request.form.items()}
        self.token_requests.append(form)
        if not self._is_client(form):
            return json_answer({"error": "invalid_client"}, 401)
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": 300}
        if form["grant_type"] == "refresh_token":
            scopes = self.refresh_tokens.pop(form["refresh_token"], "")
            if not scopes:
                return json_answer({"error": "invalid_grant"}, 400)
            answer["refresh_token"] = secrets.token_urlsafe(8)
            self.refresh_tokens[answer["refresh_token"]] = scopes
        else:
            scopes = form["scope"]
        answer["access_token"] = self.tokens.issue("backend", scopes)
        return json_answer(answer)

    def _is_client(self, form: dict[str, str]) -> bool:
        if self.key is None:
            return (form.get("client_id"), form.get("client_secret")) == ("backend", "s3cret")
        token = jwt.decode(form.get("client_assertion", ""), self.key, algorithms=["RS384"])
        claims = token.claims
        return (claims["iss"], claims["sub"], claims["aud"]) == ("backend", "backend", f"{self.url}{TOKEN_PATH}")
