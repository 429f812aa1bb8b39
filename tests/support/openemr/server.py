"""The fake OpenEMR as a server on loopback; its parts lie beside this module, each a table of routes."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.support.openemr import (
    clients,
    fhir_documents,
    fhir_orders,
    fhir_patients,
    oauth,
    pages,
    rest_documents,
    standard_patients,
)
from tests.support.openemr.clients import Client
from tests.support.openemr.oauth import OAuth
from tests.support.openemr.records import Records
from tests.support.openemr.tokens import Tokens

Route = tuple[str, str, Callable[..., Response]]
"""Method, Werkzeug rule, and ``handler(emr, request, **path values)``."""

PARTS: tuple[Sequence[Route], ...] = (
    fhir_patients.ROUTES,
    fhir_documents.ROUTES,
    fhir_orders.ROUTES,
    rest_documents.ROUTES,
    clients.ROUTES,
    oauth.ROUTES,
    pages.ROUTES,
    standard_patients.ROUTES,
)

_CAPABILITIES_7 = (
    "launch-ehr launch-standalone context-banner context-style context-ehr-patient context-standalone-patient "
    "sso-openid-connect client-public client-confidential-symmetric permission-user permission-patient "
    "permission-offline"
)
_CAPABILITIES_8 = (
    f"{_CAPABILITIES_7} client-confidential-asymmetric context-ehr-encounter permission-v1 permission-v2 authorize-post"
)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


class FakeOpenEmr:
    """An OpenEMR that answers on loopback.

    Parameters
    ----------
    version : str
        ``7.0.3`` or ``8.0.0``: what it can differs.
    host : str
        Name under which it is reached; resolves to loopback.
    tls : tuple of str, optional
        Files of certificate and key.
    """

    def __init__(self, version: str = "7.0.3", host: str = "127.0.0.1", tls: tuple[str, str] | None = None) -> None:
        self.version = version
        is_old = version.startswith("7")
        self.capabilities = (_CAPABILITIES_7 if is_old else _CAPABILITIES_8).split()
        read = ("read",) if is_old else ("read", "rs")
        readable = ("patient/Patient", "user/Practitioner", "user/patient", "system/Patient")
        self.scopes = ["openid", "fhirUser", "online_access", "launch", "launch/patient", "api:fhir", "api:oemr"]
        self.scopes += [f"{scope}.{how}" for scope in readable for how in read]
        self.authority = ""
        """File of the authority that signs certificates of whoever publishes keys; empty: what `requests` trusts."""
        self.clients: dict[str, Client] = {}
        self.oauth = OAuth()
        self.resources = ["Patient", "DocumentReference", "Binary", *([] if is_old else ["ServiceRequest", "Media"])]
        self.records = Records()
        self.tokens = Tokens()
        self.requests: list[str] = []
        """Method and path of all that was asked."""
        self.is_down = False
        """Whether everything is answered by 503."""
        self._map = Map([Rule(path, methods=[method], endpoint=handler) for part in PARTS
                         for method, path, handler in part])  # fmt: skip
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Quiet, ssl_context=context)
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.port}"
        self.fhir = f"{self.url}/apis/default/fhir"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeOpenEmr:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.answer(environ)(environ, start_response)  # type: ignore[no-any-return]

    def answer(self, environ: dict[str, Any]) -> Any:
        """Return what a request is answered with."""
        request = Request(environ)
        self.requests.append(f"{request.method} {request.path}")
        if self.is_down:
            return Response("Service Unavailable", 503)
        try:
            handler, values = self._map.bind_to_environ(environ).match()
            return handler(self, request, **values)
        except HTTPException as error:
            return error
