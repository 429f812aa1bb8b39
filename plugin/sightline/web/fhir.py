"""Where FHIR is, and how it tells of errors: OperationOutcome (FHIR R4 section 2.28)."""

from __future__ import annotations

import json

from sightline.errors import SightlineError

FHIR_TREE = "/sightline/fhir"
"""Path below which our FHIR addresses are."""

_ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    503: "transient",
}
"""HTTP status -> code of http://hl7.org/fhir/issue-type."""

_ISSUES_BY_CODE = {
    "patient-required": "required",
    "patient-identifier-required": "required",
    "too-costly": "too-costly",
    "unknown-parameter": "not-supported",
}


def is_fhir(path: str) -> bool:
    """Whether FHIR is asked for.

    >>> is_fhir("/sightline/fhir/metadata"), is_fhir("/sightline/fhirs")
    (True, False)
    """
    return path == FHIR_TREE or path.startswith(f"{FHIR_TREE}/")


def operation_outcome(error: SightlineError) -> tuple[bytes, str]:
    """Return body and media type of an error; our own code stands in ``details.text`` beside the sentence."""
    issue = {
        "severity": "error" if error.status < 500 or error.status == 503 else "fatal",
        "code": _ISSUES_BY_CODE.get(error.code) or _ISSUES.get(error.status, "exception"),
        "details": {"text": error.code},
        "diagnostics": error.message,
    }
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return json.dumps(body, ensure_ascii=False).encode(), "application/fhir+json; charset=utf-8"
