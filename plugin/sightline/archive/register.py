"""What each series holds, kept on disk, so that its first frame needs no look-up in an index, however much is stored.

One file for each series, in a folder for each study, written when a series was listed, removed before a store into its
study is acknowledged. It is right as long as its host was told of every store; so it is only taken over from one run to
the next if nothing was stored in between.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

from sightline.archive.protocol import InstanceRecord, StoredFile

VERSION = 1
MAXIMUM_STUDIES = 20_000
"""Folders of so many studies are taken over into the next run; the newest stay."""

_STATE = "state"


@dataclass(frozen=True)
class RegisteredSeries:
    """A series as it was listed, in the form of its file: records are made of it one by one.

    Parameters
    ----------
    patient_id, study_instance_uid, series_instance_uid : str
        Whose and which.
    lines : bytes
        For each instance a line ``SOP Instance UID, Orthanc id, file uuid, size, MD5``, tabs between, each line between
        line feeds.
    """

    patient_id: str
    study_instance_uid: str
    series_instance_uid: str
    lines: bytes

    def instance(self, sop_instance_uid: str) -> InstanceRecord | None:
        """Return the record of one instance, None if the series has none such."""
        start = self.lines.find(f"\n{sop_instance_uid}\t".encode())
        if start < 0:
            return None
        return self._record(self.lines[start + 1 : self.lines.index(b"\n", start + 1)])

    def __iter__(self) -> Iterator[InstanceRecord]:
        """Yield all records."""
        return map(self._record, self.lines.strip(b"\n").split(b"\n"))

    def _record(self, line: bytes) -> InstanceRecord:
        sop, identifier, uuid, size, md5 = line.decode().split("\t")
        place = (self.study_instance_uid, self.series_instance_uid, sop)
        return InstanceRecord(identifier, *place, StoredFile(uuid, int(size), md5))


def registered(patient_id: str, records: tuple[InstanceRecord, ...]) -> RegisteredSeries | None:
    """Return all records of one series, one or more, in the form of its file; None where a UID cannot stand in it."""
    first = records[0]
    lines = (
        f"{r.sop_instance_uid}\t{r.orthanc_id}\t{r.file.uuid}\t{r.file.size}\t{r.file.md5}".encode() for r in records
    )
    content = b"\n" + b"\n".join(lines) + b"\n"
    if content.count(b"\t") != 4 * len(records) or content.count(b"\n") != len(records) + 1:
        return None
    return RegisteredSeries(patient_id, first.study_instance_uid, first.series_instance_uid, content)


class SeriesRegister:
    """Keeps `RegisteredSeries` on disk. Whoever uses it sees to it that `put` and `forget` do not overlap.

    Parameters
    ----------
    folder : Path
        Made if missing, readable by its owner only. It can be deleted at any time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def take_over(self, state: str) -> None:
        """Begin a run: keep what the last run left if it left it in this state of the archive, else nothing."""
        file = self._folder / _STATE
        try:
            left = file.read_text(encoding="utf-8")
        except OSError:
            left = ""
        # Without it, what a run leaves that ends suddenly is not taken over.
        file.unlink(missing_ok=True)
        folders = sorted(self._folder.glob("??/*"), key=lambda path: path.stat().st_mtime)
        for folder in folders[: -MAXIMUM_STUDIES if left == _stated(state) else None]:
            shutil.rmtree(folder, ignore_errors=True)

    def leave(self, state: str) -> None:
        """End a run: the next one may take over if the archive is in this state then."""
        (self._folder / _STATE).write_text(_stated(state), encoding="utf-8")

    def get(self, study_instance_uid: str, series_instance_uid: str) -> RegisteredSeries | None:
        """Return a series, None if it is not kept."""
        try:
            content = self._path(study_instance_uid, series_instance_uid).read_bytes()
            head, _, _ = content.partition(b"\n")
            version, patient_id, *place = json.loads(head)
        except (OSError, ValueError):
            return None
        if version != VERSION or place != [study_instance_uid, series_instance_uid]:
            return None
        return RegisteredSeries(patient_id, study_instance_uid, series_instance_uid, content[len(head) :])

    def put(self, series: RegisteredSeries) -> None:
        """Keep a series; where that is impossible it is listed again when it is asked for."""
        path = self._path(series.study_instance_uid, series.series_instance_uid)
        names = [series.patient_id, series.study_instance_uid, series.series_instance_uid]
        partial = path.with_suffix(".partial")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(json.dumps([VERSION, *names]).encode() + series.lines)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)

    def forget(self, study_instance_uid: str) -> None:
        """Keep nothing of a study; of any where it is empty.

        Raises
        ------
        OSError
            It cannot be removed, and what is registered must not be believed any more.
        """
        folder = self._study(study_instance_uid) if study_instance_uid else self._folder
        if os.path.isdir(folder):  # noqa: PTH112 - asked at every store
            shutil.rmtree(folder)
            self._folder.mkdir(mode=0o700, exist_ok=True)

    def _study(self, study_instance_uid: str) -> str:
        name = _name(study_instance_uid)
        return f"{self._folder}/{name[:2]}/{name}"

    def _path(self, study_instance_uid: str, series_instance_uid: str) -> Path:
        return Path(self._study(study_instance_uid), _name(series_instance_uid))


def _name(uid: str) -> str:
    return sha1(uid.encode(), usedforsecurity=False).hexdigest()


def _stated(state: str) -> str:
    return json.dumps([VERSION, state])
