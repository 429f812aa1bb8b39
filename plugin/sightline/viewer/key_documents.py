"""Key Object Selection documents in the archive: those of anybody are read, those of our readers written."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sightline import __version__
from sightline.access.audit import AuditEvent, AuditKind, Outcome
from sightline.access.grant import Grant, Permission, Verb
from sightline.archive.protocol import InstanceRecord
from sightline.archive.upload import examine
from sightline.errors import ConflictError, NotFoundError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.rendering.series_table import series_identity
from sightline.state.key_images import KeyDocument, KeyImage
from sightline.viewer.captures import numbers_of, storing
from sightline.viewer.studies import series_rows
from sightline.web.services import Services

MODALITY = "KO"
OURS = "Sightline"
PAUSE = timedelta(seconds=30)
"""How long an author does nothing before their marks are stored."""
_MOST_DOCUMENTS = 200
_FILES_PER_TASK = 16
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)

_log = logging.getLogger("sightline.keeping")


def documents_json(
    services: Services, grant: Grant, study: str, marks: Sequence[KeyImage], kept: Sequence[KeyDocument]
) -> list[dict[str, Any]]:
    """Return what the documents of a study choose, the latest first; see `sightline.viewer.key_images`."""
    found = read_objects(services, grant, study, MODALITY, "sightline.objects.key_objects:read_key_objects")
    replaced = {uid for document in found for uid in document.get("predecessors", ())}
    alive = {(mark.author.subject, mark.title) for mark in marks}
    withdrawn = {one.sop_instance_uid for one in kept if (one.author.subject, one.title) not in alive}
    current = {one.sop_instance_uid for one in kept} - withdrawn
    for document in found:
        uid = document["instance"]
        document["ours"] = document.get("software") == OURS
        document["superseded"] = uid in replaced or uid in withdrawn
        document["isOfMarks"] = uid in current
    return found


def read_objects(services: Services, grant: Grant, study: str, modality: str, task: str) -> list[dict[str, Any]]:
    """Have workers read all instances of the series of one modality, the latest first.

    Each has ``series`` and ``instance`` beside what the task told of it. What was told is kept for as long as the same
    files are stored.
    """
    records: list[InstanceRecord] = []
    for row in series_rows(services, grant, study):
        if row.get("Modality", "") == modality:
            try:
                records += services.archive.series_instances(grant, study, row["SeriesInstanceUID"])
            except NotFoundError:  # deleted in this moment
                continue
    records.sort(key=lambda record: record.sop_instance_uid)
    key = (task, series_identity(record.file.uuid for record in records))
    kept = services.cache.get(key)
    if kept is None:
        rows = list(_told(services, grant, records[:_MOST_DOCUMENTS], task))
        rows.sort(key=lambda row: (row.get("date", ""), row.get("time", "")), reverse=True)
        kept = json.dumps(rows).encode()
        services.cache.put(key, kept)
    found: list[dict[str, Any]] = json.loads(kept)
    return found


def _told(services: Services, grant: Grant, records: Sequence[InstanceRecord], task: str) -> Iterable[dict[str, Any]]:
    for batch in in_batches(records, _FILES_PER_TASK):
        buffers: list[Buffer] = []
        files = [file_argument(services.archive.source(grant, record), buffers) for record in batch]
        reply = services.engine.run(task, {"files": files}, buffers)
        for record, told in zip(batch, reply.values["documents"], strict=True):
            if told is not None:
                yield {"series": record.series_instance_uid, "instance": record.sop_instance_uid, **told}


class KeyDocumentKeeper:
    """Stores what readers have done with, and what was left before a restart: a task of housekeeping.

    What cannot be stored is tried again after a while, and later each time.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._failures: dict[tuple[str, str, str, datetime], tuple[int, datetime]] = {}

    def save_due(self) -> None:
        """Store the key images that did not change for a while."""
        now = self._services.clock()
        for document in self._services.key_images.due(now - PAUSE):
            key = (document.study_instance_uid, document.author.subject, document.title, document.changed)
            count, not_before = self._failures.get(key, (0, now))
            if now < not_before:
                continue
            try:
                self._save(document)
                self._failures.pop(key, None)
            except Exception:
                _log.exception("The key images of study %s could not be stored", document.study_instance_uid)
                self._failures[key] = count + 1, now + min(_FIRST_WAIT * 2**count, _LONGEST_WAIT)

    def _save(self, document: KeyDocument) -> None:
        """Store one document in the name of its author, and say so in the audit log."""
        study = document.study_instance_uid
        # Whether they may was asked when they marked the images; a link that has ended since does not take these away.
        may = Permission(frozenset({Verb.VIEW, Verb.ANNOTATE}), study)
        grant = Grant(document.author.subject, (may,), name=document.author.name)
        event = AuditEvent(AuditKind.STORE, grant, study_instance_uid=study, detail="key images stored as a document")
        try:
            save_documents(self._services, grant, [document])
        except Exception:
            self._services.audit.record(replace(event, outcome=Outcome.SERIOUS_FAILURE))
            raise
        self._services.audit.record(event)


