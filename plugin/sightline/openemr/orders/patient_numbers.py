"""PatientID for the patients of orders: of the number in the order, or of the one that the EHR tells by FHIR."""

from __future__ import annotations

from typing import Any

from sightline.errors import UnprocessableError
from sightline.openemr.ehr.backend_client import BackendClient, backend_client
from sightline.openemr.ehr.client import EhrAnswerError
from sightline.openemr.ehr.resources import SEXES, fhir_date, human_name, next_page, resources
from sightline.openemr.patient_number import fhir_number, patient_id
from sightline.smart_section import PatientIdRule
from sightline.state.order_line import OrderLine
from sightline.web.services import Services

_LOOK_UP_SCOPES = "system/Patient.read"
_POLL_SCOPES = f"{_LOOK_UP_SCOPES} system/ServiceRequest.read"


class PatientNumbers:
    """The rule that a site has chosen.

    Parameters
    ----------
    rule : PatientIdRule
    client : BackendClient or None
        The EHR, which the rule `pubpid` needs.
    """

    def __init__(self, rule: PatientIdRule, client: BackendClient | None) -> None:
        self._rule, self._client = rule, client

    def of(self, line: OrderLine) -> str:
        """Return Patient ID (0010,0020) for a line of an HL7 order.

        Raises
        ------
        UnprocessableError
            ``patient-number``: it cannot be a Patient ID; ``patient-unknown``: the EHR knows none, or several, of that
            name, birth date and sex.
        EhrError
            The EHR does not answer.
        """
        if self._client is None:
            return self._made(line.ehr_patient_id)
        return self.of_resource(self._looked_up(self._client, line))

    def of_resource(self, patient: dict[str, Any]) -> str:
        """Return Patient ID for a FHIR Patient. Raises `UnprocessableError`."""
        try:
            return self._made(fhir_number(patient, self._rule))
        except EhrAnswerError as error:
            raise UnprocessableError(error.message, error.code) from None

    def _made(self, number: str) -> str:
        made = patient_id(self._rule, number)
        if not made:
            raise UnprocessableError("The patient's number cannot be a DICOM Patient ID.", "patient-number")
        return made

    def _looked_up(self, client: BackendClient, line: OrderLine) -> dict[str, Any]:
        """Return the one patient there who has all that the order says of its own.

        The order's patient is in that EHR. So if it has only one with this name, birth date and sex, it is that one.
        """
        family, given, *_ = (*line.patient_name.split("^"), "", "")
        if not (family and given and len(line.birth_date) == 8):
            raise UnprocessableError("Without full name and birth date the patient cannot be found.", "patient-unknown")
        born = fhir_date(line.birth_date)
        bundle = client.resource("Patient", {"family": family, "given": given, "birthdate": born})
        found = [one for one in resources(bundle, "Patient") if _is(one, family, given, born)]
        if next_page(bundle) or len(found) != 1:
            raise UnprocessableError(
                "The EHR does not know exactly one patient of that name and birth date.", "patient-unknown"
            )
        sexes = {line.sex, SEXES.get(str(found[0].get("gender")), "")}
        if {"M", "F"} <= sexes:
            raise UnprocessableError("The EHR's patient of that name is of another sex.", "patient-unknown")
        return found[0]


def patient_numbers(services: Services) -> tuple[PatientNumbers, BackendClient | None]:
    """Return the site's rule for patients' numbers, and the EHR that is asked for them, and for orders, if one is."""
    configuration = services.configuration
    rule, options = configuration.order_rule, configuration.orders.fhir
    if rule is None or rule.source == "pid":
        return PatientNumbers(rule or PatientIdRule(Source="pid"), None), None
    scopes = _POLL_SCOPES if options.poll_seconds else _LOOK_UP_SCOPES
    client = backend_client(services, configuration.ehr.with_backend(options.issuer), scopes)
    return PatientNumbers(rule, client), client


def _is(patient: dict[str, Any], family: str, given: str, born: str) -> bool:
    """Whether a server that searches loosely has found just this."""
    its_family, its_given = human_name(patient)
    return (
        its_family.casefold() == family.casefold()
        and f"{its_given} ".casefold().startswith(f"{given} ".casefold())
        and patient.get("birthDate") == born
    )
