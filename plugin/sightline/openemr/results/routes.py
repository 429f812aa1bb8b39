"""The delivery page: where signed reports are on their way to the EHR, and what a person can do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sightline.access.grant import Verb
from sightline.errors import BadRequestError
from sightline.openemr.results.targets import target_name
from sightline.state.delivery import Delivery, DeliveryState
from sightline.web.json_answer import answer_json
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.routing import Route
from sightline.web.services import Services

PAGE = 100
_LARGEST_OFFSET = 1_000_000


def deliveries_page(request: Request, services: Services) -> Response:
    """Send the page with its first rows in it."""
    data = {
        "user": request.grant.name,
        "transport": services.configuration.results.transport,
        **_list_json(services, None, 0),
    }
    return page(request, services, "deliveries", {"data": data})


def list_deliveries(request: Request, services: Services) -> Response:
    """Send deliveries, the latest signed first; of one state, if one is named."""
    state, offset = request.args.get("state", ""), request.args.get("offset", "0")
    if state and state not in set(DeliveryState):
        raise BadRequestError(f"'state' is one of {', '.join(DeliveryState)}.")
    if not (offset.isascii() and offset.isdecimal() and int(offset[:8]) <= _LARGEST_OFFSET):
        raise BadRequestError("'offset' is a whole number.")
    return answer_json(_list_json(services, DeliveryState(state) if state else None, int(offset)))


def news(request: Request, services: Services) -> Response:  # noqa: ARG001
    """Say how many deliveries are in each state, and when one changed last: without a patient, to be asked often."""
    return answer_json({"counts": services.deliveries.counts(), "changed": _time(services.deliveries.last_change())})


def retry(request: Request, services: Services, delivery: str) -> Response:
    """Have a delivery tried now; whatever held it is looked at again."""
    request.studies.add(services.deliveries.get(delivery[:20]).study_instance_uid)
    services.deliveries.retry(delivery[:20])
    return Response(status=204)


def close(request: Request, services: Services, delivery: str) -> Response:
    """Note that somebody has brought a report to the EHR in another way."""
    request.studies.add(services.deliveries.get(delivery[:20]).study_instance_uid)
    services.deliveries.close(delivery[:20])
    return Response(status=204)


_API = "/sightline/api/deliveries"

ROUTES = (
    Route("GET", "/sightline/deliveries", deliveries_page, Verb.ADMINISTER, "Reports on their way to the EHR",
          "search"),
    Route("GET", _API, list_deliveries, Verb.ADMINISTER, "Deliveries of reports, the latest first", "search"),
    Route("GET", f"{_API}/news", news, Verb.ADMINISTER, "Whether a delivery has changed"),
    Route("POST", f"{_API}/<delivery>/retry", retry, Verb.ADMINISTER, "Try a delivery again now", "export"),
    Route("POST", f"{_API}/<delivery>/close", close, Verb.ADMINISTER, "Note that a report was delivered elsewhere",
          "export"),
)  # fmt: skip


def _list_json(services: Services, state: DeliveryState | None, offset: int) -> dict[str, Any]:
    found = services.deliveries.list(state, PAGE + 1, offset)
    return {
        "isOn": bool(target_name(services)),
        "counts": services.deliveries.counts(),
        "changed": _time(services.deliveries.last_change()),
        "deliveries": [_delivery_json(services, delivery) for delivery in found[:PAGE]],
        "more": len(found) > PAGE,
    }


def _delivery_json(services: Services, delivery: Delivery) -> dict[str, Any]:
    report = services.reports.signed(delivery.report_id, delivery.version)
    told = {
        "id": delivery.id,
        "state": delivery.state,
        "reason": delivery.reason,
        "detail": delivery.detail,
        "version": delivery.version,
        "study": delivery.study_instance_uid,
        "attempts": delivery.attempts,
        "tried": _time(delivery.tried),
        "nextTry": _time(delivery.next_try),
        "changed": _time(delivery.changed),
    }
    if report is not None:
        told |= {
            "patientName": report.patient_name,
            "patientId": report.patient_id,
            "title": report.title,
            "accession": report.accession_number,
            "studyDate": report.study_date,
            "author": report.author,
            "signed": _time(report.signed),
        }
    return told


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
