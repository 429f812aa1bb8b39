"""What every Archive promises."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import generate_uid

from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb, administrator
from sightline.archive.protocol import ARRIVING, LABELS, LAST_UPDATE, NEWEST_FIRST, Archive, Level, Order, Query
from sightline.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnprocessableError,
)
from tests.support.dicom_files import image_file
from tests.support.nested import nested_file

ADMIN = administrator("admin")


@dataclass
class Series:
    """Three slices of one series, with identifiers that no other test uses."""

    study: str
    series: str
    sops: list[str]
    files: list[bytes]
    patient: str

    def slice(self, number: int, level: int = 0, **attributes: object) -> bytes:
        """Return one slice whose pixels all have the value `level`."""
        own: dict[str, object] = {
            "StudyInstanceUID": self.study,
            "SeriesInstanceUID": self.series,
            "SOPInstanceUID": self.sops[number],
            "InstanceNumber": number + 1,
            "PatientID": self.patient,
            "PatientName": "Contract^Ada",
        }
        return image_file(np.full((8, 8), level, np.int16), **(own | attributes))


@pytest.fixture
def stored(archive: Archive) -> Series:
    """Store three slices."""
    series = Series(generate_uid(), generate_uid(), [generate_uid() for _ in range(3)], [], generate_uid()[-16:])
    series.files = [series.slice(number, number) for number in range(3)]
    for content in series.files:
        result = archive.store(ADMIN, content)
        assert (result.study_instance_uid, result.series_instance_uid) == (series.study, series.series)
        assert not result.existed
    return series


def viewer(study: str) -> Grant:
    """Return the grant of somebody who may view one study."""
    return Grant("link:x", (Permission(frozenset({Verb.VIEW}), study),))


def test_store_says_what_was_stored(archive: Archive) -> None:
    """All four identifiers come back."""
    sop = generate_uid()
    result = archive.store(ADMIN, image_file(np.zeros((4, 4), np.int16), SOPInstanceUID=sop, PatientID=sop[-9:]))
    assert result.sop_instance_uid == sop
    assert result.sop_class_uid == "1.2.840.10008.5.1.4.1.1.2"


def test_read_is_byte_identical(archive: Archive, stored: Series) -> None:
    """What is read is what was stored."""
    for sop, content in zip(stored.sops, stored.files, strict=True):
        record = archive.instance(ADMIN, stored.study, stored.series, sop)
        assert record.file.size == len(content)
        assert archive.read(ADMIN, record) == content
        source = archive.source(ADMIN, record)
        assert (source.content if source.path is None else Path(source.path).read_bytes()) == content


def test_series_has_all_instances(archive: Archive, stored: Series) -> None:
    """All of them, each with its own file."""
    records = archive.series_instances(ADMIN, stored.study, stored.series)
    assert {record.sop_instance_uid for record in records} == set(stored.sops)
    assert len({record.file.uuid for record in records}) == 3


def test_whose_study_it_is(archive: Archive, stored: Series) -> None:
    assert archive.patient_id(ADMIN, stored.study) == archive.patient_id(viewer(stored.study), stored.study)
    assert archive.patient_id(ADMIN, stored.study) == stored.patient
    with pytest.raises(NotFoundError):
        archive.patient_id(ADMIN, generate_uid())
    with pytest.raises(UnauthenticatedError):
        archive.patient_id(ANONYMOUS, stored.study)
    archive.delete_study(ADMIN, stored.study)
    with pytest.raises(NotFoundError):
        archive.patient_id(ADMIN, stored.study)


def test_any_instance_is_one_of_the_series(archive: Archive, stored: Series) -> None:
    """With the identity of its file, and of no other study's series."""
    record = archive.any_instance(ADMIN, stored.study, stored.series)
    assert record == archive.instance(ADMIN, stored.study, stored.series, record.sop_instance_uid)
    assert record.sop_instance_uid in stored.sops
    with pytest.raises(NotFoundError):
        archive.any_instance(ADMIN, generate_uid(), stored.series)
    with pytest.raises(UnauthenticatedError):
        archive.any_instance(ANONYMOUS, stored.study, stored.series)


