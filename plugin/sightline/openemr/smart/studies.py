"""Looks for the patient's studies in the archive, and compares each one's own files with what the EHR says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sightline.access.grant import internal
from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.access.patient_matching import StudyIdentity, match
from sightline.archive.protocol import Level, Query, Row
from sightline.errors import ConflictError, NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument
from sightline.smart_section import PatientIdRule
from sightline.web.services import Services

_AT_ONCE = 4
_GRANT = internal("launch")


def look(services: Services, rule: PatientIdRule, patient: EhrPatient) -> tuple[LaunchedStudy, ...]:
    """Return how each study under the patient's number stands.

    The index will not do: Orthanc keeps one name and one birth date for all studies of a PatientID, those of the first
    that came. So one file of each study is read.
    """
    query = Query(Level.STUDY, {"PatientID": patient.patient_id}, is_case_sensitive=True)
    rows = [row for row in services.archive.search(_GRANT, query).rows if _is_of(row, patient.patient_id)]
    uids = list(dict.fromkeys(row["StudyInstanceUID"] for row in rows))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        read = list(threads.map(partial(_identity, services), uids))
    known = match(rule, patient, [one for one in read if isinstance(one, StudyIdentity)])
    return known + tuple(one for one in read if isinstance(one, LaunchedStudy))


def _is_of(row: Row, patient_id: str) -> bool:
    """Whether a study is of that very number; an archive may compare more loosely."""
    return row.get("PatientID", "").strip() == patient_id


def _identity(services: Services, study: str) -> StudyIdentity | LaunchedStudy | None:
    """Return what a file of the study says; None of a study that has just gone.

    A UID under which several patients have studies is nobody's alone, so that one is held back.
    """
    try:
        services.archive.patient_id(_GRANT, study)
        series = services.archive.search(_GRANT, Query(Level.SERIES, study_instance_uid=study, limit=1)).rows
        if not series:
            return None
        record = services.archive.any_instance(_GRANT, study, series[0]["SeriesInstanceUID"])
        buffers: list[Buffer] = []
        file = file_argument(services.archive.source(_GRANT, record), buffers)
        values = services.engine.run("sightline.objects.patient:read_patient", {"file": file}, buffers).values
    except ConflictError:
        return LaunchedStudy(study, Standing.HELD, "issuer")
    except NotFoundError:
        return None
    except UnprocessableError:
        return StudyIdentity(study)  # nothing to compare: unverified
    return StudyIdentity(study, values["PatientName"], values["PatientBirthDate"], values["IssuerOfPatientID"])