def save_documents(services: Services, grant: Grant, documents: Sequence[KeyDocument]) -> None:
    """Store the marks of these documents' authors, each title as a new version of its document.

    `grant` may annotate the study. Of marks that were all taken away there is nothing to store: the document that held
    them stays, and is told as superseded. The same state is always stored under the same identifiers, so that two who
    store it at once store it once.
    """
    for document in documents:
        study = document.study_instance_uid
        marks = [
            mark
            for mark in services.key_images.of(study)
            if mark.author.subject == document.author.subject and mark.title == document.title
        ]
        uids = (document.series_instance_uid, document.sop_instance_uid)
        services.key_images.note_saved(document, *(_stored(services, grant, document, marks) or uids))


def _stored(
    services: Services, grant: Grant, document: KeyDocument, marks: Sequence[KeyImage]
) -> tuple[str, str] | None:
    """Write and store one document; None where none of its images is left."""
    study = document.study_instance_uid
    buffers: list[Buffer] = []
    images = _images(services, grant, study, marks, buffers)
    if not images:
        return None
    now = services.clock().astimezone()
    who = f"{study} {document.author.subject}"
    series = f"2.25.{uuid5(NAMESPACE_OID, f'key images {who}').int}"
    instance = f"2.25.{uuid5(NAMESPACE_OID, f'key images {who} {document.title} {document.changed.isoformat()}').int}"
    with suppress(NotFoundError):  # somebody else was faster
        services.archive.instance(grant, study, series, instance)
        return series, instance
    before = {"series": document.series_instance_uid, "instance": document.sop_instance_uid}
    arguments = {
        "images": images,
        "title": document.title,
        "author": document.author.name,
        "predecessor": before if document.sop_instance_uid else None,
        "instance": instance,
        "series": series,
        **numbers_of(services, grant, study, series),
        "date": f"{now:%Y%m%d}",
        "time": f"{now:%H%M%S.%f}",
        "timezone": f"{now:%z}",
        "version": __version__,
    }
    reply = services.engine.run("sightline.objects.key_objects:make_key_object", arguments, buffers)
    if reply.values["studies"] != [study]:
        raise ConflictError("A key image says that it is of another study.", "other-study")
    result = services.archive.store(storing(grant), examine(bytes(reply.buffers[0])))
    return result.series_instance_uid, result.sop_instance_uid


def _images(
    services: Services, grant: Grant, study: str, marks: Sequence[KeyImage], buffers: list[Buffer]
) -> list[dict[str, Any]]:
    """Return the marked frames of each image that is still there, in the order in which they were marked."""
    frames: dict[tuple[str, str], list[int]] = {}
    for mark in marks:
        frames.setdefault((mark.series_instance_uid, mark.sop_instance_uid), []).append(mark.frame)
    images = []
    for (series, instance), numbers in frames.items():
        try:
            record = services.archive.instance(grant, study, series, instance)
            file = file_argument(services.archive.source(grant, record), buffers)
        except NotFoundError:
            continue
        images.append({"file": file, "series": series, "frames": sorted(numbers)})
    return images