def test_overwrite_is_seen_at_once(archive: Archive, stored: Series) -> None:
    """Another file for the same UIDs has another identity, and the old record no longer reads."""
    before = archive.instance(ADMIN, stored.study, stored.series, stored.sops[0])
    content = stored.slice(0, 99)
    archive.store(ADMIN, content)
    after = archive.instance(ADMIN, stored.study, stored.series, stored.sops[0])
    assert after.file.uuid != before.file.uuid
    assert archive.read(ADMIN, after) == content
    with pytest.raises(NotFoundError):
        archive.read(ADMIN, before)
    uuids = {record.file.uuid for record in archive.series_instances(ADMIN, stored.study, stored.series)}
    assert before.file.uuid not in uuids
    assert after.file.uuid in uuids


def test_an_instance_more_is_seen_at_once(archive: Archive, stored: Series) -> None:
    """What was known of a series does not hide what has been stored since."""
    assert len(archive.series_instances(ADMIN, stored.study, stored.series)) == 3
    archive.store(ADMIN, stored.slice(0, SOPInstanceUID=generate_uid()))
    assert len(archive.series_instances(ADMIN, stored.study, stored.series)) == 4


def test_a_second_patient_is_seen_at_once(archive: Archive, stored: Series) -> None:
    """The same UIDs of somebody else: from then on it is not known who the patient is."""
    archive.instance(ADMIN, stored.study, stored.series, stored.sops[0])
    archive.store(ADMIN, stored.slice(0, PatientID=generate_uid()[-12:]))
    with pytest.raises(ConflictError):
        archive.instance(ADMIN, stored.study, stored.series, stored.sops[1])
    with pytest.raises(ConflictError):
        archive.series_instances(ADMIN, stored.study, stored.series)


def test_deletion_is_seen_at_once(archive: Archive, stored: Series) -> None:
    """Nothing of the study is found any more."""
    archive.delete_study(ADMIN, stored.study)
    with pytest.raises(NotFoundError):
        archive.instance(ADMIN, stored.study, stored.series, stored.sops[0])
    with pytest.raises(NotFoundError):
        archive.series_instances(ADMIN, stored.study, stored.series)
    with pytest.raises(NotFoundError):
        archive.delete_study(ADMIN, stored.study)
    assert archive.search(ADMIN, Query(Level.STUDY, {"StudyInstanceUID": stored.study})).rows == ()


def test_one_instance_deleted_then_its_series(archive: Archive, stored: Series) -> None:
    """The others stay; the study goes with its last series; nothing goes by the path of another study."""
    archive.delete_instance(ADMIN, stored.study, stored.series, stored.sops[1])
    left = archive.series_instances(ADMIN, stored.study, stored.series)
    assert {record.sop_instance_uid for record in left} == {stored.sops[0], stored.sops[2]}
    for call in (
        lambda: archive.delete_instance(ADMIN, stored.study, stored.series, stored.sops[1]),
        lambda: archive.delete_instance(ADMIN, stored.study, generate_uid(), stored.sops[0]),
        lambda: archive.delete_series(ADMIN, generate_uid(), stored.series),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert len(archive.series_instances(ADMIN, stored.study, stored.series)) == 2
    archive.delete_series(ADMIN, stored.study, stored.series)
    assert archive.search(ADMIN, Query(Level.STUDY, {"StudyInstanceUID": stored.study})).rows == ()


@pytest.mark.parametrize(
    "matches",
    [
        {"PatientName": "Contract*"},
        {"PatientName": "contract^ad?"},
        {"StudyDate": "20260101-20260131"},
        {"StudyDate": "20260102"},
        {"ModalitiesInStudy": "CT"},
    ],
)
def test_search_matches(archive: Archive, stored: Series, matches: dict[str, str]) -> None:
    """Wildcards, ranges and modalities find the study."""
    query = Query(Level.STUDY, {**matches, "PatientID": stored.patient})
    assert [row["StudyInstanceUID"] for row in archive.search(ADMIN, query).rows] == [stored.study]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Zażółć^Łucja", "Zażół?^?ucja"),
        ("Müller^Jörg", "m?LLER^j?rg"),
        ("山田^太郎", "??^?郎"),
        ("Иванов^Пётр", "И?АНОВ*"),
        ("Buc^Jérôme", "B*^J?r?m?"),
    ],
)
def test_a_question_mark_is_any_character(archive: Archive, stored: Series, name: str, wanted: str) -> None:
    """Of any script, and exactly one; pages are of what really matches."""
    more: dict[str, object] = {"PatientName": name, "SpecificCharacterSet": "ISO_IR 192"}
    patient, studies = generate_uid()[-16:], sorted(generate_uid() for _ in range(2))
    for study in studies:
        archive.store(ADMIN, stored.slice(0, PatientID=patient, StudyInstanceUID=study, **more))
    query = Query(Level.STUDY, {"PatientID": patient, "PatientName": wanted})
    assert sorted(row["StudyInstanceUID"] for row in archive.search(ADMIN, query).rows) == studies
    pages = [archive.search(ADMIN, replace(query, limit=1, offset=offset)) for offset in (0, 1, 2)]
    assert [(len(page.rows), page.more) for page in pages] == [(1, True), (1, False), (0, False)]
    assert {row["StudyInstanceUID"] for page in pages for row in page.rows} == set(studies)
    longer = replace(query, matches={**query.matches, "PatientName": f"?{wanted}"})
    assert archive.search(ADMIN, longer).rows == ()


