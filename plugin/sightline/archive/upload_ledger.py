"""What each upload has newly stored, so that it can be taken back: this process's memory of the last ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from sightline.archive.protocol import InstanceRecord

MAXIMUM_RECORDS = 200_000
"""About 100 MB. Uploads that were added to longest ago are forgotten first, and cannot be taken back any more."""

Key = tuple[str, str, str]
"""Subject and session of the person, and a name of the upload that their page has made."""


class UploadLedger:
    """Safe between threads."""

    def __init__(self, maximum: int = MAXIMUM_RECORDS) -> None:
        self._maximum = maximum
        self._uploads: OrderedDict[Key, dict[str, InstanceRecord]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def add(self, key: Key, record: InstanceRecord, is_new: bool = True) -> None:
        """Remember that this upload stored an instance: one that is new, or once more one that this upload brought.

        The archive may keep a file that is stored again as another one, so the last record counts. What neither is
        new nor came with this upload is not remembered: it was there before.
        """
        with self._lock:
            records = self._uploads.get(key, {})
            if record.orthanc_id in records:
                records[record.orthanc_id] = record
            if record.orthanc_id in records or not is_new:
                return
            self._uploads.setdefault(key, {})[record.orthanc_id] = record
            self._uploads.move_to_end(key)
            self._count += 1
            while self._count > self._maximum and len(self._uploads) > 1:
                _, oldest = self._uploads.popitem(last=False)
                self._count -= len(oldest)

    def take(self, key: Key, most: int) -> tuple[Sequence[InstanceRecord], int]:
        """Return and forget up to so many records of an upload, the latest first, and how many are left."""
        with self._lock:
            records = self._uploads.get(key, {})
            taken = [records.popitem()[1] for _ in range(min(most, len(records)))]
            self._count -= len(taken)
            if not records:
                self._uploads.pop(key, None)
            return taken, len(records)
