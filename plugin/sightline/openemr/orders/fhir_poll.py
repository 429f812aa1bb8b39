"""Orders by FHIR: the EHR is asked for ServiceRequests of category imaging, again and again (OpenEMR 8 and later)."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sightline.errors import BadRequestError, ConflictError, NotFoundError, SightlineError, UnprocessableError
from sightline.openemr.ehr.backend_client import BackendClient
from sightline.openemr.ehr.resources import (
    birth_date,
    codes,
    human_name,
    member,
    members,
    next_page,
    resources,
    sex,
)
from sightline.openemr.orders.intake import FLAW, Taken, audit_orders
from sightline.openemr.orders.patient_numbers import PatientNumbers
from sightline.state.held_messages import HeldMessage
from sightline.state.order_line import OrderLine
from sightline.web.json_body import parse_json
from sightline.web.services import Services

IMAGING = "363679005"
"""SNOMED CT, Imaging."""
MOST_PAGES = 50
_EARLIER = timedelta(days=1)
_TAKES = frozenset({"active", "on-hold", "completed"})
_TAKES_BACK = frozenset({"revoked", "entered-in-error"})
"""ServiceRequest.status. A draft asks for nothing yet, and of an unknown one nobody knows."""
_PRIORITIES = {"stat": "STAT", "urgent": "HIGH", "asap": "MEDIUM", "routine": "ROUTINE"}

_log = logging.getLogger("sightline.orders")


class FhirPoll:
    """Asks one EHR.

    Parameters
    ----------
    services : Services
    client : BackendClient
    numbers : PatientNumbers
        The site's rule.
    """

    def __init__(self, services: Services, client: BackendClient, numbers: PatientNumbers) -> None:
        self._services, self._client, self._numbers = services, client, numbers
        self._known: dict[str, str] = {}
        """Logical id -> digest of what was taken, so that what has not changed is not read again."""

    def look(self) -> None:
        """Take what is new or has changed. An EHR that does not answer is asked again the next time."""
        options = self._services.configuration.orders
        since = self._services.clock() - timedelta(hours=options.worklist_hours_before) - _EARLIER
        patients: dict[str, dict[str, Any]] = {}
        try:
            bundle = self._client.resource("ServiceRequest", {"category": IMAGING, "authored": f"ge{since:%Y-%m-%d}"})
            for _ in range(MOST_PAGES):
                for request in resources(bundle, "ServiceRequest"):
                    self._take_once(request, patients)
                further = next_page(bundle)
                if not self._client.is_ours(further):
                    break
                bundle = self._client.resource(further)
        except SightlineError as error:
            _log.warning("The EHR could not be asked for orders: %s", error.message)

    def again(self, held: HeldMessage) -> Taken:
        """Try a held request once more, as the EHR has it now."""
        orders = self._services.orders
        try:
            told = parse_json(held.content)
            request = self._client.resource(f"ServiceRequest/{_logical_id(told)}")
            taken = self._take(request, {})
        except (UnprocessableError, ConflictError, NotFoundError, BadRequestError) as error:
            orders.held.explain(held.id, error.code, error.message)
            return Taken(code=error.code, reason=error.message)
        orders.held.settle(held.id)
        return Taken(taken)

    def _take_once(self, request: dict[str, Any], patients: dict[str, dict[str, Any]]) -> None:
        content = json.dumps(request, sort_keys=True).encode()
        name, digest = str(request.get("id", "")), hashlib.sha256(content).hexdigest()
        if self._known.get(name) == digest or request.get("status") not in _TAKES | _TAKES_BACK:
            return
        try:
            self._take(request, patients)
        except ConflictError as error:
            if error.code != "order-unknown":  # what was taken back before we heard of it is nothing to us
                self._services.orders.held.hold("fhir", name, content, error.code, error.message)
        except (UnprocessableError, NotFoundError) as error:
            self._services.orders.held.hold("fhir", name, content, error.code, error.message)
        except SightlineError:
            raise
        except Exception:  # must not hold up all others
            _log.exception("A ServiceRequest could not be read")
            self._services.orders.held.hold("fhir", name, content, "flaw", FLAW)
        self._known[name] = digest

    def _take(self, request: dict[str, Any], patients: dict[str, dict[str, Any]]) -> tuple[str, ...]:
        subject = _reference(request, "subject", "Patient")
        if not subject:
            raise UnprocessableError("The request names no patient (subject).", "missing")
        if subject not in patients:
            patients[subject] = self._client.resource(f"Patient/{subject}")
        line = service_request(request, patients[subject], subject, f"fhir:{self._client.fhir}"[:255], self._numbers)
        taken = self._services.orders.take([line])
        audit_orders(self._services, "fhir", taken, line.patient_id)
        return taken


def service_request(
    request: dict[str, Any], patient: dict[str, Any], subject: str, sender: str, numbers: PatientNumbers
) -> OrderLine:
    """Return what a ServiceRequest asks for.

    Raises
    ------
    UnprocessableError
        Something that is needed is missing, or cannot be read.
    """
    if not any(IMAGING in codes(one) for one in members(request, "category")):
        raise UnprocessableError("The request is not of category imaging.", "message-type")
    codings = members(member(request, "code"), "coding")
    code = next((str(one["code"]) for one in codings if one.get("code")), "")
    text = str(member(request, "code").get("text", "") or next((one.get("display", "") for one in codings), ""))
    family, given = human_name(patient)
    if not (code or text) or not family:
        raise UnprocessableError("The request says not what is asked for, or the patient has no name.", "missing")
    identifier = _logical_id(request)
    occurrence = request.get("occurrenceDateTime") or member(request, "occurrencePeriod").get("start")
    requester = member(request, "requester")
    reason = next((str(one.get("text", "")) for one in members(request, "reasonCode") if one.get("text")), "")
    return OrderLine(
        sender=sender,
        placer_order_number=identifier,
        line=1,
        code=(code or text)[:64],
        code_text=text[:255],
        ehr_patient_id=subject,
        patient_id=numbers.of_resource(patient),
        patient_name=re.sub(r"[\\=^\x00-\x1f]", " ", family)[:40] + "^" + re.sub(r"[\\=^\x00-\x1f]", " ", given)[:23],
        birth_date=birth_date(patient),
        sex=sex(patient),
        encounter=_reference(request, "encounter", "Encounter"),
        requester=re.sub(r"[\\=\x00-\x1f]", " ", str(requester.get("display", "")))[:64],
        requester_id=_reference(request, "requester", "Practitioner"),
        reason=reason[:1024],
        priority=_PRIORITIES.get(str(request.get("priority", "")), "ROUTINE"),
        scheduled=_moment(occurrence),
        is_cancelled=request.get("status") in _TAKES_BACK,
        sent=_moment(member(request, "meta").get("lastUpdated")),
        fhir_id=identifier,
    )


def _moment(text: object) -> datetime | None:
    """Return a FHIR dateTime in UTC; a day alone begins at noon UTC, which is the same day nearly everywhere."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnprocessableError("A time in the request is not written as FHIR writes one.", "time") from None
    if len(text) == len("2026-01-02"):
        found = found.replace(hour=12)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _logical_id(resource: Any) -> str:
    found = str(resource.get("id", "")) if isinstance(resource, dict) else ""
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,64}", found):
        raise UnprocessableError("The request has no logical id.", "missing")
    return found


def _reference(resource: dict[str, Any], name: str, kind: str) -> str:
    """Return the logical id that a reference names, relative or absolute; empty where there is none of that kind."""
    text = str(member(resource, name).get("reference", ""))
    found = re.search(rf"(?:^|/){kind}/([A-Za-z0-9.-]{{1,64}})$", text)
    return found[1] if found else ""
