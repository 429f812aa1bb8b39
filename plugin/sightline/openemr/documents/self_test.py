"""Tries whether charts could be looked into for documents now, without reading one."""

from __future__ import annotations

from sightline.openemr.chart_patient import charts_of
from sightline.openemr.ehr.client import EhrError
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.self_test_result import SelfTestResult
from sightline.web.services import Services

NOBODY = "sightline-self-test"
"""Number of a patient who does not exist."""


def is_set_up(services: Services) -> bool:
    """Whether an account of Sightline's own is meant for charts: it is named for them, or orders do not need it.

    The account for orders may be asked for patients only; whoever has just that one has not set up documents.
    """
    ehr = services.configuration.ehr
    if ehr.documents:
        return True
    _, orders = patient_numbers(services) if services.configuration.orders.is_on else (None, None)
    issuer = ehr.documents_issuer
    return issuer is not None and (orders is None or orders.issuer != issuer)


def self_test(services: Services) -> SelfTestResult:
    """Ask for a token, and with it for nobody's chart; nothing is read or stored."""
    charts = charts_of(services)
    if charts is None:
        return SelfTestResult(
            False,
            "No EHR's chart documents can be read.",
            "Let Ehr.Documents name one of Ehr.Issuers that has a Backend and a PatientId.",
        )
    name = charts.client.issuer.name
    try:
        charts.client.resource("Patient", {"identifier": NOBODY})
    except EhrError as error:
        return SelfTestResult(
            False,
            f"{name}: {error.message}",
            "Check Backend in Ehr.Issuers, its scopes, and that the client is enabled in the EHR.",
        )
    return SelfTestResult(True, f"{name} gave a token and lets patients be looked up. No document was read.")
