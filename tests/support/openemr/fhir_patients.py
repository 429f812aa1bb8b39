"""FHIR Patient, metadata and SMART configuration of the fake OpenEMR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import InternalServerError, NotFound
from werkzeug.wrappers import Request, Response

from tests.support.openemr.answers import fhir, json_answer
from tests.support.openemr.records import Patient

if TYPE_CHECKING:
    from tests.support.openemr.server import FakeOpenEmr

_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_GENDERS = {"Male": "male", "Female": "female"}


def patient_resource(patient: Patient) -> dict[str, Any]:
    """Return the resource as OpenEMR makes it: the number is of type PT, and an SSN comes first."""
    identifiers = [_identifier("PT", _TYPES, patient.pubpid)]
    if patient.ss:
        identifiers.insert(0, _identifier("SS", "http://hl7.org/fhir/sid/us-ssn", patient.ss))
    return {
        "resourceType": "Patient",
        "id": patient.uuid,
        "active": True,
        "identifier": identifiers,
        "name": [{"use": "official", "family": patient.lname, "given": [patient.fname]}],
        "gender": _GENDERS.get(patient.sex, "unknown"),
        "birthDate": patient.dob,
    }


def read(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Read one patient; a patient-bound token reads its own only."""
    token = emr.tokens.require(request, "Patient")
    patient = emr.records.patient(uuid)
    if patient is None:
        raise NotFound
    if token.patient and token.patient != patient.uuid:
        raise InternalServerError  # a refusal, as OpenEMR spells it
    return fhir(patient_resource(patient))


def practitioner(emr: FakeOpenEmr, request: Request, uuid: str) -> Response:
    """Read whoever uses this OpenEMR."""
    emr.tokens.require(request, "Practitioner")
    name = [{"use": "official", "family": "Stone", "given": ["Billy"], "prefix": ["Dr."]}]
    return fhir({"resourceType": "Practitioner", "id": uuid, "name": name})


def search(emr: FakeOpenEmr, request: Request) -> Response:
    """Search patients by identifier (SSN or pubpid), family and birth date."""
    token = emr.tokens.require(request, "Patient")
    identifier = request.args.get("identifier", "").rpartition("|")[2]
    found = [
        patient
        for patient in emr.records.patients
        if token.patient in ("", patient.uuid)
        and (not identifier or identifier in (patient.pubpid, patient.ss))
        and request.args.get("birthdate", patient.dob) == patient.dob
        and request.args.get("family", patient.lname).casefold() == patient.lname.casefold()
    ]
    entries = [{"fullUrl": f"{emr.fhir}/Patient/{one.uuid}", "resource": patient_resource(one)} for one in found]
    return fhir({"resourceType": "Bundle", "type": "collection", "total": len(entries), "entry": entries})


def metadata(emr: FakeOpenEmr, _request: Request) -> Response:
    """Send the CapabilityStatement, as far as clients look at it."""
    resources = [{"type": name, "interaction": [{"code": "read"}]} for name in emr.resources]
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/json"],
        "software": {"name": "OpenEMR", "version": emr.version},
        "rest": [{"mode": "server", "resource": resources}],
    }
    return fhir(statement)


def smart_configuration(emr: FakeOpenEmr, _request: Request) -> Response:
    """Send the SMART configuration: scopes nested once too deep, many response types, and no issuer, as 7.x does."""
    oauth = f"{emr.url}/oauth2/default"
    return json_answer(
        {
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "registration_endpoint": f"{oauth}/registration",
            "introspection_endpoint": f"{oauth}/introspect",
            "scopes_supported": [list(emr.scopes)],
            "response_types_supported": ["code", "token", "id_token", "code token", "code id_token"],
            "capabilities": list(emr.capabilities),
            "code_challenge_methods_supported": ["S256"],
        }
    )


def _identifier(code: str, system: str, value: str) -> dict[str, Any]:
    return {"use": "official", "type": {"coding": [{"system": _TYPES, "code": code}]}, "system": system, "value": value}


ROUTES = (
    ("GET", "/apis/default/fhir/metadata", metadata),
    ("GET", "/apis/default/fhir/.well-known/smart-configuration", smart_configuration),
    ("GET", "/apis/default/fhir/Patient", search),
    ("GET", "/apis/default/fhir/Patient/<uuid>", read),
    ("GET", "/apis/default/fhir/Practitioner/<uuid>", practitioner),
)
