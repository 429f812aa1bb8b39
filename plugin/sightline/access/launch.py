"""A launch as a value: an EHR has sent somebody here for one patient, and which studies are that patient's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sightline.access.grant import Grant, Permission, Verb


class Standing(StrEnum):
    """Whether a study under the patient's number is the patient's."""

    CONFIRMED = "confirmed"
    UNVERIFIED = "unverified"
    """The study, or the EHR, lacks what could be compared. It opens, and says so."""
    HELD = "held"
    """Something contradicts. It does not open, and says why."""


@dataclass(frozen=True)
class LaunchedStudy:
    """One study under the patient's number.

    Parameters
    ----------
    study_instance_uid : str
    standing : Standing
    reason : str
        Why it is not confirmed, as a code: ``birth-date``, ``family-name``, ``issuer``, ``missing``; else empty.
    """

    study_instance_uid: str
    standing: Standing
    reason: str = ""


@dataclass(frozen=True)
class EhrPatient:
    """The patient as the EHR has told.

    Parameters
    ----------
    fhir_id : str
        Logical id of the FHIR Patient.
    patient_id : str
        What DICOM PatientID (0010,0020) is by the site's rule.
    family, given : str
    birth_date : str
        YYYYMMDD, or empty.
    sex : str
        M, F, O or empty, as Patient's Sex (0010,0040) has it.
    """

    fhir_id: str
    patient_id: str
    family: str = ""
    given: str = ""
    birth_date: str = ""
    sex: str = ""


@dataclass(frozen=True)
class Launch:
    """One launch; sessions that came of it end with it.

    Parameters
    ----------
    id : str
        Random, public.
    issuer : str
        FHIR base of the EHR.
    patient : EhrPatient
    user_name : str
        Who reads, as the EHR has told; may be empty.
    encounter : str
        Logical id of the FHIR Encounter, or empty.
    verbs : frozenset of Verb
        What it allows on each study that opens.
    studies : tuple of LaunchedStudy
        As of the last look; `Launches.look_again` asks the archive once more.
    created, expires : datetime
    user_id : str
        Stable and unique id of whoever reads, ``ehr:<issuer>/<subject there>``; empty where the EHR has not told.
    last_used : datetime or None
        When somebody last read through it, where a session of it is still live; only where it is told of.
    """

    id: str
    issuer: str
    patient: EhrPatient
    user_name: str
    encounter: str
    verbs: frozenset[Verb]
    studies: tuple[LaunchedStudy, ...]
    created: datetime
    expires: datetime
    user_id: str = ""
    last_used: datetime | None = None

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What whoever was launched may do: the verbs, on each study that is not held back."""
        return tuple(
            Permission(self.verbs, study.study_instance_uid)
            for study in self.studies
            if study.standing is not Standing.HELD
        )

    def is_open(self, now: datetime) -> bool:
        """Whether somebody can still read through it: of a launch without a live session, none can begin."""
        return self.last_used is not None and now < self.expires


LAUNCH_SUBJECT = "launch:"
"""What the subject of a grant begins with that came of a launch; the launch's id follows."""


def launch_id_of(grant: Grant) -> str:
    """Return the id of the launch that a grant came of; empty where it came of none, or of several things."""
    if not grant.subject.startswith(LAUNCH_SUBJECT) or grant.parts:
        return ""
    return grant.subject.removeprefix(LAUNCH_SUBJECT)


class Launches(Protocol):
    """All launches. Safe between threads."""

    def get(self, grant: Grant, launch_id: str) -> Launch:
        """Return a launch to whoever came by it, and to administrators.

        Raises
        ------
        UnauthenticatedError
            Nobody is logged in, or the launch has ended.
        ForbiddenError
            It is another's.
        """
        ...

    def renew(self, launch_id: str, studies: Collection[LaunchedStudy]) -> Launch:
        """Remember which studies are the patient's now; open sessions see it at once. Raises `NotFoundError`."""
        ...
