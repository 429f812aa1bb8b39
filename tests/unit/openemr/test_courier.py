"""Signed reports reach the EHR once each, whatever breaks on the way."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from sightline.openemr.results import file_drop, folder
from sightline.openemr.results.courier import Courier
from sightline.openemr.results.file_drop import MARKER, file_name, hidden_name
from sightline.openemr.results.self_test import self_test
from sightline.openemr.results.target import DeliveryError
from sightline.state.delivery import Delivery, DeliveryState, delivery_id
from sightline.state.report import SignedReport
from tests.support.dicom_files import image_file
from tests.support.openemr.mllp_in import MllpReceiver, acknowledgement
from tests.support.openemr.records import Order, OrderLine, Records
from tests.support.openemr.results_in import ResultsImport
from tests.support.openssh import SftpServer, sftp_server
from tests.support.ordered_reports import PDF, STUDY, RememberedOrders, RememberedReports, imaging_order, signed_report
from tests.support.site import Site


class Practice:
    """A site whose results go into a folder where an OpenEMR looks, or where `section` says."""

    def __init__(self, base: Path, *reports: SignedReport, **section: Any) -> None:
        self.folder = base / "results"
        self.folder.mkdir(exist_ok=True)
        results = {"Transport": "folder", "Folder": str(self.folder)} | section
        self.site = Site(base, (), Results=results)
        self.reports = RememberedReports(*(reports or (signed_report(),)))
        self.orders = RememberedOrders(imaging_order())
        self.pdfs = 0
        records = Records()
        john = records.add_patient("John", "Smith", "1980-01-01")
        records.orders.append(Order(42, john, 12, [OrderLine("71020", "Chest XR")]))
        self.emr = ResultsImport(records)
        self.restart()

    def restart(self) -> None:
        """Begin anew with what was remembered."""
        services: Any = replace(self.site.services, reports=self.reports, orders=self.orders)
        self.services = services
        self.courier = Courier(services, self.pdf)

    def pdf(self, _report: SignedReport, _link: str) -> bytes:
        self.pdfs += 1
        return PDF

    def round(self, **later: float) -> list[Delivery]:
        """Let time pass, let the courier go round once, and return how all stands, in the order of signing."""
        self.site.clock.advance(**(later or {"seconds": 1}))
        self.courier.go_round()
        return sorted(self.services.deliveries.list(None, 100), key=lambda one: one.sequence)

    def states(self, **later: float) -> list[tuple[str, str]]:
        return [(one.state.value, one.reason) for one in self.round(**later)]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    practice = Practice(tmp_path)
    yield practice
    practice.site.close()


ID = delivery_id("report-1", 1, "oru")


def test_a_signed_report_waits_for_import_and_is_delivered_when_it_was_taken(practice: Practice) -> None:
    assert practice.states() == [("waiting", "")]
    assert practice.files() == [file_name(ID)]
    assert practice.states(seconds=61) == [("waiting", "")]
    practice.emr.process(practice.folder)
    assert practice.emr.problems == {}
    assert practice.states(seconds=61) == [("delivered", "")]
    (report,) = practice.emr.reports
    assert (report.order.id, report.documents[0][2]) == (42, PDF)
    assert f"|{ID}|" not in practice.files()
    assert practice.states(hours=5) == [("delivered", "")]
    assert (practice.files(), practice.pdfs) == ([], 1)
    assert practice.site.events() == [("export", "0")]


def test_what_openemr_refuses_stays_waiting(practice: Practice) -> None:
    practice.emr.provider.recv_app = practice.emr.provider.recv_fac = practice.emr.provider.send_fac = "OTHER"
    practice.round()
    practice.emr.process(practice.folder)
    assert practice.emr.problems == {file_name(ID): "No lab matches"}
    assert practice.states(hours=30) == [("waiting", "")]


def test_a_day_without_the_emr_loses_nothing(practice: Practice) -> None:
    away = practice.folder.with_name("away")
    practice.folder.rename(away)
    assert practice.states() == [("failed", "folder")]
    gaps, last = [], practice.site.clock()
    for _ in range(24 * 60):
        (delivery,) = practice.round(minutes=1)
        if delivery.tried and delivery.tried > last:
            gaps.append((delivery.tried - last).total_seconds())
            last = delivery.tried
    assert gaps[0] <= 60
    assert gaps == sorted(gaps)
    assert max(gaps) <= 3660
    assert delivery.detail == "No such file or directory"
    practice.reports.all.append(signed_report(2))
    away.rename(practice.folder)
    practice.restart()
    assert [state for state, _ in practice.states(hours=1, seconds=1)] == ["waiting", "waiting"]
    practice.emr.process(practice.folder)
    assert len(practice.emr.reports) == 2
    assert [kind for kind, outcome in practice.site.events() if outcome == "4"] == ["export"], "said once"


def crash_at(monkeypatch: pytest.MonkeyPatch, method: str, is_after: bool) -> None:
    """The power fails before or after a step."""
    step = getattr(folder._Folder, method)

    def failing(self: Any, *arguments: Any) -> Any:
        if is_after:
            step(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(folder._Folder, method, failing)


@pytest.mark.parametrize("is_imported", [False, True], ids=["waiting", "imported"])
@pytest.mark.parametrize(("method", "is_after"), [("write", False), ("rename", False), ("rename", True)])
def test_a_crash_in_mid_delivery_sends_once(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, method: str, is_after: bool, is_imported: bool
) -> None:
    with monkeypatch.context() as patch:
        crash_at(patch, method, is_after)
        with pytest.raises(KeyboardInterrupt):
            practice.round()
    if is_imported:
        practice.emr.process(practice.folder)
    practice.restart()
    (delivery,) = practice.round(minutes=6)
    assert delivery.state in (DeliveryState.WAITING, DeliveryState.DELIVERED)
    practice.emr.process(practice.folder)
    practice.round(minutes=6)
    practice.emr.process(practice.folder)
    assert len(practice.emr.reports) == 1
    assert practice.states(minutes=6) == [("delivered", "")]
    assert [path.name for path in practice.folder.iterdir()] == [MARKER]


def test_a_mount_that_has_gone_is_not_taken_for_an_import(practice: Practice) -> None:
    practice.round()
    shutil.rmtree(practice.folder)
    practice.folder.mkdir()
    assert practice.states(seconds=61) == [("waiting", "other-folder")]


def test_openemr_never_sees_half_a_file(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    write = folder._Folder.write

    def watched(self: Any, name: str, content: bytes) -> None:
        write(self, name, content)
        seen.append((name, practice.files()))

    monkeypatch.setattr(folder._Folder, "write", watched)
    practice.round()
    assert seen == [(MARKER, []), (hidden_name(ID), [])]


def test_an_addendum_goes_after_its_report_as_a_correction(practice: Practice) -> None:
    practice.orders.all.clear()
    practice.reports.all.append(signed_report(2, id="report-1", version=2))
    assert practice.states() == [("held", "no-order"), ("queued", "")]
    practice.orders.all.append(imaging_order())
    practice.services.deliveries.retry(ID)
    assert [state for state, _ in practice.states()] == ["waiting", "queued"]
    assert [state for state, _ in practice.states()] == ["waiting", "waiting"]
    practice.emr.process(practice.folder)
    assert sorted(report.status for report in practice.emr.reports) == ["correct", "final"]


@pytest.mark.parametrize(("change", "reason"), [
    ({"patient_id": "8"}, "patient-id"), ({"patient_name": "Jones^Mary"}, "patient-name"),
    ({"birth_date": "19700202"}, "birth-date"),
])  # fmt: skip
def test_an_order_of_another_patient_is_never_answered(practice: Practice, change: dict[str, str], reason: str) -> None:
    practice.orders.all[:] = [imaging_order(**change)]
    assert practice.states() == [("held", reason)]
    assert practice.states(days=2) == [("held", reason)]
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("held", reason)], "asked to send all the same, it is looked at again"
    assert (practice.files(), practice.pdfs) == ([], 0)
    assert ("export", "4") in practice.site.events()
    practice.orders.all[:] = [imaging_order()]
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("waiting", "")]


def test_a_study_that_was_merged_into_another_patient_is_not_answered(practice: Practice) -> None:
    practice.site.archive._put(image_file(np.zeros((2, 2), np.uint16), StudyInstanceUID=STUDY, PatientID="8"))
    assert practice.states() == [("held", "patient-changed")]
    practice.site.archive._put(image_file(np.zeros((2, 2), np.uint16), StudyInstanceUID=STUDY, PatientID="7"))
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("held", "patient-changed")], "of two patients"
    practice.site.archive.forget(dcmread(BytesIO(practice.site.archive.files()[0])).SOPInstanceUID)
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("waiting", "")]


def test_what_openemr_refused_is_written_again_once_it_was_corrected(practice: Practice) -> None:
    practice.orders.all[:] = [imaging_order(encounter="13")]
    practice.round()
    practice.emr.process(practice.folder)
    assert practice.emr.problems[file_name(ID)] == "Encounter 13 does not match the order's"
    practice.orders.all[:] = [imaging_order()]
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("waiting", "")]
    practice.emr.process(practice.folder)
    assert practice.states(seconds=61) == [("delivered", "")]
    assert [report.order.id for report in practice.emr.reports] == [42]


def test_what_was_taken_in_meanwhile_is_not_written_again(practice: Practice) -> None:
    practice.round()
    practice.emr.process(practice.folder)
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("delivered", "")]
    assert len(practice.emr.reports) == 1
    assert practice.files() == []


@pytest.mark.parametrize("is_imported", [False, True])
def test_writing_again_survives_a_crash(practice: Practice, monkeypatch: pytest.MonkeyPatch, is_imported: bool) -> None:
    practice.round()
    practice.services.deliveries.retry(ID)
    with monkeypatch.context() as patch:
        crash_at(patch, "rename", is_after=False)
        with pytest.raises(KeyboardInterrupt):
            practice.round()
    if is_imported:
        practice.emr.process(practice.folder)
    practice.restart()
    assert practice.states(minutes=6) == [("delivered" if is_imported else "waiting", "")]
    practice.emr.process(practice.folder)
    assert len(practice.emr.reports) == 1
    assert [path.name for path in practice.folder.iterdir()] == [MARKER]


def test_many_that_wait_do_not_keep_a_new_one_waiting(practice: Practice) -> None:
    practice.reports.all[:] = [signed_report(number) for number in range(1, 61)]
    practice.round()
    practice.round()
    assert {state for state, _ in practice.states()} == {"waiting"}
    practice.reports.all.append(signed_report(61))
    assert practice.states(seconds=61)[-1] == ("waiting", "")


def test_reports_of_earlier_days_wait_for_a_person(tmp_path: Path) -> None:
    old = signed_report(1)
    practice = Practice(tmp_path, replace(old, signed=old.signed.replace(year=2025)))
    assert practice.states() == [("held", "before")]
    practice.reports.all.append(signed_report(2))
    assert practice.states() == [("held", "before"), ("waiting", "")]
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("waiting", ""), ("waiting", "")]
    practice.site.close()


def test_a_report_brought_by_hand_is_not_sent(practice: Practice) -> None:
    practice.orders.all.clear()
    practice.round()
    practice.services.deliveries.close(ID)
    assert practice.states(days=1) == [("delivered", "elsewhere")]


def test_two_nodes_send_once(practice: Practice) -> None:
    practice.site.clock.advance(seconds=1)
    practice.courier._take_in()
    (delivery,) = practice.services.deliveries.due("oru")
    assert practice.services.deliveries.claim(delivery)
    assert not practice.services.deliveries.claim(delivery)
    assert practice.services.deliveries.due("oru") == ()


def test_the_pdf_failing_is_tried_again(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(practice.courier, "_make_pdf", lambda *_: 1 / 0)
        assert practice.states() == [("failed", "here")]
    assert practice.states(minutes=1) == [("waiting", "")]


@pytest.mark.parametrize("hours", [0, 48])
def test_the_image_link_opens_the_study_with_or_without_a_login(tmp_path: Path, hours: int) -> None:
    practice = Practice(tmp_path, LinkHours=hours)
    practice.round()
    text = (practice.folder / file_name(ID)).read_text()
    (report,) = practice.emr.receive(text)
    found = re.search(r"Images: (\S+)$", report.texts[0])
    assert found
    if hours:
        link_id, _, secret = found[1].rpartition("/")[2].partition("#")
        session = practice.site.access.links.exchange(link_id, secret)
        assert [p.study_instance_uid for p in session.grant.permissions] == [STUDY]
    else:
        assert found[1] == f"https://pacs.example/sightline/iid?requestType=STUDY&studyUID={STUDY}"
    practice.site.close()


def test_a_link_that_nobody_got_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    practice = Practice(tmp_path, LinkHours=48)
    (practice.folder / MARKER).touch()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folder._Folder, "write", full)
        assert practice.states() == [("failed", "folder")]
    assert [kind for kind, _ in practice.site.events()] == ["export", "link-create", "link-revoke", "export"]
    with monkeypatch.context() as patch:
        patch.setattr(folder._Folder, "rename", full)
        assert practice.states(minutes=1) == [("failed", "folder")]
    assert practice.states(minutes=2) == [("waiting", "")]
    (report,) = practice.emr.receive((practice.folder / file_name(ID)).read_text())
    link_id, _, secret = report.texts[0].rpartition("/")[2].partition("#")
    assert practice.site.access.links.exchange(link_id, secret), (
        "the file that was written before has a link that opens"
    )
    practice.site.close()


def test_mllp_obeys_the_answer(tmp_path: Path) -> None:
    with MllpReceiver() as receiver:
        practice = Practice(tmp_path, Transport="mllp", Mllp=receiver.address)
        receiver.answer = lambda message: None
        assert practice.states() == [("failed", "mllp-no-answer")]
        receiver.answer = lambda message: acknowledgement(message, "AE", "busy")
        (delivery,) = practice.round(minutes=1)
        assert (delivery.state, delivery.reason, delivery.detail) == ("failed", "mllp-error", "busy")
        receiver.answer = lambda message: acknowledgement(message, "AR", "unknown order")
        assert practice.states(minutes=2) == [("held", "mllp-reject")]
        receiver.answer = lambda message: acknowledgement(message.replace(ID, "SL-OTHER"), "AA")
        practice.services.deliveries.retry(ID)
        assert practice.states() == [("failed", "mllp-no-answer")]
        receiver.answer = lambda message: acknowledgement(message, "AA")
        assert practice.states(minutes=1) == [("delivered", "")]
        assert {message.split("|")[9] for message in receiver.messages} == {ID}, "a repetition can be known"
        assert self_test(practice.services).is_ok
    assert not self_test(practice.services).is_ok
    practice.site.close()


def test_a_large_message_goes_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MllpReceiver() as receiver:
        practice = Practice(tmp_path, Transport="mllp", Mllp=receiver.address)
        large = PDF + os.urandom(6_000_000)
        monkeypatch.setattr(practice.courier, "_make_pdf", lambda *_: large)
        assert practice.states() == [("delivered", "")]
        assert practice.emr.receive(receiver.messages[0])[0].documents[0][2] == large
        practice.site.close()


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def test_sftp_to_a_real_server(tmp_path: Path, sftp: SftpServer) -> None:
    practice = Practice(tmp_path, Transport="sftp", Sftp=sftp.section())
    assert practice.states() == [("waiting", "")]
    assert sorted(path.name for path in sftp.folder.iterdir()) == [MARKER, file_name(ID)]
    assert practice.states(seconds=61) == [("waiting", "")]
    before = (sftp.folder / file_name(ID)).read_bytes()
    practice.services.deliveries.retry(ID)
    assert practice.states() == [("waiting", "")]
    assert (sftp.folder / file_name(ID)).read_bytes() != before
    practice.emr.process(sftp.folder)
    assert practice.states(seconds=61) == [("delivered", "")]
    assert practice.emr.reports[0].documents[0][2] == PDF
    result = self_test(practice.services)
    assert (result.is_ok, result.seen) == (True, "A file was written and removed. 0 files wait to be taken in.")
    practice.site.close()


def test_sftp_goes_on_after_the_line_was_lost(
    tmp_path: Path, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = Practice(tmp_path, signed_report(7), Transport="sftp", Sftp=sftp.section())
    with monkeypatch.context() as patch:
        from sightline.openemr.results import sftp as module

        rename = module._SftpFolder.rename

        def lost(self: Any, old: str, new: str) -> None:
            rename(self, old, new)
            raise EOFError

        patch.setattr(module._SftpFolder, "rename", lost)
        assert practice.states() == [("failed", "sftp")]
    practice.emr.process(sftp.folder)
    assert practice.states(minutes=1) == [("delivered", "")]
    assert len(practice.emr.reports) == 1
    practice.site.close()


@pytest.mark.parametrize(("change", "reason"), [
    ({"HostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}, "sftp-host-key"),
    ({"HostKey": "ssh-ed25519"}, "sftp-host-key"),
    ({"user": "nobody-here"}, "sftp-login"),
    ({"folder": "/nowhere"}, "sftp"),
    ({"port": 1}, "sftp"),
    ({"KeyFile": "/nowhere"}, "sftp-login"),
    ({"KeyFile": "", "PasswordFile": "/nowhere"}, "sftp-login"),
    ({"KeyFile": "", "PasswordFile": "/etc/hostname"}, "sftp-login"),
])  # fmt: skip
def test_sftp_that_does_not_work_says_why(
    tmp_path: Path, sftp: SftpServer, change: dict[str, Any], reason: str
) -> None:
    practice = Practice(tmp_path, Transport="sftp", Sftp=sftp.section(**change))
    assert practice.states() == [("failed", reason)]
    result = self_test(practice.services)
    assert not result.is_ok
    assert result.advice
    practice.site.close()


def test_the_self_test_of_a_folder(practice: Practice) -> None:
    assert self_test(practice.services).is_ok
    assert list(practice.folder.iterdir()) == []
    practice.folder.rmdir()
    result = self_test(practice.services)
    assert (result.is_ok, result.seen) == (False, "It did not work: No such file or directory.")
    assert "Results.Folder" in result.advice


def test_without_a_way_out_nothing_happens(tmp_path: Path) -> None:
    site = Site(tmp_path, ())
    courier = Courier(site.services)
    courier.begin()
    courier.close()
    assert not self_test(site.services).is_ok
    assert site.services.deliveries.list(None, 10) == ()
    site.close()


def test_the_thread_delivers_and_ends(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.openemr.results.courier.SECONDS_BETWEEN", 0.01)
    practice.restart()
    practice.courier.begin()
    for _ in range(500):
        if practice.files():
            break
        practice.courier._rounds._stopping.wait(0.01)
    practice.courier.close()
    assert practice.files() == [file_name(ID)]


def test_errors_are_one_short_line() -> None:
    error = DeliveryError("folder", "two\nlines " + "x" * 1000)
    assert error.detail.startswith("two lines xx")
    assert len(error.detail) == 300
    assert file_drop.file_name("A").startswith("A")
