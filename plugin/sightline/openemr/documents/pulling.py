"""Copies DICOM files of a chart into the archive, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from sightline.access.grant import Grant, Permission, Verb, internal
from sightline.archive.upload import examine
from sightline.errors import ConflictError, NotFoundError, SightlineError
from sightline.openemr.documents.preview import SECONDS_TO_READ, FoundStudy, stored_instances
from sightline.rendering.files import in_batches
from sightline.state.chart_pulls import PulledInstance
from sightline.web.services import Services

TAKE = "sightline.objects.chart_files:take_chart_files"
_FILES_PER_TASK = 16


def pull(
    services: Services,
    grant: Grant,
    pull_id: str,
    document: str,
    content: bytes,
    studies: Sequence[FoundStudy],
    number: tuple[str, str],
) -> dict[str, int]:
    """Store the files of some studies of a document under a patient's number; return how many became what.

    What is here already stays as it is: the archive's own copy may have been corrected since.

    `number` is PatientID (0010,0020) and its issuer (0010,0021).

    Returns
    -------
    dict
        ``stored``, ``existed`` and ``refused``.
    """
    counts = {"stored": 0, "existed": 0, "refused": 0}
    for study in studies:
        here = stored_instances(services, study)
        places = zip(study.indices, study.instances, strict=True)
        wanted = [index for index, (_, instance) in places if instance not in here]
        counts["existed"] += len(study.indices) - len(wanted)
        for batch in in_batches(wanted, _FILES_PER_TASK):
            arguments = {
                "indices": list(batch),
                "patient_id": number[0],
                "issuer": number[1],
                "moment": f"{services.clock():%Y%m%d%H%M%S.%f%z}",
            }
            reply = services.engine.run(TAKE, arguments, [content], deadline=SECONDS_TO_READ)
            for file in reply.buffers:
                counts[_store(services, grant, pull_id, document, bytes(file))] += 1
    return counts


def _store(services: Services, grant: Grant, pull_id: str, document: str, file: bytes) -> str:
    try:
        result = services.archive.store(grant, examine(file))
    except SightlineError as error:
        if error.status >= 500:
            raise
        return "refused"
    uids = (result.study_instance_uid, result.series_instance_uid, result.sop_instance_uid)
    with suppress(NotFoundError, ConflictError):  # gone again in this moment: there is nothing to take back
        record = services.archive.instance(internal("chart"), *uids)
        is_new = not result.existed
        services.chart_pulls.add(pull_id, PulledInstance(*uids, record.file.uuid, document, is_new))
    return "existed" if result.existed else "stored"


def undo(services: Services, grant: Grant, pull_id: str) -> tuple[int, int, frozenset[str]]:
    """Delete what a pull has newly stored and nobody has replaced since.

    Returns how many were deleted and how many kept, and of which studies. Raises `NotFoundError`.
    """
    deleted, studies = 0, set()
    stored = services.chart_pulls.new_instances(pull_id)
    for instance in stored:
        if _delete(services, grant, instance):
            deleted += 1
            studies.add(instance.study_instance_uid)
    services.chart_pulls.note_undone(pull_id)
    return deleted, len(stored) - deleted, frozenset(studies)


def _delete(services: Services, grant: Grant, stored: PulledInstance) -> bool:
    uids = (stored.study_instance_uid, stored.series_instance_uid, stored.sop_instance_uid)
    may = Permission(frozenset({Verb.VIEW, Verb.DELETE}), stored.study_instance_uid)
    own = replace(grant, permissions=(may,), parts=())
    try:
        if services.archive.instance(own, *uids).file.uuid != stored.file_uuid:
            return False
        services.archive.delete_instance(own, *uids)
    except (NotFoundError, ConflictError):
        return False
    return True
