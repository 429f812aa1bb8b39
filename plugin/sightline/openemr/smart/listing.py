"""What administrators see of launches: who reads of whom, since when and until when. Nothing that could open one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sightline.access.launch import Launch
from sightline.openemr.paging import Paging
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services


def list_launches(request: Request, services: Services) -> Response:
    """Send launches, newest first."""
    return answer_json(launches_json(request, services, Paging.parse(request)))


def launches_json(request: Request, services: Services, asked: Paging) -> dict[str, Any]:
    """Return a page of launches."""
    launches = services.launching.list(request.grant, asked.limit, asked.offset, is_open=asked.is_open)
    names = {issuer.issuer: issuer.name for issuer in services.configuration.ehr.issuers}
    now = services.clock()
    return {"launches": [_launch_json(launch, names.get(launch.issuer, launch.issuer), now) for launch in launches]}


def _launch_json(launch: Launch, ehr: str, now: datetime) -> dict[str, Any]:
    return {
        "id": launch.id,
        "ehr": ehr,
        "user": launch.user_name or launch.user_id,
        "patientId": launch.patient.patient_id,
        "studies": len(launch.permissions),
        "begun": _time(launch.created),
        "lastUsed": _time(launch.last_used) if launch.last_used else None,
        "expires": _time(launch.expires),
        "state": "open" if launch.is_open(now) else "ended",
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
