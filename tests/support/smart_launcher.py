"""The protocol of the public SMART launcher (smart-launcher-v2), as a small server: another EHR than OpenEMR.

`launch` is a JSON array in base64url, codes and tokens are JWTs that hold all there is to know, confidential clients
have to use Basic, ID tokens name another issuer than the configuration and no key, and patients are Synthea's: their
number is of type MR, beside a social security number and others.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import fhir, json_answer
from tests.support.openemr.oauth import own_key

_CONFIDENTIAL, _AUTO = 1, 1
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def launch_of(patient: str, provider: str, client_id: str, secret: str) -> str:
    """Return the launch of a provider from an EHR, for that client."""
    values = [0, patient, provider, "NONE", 1, 1, 1, "", "", client_id, secret, "", "", "", _CONFIDENTIAL, _AUTO, ""]
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


class SmartLauncher:
    """The launcher on loopback, with one patient."""

    def __init__(self, patient: str, number: str, family: str, birth_date: str, clock: Callable[[], float]) -> None:
        self._secret = OctKey.import_key(secrets.token_hex(16))
        self._key: RSAKey = own_key()
        self._clock = clock
        self._resource = {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [
                {"system": "https://github.com/synthetichealth/synthea", "value": "syn-1"},
                _identifier("SS", "http://hl7.org/fhir/sid/us-ssn", "999-12-3456"),
                _identifier("DL", "urn:oid:2.16.840.1.113883.4.3.25", "S99999999"),
                _identifier("MR", "http://hospital.smarthealthit.org", number),
            ],
            "name": [
                {"use": "maiden", "family": "Other", "given": ["Ann"]},
                {"use": "official", "family": family, "given": ["Ann"]},
            ],
            "gender": "female",
            "birthDate": birth_date,
        }
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.fhir = f"{self.url}/v/r4/fhir"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> SmartLauncher:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        ways: dict[str, Callable[[Request], Response]] = {
            "GET /v/r4/fhir/.well-known/smart-configuration": self._configuration,
            "GET /v/r4/auth/authorize": self._authorize,
            "POST /v/r4/auth/token": self._token,
            "GET /keys": lambda _request: json_answer({"keys": [self._public_key()]}),
            f"GET /v/r4/fhir/Patient/{self._resource['id']}": self._patient,
        }
        way = ways.get(f"{request.method} {request.path}", lambda _request: Response(status=404))
        return way(request)(environ, start_response)

    def _configuration(self, _request: Request) -> Response:
        auth = f"{self.url}/v/r4/auth"
        return json_answer(
            {
                "issuer": self.fhir,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{auth}/authorize",
                "token_endpoint": f"{auth}/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                    "private_key_jwt",
                ],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile", "fhirUser", "launch", "patient/*.*", "user/*.*"],
                "capabilities": ["launch-ehr", "sso-openid-connect", "permission-v1", "permission-v2"],
            }
        )

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.args)
        if asked.get("aud") != self.fhir or asked.get("code_challenge_method") != "S256":
            return json_answer({"error": "invalid_request"}, 400)
        launch = json.loads(urlsafe_b64decode(asked["launch"] + "=" * (-len(asked["launch"]) % 4)))
        code = {
            "context": {
                "patient": launch[1],
                "need_patient_banner": False,
                "smart_style_url": f"{self.url}/style.json",
            },
            "client_id": asked["client_id"],
            "client_secret": launch[10],
            "redirect_uri": asked["redirect_uri"],
            "scope": asked["scope"],
            "code_challenge": asked["code_challenge"],
            "nonce": asked.get("nonce"),
            "user": f"Practitioner/{launch[2]}",
        }
        query = urlencode({"code": self._seal(code, 300), "state": asked["state"]})
        return Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{query}"})

    def _token(self, request: Request) -> Response:
        try:
            code = jwt.decode(request.form["code"], self._secret, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return json_answer({"error": "invalid_client"}, 401)
        sent = request.authorization
        if sent is None or (sent.username, sent.password) != (code["client_id"], code["client_secret"]):
            return json_answer({"error": "invalid_request", "error_description": "Basic is required"}, 401)
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        is_proven = urlsafe_b64encode(digest).decode().rstrip("=") == code["code_challenge"]
        if not is_proven or request.form["redirect_uri"] != code["redirect_uri"]:
            return json_answer({"error": "invalid_grant"}, 401)
        now = int(self._clock())
        identity = {
            "profile": code["user"],
            "fhirUser": code["user"],
            "aud": code["client_id"],
            "sub": hashlib.sha256(code["user"].encode()).hexdigest(),
            "iss": f"{self.url}/v/r4/auth/fhir",
            "nonce": code["nonce"],
            "iat": now,
            "exp": now + 3600,
        }
        return json_answer(
            {
                "access_token": self._seal({"scope": code["scope"]}, 3600),
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": code["scope"],
                "id_token": jwt.encode({"alg": "RS256", "typ": "JWT"}, identity, self._key),
                **code["context"],
            }
        )

    def _patient(self, request: Request) -> Response:
        try:
            jwt.decode(request.headers.get("Authorization", "").removeprefix("Bearer "), self._secret, ["HS256"])
        except (JoseError, ValueError):
            return Response(status=401)
        return fhir(self._resource)

    def _seal(self, values: dict[str, Any], seconds: int) -> str:
        return jwt.encode({"alg": "HS256"}, values | {"exp": int(self._clock()) + seconds}, self._secret)

    def _public_key(self) -> dict[str, Any]:
        return {**self._key.as_dict(private=False), "alg": "RS256", "key_ops": ["verify"]}


def _identifier(code: str, system: str, value: str) -> dict[str, Any]:
    return {"type": {"coding": [{"system": _TYPES, "code": code}]}, "system": system, "value": value}
