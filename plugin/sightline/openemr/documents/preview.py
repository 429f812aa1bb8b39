"""What a document of a chart holds, and whether it may be copied: files of one person's studies at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.access.grant import internal
from sightline.errors import ConflictError, NotFoundError
from sightline.openemr.chart_patient import ChartPatient
from sightline.openemr.person import contradiction
from sightline.web.services import Services

_TELLING = ("patientName", "patientId", "issuer", "birthDate", "sex", "study")
READ = "sightline.objects.chart_files:read_chart_files"
SECONDS_TO_READ = 120.0


@dataclass(frozen=True)
class FoundStudy:
    """Files of a document that say the same of patient and study.

    Parameters
    ----------
    first : Mapping
        What the first of them says, as `sightline.objects.chart_files` tells it.
    indices : tuple of int
        Their numbers in the document.
    instances : tuple of (str, str)
        Series and SOP Instance UID of each.
    reason : str
        Why they cannot be copied, as a code: ``patient-name``, ``birth-date``, ``unverified``, or ``study`` where the
        archive has this study under another patient's number. Empty: they can.
    """

    first: Mapping[str, str]
    indices: tuple[int, ...]
    instances: tuple[tuple[str, str], ...]
    reason: str


def look_inside(
    services: Services, patient: ChartPatient, patient_id: str, content: bytes
) -> tuple[list[FoundStudy], int]:
    """Return what a document holds, and how many other files beside. Errors are those of `read_chart_files`."""
    reply = services.engine.run(READ, {}, [content], deadline=SECONDS_TO_READ)
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for file in reply.values["files"]:
        groups.setdefault(tuple(file[name] for name in _TELLING), []).append(file)
    studies = [_study(services, patient, patient_id, files) for files in groups.values()]
    return studies, reply.values["others"]


def _study(
    services: Services, patient: ChartPatient, patient_id: str, files: Sequence[Mapping[str, Any]]
) -> FoundStudy:
    first = files[0]
    reason = contradiction(first["patientName"], first["birthDate"], patient.name, patient.birth_date)
    return FoundStudy(
        first,
        tuple(file["index"] for file in files),
        tuple((file["series"], file["instance"]) for file in files),
        reason or _elsewhere(services, first["study"], patient_id),
    )


def _elsewhere(services: Services, study: str, patient_id: str) -> str:
    """Whether the archive has the study under another number: under both, nobody could open it any more."""
    try:
        stored = services.archive.patient_id(internal("chart"), study)
    except NotFoundError:
        return ""
    except ConflictError:
        return "study"
    return "" if stored.strip() == patient_id else "study"


def stored_instances(services: Services, study: FoundStudy) -> frozenset[str]:
    """Return which of a study's instances the archive has."""
    found: set[str] = set()
    for series in {series for series, _ in study.instances}:
        try:
            records = services.archive.series_instances(internal("chart"), study.first["study"], series)
        except NotFoundError:
            continue
        found |= {record.sop_instance_uid for record in records}
    return frozenset(found & {instance for _, instance in study.instances})
