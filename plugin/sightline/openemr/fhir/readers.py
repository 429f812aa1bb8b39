"""Whose studies a caller may see by FHIR: the one patient of a launch or of an EHR's token, a link's study, or all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.access.grant import Grant, Verb, internal
from sightline.access.launch import LAUNCH_SUBJECT, EhrPatient
from sightline.archive.protocol import ARRIVING, Level, Query, Row
from sightline.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError, UnavailableError
from sightline.openemr.fhir.parameters import Parameters, literal, study_uid, token
from sightline.web.request import Request
from sightline.web.services import Services

ATTRIBUTES = (
    "PatientID", "IssuerOfPatientID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber",
    "ReferringPhysicianName", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    ARRIVING,
)  # fmt: skip
MOST_STUDIES = 1000
"""More are refused: the search has to be narrower."""

ARRIVING_SECONDS = 10


@dataclass(frozen=True)
class _Known:
    """A grant that came of an EHR's patient, and how that patient may be named."""

    grant: Grant
    fhir_base: str
    patient: EhrPatient
    names: frozenset[str] = frozenset()


class Reader:
    """What one caller may see by FHIR.

    Parameters
    ----------
    request : Request
        Who asks.
    services : Services
        Where studies are.
    """

    def __init__(self, request: Request, services: Services) -> None:
        self._services = services
        self.grant: Grant = request.grant
        self._patients = self._known_patients(request)

    def subject_base(self, study: str) -> tuple[str, EhrPatient] | None:
        """Return the EHR's FHIR base and patient that a study is seen as, if it came by a launch or a token."""
        for known in self._patients:
            if known.grant.allows(Verb.VIEW, study):
                return known.fhir_base, known.patient
        return None

    def study(self, study: str) -> Row:
        """Return one study that the caller may see.

        Raises
        ------
        NotFoundError, ForbiddenError
            There is none, or it is not the caller's.
        ConflictError
            Several patients have a study of this UID.
        UnavailableError
            It is still arriving.
        """
        query = Query(Level.STUDY, study_instance_uid=study, attributes=ATTRIBUTES)
        rows = self._services.archive.search(self.grant, query).rows
        if not rows:
            raise NotFoundError("There is no such study here.", "study-unknown")
        return _settled(_unambiguous(rows))[0]

    def studies(self, parameters: Parameters, identifiers: Sequence[frozenset[str]]) -> list[Row]:
        """Return the studies of the patient, or under the identifiers, that a search names; newest first.

        Parameters
        ----------
        parameters : Parameters
            Of the search; `patient` and `patient.identifier` are read here.
        identifiers : sequence of frozenset of str
            Tokens of studies (UID or accession number); one of each set has to be met.

        Raises
        ------
        BadRequestError
            The search names neither a patient nor a study, or matches too many.
        ForbiddenError
            It names another patient than the caller's.
        """
        patient, number = parameters.reference("patient", "Patient"), parameters.one("patient.identifier")
        if not (patient or number or identifiers):
            raise BadRequestError("Name the patient ('patient', 'patient.identifier') or a study.", "patient-required")
        grant = self._grant_for(patient) if patient else self.grant
        wanted = literal(token(number)[1].strip(), "patient.identifier") if number else ""
        if grant.allows(Verb.SEARCH) and grant.allows(Verb.VIEW):
            rows = self._searched(grant, wanted, identifiers)
        else:
            rows = self._permitted(grant)
        rows = [
            row
            for row in rows
            if (not wanted or row.get("PatientID", "").strip() == wanted)
            and all(any(_is_identified(row, one) for one in some) for some in identifiers)
        ]
        rows.sort(key=lambda row: row.get("StudyDate", "") + row.get("StudyTime", ""), reverse=True)
        return rows

    def _grant_for(self, patient: str) -> Grant:
        """Return the grant that is for this patient of an EHR."""
        for known in self._patients:
            if patient == known.patient.fhir_id or patient in known.names:
                return known.grant
        if self.grant.allows(Verb.SEARCH):
            raise BadRequestError(
                "Patients are an EHR's: name the patient by 'patient.identifier', the number in DICOM.",
                "patient-identifier-required",
            )
        raise ForbiddenError("This is not the patient whose images you may see.", "patient-mismatch")

    def _searched(self, grant: Grant, number: str, identifiers: Sequence[frozenset[str]]) -> list[Row]:
        """Ask the archive for whom may see all of it, by what narrows most."""
        asked: list[tuple[str, str]] = [("PatientID", number)] if number else []
        if not asked:
            for one in identifiers[0]:
                uid = study_uid(one)
                keyword, value = ("StudyInstanceUID", uid) if uid else ("AccessionNumber", token(one)[1])
                asked.append((keyword, literal(value, "identifier")))
        rows: list[Row] = []
        for keyword, value in asked:
            query = Query(
                Level.STUDY, {keyword: value}, attributes=ATTRIBUTES, limit=MOST_STUDIES, is_case_sensitive=True
            )
            page = self._services.archive.search(grant, query)
            if page.more:
                raise BadRequestError("Too many studies match: name more of them.", "too-costly")
            rows += page.rows
        return list(rows)

    def _permitted(self, grant: Grant) -> list[Row]:
        """Return the studies that the grant names one by one; those of a known patient are found all at once."""
        named = {permission.study_instance_uid for permission in grant.permissions if Verb.VIEW in permission.verbs}
        uids = {uid for uid in named if uid}
        rows: list[Row] = []
        for known in self._patients:
            number = known.patient.patient_id
            query = Query(Level.STUDY, {"PatientID": number}, attributes=ATTRIBUTES, is_case_sensitive=True)
            own = [
                row
                for row in self._services.archive.search(internal("fhir"), query).rows
                if row["StudyInstanceUID"] in uids and known.grant.allows(Verb.VIEW, row["StudyInstanceUID"])
            ]
            rows += own
            uids -= {row["StudyInstanceUID"] for row in own}
        for uid in sorted(uids):
            query = Query(Level.STUDY, study_instance_uid=uid, attributes=ATTRIBUTES)
            rows += self._services.archive.search(grant, query).rows
        return rows

    def _known_patients(self, request: Request) -> list[_Known]:
        holder = request.token_holder
        if holder is not None:
            return [_Known(request.grant, holder.fhir_base, holder.patient, frozenset({holder.named}))]
        found = []
        for part in request.grant.parts or (request.grant,):
            if part.subject.startswith(LAUNCH_SUBJECT):
                launch = self._services.launches.get(part, part.subject.removeprefix(LAUNCH_SUBJECT))
                found.append(_Known(part, launch.issuer, launch.patient))
        return found


def settled_page(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of one page of a search, all of which have to be complete and one patient's.

    Raises
    ------
    UnavailableError
        One of them is still arriving.
    ConflictError
        Several patients have a study of one UID.
    """
    by_uid: dict[str, list[Row]] = {}
    for row in rows:
        by_uid.setdefault(row["StudyInstanceUID"], []).append(row)
    return _settled([row for same in by_uid.values() for row in _unambiguous(same)])


def _unambiguous(rows: Iterable[Row]) -> list[Row]:
    found = list(rows)
    if len(found) > 1:
        raise ConflictError("Several patients have a study of this UID; see to that in the archive.", "study-ambiguous")
    return found


def _settled(rows: list[Row]) -> list[Row]:
    if any(row.get(ARRIVING) == "true" for row in rows):
        raise UnavailableError("A study is still arriving. Ask again soon.", "study-arriving", ARRIVING_SECONDS)
    return rows


def _is_identified(row: Mapping[str, str], identifier: str) -> bool:
    uid = study_uid(identifier)
    if uid:
        return row["StudyInstanceUID"] == uid
    system, value = token(identifier)
    # Accession numbers have no system here.
    return not system and row.get("AccessionNumber", "").strip() == value
