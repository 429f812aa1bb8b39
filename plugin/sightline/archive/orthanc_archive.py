"""The Archive on top of Orthanc's REST API, the same inside (SDK) and outside (HTTP)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sightline.access.grant import Grant, Verb
from sightline.archive.encoded import declared_transfer_syntax
from sightline.archive.identifiers import orthanc_id
from sightline.archive.identity import Identity
from sightline.archive.known import KnownFiles, KnownStudy
from sightline.archive.orthanc_arrivals import OrthancArrivals, OrthancLabels, checked_label
from sightline.archive.orthanc_search import FindLimits, OrthancSearch
from sightline.archive.protocol import Arrivals, FileSource, InstanceRecord, Level, Page, Query, StoredFile, StoreResult
from sightline.archive.register import SeriesRegister
from sightline.archive.rest import CoreError, CoreRest
from sightline.archive.upload import Upload, examine
from sightline.errors import ConflictError, NotFoundError, UnprocessableError

DICOM_CONTENT = 1
"""Orthanc's content type of the attachment that holds the DICOM file."""

_HEAD_BYTES = 4096
_ZIP = b"PK\x03\x04"
_IDENTIFIERS = {
    "sop_class_uid": "SOPClassUID",
    "sop_instance_uid": "SOPInstanceUID",
    "patient_id": "PatientID",
    "study_instance_uid": "StudyInstanceUID",
    "series_instance_uid": "SeriesInstanceUID",
}


