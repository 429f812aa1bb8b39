"""What the dispatcher writes into the audit log, before the answer leaves."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_plus

from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import internal
from sightline.errors import ConflictError, NotFoundError
from sightline.web.request import Request
from sightline.web.routing import Route
from sightline.web.services import Services

_WRITTEN_HERE = frozenset({AuditKind.SEARCH, AuditKind.STORE, AuditKind.DELETE, AuditKind.EXPORT})
"""Kinds of which a route table's row says everything; logins and links are written by their handlers, who know more."""


def audit_request(services: Services, request: Request, route: Route, study: str | None, status: int) -> None:
    """Write the event that the route's row asks for. Raises `UnavailableError`: then nothing may be shown."""
    kind = request.audit or route.audit
    if kind == AuditKind.READ and study is not None:
        if status < 400:
            services.audit.read_study(request.grant, study, lambda: _patient_id(services, study))
    elif kind in _WRITTEN_HERE:
        event = AuditEvent(
            AuditKind(kind),
            request.grant,
            Outcome.SUCCESS if status < 400 else Outcome.MINOR_FAILURE,
            detail=f"{request.method} {route.path}",
            query=request.searched or unquote_plus(request.query_string.decode("ascii", "replace")),
        )
        for uid in sorted(request.studies) or [study or ""]:
            patient = _patient_id(services, uid) if uid and event.kind is not AuditKind.DELETE else ""
            services.audit.record(replace(event, study_instance_uid=uid, patient_id=patient))


def _patient_id(services: Services, study: str) -> str:
    """Return whose study it is; asked at the first read of a study by a session only. Empty where that is unknown."""
    try:
        return services.archive.patient_id(internal("audit"), study)
    except (ConflictError, NotFoundError):
        return ""


def audit_denial(services: Services, request: Request, route: Route, study: str | None) -> None:
    """Write that somebody was refused."""
    services.audit.denial(request.grant, request.method, route.path, study)
