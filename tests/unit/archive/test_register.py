"""What is kept of series on disk: exact, gone with the first store, and not taken over when something came between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.archive.known import KnownFiles
from sightline.archive.protocol import InstanceRecord, StoredFile
from sightline.archive.register import RegisteredSeries, SeriesRegister, registered

STUDY, SERIES = "1.2", "1.2.3"


def records(count: int = 3, study: str = STUDY, series: str = SERIES) -> tuple[InstanceRecord, ...]:
    return tuple(
        InstanceRecord(f"id{n}", study, series, f"{series}.{n}", StoredFile(f"uuid-{n}", 100 + n, f"md5-{n}"))
        for n in range(1, count + 1)
    )


def series_of(patient: str = "P^1\tü", **place: str) -> RegisteredSeries:
    found = registered(patient, records(**place))  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.fixture
def register(tmp_path: Path) -> SeriesRegister:
    return SeriesRegister(tmp_path / "register")


def test_what_is_put_is_got(register: SeriesRegister) -> None:
    """All of it, or one record; and of no other study or series."""
    assert register.get(STUDY, SERIES) is None
    register.put(series_of())
    kept = register.get(STUDY, SERIES)
    assert kept is not None
    assert kept.patient_id == "P^1\tü"
    assert tuple(kept) == records()
    assert [kept.instance(f"{SERIES}.{n}") for n in (1, 2, 3)] == list(records())
    assert kept.instance(SERIES) is kept.instance(f"{SERIES}.33") is kept.instance("2.3.1") is None
    assert register.get(STUDY, "1.2.4") is register.get("1.3", SERIES) is None


def test_a_uid_that_would_break_a_line_is_not_kept() -> None:
    evil = replace(records(1)[0], sop_instance_uid="1.2\t9")
    assert registered("P1", (evil,)) is None
    assert registered("P1", (replace(evil, sop_instance_uid="1.2\n9"),)) is None


def test_forgotten(register: SeriesRegister) -> None:
    """A study with all its series, and nothing else; or everything."""
    for study, series in ((STUDY, SERIES), (STUDY, "1.2.4"), ("1.9", "1.9.1")):
        register.put(series_of(study=study, series=series))
    register.forget(STUDY)
    assert register.get(STUDY, SERIES) is register.get(STUDY, "1.2.4") is None
    assert register.get("1.9", "1.9.1") is not None
    register.forget("")
    assert register.get("1.9", "1.9.1") is None
    register.put(series_of())
    assert register.get(STUDY, SERIES) is not None


@pytest.mark.parametrize(("left", "found", "taken"), [("a", "a", True), ("a", "b", False), (None, "a", False)])
def test_taken_over_if_nothing_came_between(tmp_path: Path, left: str | None, found: str, taken: bool) -> None:
    """Also not after a sudden end, which leaves no state; and a state serves once."""
    register = SeriesRegister(tmp_path)
    register.put(series_of())
    if left is not None:
        register.leave(left)
    register = SeriesRegister(tmp_path)
    register.take_over(found)
    assert (register.get(STUDY, SERIES) is not None) is taken
    register.take_over(found)
    assert register.get(STUDY, SERIES) is None


def test_damaged(register: SeriesRegister, tmp_path: Path) -> None:
    """What cannot be read is as good as nothing."""
    register.put(series_of())
    (path,) = (tmp_path / "register").glob("*/*/*")
    for content in (b"", b"[]\n", b'[99, "P1", "1.2", "1.2.3"]\nx\n', b"\xff\xfe"):
        path.write_bytes(content)
        assert register.get(STUDY, SERIES) is None


def test_memory_and_register_together(register: SeriesRegister, tmp_path: Path) -> None:
    """A new run finds what was listed, with whose it is; after a store it does not, whoever was listing meanwhile."""
    storage = tmp_path / "storage"
    made = records()
    for record in made:
        path = storage / record.file.uuid[0:2] / record.file.uuid[2:4] / record.file.uuid
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * record.file.size)
    first = KnownFiles(storage, register)
    known = first.study(STUDY)
    known.patient_id = "P1"
    first.add_series(known, SERIES, made)
    second = KnownFiles(storage, register)
    again = second.study(STUDY)
    assert second.instance(again, SERIES, made[1].sop_instance_uid) == made[1]
    assert again.patient_id == "P1"
    assert len(again.instances) == 1
    assert second.instance(again, SERIES, made[0].sop_instance_uid) == made[0]
    assert second.series(again, SERIES) == made
    second.stored(STUDY)
    assert second.instance(second.study(STUDY), SERIES, made[0].sop_instance_uid) is None
    second.add_series(again, SERIES, made)
    assert register.get(STUDY, SERIES) is None
    assert second.series(second.study(STUDY), SERIES) is None


def test_what_cannot_be_forgotten_is_believed_no_more(
    register: SeriesRegister, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KnownFiles(tmp_path, register)
    register.put(series_of())

    def fail(_study: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(register, "forget", fail)
    files.stored(STUDY)
    assert files.register is None
    assert files.series(files.study(STUDY), SERIES) is None
