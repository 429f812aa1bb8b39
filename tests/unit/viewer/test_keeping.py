"""What readers marked becomes a report in the archive: in the right name, once, and in spite of what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb
from sightline.errors import UnavailableError
from sightline.rendering.engine import RenderingEngine
from sightline.state.database import Database, open_database, sqlite_url
from sightline.state.finding_versions import FindingVersions
from sightline.state.findings import StoredFindings
from sightline.viewer.keeping import save_due
from sightline.viewer.report_series import report_series
from sightline.web.services import Services
from tests.support.clock import Clock
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file, slices_of
from tests.support.fake_archive import FakeArchive
from tests.support.findings import EVERY_TOOL, finding
from tests.support.viewer_server import ADMINISTRATOR, ViewerApplication, small_engine, viewer_services

STUDY, SERIES = "1.2.826.0.1.7", "1.2.826.0.1.7.1"
PATH = f"/sightline/api/studies/{STUDY}/findings"
VALUES = np.random.default_rng(7).integers(-1000, 1000, (2, 8, 6)).astype(np.int16)
SPACING = (0.7, 0.8)


def image_files() -> list[bytes]:
    return slices_of(
        VALUES, [(0.0, 0.0, 2.0 * k) for k in range(2)], spacing=SPACING, StudyInstanceUID=STUDY, RescaleSlope=1,
        SeriesInstanceUID=SERIES, PatientID="P-7", PatientName="Doe^Jane", RescaleIntercept=24, RescaleType="HU",
        FrameOfReferenceUID="1.2.826.0.1.9", AccessionNumber="ACC7",
    )  # fmt: skip


class Desk:
    """A site that readers work at, whose clock moves when a test says so."""

    def __init__(self, engine_of: Callable[[FakeArchive], RenderingEngine], folder: Path) -> None:
        self.archive = FakeArchive(image_files())
        self.clock = Clock()
        self.folder = folder
        self._engine_of = engine_of
        self.database: Database
        self.services: Services
        self.restart()

    def restart(self) -> None:
        self.database = open_database(sqlite_url(self.folder), self.clock)
        services = viewer_services(self.archive, self._engine_of(self.archive), self.folder, database=self.database)
        self.services = replace(services, clock=self.clock)

    def lose_state(self) -> None:
        self.database.close()
        for file in self.folder.glob("sightline.db*"):
            file.unlink()
        self.restart()

    def client(self, name: str = "Ann", *verbs: Verb) -> Client:
        permission = Permission(frozenset(verbs or (Verb.VIEW, Verb.ANNOTATE)), STUDY)
        return Client(ViewerApplication(self.services, Grant(f"link:{name}", (permission,), name=f"Dr {name}")))

    def draw(self, tool: str = "length", name: str = "", base: int = 0, by: str = "Ann", **more: Any) -> dict[str, Any]:
        drawn = finding(STUDY, SERIES, self.instance(), tool, name) | more
        self.send(by, {"finding": drawn, "base": base})
        return drawn

    def send(self, by: str, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = self.client(by).post(PATH, json={"changes": list(changes), **more})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json or {}
        return told

    def get(self, path: str = PATH, by: str = "Ann") -> dict[str, Any]:
        answer = self.client(by).get(path)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json or {}
        return told

    def save(self, by: str = "Ann") -> dict[str, Any]:
        answer = self.client(by).post(f"{PATH}/save", json={})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json or {}
        return told

    def instance(self) -> str:
        records = self.archive.series_instances(ADMINISTRATOR, STUDY, SERIES)
        return sorted(records, key=lambda record: record.sop_instance_uid)[0].sop_instance_uid

    def reports(self) -> list[Dataset]:
        datasets = (dcmread(BytesIO(content)) for content in self.archive.files())
        return [dataset for dataset in datasets if dataset.Modality == "SR"]


@pytest.fixture(scope="module")
def engine_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[FakeArchive], RenderingEngine]]:
    with closing(small_engine(FakeArchive(), tmp_path_factory.mktemp("tables"))) as engine:

        def give(archive: FakeArchive) -> RenderingEngine:
            engine._archive = archive
            return engine

        yield give


@pytest.fixture
def desk(engine_of: Callable[[FakeArchive], RenderingEngine], tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(engine_of, tmp_path)
    yield desk
    desk.database.close()


def predecessors(dataset: Dataset) -> list[str]:
    return [
        str(reference.ReferencedSOPInstanceUID)
        for study in dataset.get("PredecessorDocumentsSequence") or ()
        for series in study.ReferencedSeriesSequence
        for reference in series.ReferencedSOPSequence
    ]


def numbers(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return what each group measured, by its label."""
    told = {}
    for group in dataset.ContentSequence[-1].ContentSequence:
        names = [item for item in group.ContentSequence if item.ValueType == "TEXT"]
        label = next(item.TextValue for item in names if item.ConceptNameCodeSequence[0].CodeValue == "125309")
        told[label] = {
            item.ConceptNameCodeSequence[0].CodeMeaning: item.MeasuredValueSequence[0].FloatingPointValue
            for item in group.ContentSequence
            if item.ValueType == "NUM"
        }
    return told


