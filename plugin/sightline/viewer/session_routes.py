"""How one becomes somebody, and stops being it: login, logout, opening a link; and who did what: the audit log."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sightline.access.audit import AuditEvent, AuditKind, denial_event
from sightline.access.grant import Verb
from sightline.access.sessions import NewSession
from sightline.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from sightline.web.error_answer import as_next
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.routing import Public, Route
from sightline.web.services import Services

_SMALL_BODY = 8192
_PAGE = 100
_LARGEST_PAGE = 1000
_FORM = "application/x-www-form-urlencoded"
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII without backslash, not the start of another host


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Model = TypeVar("Model", bound=_Body)


class _Login(_Body):
    user: str = Field(max_length=512)
    password: str = Field(max_length=512)


class _Secret(_Body):
    secret: str = Field(max_length=512)


def login(request: Request, services: Services) -> Response:
    """Begin a session for a user name and password, as JSON or from the login form."""
    _require_own_page(request, services, "/sightline/login")
    if request.mimetype == _FORM:
        return _form_login(request, services)
    body = _parse(_Login, read_json(request, _SMALL_BODY))
    session = _new_login(request, services, body.user, body.password)
    return _with_cookies(answer_json({"user": session.grant.name}), session.cookies)


def logout(request: Request, services: Services) -> Response:
    """End every session of this browser here."""
    _require_own_page(request, services, "/sightline/logout")
    cleared = services.access.logout(request.headers, request.grant.address)
    if request.mimetype == _FORM:
        return _with_cookies(Response(status=303, headers={"Location": "login"}), cleared)
    return _with_cookies(answer_json({"user": None}), cleared)


def session(request: Request, services: Services) -> Response:
    """Say who is asking and what they may do."""
    grant = request.grant
    studies = [permission.study_instance_uid for permission in grant.permissions]
    expires = services.access.expires(grant)
    return answer_json(
        {
            "user": grant.name or None,
            "verbs": [verb for verb in Verb if any(verb in permission.verbs for permission in grant.permissions)],
            "studies": None if None in studies else sorted(uid for uid in set(studies) if uid is not None),
            "expires": expires.isoformat(timespec="seconds") if expires else None,
        }
    )


def open_link(request: Request, services: Services, link_id: str) -> Response:
    """Exchange a link's secret for a session on its study."""
    _require_own_page(request, services, "/sightline/link/<link_id>/session")
    body = _parse(_Secret, read_json(request, _SMALL_BODY))
    opened = services.links.exchange(link_id[:64], body.secret, request.grant.address)
    permission = opened.grant.permissions[0]
    answer = {
        "studyInstanceUID": permission.study_instance_uid,
        "verbs": sorted(permission.verbs),
        "expires": opened.expires.isoformat(timespec="seconds"),
    }
    return _with_cookies(answer_json(answer), opened.cookies)


def audit_page(request: Request, services: Services) -> Response:
    """Send audit events, newest first; ``before`` is the sequence number to go on from."""
    limit = min(_number(request, "limit") or _PAGE, _LARGEST_PAGE)
    before = _number(request, "before")
    services.audit.record(AuditEvent(AuditKind.AUDIT_READ, request.grant, detail="audit log read"))
    return answer_json({"events": services.audit.page(limit, before)})


def audit_verification(request: Request, services: Services) -> Response:
    """Follow the chain of audit events and say where it breaks, if it does."""
    services.audit.record(AuditEvent(AuditKind.AUDIT_READ, request.grant, detail="audit log verified"))
    broken = services.audit.verify()
    return answer_json({"intact": broken is None, "firstBroken": broken})


SESSION_ROUTES = (
    Route("POST", "/sightline/login", login, Public.LOGIN, "Log in", audit="login", max_body=_SMALL_BODY),
    Route("POST", "/sightline/logout", logout, Public.LOGIN, "Log out", audit="login", max_body=_SMALL_BODY),
    Route("GET", "/sightline/session", session, Public.LOGIN, "Who is asking, and what they may do"),
    Route(
        "POST",
        "/sightline/link/<link_id>/session",
        open_link,
        Public.LINK,
        "Exchange a link's secret for a session",
        audit="link",
        max_body=_SMALL_BODY,
    ),
    Route("GET", "/sightline/api/audit", audit_page, Verb.ADMINISTER, "Audit events, newest first"),
    Route(
        "GET",
        "/sightline/api/audit/verification",
        audit_verification,
        Verb.ADMINISTER,
        "Whether the audit log is whole",
    ),
)
"""`access` itself writes the audit events of these routes: it knows more than a row of a table."""


def _form_login(request: Request, services: Services) -> Response:
    """Log in from a page without script: 303 to where the person wanted to go, or back to the form."""
    form = request.form
    target = form.get("next", "")
    own = target if _OWN_PATH.fullmatch(target) else ""
    try:
        session = _new_login(request, services, form.get("user", ""), form.get("password", ""))
    except UnauthenticatedError as error:
        back = f"login?error={error.code}" + (f"&next={as_next(own)}" if own else "")
        return Response(status=303, headers={"Location": back})
    # Relative, since a proxy may have put a prefix before /sightline/ that is not known here.
    return _with_cookies(Response(status=303, headers={"Location": own or "./"}), session.cookies)


def _new_login(request: Request, services: Services, user: str, password: str) -> NewSession:
    """Begin a session; the one that this browser had before ends, so that no old cookie stays good."""
    session = services.access.login(user, password, request.grant.address)
    services.access.end_login(request.headers, request.grant.address)
    return session


def _require_own_page(request: Request, services: Services, path: str) -> None:
    """Refuse what another site's page sends: nobody may be logged in, or out, by somebody else."""
    try:
        services.access.check_origin(request.method, request.headers, services.public_url, gives_cookie=True)
    except ForbiddenError:
        services.audit.record(denial_event(request.grant, request.method, path, reason="cross-origin"))
        raise


def _with_cookies(response: Response, cookies: tuple[str, ...]) -> Response:
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


def _parse(model: type[Model], value: Any) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        names = ", ".join(model.model_fields)
        raise BadRequestError(f"The body is a JSON object of {names}, all of them texts.") from error


def _number(request: Request, name: str) -> int | None:
    """Return a query value as a whole number."""
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise BadRequestError(f"'{name}' is a whole number.")
    return int(text)
