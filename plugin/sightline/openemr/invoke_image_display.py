"""Which studies another program wants to be shown: IHE Invoke Image Display (RAD-106), and how viewers are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sightline.archive.protocol import Row
from sightline.errors import BadRequestError, ConflictError
from sightline.uids import LONGEST_UID, is_uid

MOST_STUDIES = 4
"""Studies that are laid beside each other."""
_STUDIES = ("studyUID", "StudyInstanceUIDs", "study")
_ACCESSIONS = ("accessionNumber", "accession", "accnum")
_PATIENT = ("patientID", "mrn", "patient")
"""Names in RAD-106, then those of OHIF, Stone and MedDream."""
_WILD = re.compile(r"[*?\\]")
_DATE = re.compile(r"[0-9]{8}")
_LONGEST = 64


@dataclass(frozen=True)
class InvokedDisplay:
    """What is asked for: studies by UID or by accession number, or some of a patient's.

    Parameters
    ----------
    studies, accession_numbers : tuple of str
    patient_id : str
    issuers : tuple of str
        Names of the authority that gave the id, as the CX data type has them; empty: not said.
    birth_date, lower, upper : str
        YYYYMMDD, or empty.
    modalities : tuple of str
        Of which a study has at least one; empty: any.
    most_recent : int
        How many of a patient's studies.
    in_weasis : bool
        Whether to be shown by Weasis on the caller's own machine.
    """

    studies: tuple[str, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    patient_id: str = ""
    issuers: tuple[str, ...] = ()
    birth_date: str = ""
    lower: str = ""
    upper: str = ""
    modalities: tuple[str, ...] = ()
    most_recent: int = 1
    in_weasis: bool = False

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> InvokedDisplay:
        """Read a query. What no viewer has to know is left aside, as RAD-106 wants it.

        Raises
        ------
        BadRequestError
            Names the parameter that is missing or wrong; never its value, which may be a patient's.
        """
        kind = query.get("requestType", "").upper()
        if kind not in ("", "STUDY", "PATIENT"):
            raise BadRequestError("'requestType' is STUDY or PATIENT.")
        studies, accessions = _list(query, _STUDIES), _list(query, _ACCESSIONS)
        patient = _literal(query, _PATIENT)
        if kind == "PATIENT":
            studies, accessions = (), ()
        if kind == "STUDY" and not (studies or accessions):
            raise BadRequestError("Name the study, by 'studyUID' or by 'accessionNumber'.")
        if not (studies or accessions or patient):
            raise BadRequestError("Name a study, by 'studyUID' or 'accessionNumber', or a patient by 'patientID'.")
        if not all(map(is_uid, studies)):
            raise BadRequestError("'studyUID' is one Study Instance UID, or several between commas.")
        if len(studies) + len(accessions) > MOST_STUDIES:
            raise BadRequestError(f"At most {MOST_STUDIES} studies are shown beside each other.")
        identifier, *rest = patient.split("^")
        authority = rest[2] if len(rest) > 2 else ""
        return cls(
            studies=studies,
            accession_numbers=() if studies else accessions,
            patient_id=identifier.strip(),
            issuers=tuple(part for part in authority.split("&")[:2] if part),
            birth_date=_date(query, "patientBirthDate"),
            lower=_date(query, "lowerDateTime"),
            upper=_date(query, "upperDateTime"),
            modalities=tuple(name.upper() for name in _list(query, ("modalitiesInStudy",))),
            most_recent=_count(query, "mostRecentResults"),
            in_weasis=query.get("viewerType", "").lower() == "weasis",
        )

    def of_patient(self, rows: Iterable[Row]) -> list[Row]:
        """Return the patient's studies that are meant, the newest first.

        Raises
        ------
        ConflictError
            Different patients have that id, and the query does not say which of them is meant.
        """
        own = [row for row in rows if self._is_of_patient(row)]
        for keyword, name in (("IssuerOfPatientID", "patientID"), ("PatientBirthDate", "patientBirthDate")):
            if len({row[keyword] for row in own if row.get(keyword)}) > 1:
                raise ConflictError(f"Several patients have this id; say which one by '{name}'.", "patient-ambiguous")
        wanted = [row for row in own if self._is_wanted(row)]
        wanted.sort(key=lambda row: row.get("StudyDate", "") + row.get("StudyTime", ""), reverse=True)
        return wanted[: self.most_recent]

    def _is_of_patient(self, row: Row) -> bool:
        """Whether nothing that the study says of its patient contradicts the query."""
        issuer, born = row.get("IssuerOfPatientID", ""), row.get("PatientBirthDate", "")
        is_other = (issuer and self.issuers and issuer not in self.issuers) or (
            born and self.birth_date and born != self.birth_date
        )
        return row.get("PatientID", "").strip() == self.patient_id and not is_other

    def _is_wanted(self, row: Row) -> bool:
        date = row.get("StudyDate", "")
        if (self.lower or self.upper) and not date:
            return False
        modalities = row.get("ModalitiesInStudy", "").split("\\")
        return (
            (not self.lower or date >= self.lower)
            and (not self.upper or date <= self.upper)
            and (not self.modalities or any(name in modalities for name in self.modalities))
        )


def _first(query: Mapping[str, str], names: Iterable[str]) -> tuple[str, str]:
    """Return the first of the names that is there, with its value."""
    return next(((name, query[name]) for name in names if query.get(name)), ("", ""))


def _literal(query: Mapping[str, str], names: Iterable[str]) -> str:
    name, value = _first(query, names)
    if _WILD.search(value) or len(value) > 2 * _LONGEST:
        raise BadRequestError(f"'{name}' is one value, without wildcards.")
    return value.strip()


def _list(query: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    name, value = _first(query, names)
    found = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if any(_WILD.search(part) or len(part) > LONGEST_UID for part in found):
        raise BadRequestError(f"'{name}' is one value, or several between commas, without wildcards.")
    return found


def _date(query: Mapping[str, str], name: str) -> str:
    """Return the day of a date, or of a date and time; with or without hyphens."""
    value = query.get(name, "")
    text = value.replace("-", "")[:8]
    if value and not _DATE.fullmatch(text):
        raise BadRequestError(f"'{name}' begins with a date, as 20260131 or 2026-01-31.")
    return text


def _count(query: Mapping[str, str], name: str) -> int:
    value = query.get(name, "1")
    if not (value.isascii() and value.isdecimal() and 1 <= len(value) <= 4 and int(value) > 0):
        raise BadRequestError(f"'{name}' is a whole number from 1.")
    return min(int(value), MOST_STUDIES)