@pytest.mark.parametrize("matches", [{"PatientName": "Other*"}, {"StudyDate": "20250101-20251231"}])
def test_search_leaves_out(archive: Archive, stored: Series, matches: dict[str, str]) -> None:
    """What does not match is not found."""
    assert archive.search(ADMIN, Query(Level.STUDY, {**matches, "PatientID": stored.patient})).rows == ()


@pytest.mark.parametrize("date", [None, ""], ids=["absent", "empty"])
@pytest.mark.parametrize("wanted", ["20260101-", "-20991231", "19000101-20991231"])
def test_a_range_leaves_out_what_has_no_date(archive: Archive, stored: Series, date: str | None, wanted: str) -> None:
    """Open at either end or not."""
    patient = generate_uid()[-16:]
    undated = stored.slice(0, PatientID=patient, StudyInstanceUID=generate_uid(), StudyDate=date)
    archive.store(ADMIN, undated)
    assert len(archive.search(ADMIN, Query(Level.STUDY, {"PatientID": patient})).rows) == 1
    assert archive.search(ADMIN, Query(Level.STUDY, {"PatientID": patient, "StudyDate": wanted})).rows == ()


@pytest.mark.parametrize(
    ("time", "wanted", "is_found"),
    [("101500", "1015", True), ("101559.5", "10-1015", True), ("101600", "10-1015", False), ("1015", "101500-", True)],
)
def test_times_match_by_what_they_cover(
    archive: Archive, stored: Series, time: str, wanted: str, is_found: bool
) -> None:
    """A key to the minute stands for the whole minute."""
    patient = generate_uid()[-16:]
    archive.store(ADMIN, stored.slice(0, PatientID=patient, StudyInstanceUID=generate_uid(), StudyTime=time))
    found = archive.search(ADMIN, Query(Level.STUDY, {"PatientID": patient, "StudyTime": wanted})).rows
    assert len(found) == is_found


def test_search_below(archive: Archive, stored: Series) -> None:
    """Series of a study, instances of a series."""
    series = archive.search(ADMIN, Query(Level.SERIES, study_instance_uid=stored.study)).rows
    assert [row["SeriesInstanceUID"] for row in series] == [stored.series]
    query = Query(Level.INSTANCE, study_instance_uid=stored.study, series_instance_uid=stored.series)
    assert {row["SOPInstanceUID"] for row in archive.search(ADMIN, query).rows} == set(stored.sops)


def test_search_by_pages(archive: Archive, stored: Series) -> None:
    """Pages cover everything once, and say whether more follow."""
    query = Query(Level.INSTANCE, study_instance_uid=stored.study, limit=2)
    first, second = archive.search(ADMIN, query), archive.search(ADMIN, replace(query, offset=2))
    assert (len(first.rows), first.more, len(second.rows), second.more) == (2, True, 1, False)
    assert {row["SOPInstanceUID"] for row in (*first.rows, *second.rows)} == set(stored.sops)


