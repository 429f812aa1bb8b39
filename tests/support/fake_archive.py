"""An archive in memory, for tests that need stored DICOM but no Orthanc."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from hashlib import md5, sha1
from io import BytesIO
from uuid import uuid4

from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue

from sightline.access.grant import Grant, Verb
from sightline.archive.orthanc_arrivals import checked_label, sequence_of
from sightline.archive.protocol import (
    ARRIVING,
    LABELS,
    LAST_UPDATE,
    Arrivals,
    FileSource,
    InstanceRecord,
    Level,
    Order,
    Page,
    Query,
    Row,
    StoredFile,
    StoreResult,
)
from sightline.archive.upload import Upload, examine
from sightline.dicomweb.matching import matches
from sightline.errors import ConflictError, NotFoundError, UnprocessableError

_KEYWORDS = {
    Level.STUDY: (
        "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
        "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    ),
    Level.SERIES: (
        "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime", "Modality",
        "BodyPartExamined", "Laterality",
    ),
    Level.INSTANCE: ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "NumberOfFrames", "Rows", "Columns"),
}  # fmt: skip
_ABOVE = {
    Level.STUDY: (Level.STUDY,),
    Level.SERIES: (Level.STUDY, Level.SERIES),
    Level.INSTANCE: (Level.STUDY, Level.SERIES, Level.INSTANCE),
}
_UID = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID", Level.INSTANCE: "SOPInstanceUID"}


class FakeArchive:
    """The whole `Archive` protocol over files in memory; grants are enforced as a real archive does.

    Storing the same SOP Instance UID again overwrites it. `by_path` makes `source` return paths below that folder.
    """

    def __init__(self, files: Iterable[bytes] = (), by_path: str | None = None) -> None:
        self._stored: dict[str, tuple[InstanceRecord, bytes, Dataset]] = {}
        """Whoever looks through it takes a copy: other threads store meanwhile."""
        self._by_path = by_path
        self.source_calls = 0
        self.stores = 0
        self.arriving: set[str] = set()
        """Studies of which instances still come."""
        self.last_update = "20260102T101500"
        self._labels: dict[str, set[str]] = {}
        self._arrived: dict[str, int] = {}
        for content in files:
            self._put(content)

    def files(self) -> list[bytes]:
        """Return all stored files."""
        return [content for _, content, _ in list(self._stored.values())]

    def search(self, grant: Grant, query: Query) -> Page:
        if query.study_instance_uid and grant.allows(Verb.VIEW, query.study_instance_uid):
            grant.require(Verb.VIEW, query.study_instance_uid)
        else:
            grant.require(Verb.SEARCH)
        rows = self._found(query)
        end = query.offset + query.limit if query.limit else len(rows)
        return Page(tuple(rows[query.offset : end]), more=end < len(rows))

    def count(self, grant: Grant, query: Query) -> int:
        return len(self.search(grant, replace(query, limit=0, offset=0)).rows)

    def _found(self, query: Query) -> list[Row]:
        rows = [row for row in self._rows(query.level, (*query.attributes, *query.matches)) if self._passes(row, query)]
        for order in reversed((*query.order, *([Order("StudyInstanceUID")] if query.order else ()))):
            rows.sort(key=lambda row, key=order.keyword: row.get(key, ""), reverse=order.is_descending)  # type: ignore[misc]
        return rows

    def _passes(self, row: Row, query: Query) -> bool:
        return _matches(row, query) and set(query.labels) <= set(row[LABELS].split("\\") if query.labels else ())

    def arrivals(self, grant: Grant, since: str = "") -> Arrivals:
        grant.require(Verb.SEARCH)
        studies = {record.study_instance_uid for record, _, _ in list(self._stored.values())}
        last = sequence_of(since) if since else self.stores
        came = tuple(study for study, number in self._arrived.items() if study in studies and number > last)
        return Arrivals(f"{self.stores}-{len(studies)}-{len(self._stored)}", came)

    def labels(self, grant: Grant) -> tuple[str, ...]:
        grant.require(Verb.SEARCH)
        return tuple(sorted({label for labels in self._labels.values() for label in labels}))

    def add_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        self._labels_of(grant, study_instance_uid).add(checked_label(label))

    def remove_label(self, grant: Grant, study_instance_uid: str, label: str) -> None:
        self._labels_of(grant, study_instance_uid).discard(checked_label(label))

    def _labels_of(self, grant: Grant, study: str) -> set[str]:
        grant.require(Verb.ANNOTATE, study)
        if not self._patients(study):
            raise NotFoundError("There is no such study.")
        return self._labels.setdefault(study, set())

    def patient_id(self, grant: Grant, study_instance_uid: str) -> str:
        grant.require(Verb.VIEW, study_instance_uid)
        patients = self._patients(study_instance_uid)
        if not patients:
            raise NotFoundError("There is no such study.")
        return patients.pop()

    def _patients(self, study_instance_uid: str) -> set[str]:
        patients = {
            str(dataset.get("PatientID", ""))
            for record, _, dataset in list(self._stored.values())
            if record.study_instance_uid == study_instance_uid
        }
        if len(patients) > 1:
            raise ConflictError("This study UID is stored for more than one patient.")
        return patients

    def series_instances(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str
    ) -> tuple[InstanceRecord, ...]:
        grant.require(Verb.VIEW, study_instance_uid)
        self._patients(study_instance_uid)
        records = tuple(
            record
            for record, _, _ in list(self._stored.values())
            if (record.study_instance_uid, record.series_instance_uid) == (study_instance_uid, series_instance_uid)
        )
        if not records:
            raise NotFoundError("There is no such series.")
        return records

    def instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> InstanceRecord:
        for record in self.series_instances(grant, study_instance_uid, series_instance_uid):
            if record.sop_instance_uid == sop_instance_uid:
                return record
        raise NotFoundError("There is no such instance.")

    def any_instance(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> InstanceRecord:
        return self.series_instances(grant, study_instance_uid, series_instance_uid)[0]

    def source(self, grant: Grant, record: InstanceRecord) -> FileSource:
        self.source_calls += 1
        content = self.read(grant, record)
        if self._by_path is None:
            return FileSource(content=content)
        path = f"{self._by_path}/{record.file.uuid}"
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
        return FileSource(path=path)

    def read(self, grant: Grant, record: InstanceRecord) -> bytes:
        grant.require(Verb.VIEW, record.study_instance_uid)
        stored = self._stored.get(record.orthanc_id)
        if stored is None or stored[0].file != record.file:
            raise NotFoundError("The file has gone.")
        return stored[1]

    def watch(self, study_instance_uid: str) -> Callable[[], bool]:
        stores = self.stores
        return lambda: self.stores == stores

    def store(self, grant: Grant, file: bytes | Upload) -> StoreResult:
        grant.require(Verb.UPLOAD)
        upload = file if isinstance(file, Upload) else examine(file)
        return self._put(bytes(upload.content))

    def delete_study(self, grant: Grant, study_instance_uid: str) -> None:
        self._delete(grant, study_instance_uid)

    def delete_series(self, grant: Grant, study_instance_uid: str, series_instance_uid: str) -> None:
        self._delete(grant, study_instance_uid, series_instance_uid)

    def delete_instance(
        self, grant: Grant, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
    ) -> None:
        self._delete(grant, study_instance_uid, series_instance_uid, sop_instance_uid)

    def _delete(self, grant: Grant, *uids: str) -> None:
        grant.require(Verb.DELETE, uids[0])
        gone = []
        for key, (record, _, _) in list(self._stored.items()):
            own = (record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid)
            if own[: len(uids)] == uids:
                gone.append(key)
        if not gone:
            raise NotFoundError("There is nothing of that kind.")
        for key in gone:
            del self._stored[key]

    def forget(self, sop_instance_uid: str) -> None:
        """Delete one instance, as somebody else might."""
        self._stored = {k: v for k, v in list(self._stored.items()) if v[0].sop_instance_uid != sop_instance_uid}

    def _put(self, content: bytes) -> StoreResult:
        try:
            dataset = dcmread(BytesIO(content), stop_before_pixels=True, force=True)
            study, series, sop = (
                str(dataset[keyword].value) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
            )
        except Exception as error:
            raise UnprocessableError("This is no DICOM file.") from error
        text = "|".join([str(dataset.get("PatientID", "")), study, series, sop]).encode()
        digest = sha1(text).hexdigest()  # noqa: S324 - Orthanc's own identifiers
        orthanc_id = "-".join(digest[start : start + 8] for start in range(0, 40, 8))
        checksum = md5(content).hexdigest()  # noqa: S324 - Orthanc's own checksum
        before = self._stored.get(orthanc_id)
        self.stores += 1
        self._arrived.setdefault(study, self.stores)
        existed = before is not None and before[0].file.md5 == checksum
        if not existed:
            record = InstanceRecord(orthanc_id, study, series, sop, StoredFile(str(uuid4()), len(content), checksum))
            if before is not None:
                record = replace(before[0], file=record.file)
            self._stored[orthanc_id] = (record, content, dataset)
        return StoreResult(orthanc_id, study, series, sop, str(dataset.get("SOPClassUID", "")), existed)

    def _rows(self, level: Level, attributes: Sequence[str]) -> list[Row]:
        groups: dict[str, list[Dataset]] = {}
        for _, _, dataset in list(self._stored.values()):
            groups.setdefault(str(dataset.get(_UID[level], "")), []).append(dataset)
        keywords = [keyword for above in _ABOVE[level] for keyword in _KEYWORDS[above]]
        return [
            {
                keyword: _text(group[0], keyword)
                for keyword in (*keywords, *attributes)
                if keyword not in (LABELS, ARRIVING) and keyword in group[0]
            }
            | _counts(level, group)
            | self._told(uid, level)
            | (self._standing(uid) if ARRIVING in attributes else {})
            for uid, group in groups.items()
        ]

    def _standing(self, uid: str) -> Row:
        return {ARRIVING: "true" if uid in self.arriving else "false", LAST_UPDATE: self.last_update}

    def _told(self, uid: str, level: Level) -> Row:
        return {LABELS: "\\".join(sorted(self._labels.get(uid, ())))} if level is Level.STUDY else {}


def _counts(level: Level, group: list[Dataset]) -> dict[str, str]:
    modalities = "\\".join(sorted({str(dataset.get("Modality", "")) for dataset in group}))
    series = str(len({dataset.SeriesInstanceUID for dataset in group}))
    if level is Level.STUDY:
        return {
            "ModalitiesInStudy": modalities,
            "NumberOfStudyRelatedSeries": series,
            "NumberOfStudyRelatedInstances": str(len(group)),
        }
    return {"NumberOfSeriesRelatedInstances": str(len(group))} if level is Level.SERIES else {}


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def _matches(row: Row, query: Query) -> bool:
    for keyword, uid in (
        ("StudyInstanceUID", query.study_instance_uid),
        ("SeriesInstanceUID", query.series_instance_uid),
    ):
        if uid is not None and row.get(keyword) != uid:
            return False
    return all(_match(keyword, row.get(keyword, ""), wanted) for keyword, wanted in query.matches.items())


def _match(keyword: str, value: str, wanted: str) -> bool:
    """Single value, list, range or wildcard (PS3.4 C.2.2.2); names do not care for case."""
    if wanted in ("", "*"):
        return True
    values = value.split("\\")
    vr = dictionary_VR(keyword)
    if vr in ("DA", "TM"):
        return matches(vr, values, wanted)
    if keyword.endswith("Name"):
        return any(fnmatchcase(v.upper(), wanted.upper()) for v in values)
    return any(fnmatchcase(v, w) for v in values for w in wanted.split("\\"))