class OrthancArchive:
    """Stored DICOM in an Orthanc.

    Parameters
    ----------
    rest : CoreRest
        The core's REST API.
    storage_directory : Path, optional
        Orthanc's storage area, where it is a plain folder that this process can read, and from which a file is removed
        before whatever removes it is acknowledged: files are then read in place.
    is_told : bool
        Whether `stored` is called before a store is acknowledged, as the host does. Only then is anything remembered;
        without it every call asks the core.
    register : SeriesRegister, optional
        Where series that were listed are kept; needs `is_told`.
    limits : FindLimits, optional
        How many results the core returns at once; where that is not known, it is asked until it returns no more.
    """

    def __init__(
        self,
        rest: CoreRest,
        storage_directory: Path | None = None,
        is_told: bool = False,
        register: SeriesRegister | None = None,
        limits: FindLimits | None = None,
    ) -> None:
        self._rest = rest
        self._search = OrthancSearch(rest, limits)
        self._arrivals, self._labels = OrthancArrivals(rest), OrthancLabels(rest)
        self._is_told = is_told
        self._files = KnownFiles(storage_directory, register)

    def search(self, grant: Grant, query: Query) -> Page:
        """Find studies, series or instances (SEARCH on the archive, or VIEW on `query.study_instance_uid`)."""
        _require_search(grant, query)
        return self._search.page(query)

    def count(self, grant: Grant, query: Query) -> int:
        """Return how many match a query, wherever its page is (as `search`)."""
        _require_search(grant, query)
        return self._search.count(query)

    def arrivals(self, grant: Grant, since: str = "") -> Arrivals:
        """Return the studies that were not here at `since` and are now (SEARCH)."""
        grant.require(Verb.SEARCH)
        return self._arrivals.since(since)

    def labels(self, grant: Grant) -> tuple[str, ...]:
        """Return all labels in use, sorted (SEARCH)."""
        grant.require(Verb.SEARCH)
        return self._labels.all()

    def add_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        """Put a label on a study (ANNOTATE)."""
        grant.require(Verb.ANNOTATE, study_instance_uid)
        self._labels.add(self._study_id(study_instance_uid), checked_label(label))

    def remove_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        """Take a label off a study (ANNOTATE)."""
        grant.require(Verb.ANNOTATE, study_instance_uid)
        self._labels.remove(self._study_id(study_instance_uid), checked_label(label))

    def _study_id(self, study_instance_uid: str) -> str:
        return orthanc_id(self._patient_of(study_instance_uid), study_instance_uid)

    def patient_id(self, grant: Grant, study_instance_uid: str) -> str:
        """Return whose study it is (VIEW)."""
        grant.require(Verb.VIEW, study_instance_uid)
        known = self._known(study_instance_uid)
        if known.patient_id is None:
            known.patient_id = self._patient_of(study_instance_uid)
        return known.patient_id

    def series_instances(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str
    ) -> tuple[InstanceRecord, ...]:
        """Return all instances of one series, in no particular order (VIEW)."""
        grant.require(Verb.VIEW, study_instance_uid)
        known = self._known(study_instance_uid)
        records = self._files.series(known, series_instance_uid)
        if records is None:
            records = self._ask_series(known, series_instance_uid, {})
            self._files.add_series(known, series_instance_uid, records)
        return records

    def any_instance(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> InstanceRecord:
        """Return one instance of a series, whichever, for what is the same in all (VIEW)."""
        grant.require(Verb.VIEW, study_instance_uid)
        return self._ask_series(self._known(study_instance_uid), series_instance_uid, {"Limit": 1})[0]

    def _ask_series(
        self, known: KnownStudy, series_instance_uid: str, more: Mapping[str, Any]
    ) -> tuple[InstanceRecord, ...]:
        study_instance_uid = known.study_instance_uid
        for patient_id in self._patient_candidates(known):
            answers = self._search.find(
                {
                    "Level": Level.INSTANCE.value,
                    "Query": {},
                    "ParentSeries": orthanc_id(patient_id, study_instance_uid, series_instance_uid),
                    "Expand": True,
                    "ResponseContent": ["Attachments", "MainDicomTags"],
                    **more,
                }
            )
            records = tuple(_records(answers, study_instance_uid, series_instance_uid))
            if records:
                return records
        raise NotFoundError("There is no such series in the archive.")

    def instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> InstanceRecord:
        """Return one instance (VIEW)."""
        grant.require(Verb.VIEW, study_instance_uid)
        known = self._known(study_instance_uid)
        record = self._files.instance(known, series_instance_uid, sop_instance_uid)
        if record is None and series_instance_uid in known.touched:
            self.series_instances(grant, study_instance_uid, series_instance_uid)
            record = self._files.instance(known, series_instance_uid, sop_instance_uid)
        if record is not None:
            return record
        known.touched.add(series_instance_uid)
        uids = (study_instance_uid, series_instance_uid, sop_instance_uid)
        for patient_id in self._patient_candidates(known):
            identifier = orthanc_id(patient_id, *uids)
            attachment = self._rest.get(f"/instances/{identifier}/attachments/dicom/info")
            if attachment is not None:
                record = InstanceRecord(identifier, *uids, _stored_file(json.loads(attachment)))
                self._files.add(known, [record])
                return record
        raise NotFoundError("There is no such instance in the archive.")

    def source(self, grant: Grant, record: InstanceRecord) -> FileSource:
        """Where the DICOM file's bytes are, for a worker (VIEW)."""
        grant.require(Verb.VIEW, record.study_instance_uid)
        path = self._files.path(record.file)
        return FileSource(path=path) if path else FileSource(content=self.read(grant, record))

    def read(self, grant: Grant, record: InstanceRecord) -> bytes:
        """Return the DICOM file, byte for byte as stored (VIEW)."""
        grant.require(Verb.VIEW, record.study_instance_uid)
        path = self._files.path(record.file)
        if path:
            try:
                return Path(path).read_bytes()
            except FileNotFoundError:
                raise NotFoundError("The instance has just been removed or replaced.") from None
        content = self._rest.get(f"/instances/{record.orthanc_id}/attachments/dicom/data")
        # The core answers by instance, not by file: it may have been overwritten since the record was made.
        if content is None or hashlib.md5(content, usedforsecurity=False).hexdigest() != record.file.md5:
            raise NotFoundError("The instance has just been removed or replaced.")
        return content

    def watch(self, study_instance_uid: str) -> Callable[[], bool]:
        """Return a function that tells whether nothing was stored into the study since; False where nobody can tell."""
        return self._files.watch(study_instance_uid) if self._is_told else KnownFiles(None).watch(study_instance_uid)

    def store(self, grant: Grant, file: bytes | Upload) -> StoreResult:
        """Store one DICOM file (UPLOAD)."""
        grant.require(Verb.UPLOAD)
        upload = file if isinstance(file, Upload) else examine(file)
        if bytes(upload.content[:4]) == _ZIP:  # the core would unpack and store what is in it
            raise UnprocessableError("This is an archive of files, not one DICOM file.", "not-dicom")
        try:
            answer = json.loads(self._rest.post("/instances", upload.content))
        except CoreError as error:
            raise UnprocessableError("The archive cannot read this as a DICOM file.", "not-dicom") from error
        if answer["Status"] not in ("Success", "AlreadyStored"):
            raise UnprocessableError("The archive refuses this instance.", "archive-refused")
        existed = answer["Status"] == "AlreadyStored"
        if existed and self._keeps_another(answer["ID"], upload.content):
            raise ConflictError(
                "Another file is stored under these identifiers, and this archive does not overwrite.", "exists"
            )
        found = self._identity(upload.identity, answer["ID"])
        self.stored(found.study_instance_uid)
        return StoreResult(
            orthanc_id=answer["ID"],
            study_instance_uid=found.study_instance_uid,
            series_instance_uid=found.series_instance_uid,
            sop_instance_uid=found.sop_instance_uid,
            sop_class_uid=found.sop_class_uid,
            existed=existed,
        )

    def _keeps_another(self, identifier: str, content: bytes | memoryview) -> bool:
        """Whether the core kept other bytes than these; it may have put these into another transfer syntax before."""
        attachment = self._rest.get(f"/instances/{identifier}/attachments/dicom/info")
        kept = _stored_file(json.loads(attachment)).md5 if attachment else ""
        if kept == hashlib.md5(content, usedforsecurity=False).hexdigest():
            return False
        syntax = self._rest.get(f"/instances/{identifier}/metadata/TransferSyntax") or b""
        return syntax.decode("ascii", "replace").strip() == declared_transfer_syntax(bytes(content[:_HEAD_BYTES]))

    def delete_study(self, grant: Grant, study_instance_uid: str) -> None:
        """Delete one study for good (DELETE)."""
        self._delete(grant, "studies", study_instance_uid)

    def delete_series(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> None:
        """Delete one series for good, and its study if it was the last (DELETE)."""
        self._delete(grant, "series", study_instance_uid, series_instance_uid)

    def delete_instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> None:
        """Delete one instance for good, and what held nothing else (DELETE)."""
        self._delete(grant, "instances", study_instance_uid, series_instance_uid, sop_instance_uid)

    def _delete(self, grant: Grant, collection: str, study_instance_uid: str, *uids: str) -> None:
        grant.require(Verb.DELETE, study_instance_uid)
        for patient_id in self._patient_candidates(self._known(study_instance_uid)):
            if self._rest.delete(f"/{collection}/{orthanc_id(patient_id, study_instance_uid, *uids)}"):
                self.stored(study_instance_uid)
                return
        raise NotFoundError("There is nothing of that kind in the archive.")

    def stored(self, study_instance_uid: str) -> None:
        """Forget what is known of a study (empty: of all); call it before a store into it is acknowledged."""
        self._files.stored(study_instance_uid)

    def take_over_register(self) -> None:
        """Use what the last run has registered, if nothing was stored since."""
        if self._files.register is not None:
            self._files.register.take_over(self._state())

    def leave_register(self) -> None:
        """Leave what is registered to the next run."""
        if self._files.register is not None:
            self._files.register.leave(self._state())

    def place_of_series(self, identifier: str) -> tuple[str, str] | None:
        """Return Study and Series Instance UID of a series that is named by its Orthanc id; None if it has gone."""
        answers = self._search.find(
            {
                "Level": Level.INSTANCE.value,
                "Query": {},
                "ParentSeries": identifier,
                "Limit": 1,
                "Expand": True,
                "ResponseContent": ["RequestedTags"],
                "RequestedTags": ["StudyInstanceUID", "SeriesInstanceUID"],
            }
        )
        tags = answers[0]["RequestedTags"] if answers else None
        return (tags["StudyInstanceUID"], tags["SeriesInstanceUID"]) if tags else None

    def _state(self) -> str:
        """Return what changes with every store."""
        return (self._rest.get("/changes?last") or b"").decode() + (self._rest.get("/statistics") or b"").decode()

    def distrust_storage(self) -> None:
        """Remember no files from now on: they may stay in the storage area after they were deleted."""
        self._files = KnownFiles(None)

    def _known(self, study_instance_uid: str) -> KnownStudy:
        """Return what is known of a study; nothing where nobody would tell that it has become wrong."""
        return self._files.study(study_instance_uid) if self._is_told else KnownStudy(study_instance_uid)

    def _patient_candidates(self, known: KnownStudy) -> Iterable[str]:
        """Yield the remembered PatientID of a study, then, if the caller still asks, what the core says now."""
        remembered = known.patient_id
        if remembered is not None:
            yield remembered
        current = known.patient_id = self._patient_of(known.study_instance_uid)
        if current != remembered:
            yield current

    def _patient_of(self, study_instance_uid: str) -> str:
        answers = self._search.find(
            {
                "Level": Level.STUDY.value,
                "Query": {"StudyInstanceUID": study_instance_uid},
                "Expand": True,
                "ResponseContent": ["MainDicomTags"],
            }
        )
        if not answers:
            raise NotFoundError("There is no such study in the archive.")
        if len(answers) > 1:
            # Showing either one would be a guess at who the patient is.
            raise ConflictError(
                "This study UID is stored for more than one patient. An administrator has to merge or remove one.",
                "ambiguous-patient",
            )
        return str(answers[0]["PatientMainDicomTags"].get("PatientID", ""))

    def _identity(self, found: Identity, identifier: str) -> Identity:
        """Return whose instance it is that has just been stored, proven by the id that the core gave it."""
        uids = (found.study_instance_uid, found.series_instance_uid, found.sop_instance_uid)
        if orthanc_id(found.patient_id, *uids) == identifier:
            return found
        answer = self._rest.get(f"/instances/{identifier}?requestedTags={';'.join(_IDENTIFIERS.values())}")
        if answer is None:
            raise UnprocessableError("The archive did not keep this instance.", "archive-refused")
        tags: dict[str, str] = json.loads(answer)["RequestedTags"]
        return Identity(**{field: tags.get(name, "") for field, name in _IDENTIFIERS.items()})


def _require_search(grant: Grant, query: Query) -> None:
    if query.study_instance_uid is not None and not grant.allows(Verb.SEARCH):
        grant.require(Verb.VIEW, query.study_instance_uid)
    else:
        grant.require(Verb.SEARCH)


def _records(answers: Iterable[Mapping[str, Any]], study: str, series: str) -> Iterable[InstanceRecord]:
    for answer in answers:
        for attachment in answer["Attachments"]:
            if attachment["ContentType"] == DICOM_CONTENT:
                sop = answer["MainDicomTags"]["SOPInstanceUID"]
                yield InstanceRecord(answer["ID"], study, series, sop, _stored_file(attachment))


def _stored_file(attachment: Mapping[str, Any]) -> StoredFile:
    return StoredFile(attachment["Uuid"], int(attachment["UncompressedSize"]), attachment["UncompressedMD5"])