def test_counts_follow_what_is_stored(archive: Archive, stored: Series) -> None:
    """Also once they were counted while nothing changed, and within the second in which something does."""
    query = Query(
        Level.STUDY,
        {"StudyInstanceUID": stored.study},
        attributes=("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
    )

    def counts() -> tuple[str, ...]:
        (row,) = archive.search(ADMIN, query).rows
        return tuple(row[name] for name in query.attributes)

    assert counts() == ("CT", "1", "3")
    time.sleep(2.1)
    assert counts() == counts() == ("CT", "1", "3")
    archive.store(
        ADMIN, stored.slice(0, SOPInstanceUID=generate_uid(), SeriesInstanceUID=generate_uid(), Modality="MR")
    )
    assert counts() == ("CT\\MR", "2", "4")
    archive.delete_instance(ADMIN, stored.study, stored.series, stored.sops[0])
    assert counts() == ("CT\\MR", "2", "3")
    time.sleep(2.1)
    assert counts() == counts() == ("CT\\MR", "2", "3")
    archive.delete_series(ADMIN, stored.study, stored.series)
    assert counts() == ("MR", "1", "1")


def test_newest_first(archive: Archive, stored: Series) -> None:
    """Studies by falling date and time."""
    other = image_file(
        np.zeros((4, 4), np.int16),
        PatientID=stored.patient,
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        StudyDate="20260301",
    )
    archive.store(ADMIN, other)
    rows = archive.search(ADMIN, Query(Level.STUDY, {"PatientID": stored.patient}, order=NEWEST_FIRST)).rows
    assert [row["StudyDate"] for row in rows] == ["20260301", "20260102"]


def test_sorted_pages_cover_everything_once(archive: Archive, stored: Series) -> None:
    """Also where many rows have the same key; the count is of all pages."""
    names = {generate_uid(): name for name in ("Beta", "Alpha", "Beta", "Alpha", "Beta")}
    for study, name in names.items():
        archive.store(
            ADMIN, stored.slice(0, StudyInstanceUID=study, SeriesInstanceUID=generate_uid(), StudyDescription=name)
        )
    archive.delete_study(ADMIN, stored.study)
    matches, order = {"PatientID": stored.patient}, [Order("StudyDescription", True), Order("StudyDate")]
    query = Query(Level.STUDY, matches, order=order, limit=2, is_bare=True)
    pages = [archive.search(ADMIN, replace(query, offset=offset)).rows for offset in (0, 2, 4)]
    found = [row["StudyInstanceUID"] for rows in pages for row in rows]
    assert found == sorted(name for name in names if names[name] == "Beta") + sorted(
        name for name in names if names[name] == "Alpha"
    )
    assert archive.count(ADMIN, query) == 5
    assert archive.count(ADMIN, replace(query, matches={**matches, "StudyDescription": "Alp?a"})) == 2


def test_series_are_found_by_what_they_show_and_when(archive: Archive, stored: Series) -> None:
    """Also by attributes of their study; told is which study each belongs to."""
    knee = generate_uid()
    archive.store(
        ADMIN, stored.slice(0, SOPInstanceUID=generate_uid(), SeriesInstanceUID=knee, BodyPartExamined="KNEE")
    )
    for wanted, dates, found in (
        ("KNEE", "20260101-", [knee]), ("ANKLE\\KNEE", "20260102", [knee]), ("ANKLE", "20260102", []),
        ("KNEE", "20260103-", []),
    ):  # fmt: skip
        matches = {"PatientID": stored.patient, "BodyPartExamined": wanted, "StudyDate": dates}
        rows = archive.search(ADMIN, Query(Level.SERIES, matches, is_bare=True)).rows
        assert [row["SeriesInstanceUID"] for row in rows] == found
        assert all(row["StudyInstanceUID"] == stored.study for row in rows)


def test_a_study_tells_whether_it_is_arriving(archive: Archive, stored: Series) -> None:
    """And when something of it was stored last; both for whom it is asked only."""
    query = Query(Level.STUDY, study_instance_uid=stored.study)
    (row,) = archive.search(viewer(stored.study), replace(query, attributes=[ARRIVING, "StudyDescription"])).rows
    assert row[ARRIVING] in ("true", "false")
    assert re.fullmatch(r"\d{8}T\d{6}", row[LAST_UPDATE])
    assert not {ARRIVING, LAST_UPDATE} & set(archive.search(viewer(stored.study), query).rows[0])


def test_labels_are_put_on_found_and_taken_off(archive: Archive, stored: Series) -> None:
    """Of studies only, and by those who may annotate; twice is once."""
    label, query = f"label-{generate_uid()[-8:]}", Query(Level.STUDY, attributes=[LABELS])
    annotator = Grant("link:x", (Permission(frozenset({Verb.ANNOTATE}), stored.study),))
    for _ in range(2):
        archive.add_label(annotator, stored.study, label)
    archive.add_label(ADMIN, stored.study, "checked")
    (row,) = archive.search(ADMIN, replace(query, labels=[label, "checked"])).rows
    assert (row["StudyInstanceUID"], set(row[LABELS].split("\\"))) == (stored.study, {label, "checked"})
    assert label in archive.labels(ADMIN)
    assert archive.count(ADMIN, replace(query, labels=[label])) == 1
    for _ in range(2):
        archive.remove_label(annotator, stored.study, label)
    assert archive.count(ADMIN, replace(query, labels=[label])) == 0
    for call in (archive.add_label, archive.remove_label):
        with pytest.raises(NotFoundError):
            call(ADMIN, generate_uid(), label)
        with pytest.raises(BadRequestError):
            call(ADMIN, stored.study, "not a label")
        with pytest.raises(ForbiddenError):
            call(viewer(stored.study), stored.study, label)
    with pytest.raises(ForbiddenError):
        archive.labels(annotator)


def test_what_has_come_since(archive: Archive, stored: Series) -> None:
    """Studies, not instances; nothing without a moment to count from, and nothing that has gone again."""
    before = archive.arrivals(ADMIN)
    assert before.study_instance_uids == ()
    assert archive.arrivals(ADMIN, before.token) == before
    came, gone = generate_uid(), generate_uid()
    for study in (gone, came):
        archive.store(ADMIN, stored.slice(0, StudyInstanceUID=study, SeriesInstanceUID=generate_uid()))
    archive.delete_study(ADMIN, gone)
    after = archive.arrivals(ADMIN, before.token)
    assert came in after.study_instance_uids
    assert not {gone, stored.study} & set(after.study_instance_uids)
    assert after.token != before.token
    with pytest.raises(BadRequestError):
        archive.arrivals(ADMIN, "yesterday")
    with pytest.raises(UnauthenticatedError):
        archive.arrivals(ANONYMOUS)


@pytest.mark.parametrize("content", [b"", b"no DICOM file", b"PK\x03\x04 an archive", nested_file(33)])
def test_refused_content(archive: Archive, content: bytes) -> None:
    """What is no single, reasonably nested DICOM file is refused."""
    with pytest.raises(UnprocessableError):
        archive.store(ADMIN, content)


def test_nobody(archive: Archive, stored: Series) -> None:
    """Without a grant nothing works, and it says to log in."""
    record = archive.instance(ADMIN, stored.study, stored.series, stored.sops[0])
    calls = [
        lambda: archive.search(ANONYMOUS, Query(Level.STUDY)),
        lambda: archive.search(ANONYMOUS, Query(Level.SERIES, study_instance_uid=stored.study)),
        lambda: archive.count(ANONYMOUS, Query(Level.STUDY)),
        lambda: archive.series_instances(ANONYMOUS, stored.study, stored.series),
        lambda: archive.instance(ANONYMOUS, stored.study, stored.series, stored.sops[0]),
        lambda: archive.source(ANONYMOUS, record),
        lambda: archive.read(ANONYMOUS, record),
        lambda: archive.store(ANONYMOUS, stored.files[0]),
        lambda: archive.delete_study(ANONYMOUS, stored.study),
        lambda: archive.delete_series(ANONYMOUS, stored.study, stored.series),
        lambda: archive.delete_instance(ANONYMOUS, stored.study, stored.series, stored.sops[0]),
    ]
    for call in calls:
        with pytest.raises(UnauthenticatedError):
            call()


def test_viewer_of_one_study(archive: Archive, stored: Series) -> None:
    """Sees that study, and can neither search, store, delete nor see another one."""
    grant = viewer(stored.study)
    assert len(archive.series_instances(grant, stored.study, stored.series)) == 3
    assert len(archive.search(grant, Query(Level.SERIES, study_instance_uid=stored.study)).rows) == 1
    calls = [
        lambda: archive.search(grant, Query(Level.STUDY)),
        lambda: archive.search(grant, Query(Level.SERIES, study_instance_uid="1.2.3")),
        lambda: archive.series_instances(grant, "1.2.3", stored.series),
        lambda: archive.instance(grant, "1.2.3", stored.series, stored.sops[0]),
        lambda: archive.store(grant, stored.files[0]),
        lambda: archive.delete_study(grant, stored.study),
        lambda: archive.delete_series(grant, stored.study, stored.series),
        lambda: archive.delete_instance(grant, stored.study, stored.series, stored.sops[0]),
    ]
    for call in calls:
        with pytest.raises(ForbiddenError):
            call()


def test_another_study_does_not_hide_in_the_path(archive: Archive, stored: Series) -> None:
    """A series is found below its own study only, so that a grant for another study does not open it."""
    with pytest.raises(NotFoundError):
        archive.series_instances(ADMIN, generate_uid(), stored.series)
    with pytest.raises(NotFoundError):
        archive.instance(ADMIN, stored.study, generate_uid(), stored.sops[0])
