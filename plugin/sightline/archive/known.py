"""What is known of stored files without asking the archive again, and how each answer is proven to be still right.

A look-up in Orthanc's index takes longer the more is stored. But every stored file has a name of its own in the storage
area, given once and never again, and Orthanc removes it before it acknowledges whatever deletes or replaces it: as long
as the file is there, what was known of it holds. That more has been stored since is told by `stored`, which the host
calls before a store is acknowledged.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sightline.archive.protocol import InstanceRecord, StoredFile
from sightline.archive.register import RegisteredSeries, SeriesRegister, registered

_log = logging.getLogger(__name__)

Records = tuple[InstanceRecord, ...]

MAXIMUM_RECORDS = 100_000
"""About 50 MB. Studies that nobody asked for longest go first."""


@dataclass(eq=False)
class KnownStudy:
    """What is known of one study since the last store into it. Whoever asks the archive gets this first.

    Attributes
    ----------
    study_instance_uid : str
        Which study.
    patient_id : str or None
        Whose it is; None while nobody asked.
    instances : dict
        Record by SOP Instance UID.
    series : dict
        All records of a series, by Series Instance UID.
    touched : set
        Series of which an instance was looked up by itself: who asks for another one will want all of them.
    """

    study_instance_uid: str
    patient_id: str | None = None
    instances: dict[str, InstanceRecord] = field(default_factory=dict)
    series: dict[str, Records] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


class KnownFiles:
    """Remembers records and proves them. Safe between threads.

    What was found out while something was being stored into the same study goes into a `KnownStudy` that nobody will
    see again: so nothing outdated is remembered.

    Parameters
    ----------
    storage : Path, optional
        Orthanc's storage area. Without one no file can be proven, and only patients are remembered.
    register : SeriesRegister, optional
        Where series that were listed are kept beyond memory.
    maximum : int
        Bound of all records in memory together.
    """

    def __init__(
        self, storage: Path | None, register: SeriesRegister | None = None, maximum: int = MAXIMUM_RECORDS
    ) -> None:
        self.register = register if storage is not None else None
        self._root = None if storage is None else str(storage)
        self._maximum = maximum
        self._studies: OrderedDict[str, KnownStudy] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def study(self, study_instance_uid: str) -> KnownStudy:
        """Return what is known of a study, to be read and added to by `add` and `add_series`."""
        with self._lock:
            known = self._studies.get(study_instance_uid)
            if known is None:
                known = self._studies[study_instance_uid] = KnownStudy(study_instance_uid)
            else:
                self._studies.move_to_end(study_instance_uid)
            return known

    def stored(self, study_instance_uid: str) -> None:
        """Forget a study into which something is being stored or from which something was deleted; all if unknown."""
        with self._lock:
            if self.register is not None:
                try:
                    self.register.forget(study_instance_uid)
                except OSError as error:
                    _log.error("What each series holds is registered no more: %s", error.strerror)
                    self.register = None
            if not study_instance_uid:
                self._studies.clear()
                self._count = 0
            elif known := self._studies.pop(study_instance_uid, None):
                self._count -= _size(known)

    def watch(self, study_instance_uid: str) -> Callable[[], bool]:
        """Return a function that tells whether the study is still known as it is now."""
        if self._root is None:
            return _never
        studies, known = self._studies, self.study(study_instance_uid)
        return lambda: studies.get(study_instance_uid) is known

    def instance(self, known: KnownStudy, series_instance_uid: str, sop_instance_uid: str) -> InstanceRecord | None:
        """Return the record of an instance if it is known and its file still there."""
        record = known.instances.get(sop_instance_uid)
        if record is None:
            record = self._registered(known, series_instance_uid, sop_instance_uid)
        if record is None or record.series_instance_uid != series_instance_uid or not self.path(record.file):
            return None
        return record

    def series(self, known: KnownStudy, series_instance_uid: str) -> Records | None:
        """Return all records of a series if they are known and all their files still there."""
        records = known.series.get(series_instance_uid)
        if records is None:
            kept = self._kept(known, series_instance_uid)
            if kept is None:
                return None
            records = tuple(kept)
            self.add(known, records)
            known.series[series_instance_uid] = records
        return records if all(self.path(record.file) for record in records) else None

    def _registered(self, known: KnownStudy, series_instance_uid: str, sop_instance_uid: str) -> InstanceRecord | None:
        """Return the record of an instance from the register: alone the first time, then with its whole series."""
        if series_instance_uid in known.touched:
            self.series(known, series_instance_uid)
            return known.instances.get(sop_instance_uid)
        kept = self._kept(known, series_instance_uid)
        record = kept.instance(sop_instance_uid) if kept else None
        if record is not None:
            known.touched.add(series_instance_uid)
            self.add(known, [record])
        return record

    def _kept(self, known: KnownStudy, series_instance_uid: str) -> RegisteredSeries | None:
        """Return a series from the register, which knows whose it is, too."""
        if self.register is None:
            return None
        kept = self.register.get(known.study_instance_uid, series_instance_uid)
        if kept is not None:
            known.patient_id = kept.patient_id
        return kept

    def add(self, known: KnownStudy, records: Iterable[InstanceRecord]) -> None:
        """Remember instances."""
        if self._root is not None:
            with self._lock:
                before = _size(known)
                known.instances.update((record.sop_instance_uid, record) for record in records)
                self._grow(known, before)

    def add_series(self, known: KnownStudy, series_instance_uid: str, records: Records) -> None:
        """Remember that these are all instances of a series, and register it."""
        if self._root is None:
            return
        self.add(known, records)
        known.series[series_instance_uid] = records
        series = registered(known.patient_id or "", records)
        if self.register is not None and series is not None:
            with self._lock:
                # Under the lock, so that no store into the study is acknowledged meanwhile.
                if self._studies.get(known.study_instance_uid) is known:
                    self.register.put(series)

    def path(self, file: StoredFile) -> str | None:
        """Return where the file lies in the storage area, None if it is not there, or not as it is."""
        if self._root is None:
            return None
        uuid = file.uuid
        path = f"{self._root}/{uuid[0:2]}/{uuid[2:4]}/{uuid}"
        try:
            return path if os.stat(path).st_size == file.size else None  # noqa: PTH116 - called for every slice
        except OSError:
            return None

    def _grow(self, known: KnownStudy, before: int) -> None:
        """Count what was added, and forget the studies that nobody asked for longest."""
        if self._studies.get(known.study_instance_uid) is not known:
            return  # outdated meanwhile, and seen by nobody
        self._count += _size(known) - before
        while self._count > self._maximum and len(self._studies) > 1:
            _, forgotten = self._studies.popitem(last=False)
            self._count -= _size(forgotten)


def _never() -> bool:
    return False


def _size(known: KnownStudy) -> int:
    return len(known.instances)
