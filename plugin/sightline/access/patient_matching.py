"""Which studies are the patient's whom an EHR has named. Pure: no archive, no EHR, nothing is asked.

A number alone is not enough. Orthanc puts everything of one PatientID under one patient, whoever issued the number, so
each study's own birth date, family name and issuer are compared. What contradicts is held back; what cannot be compared
is opened as unverified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.access.person_names import family_names, spellings
from sightline.smart_section import PatientIdRule

_DATE = re.compile(r"\d{8}")


@dataclass(frozen=True)
class StudyIdentity:
    """What one study's own files say of its patient.

    Parameters
    ----------
    study_instance_uid : str
    patient_name : str
        PatientName (0010,0010), a PN; may be empty, as the others.
    birth_date : str
        PatientBirthDate (0010,0030).
    issuer : str
        IssuerOfPatientID (0010,0021).
    """

    study_instance_uid: str
    patient_name: str = ""
    birth_date: str = ""
    issuer: str = ""


def match(rule: PatientIdRule, patient: EhrPatient, studies: Iterable[StudyIdentity]) -> tuple[LaunchedStudy, ...]:
    """Return how each study under the patient's number stands.

    Parameters
    ----------
    rule : PatientIdRule
        The site's.
    patient : EhrPatient
        As the EHR has told.
    studies : iterable of StudyIdentity
        All whose PatientID is `patient.patient_id`.
    """
    found = list(studies)
    issuers = {study.issuer.strip() for study in found if study.issuer.strip()}
    known = rule.issuer_of_patient_id
    foreign = issuers - {known} if known else (issuers if len(issuers) > 1 else set[str]())
    return tuple(
        LaunchedStudy(study.study_instance_uid, *_standing(patient, study, study.issuer.strip() in foreign))
        for study in found
    )


def _standing(patient: EhrPatient, study: StudyIdentity, is_foreign: bool) -> tuple[Standing, str]:
    if is_foreign:
        return Standing.HELD, "issuer"
    own, other = _day(patient.birth_date), _day(study.birth_date)
    if own and other and own != other:
        return Standing.HELD, "birth-date"
    families, written = spellings(patient.family), family_names(study.patient_name)
    if families and written and not families & written:
        return Standing.HELD, "family-name"
    if not (own and other and families and written):
        return Standing.UNVERIFIED, "missing"
    return Standing.CONFIRMED, ""


def _day(date: str) -> str:
    """Return YYYYMMDD, also of the form with dots of ACR-NEMA (PS3.5 6.2); empty where there is no whole date."""
    text = date.strip().replace(".", "").replace("-", "")
    return text if _DATE.fullmatch(text) else ""