def test_a_pause_of_half_a_minute_makes_a_report_in_the_readers_name(desk: Desk) -> None:
    desk.draw(name="first")
    desk.clock.advance(seconds=29)
    save_due(desk.services)
    assert desk.reports() == []
    told = desk.get()
    assert (told["saved"], told["pending"]) == (None, True)
    desk.clock.advance(seconds=2)
    save_due(desk.services)
    (report,) = desk.reports()
    assert (report.PatientID, report.PatientName, report.AccessionNumber) == ("P-7", "Doe^Jane", "ACC7")
    assert (report.StudyInstanceUID, report.SeriesInstanceUID) == (STUDY, report_series(STUDY))
    assert report.AuthorObserverSequence[0].PersonName == "Dr Ann"
    told = desk.get()
    assert (told["saved"]["instance"], told["saved"]["revision"]) == (report.SOPInstanceUID, told["revision"])
    assert (told["pending"], told["problem"]) == (False, None)
    save_due(desk.services)
    assert len(desk.reports()) == 1


def test_leaving_makes_a_report_at_once_and_each_follows_the_one_before(desk: Desk) -> None:
    drawn = desk.draw(name="first")
    desk.send("Ann", leaving=True)
    save_due(desk.services)
    desk.send("Ann", {"finding": drawn | {"label": "renamed"}, "base": 1}, leaving=True)
    save_due(desk.services)
    first, second = sorted(desk.reports(), key=lambda dataset: int(dataset.InstanceNumber))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SeriesNumber == second.SeriesNumber
    assert (predecessors(first), predecessors(second)) == ([], [first.SOPInstanceUID])
    told = desk.get(f"{PATH}/reports")["reports"]
    assert sorted((each["superseded"], each["findings"][0]["label"]) for each in told) == [
        (False, "renamed"), (True, "first"),
    ]  # fmt: skip
    assert {each["ours"] for each in told} == {True}
    assert {each["time"] for each in told} == {"2026-11-21T12:00:00.000+00:00"}
    study = desk.get(f"/sightline/api/studies/{STUDY}")
    listed = [one["instance"] for series in study["series"] for one in series.get("documents", ())]
    assert listed == [second.SOPInstanceUID]


def test_a_readers_work_is_stored_in_their_name_before_anothers(desk: Desk) -> None:
    drawn = desk.draw(name="Ann's", by="Ann")
    desk.send("Bob", {"finding": drawn | {"label": "Bob's"}, "base": 1})
    desk.save("Bob")
    first, second = sorted(desk.reports(), key=lambda dataset: int(dataset.InstanceNumber))
    names = [dataset.AuthorObserverSequence[0].PersonName for dataset in (first, second)]
    assert names == ["Dr Ann", "Dr Bob"]
    assert [list(numbers(dataset)) for dataset in (first, second)] == [["Ann's"], ["Bob's"]]
    assert predecessors(second) == [first.SOPInstanceUID]


def test_numbers_are_those_of_the_file(desk: Desk) -> None:
    for tool in EVERY_TOOL:
        if tool != "calibration":
            desk.draw(tool, tool)
    desk.save()
    (report,) = desk.reports()
    told = numbers(report)
    down, across = SPACING
    assert told["length"]["Length"] == pytest.approx(np.hypot(3 * across, 4 * down))
    assert told["bidirectional"]["Long Axis"] == pytest.approx(4 * across)
    assert told["bidirectional"]["Short Axis"] == pytest.approx(3 * down)
    assert told["rectangle"]["Area"] == pytest.approx(3 * across * 5 * down)
    assert told["ellipse"]["Area"] == pytest.approx(np.pi * 2 * across * 3 * down)
    first = next(
        dcmread(BytesIO(content)) for content in desk.archive.files() if desk.instance().encode() in content[:2000]
    )
    inside = first.pixel_array[1:6, 1:4].astype(float) + 24
    assert told["rectangle"]["Mean"] == pytest.approx(inside.mean())
    assert told["rectangle"]["Maximum"] == inside.max()
    assert told["rectangle"]["Minimum"] == inside.min()
    assert told["rectangle"]["Standard Deviation"] == pytest.approx(inside.std(ddof=1))
    assert told["angle"]["Angle"] == pytest.approx(_angle(across, down))
    assert told["point"] == told["arrow"] == told["text"] == {}


