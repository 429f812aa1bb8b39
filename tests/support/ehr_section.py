"""The configuration of a site that asks one EHR in its own name."""

from __future__ import annotations

from typing import Any


def asked_ehr(fhir: str, rule: dict[str, str] | None = None, **backend: Any) -> dict[str, Any]:
    """Return the section ``Ehr``: the EHR of that FHIR base, a rule for patients' numbers, and Sightline's account."""
    issuer = {"Name": "clinic", "Issuer": fhir, "PatientId": rule or {"Source": "pubpid"}}
    return {"Issuers": [issuer | {"Backend": {"ClientId": "backend"} | backend}]}
