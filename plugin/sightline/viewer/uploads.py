"""Uploads of the study list: one file to a request, each with its own answer, and all of one upload can be undone."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

from sightline.access.grant import Permission, Verb, internal
from sightline.archive.identity import Identity
from sightline.archive.protocol import InstanceRecord
from sightline.archive.upload import examine
from sightline.archive.upload_ledger import Key
from sightline.errors import BadRequestError, ConflictError, NotFoundError, UnsupportedMediaTypeError
from sightline.web.json_answer import answer_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

UNDONE_AT_ONCE = 100
"""Instances that one request takes back; the page asks until nothing is left."""

_NAME = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_DICOM = "application/dicom"


def store_file(request: Request, services: Services, upload: str) -> Response:
    """Store the one DICOM file that is the body, and say whether it was new.

    What was new is remembered under the name that the page has given this upload. A file in place of another one, with
    the same identifiers, is not new: undoing would not bring the other one back.
    """
    key = _key(request, upload)
    if request.mimetype != _DICOM:
        raise UnsupportedMediaTypeError(f"Send one DICOM file, with the header Content-Type: {_DICOM}.")
    examined = examine(request.body)
    was_there = _is_there(services, examined.identity)
    result = services.archive.store(request.grant, examined)
    is_new = not result.existed and not was_there
    uids = (result.study_instance_uid, result.series_instance_uid, result.sop_instance_uid)
    with suppress(NotFoundError, ConflictError):  # gone again, or of two patients: then it cannot be taken back
        services.uploads.add(key, services.archive.instance(internal("upload"), *uids), is_new)
    request.studies.add(result.study_instance_uid)
    return answer_json({"study": result.study_instance_uid, "isNew": is_new}, 201 if is_new else 200)


def undo(request: Request, services: Services, upload: str) -> Response:
    """Delete what this upload of this person newly stored, some of it at a time; what was replaced since stays.

    Whoever may upload may take back what they uploaded in this session, and nothing else.
    """
    records, left = services.uploads.take(_key(request, upload), UNDONE_AT_ONCE)
    deleted = sum(_delete(request, services, record) for record in records)
    return answer_json({"deleted": deleted, "kept": len(records) - deleted, "left": left})


def _key(request: Request, upload: str) -> Key:
    if not _NAME.fullmatch(upload):
        raise BadRequestError("An upload is named by 8 to 64 letters, digits or hyphens.")
    return request.grant.subject, request.grant.session, upload


def _is_there(services: Services, identity: Identity) -> bool:
    """Whether something is stored under these identifiers; where they cannot be read, it may be."""
    uids = (identity.study_instance_uid, identity.series_instance_uid, identity.sop_instance_uid)
    if not all(uids):
        return True
    try:
        services.archive.instance(internal("upload"), *uids)
    except NotFoundError:
        return False
    except ConflictError:
        return True
    return True


def _delete(request: Request, services: Services, record: InstanceRecord) -> bool:
    """Delete one instance, if it is still the file that was uploaded."""
    study = record.study_instance_uid
    grant = replace(request.grant, permissions=(Permission(frozenset({Verb.VIEW, Verb.DELETE}), study),), parts=())
    uids = (study, record.series_instance_uid, record.sop_instance_uid)
    try:
        if services.archive.instance(grant, *uids).file.uuid != record.file.uuid:
            return False
        services.archive.delete_instance(grant, *uids)
    except (NotFoundError, ConflictError):
        return False
    request.studies.add(study)
    return True
