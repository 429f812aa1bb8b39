"""The WSGI application: finds the route, checks origin, permission and size, audits, answers.

Nothing reaches a handler that its row in the route table does not allow.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wsgi import ClosingIterator

from sightline.access.audit import AuditKind
from sightline.access.credentials import is_signed_token
from sightline.access.grant import Verb
from sightline.errors import (
    ForbiddenError,
    LengthRequiredError,
    NotFoundError,
    SightlineError,
    TooLargeError,
    UnauthenticatedError,
)
from sightline.web.auditing import audit_denial, audit_request
from sightline.web.client_cache import let_keep
from sightline.web.compression import compress
from sightline.web.cors import Cors
from sightline.web.error_answer import answer_error
from sightline.web.fhir import FHIR_TREE, is_fhir
from sightline.web.ready import READY_KEY, ReadyAnswer, ReadyAnswers
from sightline.web.request import GRANT_KEY, HOLDER_KEY, Request, Response, check_encoding
from sightline.web.routing import Route, UidConverter
from sightline.web.security_headers import content_security_policy, protect
from sightline.web.services import Services
from sightline.web.siblings import KeptSiblings

log = logging.getLogger(__name__)

_MAXIMUM_ADDRESSES = 64


class Dispatcher:
    """A WSGI application over a route table.

    Parameters
    ----------
    routes : Sequence of Route
        All routes; each names its permission.
    services : Services
        Handed to every handler.
    """

    def __init__(self, routes: Sequence[Route], services: Services) -> None:
        self.routes = tuple(routes)
        self.ready = ReadyAnswers(services.audit)
        self._services = services
        self._policy = content_security_policy(services.configuration.frame_ancestors)
        self._upload_bound = services.configuration.maximum_upload_megabytes * 1024 * 1024
        self._open_trees = (*services.dicomweb.trees, FHIR_TREE)
        self._cors = Cors(services.configuration.cors_origins, self._open_trees)
        self._immutable = services.configuration.immutable_caching
        self._dicomweb_trees = services.dicomweb.trees
        self._answer_options = {route.path.rstrip("/") for route in self.routes if route.method == "OPTIONS"}
        self._asked_under: dict[str, Services] = {}
        self._map = Map(
            [Rule(route.path, methods=[route.method], endpoint=route) for route in self.routes],
            converters={"uid": UidConverter},
            strict_slashes=False,
            merge_slashes=False,
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one WSGI request."""
        response = self.answer(Request(environ))
        return ClosingIterator(response(environ, start_response))

    def answer(self, request: Request) -> Response:
        """Answer one request; never raises."""
        route: Route | None = None
        values: dict[str, Any] = {}
        try:
            options = self._options(request) if request.method == "OPTIONS" else None
            if options is not None:
                response = options
            else:
                route, values = self._match(request)
                response = self._handle(request, route, values)
        except SightlineError as error:
            response = answer_error(request, error)
        except Exception:
            log.exception("Unexpected failure at %s %s", request.method, request.path)
            response = answer_error(request, SightlineError("Something went wrong here. The server's log says what."))
        compress(request, response)
        if not self._cors.is_preflight(request):
            self._cors.allow(request, response)
        protect(response, self._policy)
        if route is not None and (request.again or request.siblings):
            self._keep(request, response, route, route.checked_study(values, request.args))
        return response

    def _keep(self, request: Request, response: Response, route: Route, study: str | None) -> None:
        """Keep an answer that may be given again, or how those beside it are made, where the host asks for such."""
        name = request.environ.get(READY_KEY)
        if name is None or study is None or response.status_code != 200:
            return
        if route.audit != AuditKind.READ or not isinstance(route.permission, Verb):
            return
        headers = tuple(pair for pair in response.headers if pair[0] != "Content-Length")
        if request.again is not None:
            etag = response.headers.get("ETag", "")
            self.ready.keep(name, ReadyAnswer(route.permission, study, headers, etag, request.again))
        if request.siblings is not None:
            common = tuple(pair for pair in headers if pair[0] not in request.siblings.own_headers)
            self.ready.keep_siblings(name, KeptSiblings(request.siblings, route.permission, study, common))

    def _handle(self, request: Request, route: Route, path_values: dict[str, Any]) -> Response:
        study = route.checked_study(path_values, request.args)
        try:
            self._services.access.check_origin(request.method, request.headers, self._services.public_url)
            if isinstance(route.permission, Verb):
                self._admit_token(request)
            if isinstance(route.permission, Verb) and route.is_of_any_study:
                request.grant.require_somewhere(route.permission)
            elif isinstance(route.permission, Verb):
                request.grant.require(route.permission, study)
        except SightlineError:
            audit_denial(self._services, request, route, study)
            raise
        check_encoding(request)
        self._bound_body(request, route)
        response = self._call(request, route, path_values, study)
        audit_request(self._services, request, route, study, response.status_code)
        if self._immutable and route.path.startswith(self._dicomweb_trees):
            let_keep(request, response, path_values)
        return response

    def _admit_token(self, request: Request) -> None:
        """Find out who came with an EHR's token: DICOMweb and FHIR only, and only who is nobody otherwise."""
        tokens, authorization = self._services.ehr_tokens, request.headers.get("Authorization", "")
        asked = request.grant
        if tokens is None or not asked.is_anonymous or not is_signed_token(authorization):
            return
        if not request.path.startswith(self._open_trees):
            return
        patient = request.args.get("patient", "").rpartition("/")[2] if is_fhir(request.path) else ""
        token = authorization.partition(" ")[2].strip()
        holder = tokens.holder(self._services, token, patient, asked.address)
        request.environ[GRANT_KEY] = replace(holder.grant, base_url=asked.base_url)
        request.environ[HOLDER_KEY] = holder

    def _options(self, request: Request) -> Response | None:
        """Answer which methods a path has, to anybody; None where a route answers OPTIONS by itself."""
        adapter, path = self._map.bind("", "/"), request.path
        # Werkzeug finds no methods where a rule has a slash at its end that the path has not, though it matches.
        allowed = _allowed(adapter.allowed_methods(path) or adapter.allowed_methods(path + "/"))
        if not allowed:
            raise NotFoundError("There is nothing at this address.")
        is_preflight = self._cors.is_preflight(request)
        if not is_preflight and request.path.rstrip("/") in self._answer_options:
            return None
        response = Response(status=204, headers={"Allow": allowed})
        if is_preflight:
            self._cors.allow(request, response, allowed)
        return response

    def _seen_by(self, request: Request) -> Services:
        """Return the services with our address as the caller knows it."""
        base_url = request.grant.base_url
        if not base_url:
            return self._services
        services = self._asked_under.get(base_url)
        if services is None:
            if len(self._asked_under) >= _MAXIMUM_ADDRESSES:
                self._asked_under.clear()
            services = self._asked_under[base_url] = self._services.asked_under(base_url)
        return services

    def _call(self, request: Request, route: Route, path_values: dict[str, Any], study: str | None) -> Response:
        try:
            return route.handler(request, self._seen_by(request), **path_values)
        except (UnauthenticatedError, ForbiddenError):
            # A public route's handler (login, opening a link) writes its own refusals; it knows more of them.
            if isinstance(route.permission, Verb):
                audit_denial(self._services, request, route, study)
            raise

    def _match(self, request: Request) -> tuple[Route, dict[str, Any]]:
        try:
            endpoint, values = self._map.bind("", "/").match(request.path, request.method)
        except RequestRedirect:
            raise NotFoundError("There is nothing at this address.") from None
        except MethodNotAllowed as error:
            allowed = _allowed(error.valid_methods or ())
            refusal = SightlineError(f"Allowed here: {allowed}.", "method-not-allowed", {"Allow": allowed})
            refusal.status = 405
            raise refusal from None
        except HTTPException:
            raise NotFoundError("There is nothing at this address.") from None
        return endpoint, dict(values)

    def _bound_body(self, request: Request, route: Route) -> None:
        bound = self._upload_bound if route.max_body < 0 else route.max_body
        if request.content_length is None and request.headers.get("Transfer-Encoding"):
            if route.max_body >= 0 or not self._services.configuration.allow_chunked_uploads:
                raise LengthRequiredError("Say how long the body is (Content-Length).")
        elif (request.content_length or 0) > bound:
            raise TooLargeError(f"The body is larger than {bound} bytes, which is the most that is accepted here.")
        request.max_content_length = bound


def _allowed(methods: Iterable[str]) -> str:
    """Return the methods of a path as the header `Allow` lists them; empty where there is nothing."""
    names = sorted({*methods, "OPTIONS"})
    return ", ".join(names) if len(names) > 1 else ""
