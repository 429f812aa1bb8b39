"""An OpenEMR whose access tokens are signed (JWT), as those of a real one are, and that publishes its keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Request

from tests.support.openemr.answers import json_answer
from tests.support.openemr.server import FakeOpenEmr
from tests.support.openemr.tokens import Token

_OAUTH = "/oauth2/default"
OWN_KEY, FOREIGN_KEY = (RSAKey.generate_key(2048, {"kid": name}) for name in ("own", "foreign"))


class SigningOpenEmr(FakeOpenEmr):
    """The fake OpenEMR with a key of its own."""

    def __init__(self, key: RSAKey = OWN_KEY, **more: Any) -> None:
        super().__init__(**more)
        self.key = key

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        documents: dict[str, dict[str, Any]] = {
            f"{_OAUTH}/.well-known/openid-configuration": {
                "issuer": f"{self.url}{_OAUTH}",
                "jwks_uri": f"{self.url}{_OAUTH}/jwk",
            },
            f"{_OAUTH}/jwk": {"keys": [self.key.as_dict(private=False)]},
        }
        document = documents.get(request.path)
        if document is None or self.is_down:
            return super().__call__(environ, start_response)
        self.requests.append(f"{request.method} {request.path}")
        answer: Any = json_answer(document)
        return answer(environ, start_response)  # type: ignore[no-any-return]

    def signed(
        self,
        bound_to: str = "",
        client: str = "app",
        scopes: str = "patient/Patient.read",
        seconds: float = 3600,
        key: RSAKey | None = None,
        **claims: Any,
    ) -> str:
        """Return a new token that is bound to a patient by the EHR, though it does not say to which one itself."""
        now, key = self.tokens.clock(), key or self.key
        said = {
            "aud": [client],
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + seconds),
            "sub": "user-1",
            "jti": uuid4().hex,
            "scopes": scopes.split(),
        }
        said |= claims
        text = jwt.encode(
            {"alg": "RS256", "kid": key.kid}, {name: value for name, value in said.items() if value is not None}, key
        )
        self.tokens._tokens[text] = Token(client, frozenset(scopes.split()), bound_to, now + seconds)
        return text
