"""Trying once more what is held, however it came."""

from __future__ import annotations

from sightline.openemr.orders.fhir_poll import FhirPoll
from sightline.openemr.orders.intake import Intake, Taken
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.state.held_messages import HeldMessage
from sightline.web.services import Services


def try_again(services: Services, held: HeldMessage) -> Taken:
    """Take a held message if that is possible by now.

    Raises
    ------
    EhrError
        The EHR does not answer; the message stays held.
    UnavailableError
        The database does not.
    """
    numbers, client = patient_numbers(services)
    if held.source == "fhir" and client is not None:
        return FhirPoll(services, client, numbers).again(held)
    return Intake(services, numbers).again(held)