def _angle(across: float, down: float) -> float:
    one, other = np.array([-2 * across, -2 * down]), np.array([2 * across, -2 * down])
    return float(np.degrees(np.arccos(one @ other / np.hypot(*one) / np.hypot(*other))))


def test_an_archive_that_fails_is_told_and_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.draw(name="kept")

    def fail(*_: object) -> None:
        raise UnavailableError("The archive does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(desk.archive, "store", fail)
        told = desk.save()
        assert (told["saved"], told["problem"], told["pending"]) == (None, "The archive does not answer.", True)
        desk.clock.advance(seconds=14)
        save_due(desk.services)
        desk.clock.advance(seconds=2)
    assert desk.get()["problem"] == "The archive does not answer."
    save_due(desk.services)
    assert len(desk.reports()) == 1
    told = desk.get()
    assert (told["problem"], told["pending"]) == (None, False)


def test_a_restart_loses_nothing_and_stores_nothing_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.draw(name="kept")
    desk.database.close()
    desk.clock.advance(minutes=1)
    desk.restart()
    with monkeypatch.context() as patched:  # the process ends between the archive's answer and our own note of it
        patched.setattr(FindingVersions, "stored", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            save_due(desk.services)
    (report,) = desk.reports()
    desk.database.close()
    desk.restart()
    desk.clock.advance(minutes=5)
    save_due(desk.services)
    assert [each.SOPInstanceUID for each in desk.reports()] == [report.SOPInstanceUID]
    assert desk.get()["saved"]["instance"] == report.SOPInstanceUID


def test_two_nodes_store_once(desk: Desk) -> None:
    desk.draw(name="kept")
    desk.send("Ann", leaving=True)
    other = open_database(sqlite_url(desk.folder), desk.clock)
    node = replace(desk.services, findings=StoredFindings(other), versions=FindingVersions(other))
    threads = [threading.Thread(target=save_due, args=(services,)) for services in (desk.services, node)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(desk.reports()) == 1


def test_a_lost_state_is_found_again_in_the_last_report(desk: Desk) -> None:
    drawn = [desk.draw(tool, f"{tool} “ü”\n日本", colour=3, hidden=tool == "point") for tool in EVERY_TOOL]
    desk.save()
    desk.draw("length", "later", by="Bob")
    desk.save("Bob")
    last = max(desk.reports(), key=lambda dataset: int(dataset.InstanceNumber))
    before = {each["finding"]["id"]: each for each in desk.get()["findings"]}
    desk.lose_state()
    told = desk.get()
    after = {each["finding"]["id"]: each for each in told["findings"]}
    assert {id_: each["finding"] for id_, each in after.items()} == {
        id_: each["finding"] for id_, each in before.items()
    }
    assert len(after) == len(drawn) + 1
    assert {id_: each["author"] for id_, each in after.items()} == {id_: each["author"] for id_, each in before.items()}
    assert {id_: each["changed"] for id_, each in after.items()} == {
        id_: each["changed"] for id_, each in before.items()
    }
    assert (told["saved"]["instance"], told["saved"]["version"]) == (last.SOPInstanceUID, 2)
    desk.draw("circle", "newest")
    desk.save()
    newest = max(desk.reports(), key=lambda dataset: int(dataset.InstanceNumber))
    assert predecessors(newest) == [last.SOPInstanceUID]
    assert len(newest.ContentSequence[-1].ContentSequence) == len(drawn) + 2


def test_the_last_of_many_reports_is_found_without_reading_all(desk: Desk) -> None:
    for number in range(7):
        desk.draw("point", f"{number}")
        desk.save()
    desk.lose_state()
    read: list[str] = []
    run = desk.services.engine.run

    def count(task: str, arguments: Any, buffers: Any = (), deadline: float | None = None) -> Any:
        read.extend(str(file) for file in arguments.get("files", ()) if "read_reports" in task)
        return run(task, arguments, buffers, deadline)

    engine = SimpleNamespace(run=count, describe=desk.services.engine.describe)
    desk.services = replace(desk.services, engine=engine)
    assert len(desk.get()["findings"]) == 7
    assert len(read) == 4


def test_removing_everything_makes_a_report_that_says_so(desk: Desk) -> None:
    drawn = desk.draw(name="gone")
    desk.save()
    desk.send("Ann", {"remove": drawn["id"], "base": 1}, leaving=True)
    save_due(desk.services)
    assert len(desk.reports()) == 2
    desk.lose_state()
    assert desk.get()["findings"] == []


def test_findings_on_deleted_images_stay_in_the_reports_before(desk: Desk) -> None:
    desk.draw(name="first")
    desk.save()
    desk.archive.forget(desk.instance())
    other = desk.draw(name="second")
    desk.save()
    newest = max(desk.reports(), key=lambda dataset: int(dataset.InstanceNumber))
    assert list(numbers(newest)) == [other["label"]]
    assert len(desk.get()["findings"]) == 2


def test_what_nobody_can_refer_to_any_more_waits(desk: Desk) -> None:
    desk.draw(name="first")
    while True:
        try:
            desk.archive.forget(desk.instance())
        except Exception:
            break
    told = desk.save()
    assert (told["saved"], told["pending"]) == (None, True)
    assert "not here any more" in told["problem"]


def test_who_may_not_annotate_stores_nothing(desk: Desk) -> None:
    desk.draw(name="first")
    assert desk.client("Eve", Verb.VIEW).post(f"{PATH}/save", json={}).status_code == 403
    assert desk.client("Eve", Verb.SEARCH).get(f"{PATH}/reports").status_code == 403
    assert desk.client("Eve", Verb.VIEW).get(f"{PATH}/reports").status_code == 200
    assert desk.reports() == []


def other_peoples(name: str, **changes: Any) -> bytes:
    """Return a report of the corpus as one of this study."""
    dataset = dcmread(real_file(name))
    dataset.StudyInstanceUID, dataset.PatientID = STUDY, "P-7"
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    target = BytesIO()
    dataset.save_as(target)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:The value length")
def test_reports_of_others_are_shown_where_their_images_are(desk: Desk) -> None:
    content = other_peoples("sr-circle.dcm")
    image = "1.2.826.0.1.3680043.9.7278.1.83798073110115.20240516075655.3.6"
    desk.archive._put(content)
    (report,) = desk.get(f"{PATH}/reports")["reports"]
    assert (report["ours"], report["findings"]) == (False, [])
    assert "not in this study" in report["problems"][0]
    desk.archive._put(
        image_file(np.zeros((30, 30), np.int16), StudyInstanceUID=STUDY, SeriesInstanceUID=f"{SERIES}9",
                   SOPInstanceUID=image, PatientID="P-7")
    )  # fmt: skip
    evidence = "1.2.826.0.1.3680043.9.7278.1.83101114105101115.20240516075655.2"
    assert evidence.encode() in content
    desk.archive._put(other_peoples("sr-circle.dcm", CurrentRequestedProcedureEvidenceSequence=[]))
    (report,) = desk.get(f"{PATH}/reports")["reports"]
    assert [(each["tool"], each["series"], each["frame"]) for each in report["findings"]] == [
        ("circle", f"{SERIES}9", 1)
    ] * 3
    assert report["findings"][0]["values"][:2] == [
        {"name": "Radius", "value": 2.0, "unit": "mm"}, {"name": "Area", "value": 0.125663706144, "unit": "cm²"},
    ]  # fmt: skip
    assert report["software"] == "DWV_0.35.0-beta.21"


def test_a_report_that_only_looks_like_ours_is_looked_at_like_any_other(desk: Desk) -> None:
    desk.draw(name="spoiled ")
    desk.draw("circle", "fine")
    desk.save()
    (report,) = desk.reports()
    group = next(each for each in report.ContentSequence[-1].ContentSequence if b"spoiled" in str(each).encode())
    element = group.private_block(0x0077, "SIGHTLINE FINDING")[0x01]
    element.value = element.value.replace('"tool":"length"', '"tool":"<script>"')
    target = BytesIO()
    report.save_as(target)
    desk.archive._put(target.getvalue())
    desk.lose_state()
    (told,) = desk.get(f"{PATH}/reports")["reports"]
    assert [each["label"] for each in told["findings"]] == ["fine"]
    assert told["problems"] == ["Part of it is drawn in a way that cannot be shown here."]
    assert [each["finding"]["label"] for each in desk.get()["findings"]] == ["fine"]


@pytest.mark.filterwarnings("ignore:The value length")
def test_a_changed_report_of_another_becomes_a_version_after_it(desk: Desk) -> None:
    foreign = other_peoples("sr-ruler.dcm")
    desk.archive._put(foreign)
    uid = str(dcmread(BytesIO(foreign)).SOPInstanceUID)
    drawn = finding(STUDY, SERIES, desk.instance(), "length", "theirs, corrected")
    desk.send("Ann", {"finding": drawn, "base": 0}, predecessors=[uid])
    desk.save()
    ours = next(dataset for dataset in desk.reports() if dataset.SOPInstanceUID != uid)
    assert predecessors(ours) == [uid]
    told = {each["instance"]: each for each in desk.get(f"{PATH}/reports")["reports"]}
    assert (told[uid]["superseded"], told[ours.SOPInstanceUID]["superseded"]) == (True, False)
