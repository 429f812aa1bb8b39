"""Links for an EHR: ask for one, see them, take one back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sightline.access.grant import Grant, Verb, internal
from sightline.access.link import Link
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import NotFoundError
from sightline.openemr.link_request import LinkRequest
from sightline.openemr.paging import Paging
from sightline.web.json_answer import answer_json
from sightline.web.json_body import MAXIMUM_BYTES, read_json
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

_COUNTED = 100
"""Ambiguous candidates are counted up to here; so many studies are asked for at once."""
_TOLD = ("PatientID", "StudyDate", "StudyDescription")


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
    return answer_json(links_json(request, services, Paging.parse(request)))


def links_json(request: Request, services: Services, asked: Paging) -> dict[str, Any]:
    """Return a page of links. Whoever may search the archive is told of each study whose it is, and what."""
    links = services.links.list(
        request.grant, asked.limit, asked.offset, request.args.get("study"), is_open=asked.is_open
    )
    studies: dict[str, dict[str, str]] = {}
    if links and request.grant.allows(Verb.SEARCH):
        studies = _studies(services, request.grant, {link.study_instance_uid for link in links})
    now = services.clock()
    return {"links": [_link_json(link, now) | studies.get(link.study_instance_uid, {}) for link in links]}


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


def _studies(services: Services, grant: Grant, uids: set[str]) -> dict[str, dict[str, str]]:
    """Return, for each study that is still there, its patient's number, date and description."""
    found: dict[str, dict[str, str]] = {}
    ordered = sorted(uids)
    for start in range(0, len(ordered), _COUNTED):
        matches = {"StudyInstanceUID": "\\".join(ordered[start : start + _COUNTED])}
        for row in services.archive.search(grant, Query(Level.STUDY, matches, attributes=_TOLD)).rows:
            one = found.setdefault(row["StudyInstanceUID"], {"patientId": row.get("PatientID", "")})
            if one["patientId"] != row.get("PatientID", ""):
                one["patientId"] = ""  # of two patients under one UID, nobody may be named as the one
            one |= {"studyDate": row.get("StudyDate", ""), "studyDescription": row.get("StudyDescription", "")}
    return found


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
        "lastUsed": _time(link.last_used) if link.last_used else None,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
