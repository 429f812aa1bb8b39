"""CapabilityStatement: what this server does by FHIR (FHIR R4 and R5)."""

from __future__ import annotations

from sightline import __version__
from sightline.openemr.fhir.answers import FhirVersion, Resource, answer_resource, version_of
from sightline.openemr.fhir.reports import STUDY_PARAMETERS
from sightline.web.request import Request, Response
from sightline.web.services import Services

_TYPES = {
    "patient": "reference",
    "patient.identifier": "token",
    "identifier": "token",
    "_id": "token",
    "status": "token",
    "started": "date",
    "modality": "token",
    "basedon": "reference",
    "study": "reference",
    "related": "reference",
    "_lastUpdated": "date",
    "date": "date",
}
_OF_PATIENT = ("patient", "patient.identifier")
RESOURCES = {
    "ImagingStudy": (*_OF_PATIENT, "identifier", "_id", "status", "started", "modality", "basedon", "_lastUpdated"),
    "Endpoint": (),
    "DiagnosticReport": (*_OF_PATIENT, STUDY_PARAMETERS["DiagnosticReport"], "date"),
    "DocumentReference": (*_OF_PATIENT, STUDY_PARAMETERS["DocumentReference"], "date"),
    "Binary": (),
}
"""Resource type -> search parameters; without any it can only be read."""

_DATE = "2026-11-27"


def read_capability_statement(request: Request, services: Services) -> Response:
    """Send what the server does, to anybody."""
    version = version_of(request)
    return answer_resource(capability_statement(services, version), version)


def capability_statement(services: Services, version: FhirVersion) -> Resource:
    """Return what the server does."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Sightline", "version": __version__},
        "implementation": {"description": "Imaging studies and reports", "url": services.fhir_url},
        "fhirVersion": version.full,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Searches name a patient or a study. A study that is still arriving is answered "
                "with 503 and Retry-After.",
                "security": {"description": "Basic, a session of a launch or a link, or an EHR's token (Bearer)."},
                "resource": [_resource(kind, names) for kind, names in RESOURCES.items()],
            }
        ],
    }


def _resource(kind: str, names: tuple[str, ...]) -> Resource:
    interactions = ["read", *(["search-type"] if names else [])]
    resource: Resource = {"type": kind, "interaction": [{"code": code} for code in interactions]}
    if kind == "ImagingStudy":
        resource["searchInclude"] = ["ImagingStudy:endpoint"]
    if names:
        resource["searchParam"] = [{"name": name, "type": _TYPES[name]} for name in names]
    return resource
