"""Links for an EHR: ask for one, see them, take one back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sightline.access.grant import Verb, internal
from sightline.access.link import Link
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import BadRequestError, NotFoundError
from sightline.openemr.link_request import LinkRequest
from sightline.web.json_answer import answer_json
from sightline.web.json_body import MAXIMUM_BYTES, read_json
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_PAGE = 100
_LARGEST_PAGE = 1000
_COUNTED = 100
"""Ambiguous candidates are counted up to here."""


def create_link(request: Request, services: Services) -> Response:
    """Make a link to the one study that is asked for."""
    asked = LinkRequest.parse(read_json(request))
    expires = asked.end(services.clock(), services.configuration.links)
    studies = _find(services, asked.matches())
    if not studies:
        raise NotFoundError("There is no such study.", "study-unknown")
    if len(studies) > 1:
        return _ambiguous(len(studies))
    link, secret = services.links.create(
        request.grant,
        studies[0]["StudyInstanceUID"],
        frozenset(asked.verbs),
        expires,
        uses=asked.uses,
        purpose=asked.purpose,
        user_name=asked.user_name,
        patient_id=studies[0].get("PatientID", ""),
    )
    url = services.links.url(link.id, secret)
    answer = {
        "id": link.id,
        "url": url,
        "studyInstanceUID": link.study_instance_uid,
        "verbs": sorted(link.verbs),
        "expires": _time(link.expires),
        "usesLeft": link.uses_left,
    }
    # The secret stays out of the header: headers end up in logs.
    return answer_json(answer, 201, {"Location": url.partition("#")[0]})


def list_links(request: Request, services: Services) -> Response:
    """Send links, newest first, of one study or of all, without anything that could open one."""
    limit = min(_number(request, "limit", _PAGE), _LARGEST_PAGE)
    links = services.links.list(request.grant, limit, _number(request, "offset", 0), request.args.get("study"))
    return answer_json({"links": [_link_json(link, services.clock()) for link in links]})


def get_link(request: Request, services: Services, link_id: str) -> Response:
    """Send one link, without anything that could open it."""
    return answer_json(_link_json(services.links.get(request.grant, link_id[:64]), services.clock()))


def revoke_link(request: Request, services: Services, link_id: str) -> Response:
    """Take a link back; sessions opened by it end at once."""
    services.links.revoke(request.grant, link_id[:64])
    return Response(status=204)


_LINKS = "/sightline/openemr/links"

ROUTES = (
    Route("POST", _LINKS, create_link, Verb.SHARE, "Ask for a link to one study", "link", MAXIMUM_BYTES),
    Route("GET", _LINKS, list_links, Verb.SHARE, "Links that were made, newest first", "link"),
    Route("GET", f"{_LINKS}/<link_id>", get_link, Verb.SHARE, "One link", "link"),
    Route("DELETE", f"{_LINKS}/<link_id>", revoke_link, Verb.SHARE, "Revoke a link and end its sessions", "link"),
)
"""`LinkStore` itself writes the audit events of these routes: it knows more than a row of a table."""


def _find(services: Services, matches: dict[str, str]) -> list[Row]:
    """Return the studies that match exactly; an archive may compare more loosely than an identity allows.

    Two patients' studies under one Study Instance UID count as two: nobody may be shown the wrong one.
    """
    query = Query(Level.STUDY, matches, attributes=tuple(matches), limit=_COUNTED)
    rows = services.archive.search(internal("links"), query).rows
    return [row for row in rows if all(row.get(keyword, "").strip() == value for keyword, value in matches.items())]


def _ambiguous(candidates: int) -> Response:
    answer = {
        "status": 409,
        "code": "study-ambiguous",
        "message": f"{candidates} studies match. Name one of them by studyInstanceUID or accessionNumber.",
        "candidates": candidates,
    }
    return answer_json(answer, 409)


def _link_json(link: Link, now: datetime) -> dict[str, Any]:
    return {
        "id": link.id,
        "state": link.state(now),
        "studyInstanceUID": link.study_instance_uid,
        "verbs": sorted(link.verbs),
        "created": _time(link.created),
        "createdBy": link.created_by,
        "expires": _time(link.expires),
        "usesLeft": link.uses_left,
        "revoked": _time(link.revoked) if link.revoked else None,
        "purpose": link.purpose,
        "userName": link.user_name,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _number(request: Request, name: str, default: int) -> int:
    """Return a query value as a whole number."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise BadRequestError(f"'{name}' is a whole number.")
    return int(text)
