"""Clients of the fake OpenEMR and how they are registered, with what its registration accepts and refuses."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import json_answer

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")


@dataclass
class Client:
    """A row of `oauth_clients`."""

    client_id: str
    secret: str
    """Empty for a public client."""
    name: str
    redirect_uris: list[str]
    launch_uri: str
    scope: str
    is_enabled: bool
    skips_flow: bool = False
    """Whether an administrator has set "Authorization Flow Skip"."""
    jwks_uri: str = ""
    """Where the keys are by which it proves who it is, for client credentials."""


def register(emr: FakeOpenEmr, request: Request) -> Response:
    """Register a client: answered 200, disabled until an administrator enables it."""
    if request.headers.get("Content-Type") != "application/json":
        return _refused("invalid_client_metadata", "Content-Type must be application/json")
    body: dict[str, Any] = json.loads(request.data)
    is_private = body.get("application_type") == "private"
    scope = str(body.get("scope", ""))
    asked = scope.split(" ")
    method = body.get("token_endpoint_auth_method", "client_secret_basic" if is_private else None)
    if "contacts" not in body:  # 7.x reads it unguarded
        return Response("Internal Server Error", 500)
    if method is not None and method not in _AUTH_METHODS:
        return _refused("invalid_client_metadata", "token_endpoint_auth_method")
    if not body.get("redirect_uris") or body.get("post_logout_redirect_uris") == []:
        return _refused("invalid_redirect_uri", "redirect_uris")
    if any(one not in emr.scopes for one in asked):
        return _refused("invalid_scope", "scope")
    if not is_private and any(one.startswith(("user/", "system/")) for one in asked):
        return _refused("invalid_scope", "public clients")
    if not body.get("jwks_uri") and any(one.startswith("system/") for one in asked):
        return _refused("invalid_client_metadata", "system scopes need keys")
    client = Client(
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48) if is_private else "",
        body.get("client_name", ""),
        list(body["redirect_uris"]),
        body.get("initiate_login_uri", ""),
        scope,
        is_enabled=not is_private and "launch" not in scope,
        jwks_uri=body.get("jwks_uri", ""),
    )
    emr.clients[client.client_id] = client
    answer = {
        **body,
        "client_id": client.client_id,
        "client_secret_expires_at": 0,
        "registration_access_token": secrets.token_urlsafe(16),
        "registration_client_uri": f"{emr.url}/oauth2/default/client/{secrets.token_urlsafe(8)}",
    }
    return json_answer(answer | ({"client_secret": client.secret} if client.secret else {}))


def _refused(code: str, text: str) -> Response:
    return json_answer({"error": code, "error_description": text}, 400)


ROUTES = (("POST", "/oauth2/default/registration", register),)
