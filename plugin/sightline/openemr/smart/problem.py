"""What people are told when a launch comes to nothing: what to do, and nothing of any patient."""

from __future__ import annotations

from sightline.errors import SightlineError
from sightline.web.pages import page
from sightline.web.request import Request, Response
from sightline.web.services import Services

PROBLEMS = {
    "issuer": 403,
    "rule": 503,
    "request": 400,
    "state": 400,
    "browser": 400,
    "denied": 403,
    "ehr": 502,
    "identity": 403,
    "patient": 403,
    "number": 409,
    "ended": 200,
    "busy": 503,
}
"""What can go wrong, as in the keys of its words (``smart.<name>.title`` and ``.text``), and the status."""

_BY_CODE = {
    "ehr-refused": "denied",
    "launch-no-patient": "patient",
    "patient-mismatch": "patient",
    "patient-number": "number",
    "token-signature": "identity",
    "token-issuer": "identity",
    "token-audience": "identity",
    "token-expired": "identity",
    "token-nonce": "identity",
    "token-subject": "identity",
    "throttled": "busy",
}


def problem(request: Request, services: Services, name: str) -> Response:
    """Return the page for one of `PROBLEMS`."""
    return page(request, services, "smart", {"problem": name}, PROBLEMS[name])


def problem_of(error: SightlineError) -> str:
    """Return which of `PROBLEMS` an error is to a person."""
    return _BY_CODE.get(error.code, "busy" if error.status == 503 else "ehr")
