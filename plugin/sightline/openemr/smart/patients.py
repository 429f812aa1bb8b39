"""From the patient that a launch names to the number in the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.access.launch import EhrPatient
from sightline.openemr.ehr.client import EhrClient, EhrError
from sightline.openemr.ehr.resources import birth_date, human_name, sex
from sightline.openemr.patient_number import fhir_number, internal_number, patient_id
from sightline.smart_section import Issuer, PatientIdRule


def resolve(client: EhrClient, issuer: Issuer, rule: PatientIdRule, named: str, token: str) -> EhrPatient:
    """Read the patient that a launch names and make DICOM PatientID of the number.

    Parameters
    ----------
    client : EhrClient
    issuer : Issuer
    rule : PatientIdRule
        The site's.
    named : str
        What the token answer names: a logical id, or OpenEMR's pid.
    token : str
        Access token.

    Raises
    ------
    EhrError
        The EHR refuses; ``patient-mismatch``: it answers with another patient than it named; ``patient-number``: there
        is no number, or more than one, or none that can be searched for.
    """
    resource = client.get(f"{issuer.issuer}/Patient/{named}", token)
    identifier = resource.get("id")
    is_same = identifier == named or (named.isdecimal() and isinstance(identifier, str) and identifier != "")
    if resource.get("resourceType") != "Patient" or not isinstance(identifier, str) or not is_same:
        raise EhrError("The EHR answers with another patient than it named.", "patient-mismatch")
    number = fhir_number(resource, rule)
    if rule.source == "pid":
        number = internal_number(_standard_answer(client, issuer, identifier, token), identifier, number)
        if named.isdecimal() and named != number:
            raise EhrError("The EHR answers with another patient than it named.", "patient-mismatch")
    made = patient_id(rule, number)
    if not made:
        raise EhrError("The patient has no number in the EHR that can be searched for.", "patient-number")
    return ehr_patient(resource, identifier, made)


def ehr_patient(resource: Mapping[str, Any], fhir_id: str, number: str) -> EhrPatient:
    """Return what the archive's studies are compared with."""
    family, given = human_name(resource)
    return EhrPatient(
        fhir_id=fhir_id,
        patient_id=number,
        family=family,
        given=given,
        birth_date=birth_date(resource),
        sex=sex(resource),
    )


def _standard_answer(client: EhrClient, issuer: Issuer, uuid: str, token: str) -> dict[str, Any]:
    """Ask OpenEMR's standard API, which alone tells its internal number."""
    if not issuer.rest_base:
        raise EhrError('Source "pid" needs an OpenEMR, whose FHIR base ends in /fhir, or "RestUrl".', "patient-number")
    return client.get(f"{issuer.rest_base}/patient/{uuid}", token)
