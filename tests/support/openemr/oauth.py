"""OAuth 2 and OpenID Connect of the fake OpenEMR: what its authorize and token endpoints do, quirks included."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import json_answer
from tests.support.openemr.clients import Client
from tests.support.openemr.fhir_orders import backend_token

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

CODE_SECONDS = 60
CORE_COOKIE, USER, PASSWORD = "OpenEMR", "admin", "pass"


@lru_cache(maxsize=1)
def own_key() -> RSAKey:
    """Return the key that ID tokens are signed with: one for a whole run, since it takes long to make."""
    return RSAKey.generate_key(2048, {"kid": "emr-1", "use": "sig"})


@dataclass
class Code:
    """An authorization code, as long as nobody has used it."""

    client_id: str
    parameters: dict[str, str]
    patient: str
    ends: float


@dataclass
class OAuth:
    """State of the authorization server, and what tests change of it."""

    key: RSAKey = field(default_factory=own_key)
    codes: dict[str, Code] = field(default_factory=dict)
    launches: dict[str, str] = field(default_factory=dict)
    """Launch token -> uuid of the patient. They do not expire, and work as often as anybody likes."""
    core_sessions: set[str] = field(default_factory=set)
    skips_flow: bool = False
    """The global `oauth_ehr_launch_authorization_flow_skip`."""
    numeric_patient: bool = False
    """Whether tokens name a patient by pid, as old builds do for standalone launches."""
    claims: dict[str, Any] = field(default_factory=dict)
    """What is put into ID tokens instead; None takes a claim out."""
    sign: Callable[[dict[str, Any]], str] | None = None
    """Makes an ID token of claims, instead of what is usual."""
    answer: dict[str, Any] = field(default_factory=dict)
    """What is put into token answers instead; None takes a field out."""
    granted: list[str] = field(default_factory=list)
    """Scopes of each code that was given."""
    practitioner: str = "5f0c3b7e-0000-4000-8000-00000000d0c5"


def issuer(emr: FakeOpenEmr) -> str:
    """Return the OpenID issuer."""
    return f"{emr.url}/oauth2/default"


def openid_configuration(emr: FakeOpenEmr, _request: Request) -> Response:
    """Send OpenID Connect discovery."""
    base = issuer(emr)
    return json_answer(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwk",
            "scopes_supported": list(emr.scopes),
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def jwk(emr: FakeOpenEmr, _request: Request) -> Response:
    """Send the public key."""
    return json_answer({"keys": [emr.oauth.key.as_dict(private=False)]})


def authorize(emr: FakeOpenEmr, request: Request) -> Response:
    """Ask whoever it is to log in and to agree, unless all of that is to be skipped, then send a code.

    A browser that comes from another site brings no core cookie (SameSite=Strict); so the page that skips consent first
    submits itself, by which it does.
    """
    parameters = dict(request.args) | dict(request.form)
    client = emr.clients.get(parameters.get("client_id", ""))
    if client is None or not client.is_enabled:
        return json_answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    if parameters.get("redirect_uri") not in client.redirect_uris:
        return json_answer({"error": "invalid_client", "error_description": "redirect_uri"}, 401)
    if parameters.get("aud") != emr.fhir:
        return _back(parameters, error="invalid_request")
    if parameters.get("deny"):
        return _back(parameters, error="access_denied")
    has_session = request.cookies.get(CORE_COOKIE) in emr.oauth.core_sessions
    if parameters.get("launch") and emr.oauth.skips_flow and client.skips_flow:
        if request.method == "GET":
            return _form(parameters, "", "<script>document.forms[0].submit()</script>")
        if has_session:
            return _grant(emr, client, parameters | {"scope": client.scope}, "")
    is_right = (parameters.get("username"), parameters.get("password")) == (USER, PASSWORD)
    if request.method == "GET" or not is_right:
        login = (
            '<label>User <input name="username"></label><label>Password <input name="password" type="password"></label>'
        )
        asked = [name for name in parameters if name not in ("username", "password", "proceed")]
        picker = (
            "<label>Patient <input name='picked'></label>" if "launch/patient" in parameters["scope"].split() else ""
        )
        button = '<button name="proceed" value="1">Authorize</button>'
        return _form({name: parameters[name] for name in asked}, login + picker + button, "")
    return _grant(emr, client, parameters, parameters.get("picked", ""))


def token(emr: FakeOpenEmr, request: Request) -> Response:
    """Exchange a code. A code works once, within a minute, for its client, with its verifier.

    Or give a token to a client that proves by its own key who it is.
    """
    if request.form.get("grant_type") == "client_credentials":
        return _client_credentials(emr, request)
    form, authorization = request.form, request.authorization
    identifier = authorization.username if authorization else form.get("client_id", "")
    secret = authorization.password if authorization else form.get("client_secret", "")
    client = emr.clients.get(identifier or "")
    if client is None or (client.secret and secret != client.secret):
        return json_answer({"error": "invalid_client"}, 401)
    code = emr.oauth.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != client.client_id or code.ends <= emr.tokens.clock():
        return json_answer({"error": "invalid_grant"}, 400)
    if code.parameters["redirect_uri"] != form.get("redirect_uri"):
        return json_answer({"error": "invalid_grant"}, 400)
    wanted = code.parameters.get("code_challenge", "")
    given = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
    if wanted and wanted != given.rstrip("="):
        return json_answer({"error": "invalid_grant"}, 400)
    return json_answer(_changed(_token_answer(emr, client, code), emr.oauth.answer))


def _client_credentials(emr: FakeOpenEmr, request: Request) -> Response:
    client = emr.clients.get(request.form.get("client_id", ""))
    if client is None or not client.is_enabled or not client.jwks_uri:
        return json_answer({"error": "invalid_client"}, 401)
    if not set(request.form.get("scope", "").split()) <= set(client.scope.split()):
        return json_answer({"error": "invalid_scope"}, 400)
    keys = requests.get(client.jwks_uri, timeout=10, verify=emr.authority or True).json()
    return backend_token(emr, request, KeySet.import_key_set(keys), client.client_id)


def introspect(_emr: FakeOpenEmr, _request: Request) -> Response:
    """Say that no token is active: another client's never is, and one version says so of its own."""
    return json_answer({"active": False})


