"""Whose number DICOM PatientID (0010,0020) is: by the rule that a site has chosen, both ways, and never by guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sightline.openemr.ehr.client import EhrAnswerError
from sightline.openemr.ehr.resources import codes, member, members
from sightline.smart_section import PatientIdRule

_LONGEST = 64
"""Characters of PatientID, a LO (PS3.5 6.2)."""
_UNUSABLE = re.compile(r"[\\*?\x00-\x1f\x7f]")
_TYPES = ("PT", "MR")
"""HL7 table 0203: OpenEMR's number is of type PT, others' of type MR."""
_SOCIAL_SECURITY = ("us-ssn", "2.16.840.1.113883.4.1")


def patient_id(rule: PatientIdRule | None, number: str) -> str:
    """Return DICOM PatientID for a number in the EHR; empty where the rule makes none that can be searched for.

    >>> patient_id(PatientIdRule(Source="pubpid", Prefix="EMR-"), " 0042 ")
    'EMR-0042'
    """
    number = number.strip()
    made = f"{rule.prefix}{number}" if rule is not None and number else ""
    return "" if len(made) > _LONGEST or _UNUSABLE.search(made) else made


def ehr_number(rule: PatientIdRule, dicom_patient_id: str) -> str:
    """Return the number in the EHR that a PatientID was made of; empty where the rule makes no such PatientID.

    >>> ehr_number(PatientIdRule(Source="pubpid", Prefix="EMR-"), "EMR-0042")
    '0042'
    >>> ehr_number(PatientIdRule(Source="pubpid", Prefix="EMR-"), "0042")
    ''
    """
    whole = dicom_patient_id.strip()
    number = whole.removeprefix(rule.prefix)
    return number if patient_id(rule, number) == whole else ""


def preview(rule: PatientIdRule, examples: Mapping[str, str]) -> tuple[tuple[str, str, bool], ...]:
    """Return what a rule would do, for somebody who is about to choose it.

    Parameters
    ----------
    rule : PatientIdRule
    examples : Mapping[str, str]
        Number in the EHR -> PatientID of that person's studies in the archive.

    Returns
    -------
    tuple of (number, PatientID by the rule, whether it is the archive's)
    """
    made = [(number, patient_id(rule, number), stored.strip()) for number, stored in examples.items()]
    return tuple((number, ours, bool(ours) and ours == stored) for number, ours, stored in made)


def fhir_number(patient: Mapping[str, Any], rule: PatientIdRule) -> str:
    """Return the number that people see: by its type, never by its place; never a social security number.

    Returns
    -------
    str
        Of type PT as OpenEMR has it, or else MR, or of the system that the rule names; empty where there is none.

    Raises
    ------
    EhrAnswerError
        ``patient-number``: there are several.
    """
    usable = [one for one in members(patient, "identifier") if not _is_social_security(one) and one.get("use") != "old"]
    if rule.identifier_system:
        found = [one for one in usable if one.get("system") == rule.identifier_system]
    else:
        typed = ([one for one in usable if kind in codes(member(one, "type"))] for kind in _TYPES)
        found = next((ones for ones in typed if ones), [])
    values = {value.strip() for one in found if isinstance(value := one.get("value"), str) and value.strip()}
    if len(values) > 1:
        raise EhrAnswerError("The patient has several numbers in the EHR; set IdentifierSystem.", "patient-number")
    return values.pop() if values else ""


def internal_number(answer: Any, fhir_id: str, public_number: str) -> str:
    """Return the `pid` that OpenEMR's standard API tells of a patient.

    Parameters
    ----------
    answer : Any
        To ``GET /patient/<uuid>``, as it came.
    fhir_id : str
        Whom FHIR knows by this logical id,
    public_number : str
        and by this number; empty where that is not known.

    Raises
    ------
    EhrAnswerError
        ``patient-mismatch``: that API tells of somebody else.
    """
    row = answer.get("data", answer) if isinstance(answer, dict) else {}
    if isinstance(row, list):
        row = row[0] if len(row) == 1 else {}
    told = row if isinstance(row, dict) else {}
    is_same = told.get("uuid") == fhir_id and (not public_number or str(told.get("pubpid", "")) == public_number)
    if not is_same or not str(told.get("pid", "")).isdecimal():
        raise EhrAnswerError("The EHR's two interfaces tell of different patients.", "patient-mismatch")
    return str(told["pid"])


def _is_social_security(identifier: Mapping[str, Any]) -> bool:
    kinds = codes(member(identifier, "type"))
    return "SS" in kinds or str(identifier.get("system")).endswith(_SOCIAL_SECURITY)
