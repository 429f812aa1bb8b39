"""Codes in FHIR resources against the value sets that bind them (FHIR R4 and R5), as far as Sightline uses them.

`fhir.resources` looks at elements and types, not at codes. The tables are written from the specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_SEARCH_TYPES = {"number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"}
_ISSUE_TYPES = {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
    "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
    "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
    "exception", "timeout", "incomplete", "throttled", "informational",
}  # fmt: skip
REQUIRED: dict[str, set[str]] = {
    "Bundle.type": {"searchset"},
    "Bundle.link.relation": {"self", "first", "previous", "next", "last"},
    "Bundle.entry.search.mode": {"match", "include", "outcome"},
    "ImagingStudy.status": {"registered", "available", "cancelled", "entered-in-error", "unknown"},
    "ImagingStudy.identifier.use": {"usual", "official", "temp", "secondary", "old"},
    "Endpoint.status": {"active", "suspended", "error", "off", "entered-in-error", "test"},
    "DiagnosticReport.status": {
        "registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled",
        "entered-in-error", "unknown",
    },
    "DocumentReference.status": {"current", "superseded", "entered-in-error"},
    "DocumentReference.docStatus": {"preliminary", "final", "amended", "entered-in-error"},
    "OperationOutcome.issue.severity": {"fatal", "error", "warning", "information"},
    "OperationOutcome.issue.code": _ISSUE_TYPES,
    "CapabilityStatement.status": {"draft", "active", "retired", "unknown"},
    "CapabilityStatement.kind": {"instance", "capability", "requirements"},
    "CapabilityStatement.fhirVersion": {"4.0.1", "5.0.0"},
    "CapabilityStatement.rest.mode": {"client", "server"},
    "CapabilityStatement.rest.resource.type": {
        "ImagingStudy", "Endpoint", "DiagnosticReport", "DocumentReference", "Binary",
    },
    "CapabilityStatement.rest.resource.interaction.code": {"read", "vread", "search-type"},
    "CapabilityStatement.rest.resource.searchParam.type": _SEARCH_TYPES,
}  # fmt: skip
"""Path of an element with a required binding -> its codes."""

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
CODINGS: dict[str, set[str]] = {
    "http://dicom.nema.org/resources/ontology/DCM": {"CT", "MR"},
    f"{_TERMINOLOGY}/v2-0203": {"ACSN", "MR", "PLAC", "FILL"},
    f"{_TERMINOLOGY}/v2-0074": {"RAD"},
    f"{_TERMINOLOGY}/endpoint-connection-type": {"dicom-wado-rs"},
    f"{_TERMINOLOGY}/v3-ObservationValue": {"SUBSETTED"},
    "http://loinc.org": {"18748-4"},
    "urn:ietf:rfc:3986": {"urn:oid:1.2.840.10008.5.1.4.1.1.2"},
}
"""Code system -> the codes of it that there can be in a test."""


def check_codes(resource: Any) -> None:
    """Every code that is bound, or has a system, has to be one that there is."""
    assert isinstance(resource, dict)
    for path, value in _elements(resource, resource["resourceType"]):
        if path in REQUIRED:
            assert value in REQUIRED[path], f"{path}: {value}"
        if isinstance(value, dict) and "code" in value and "system" in value:
            assert value["code"] in CODINGS[value["system"]], f"{path}: {value}"


def _elements(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, list):
        for member in value:
            yield from _elements(member, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name == "resource" and isinstance(member, dict) and "resourceType" in member:
                yield from _elements(member, member["resourceType"])
            else:
                yield from _elements(member, f"{path}.{name}")