def _grant(emr: FakeOpenEmr, client: Client, parameters: dict[str, str], picked: str) -> Response:
    scopes = parameters["scope"].split()
    patient = emr.oauth.launches.get(parameters.get("launch", ""), "") if "launch" in scopes else ""
    if "launch/patient" in scopes:
        patient = picked
    code = f"def50200{secrets.token_hex(200)}"
    emr.oauth.codes[code] = Code(client.client_id, parameters, patient, emr.tokens.clock() + CODE_SECONDS)
    emr.oauth.granted.append(parameters["scope"])
    return _back(parameters, code=code)


def _token_answer(emr: FakeOpenEmr, client: Client, code: Code) -> dict[str, Any]:
    scope = code.parameters["scope"]
    record = emr.records.patient(code.patient)
    named = str(record.pid) if record and emr.oauth.numeric_patient else code.patient
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": 3600,
        "access_token": emr.tokens.issue(client.client_id, scope, code.patient),
        "scope": " ".join(one for one in scope.split() if ":" not in one),
        "need_patient_banner": "launch/patient" in scope.split(),
        "smart_style_url": f"{emr.url}/oauth2/default/smart/smart-style_light.json",
    }
    if code.patient:
        answer |= {"patient": named, "intent": "patient.demographics.dialog"}
    if "openid" in scope.split():
        answer["id_token"] = _id_token(emr, client, code)
    return answer


def _id_token(emr: FakeOpenEmr, client: Client, code: Code) -> str:
    now = int(emr.tokens.clock())
    claims = {
        "iss": issuer(emr),
        "aud": client.client_id,
        "sub": emr.oauth.practitioner,
        "iat": now,
        "exp": now + 3600,
        "fhirUser": f"{emr.fhir}/Practitioner/{emr.oauth.practitioner}",
    }
    if code.parameters.get("nonce"):
        claims["nonce"] = code.parameters["nonce"]
    changed = _changed(claims, emr.oauth.claims)
    if emr.oauth.sign is not None:
        return emr.oauth.sign(changed)
    return jwt.encode({"alg": "RS256", "kid": "emr-1"}, changed, emr.oauth.key)


def _changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (values | changes).items() if value is not None}


def _back(parameters: dict[str, str], **answer: str) -> Response:
    query = urlencode(answer | {"state": parameters.get("state", "")})
    return Response(status=302, headers={"Location": f"{parameters['redirect_uri']}?{query}"})


def _form(parameters: dict[str, str], fields: str, script: str) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parameters.items()
    )
    html = (
        f'<!doctype html><title>OpenEMR</title><form method="post" action="authorize">{hidden}{fields}</form>{script}'
    )
    return Response(html, content_type="text/html")


ROUTES = (
    ("GET", "/oauth2/default/.well-known/openid-configuration", openid_configuration),
    ("GET", "/oauth2/default/jwk", jwk),
    ("GET", "/oauth2/default/authorize", authorize),
    ("POST", "/oauth2/default/authorize", authorize),
    ("POST", "/oauth2/default/token", token),
    ("POST", "/oauth2/default/introspect", introspect),
)
