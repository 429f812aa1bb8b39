"""What is remembered of stored files is proven each time, forgotten in time, and bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.archive.known import KnownFiles
from sightline.archive.protocol import InstanceRecord, StoredFile


class Storage:
    """A storage area with Orthanc's layout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def record(self, study: str = "1.2", series: str = "1.2.3", size: int = 5) -> InstanceRecord:
        """Store something and return its record."""
        self.count += 1
        uuid = f"{self.count:08x}-0000-4000-8000-000000000000"
        path = self.path(uuid)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        return InstanceRecord(f"id{self.count}", study, series, f"{series}.{self.count}", StoredFile(uuid, size, "md5"))

    def path(self, uuid: str) -> Path:
        return self.folder / uuid[0:2] / uuid[2:4] / uuid


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


def test_a_file_proves_its_record(storage: Storage, tmp_path: Path) -> None:
    """It is right while the file is there as it was, and nothing once the file has gone or is another."""
    files, record = KnownFiles(tmp_path), storage.record()
    known = files.study("1.2")
    assert files.instance(known, "1.2.3", record.sop_instance_uid) is None
    files.add(known, [record])
    assert files.instance(known, "1.2.3", record.sop_instance_uid) is record
    assert files.instance(known, "1.2.4", record.sop_instance_uid) is None
    storage.path(record.file.uuid).write_bytes(b"compressed")
    assert files.instance(known, "1.2.3", record.sop_instance_uid) is None
    storage.path(record.file.uuid).unlink()
    assert files.instance(known, "1.2.3", record.sop_instance_uid) is None
    assert files.path(record.file) is None


def test_a_series_is_all_or_nothing(storage: Storage, tmp_path: Path) -> None:
    """One file that has gone makes the whole series unknown."""
    files, records = KnownFiles(tmp_path), tuple(storage.record() for _ in range(3))
    known = files.study("1.2")
    assert files.series(known, "1.2.3") is None
    files.add_series(known, "1.2.3", records)
    assert files.series(files.study("1.2"), "1.2.3") == records
    assert files.instance(known, "1.2.3", records[1].sop_instance_uid) is records[1]
    storage.path(records[2].file.uuid).unlink()
    assert files.series(known, "1.2.3") is None


@pytest.mark.parametrize("told", ["1.2", ""])
def test_a_store_makes_its_study_unknown(storage: Storage, tmp_path: Path, told: str) -> None:
    """Also for whoever was asking meanwhile: what they found may be outdated already."""
    files, record = KnownFiles(tmp_path), storage.record()
    asking = files.study("1.2")
    files.stored(told)
    asking.patient_id = "P1"
    files.add_series(asking, "1.2.3", (record,))
    known = files.study("1.2")
    assert known is not asking
    assert (known.patient_id, files.series(known, "1.2.3")) == (None, None)


def test_a_store_leaves_other_studies_known(storage: Storage, tmp_path: Path) -> None:
    files, record = KnownFiles(tmp_path), storage.record()
    files.add_series(files.study("1.2"), "1.2.3", (record,))
    files.stored("9.9")
    assert files.series(files.study("1.2"), "1.2.3") == (record,)


def test_without_a_storage_area_nothing_is_proven(storage: Storage) -> None:
    files, record = KnownFiles(None), storage.record()
    known = files.study("1.2")
    files.add_series(known, "1.2.3", (record,))
    assert files.series(known, "1.2.3") is None
    assert files.instance(known, "1.2.3", record.sop_instance_uid) is None


def test_bounded(storage: Storage, tmp_path: Path) -> None:
    """The studies that nobody asked for longest go first; counts stay right through stores."""
    files = KnownFiles(tmp_path, maximum=10)
    for number in range(5):
        study = f"1.{number}"
        files.add(files.study(study), [storage.record(study) for _ in range(3)])
        files.study("1.0")
    assert [bool(files.study(f"1.{number}").instances) for number in range(5)] == [True, False, False, True, True]
    files.stored("1.3")
    files.add(files.study("1.7"), [storage.record("1.7") for _ in range(3)])
    assert len(files.study("1.0").instances) == len(files.study("1.4").instances) == 3
