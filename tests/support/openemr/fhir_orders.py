"""FHIR ServiceRequest of the fake OpenEMR (8.x), and the token that a backend client asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.exceptions import BadRequest, InternalServerError, NotFound, Unauthorized
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import fhir, json_answer
from tests.support.openemr.records import Order

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

_CATEGORIES = {"imaging": "363679005", "laboratory_test": "108252007", "clinical_test": "103693007"}
_STATUSES = {"pending": "active", "routed": "active", "complete": "completed", "canceled": "revoked"}
_PRIORITIES = {"normal": "routine", "high": "urgent"}
_PAGE = 2


def service_request(emr: FakeOpenEmr, order: Order) -> dict[str, Any]:
    """Return the resource as OpenEMR makes it: no identifier, no modality, the order's uuid as logical id."""
    line = order.lines[0]
    resource = {
        "resourceType": "ServiceRequest",
        "id": order.uuid,
        "meta": {"versionId": "1", "lastUpdated": f"{order.date_ordered}T09:00:00+00:00"},
        "status": _STATUSES.get(order.status, "entered-in-error"),
        "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": _CATEGORIES[order.order_type]}]}],
        "priority": _PRIORITIES[order.priority],
        "code": {"coding": [{"code": line.code, "display": line.name}], "text": line.name},
        "subject": {"reference": f"Patient/{order.patient.uuid}", "type": "Patient"},
        "encounter": {"reference": f"Encounter/{order.encounter:08d}"},
        "authoredOn": order.date_ordered,
        "requester": {"reference": "Practitioner/9d8c", "display": "Jane Doe"},
    }
    if order.scheduled:
        resource["occurrenceDateTime"] = order.scheduled
    if order.clinical_history:
        resource["reasonCode"] = [{"text": order.clinical_history}]
    return resource


def search(emr: FakeOpenEmr, request: Request) -> Response:
    """Search by category and date; pages of two, with a link to the next one."""
    emr.tokens.require(request, "ServiceRequest")
    since = request.args.get("authored", "ge0000")[2:]
    start = int(request.args.get("_offset", "0"))
    found = [
        order
        for order in emr.records.orders
        if _CATEGORIES[order.order_type] == request.args.get("category", _CATEGORIES[order.order_type]).split("|")[-1]
        and order.date_ordered >= since
    ]
    links = []
    if start + _PAGE < len(found):
        query = f"category={request.args.get('category', '')}&_offset={start + _PAGE}"
        links = [{"relation": "next", "url": f"{emr.fhir}/ServiceRequest?{query}"}]
    entries = [
        {"fullUrl": f"{emr.fhir}/ServiceRequest/{order.uuid}", "resource": service_request(emr, order)}
        for order in found[start : start + _PAGE]
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "total": len(found), "link": links, "entry": entries}
    return fhir(bundle)


def read(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Read one order."""
    emr.tokens.require(request, "ServiceRequest")
    order = next((one for one in emr.records.orders if one.uuid == uuid), None)
    if order is None:
        raise NotFound
    return fhir(service_request(emr, order))


def backend_token(emr: FakeOpenEmr, request: Request, keys: KeySet, client_id: str) -> Response:
    """Answer a client_credentials request whose assertion is signed RS384 by the registered key (RFC 7523)."""
    if request.form.get("grant_type") != "client_credentials":
        raise BadRequest
    try:
        claims = jwt.decode(request.form.get("client_assertion", ""), keys, algorithms=["RS384"]).claims
    except Exception:
        raise Unauthorized from None
    if claims["aud"] != f"{emr.url}/oauth2/default/token" or {claims["iss"], claims["sub"]} != {client_id}:
        raise Unauthorized
    if not 0 < claims["exp"] - claims["iat"] <= 300 or not claims.get("jti"):
        raise InternalServerError
    scope = request.form.get("scope", "")
    token = emr.tokens.issue(client_id, scope, seconds=300)
    return json_answer({"token_type": "Bearer", "expires_in": 300, "access_token": token, "scope": scope})


ROUTES = (
    ("GET", "/apis/default/fhir/ServiceRequest", search),
    ("GET", "/apis/default/fhir/ServiceRequest/<uuid>", read),
)
