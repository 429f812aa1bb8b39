"""The routes of reports: who may write, who reads what, and that a signature stands for what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import BasicTextSRStorage, EncapsulatedPDFStorage
from werkzeug.test import Client

from sightline.access.audit import AuditEvent, Outcome
from sightline.access.grant import ANONYMOUS, Grant, Permission, Verb
from sightline.errors import UnavailableError
from sightline.objects.text_report import make_text_report
from sightline.state.database import open_database, sqlite_url
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.viewer.report_keeping import store_due
from sightline.viewer.routes import ROUTES
from sightline.web.services import Services
from tests.support.clock import Clock
from tests.support.dicom_files import image_file
from tests.support.fake_archive import FakeArchive
from tests.support.findings import finding
from tests.support.reports import ADDENDUM, FINDINGS, IMPRESSION, addendum, draft
from tests.support.viewer_server import ViewerApplication, link_grant, small_engine, viewer_services

STUDY, PRIOR, OTHER = "1.2.826.0.1.80", "1.2.826.0.1.81", "1.2.826.0.1.82"
SERIES = f"{STUDY}.1"
IMAGE = f"{SERIES}.1"
PATH = f"/sightline/api/studies/{STUDY}/report"
WRITES = (Verb.SEARCH, Verb.VIEW, Verb.ANNOTATE, Verb.REPORT)


def files() -> list[bytes]:
    def image(study: str, **more: Any) -> bytes:
        known = {
            "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.1.1",
            "SeriesNumber": 1, "PatientName": "Doe^Jane", "PatientID": "P8", "PatientBirthDate": "19601231",
            "BodyPartExamined": "CHEST", "StudyDescription": "CT thorax", "ReferringPhysicianName": "House^Gregory",
            "AccessionNumber": "ACC8",
        }  # fmt: skip
        return image_file(np.arange(64, dtype=np.int16).reshape(8, 8), **known | more)

    cine = image_file(
        np.zeros((3, 4, 4), np.int16), StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.2", SeriesNumber=2,
        SOPInstanceUID=f"{STUDY}.2.1", NumberOfFrames=3, PatientName="Doe^Jane", PatientID="P8",
        PatientBirthDate="19601231",
    )  # fmt: skip
    return [image(STUDY), cine, image(PRIOR, StudyDate="20250102"), image(OTHER, PatientID="P9")]


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive(files())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(archive: FakeArchive, clock: Clock, tmp_path: Path) -> Iterator[Services]:
    with (
        closing(small_engine(archive, tmp_path / "tables")) as engine,
        closing(open_database(sqlite_url(tmp_path / "state"), clock)) as database,
    ):
        yield replace(viewer_services(archive, engine, tmp_path, database=database), clock=clock)


@pytest.fixture
def client_of(services: Services) -> Callable[..., Client]:
    """Clients by grant, all of one state."""
    return lambda grant=ADA: Client(ViewerApplication(services, grant))


def reader(name: str, *verbs: Verb, study: str | None = None) -> Grant:
    return Grant(name, (Permission(frozenset(verbs or WRITES), study),), name=f"Dr {name.title()}")


ADA, BOB = reader("ada"), reader("bob")


def keep(client: Client, body: Any, base: int = 0) -> int:
    answer = client.put(f"{PATH}/draft", json={"base": base, "draft": body})
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"revision"}, answer.json
    return int(answer.json["revision"])


def signed(client: Client, body: Any) -> Any:
    answer = client.post(f"{PATH}/sign", json={"revision": keep(client, body)})
    assert answer.status_code == 201, answer.text
    return answer.json


def stored(archive: FakeArchive, sop_class: str) -> list[Dataset]:
    found = [dcmread(BytesIO(content)) for content in archive.files()]
    return sorted((one for one in found if one.SOPClassUID == sop_class), key=lambda one: one.InstanceNumber)


def test_a_new_report_begins_with_the_template_that_fits(client_of: Callable[..., Client]) -> None:
    told = client_of().get(PATH).json
    assert (told["mayReport"], told["author"], told["draft"], told["versions"]) == (True, "Dr Ada", None, [])
    assert told["suggested"] == "ct_chest"
    assert {"id": "general", "name": "General"} in told["templates"]
    wish = {
        "template": "ct_chest",
        "findings": ["Nodule: 12.3 mm (pixel spacing)", "{{ 7 * 7 }}"],
        "comparison": "CT of 2025",
    }
    filled = client_of().post(f"{PATH}/template", json=wish).json
    assert filled["title"] == "CT Chest Report"
    texts = {section["code"]: section["text"] for section in filled["sections"]}
    assert texts["55111-9"] == "CT thorax"
    assert texts["18834-2"] == "CT of 2025"
    assert texts[FINDINGS].endswith("Nodule: 12.3 mm (pixel spacing)\n{{ 7 * 7 }}")
    assert client_of().post(f"{PATH}/template", json={"template": "../secret"}).status_code == 404


def test_a_draft_is_kept_for_its_author_and_shown_to_others(client_of: Callable[..., Client]) -> None:
    ada, bob = client_of(), client_of(BOB)
    revision = keep(ada, draft("first"))
    assert keep(ada, draft("second\r\nline"), revision) > revision
    told = ada.get(PATH).json
    assert told["draft"]["draft"] == draft("second\nline")
    seen = bob.get(PATH).json
    assert seen["draft"] is None
    assert [(one["author"], one["draft"]["sections"][0]["text"]) for one in seen["others"]] == [
        ("Dr Ada", "second\nline")
    ]
    keep(bob, draft("his"))
    assert ada.get(PATH).json["draft"]["draft"]["sections"][0]["text"] == "second\nline"
    assert bob.delete(f"{PATH}/draft").status_code == 204
    assert ada.get(PATH).json["others"] == []


def test_two_windows_of_one_reader_are_told_of_each_other(client_of: Callable[..., Client]) -> None:
    one, two = client_of(), client_of()
    base = keep(one, draft("start"))
    keep(one, draft("here"), base)
    answer = two.put(f"{PATH}/draft", json={"base": base, "draft": draft("there")}).json
    assert answer["conflict"]["draft"]["sections"][0]["text"] == "here"
    assert keep(two, draft("there"), answer["revision"]) > base
    one.delete(f"{PATH}/draft")
    assert two.put(f"{PATH}/draft", json={"base": base, "draft": draft("x")}).json == {"revision": 0, "gone": True}


def test_what_is_signed_stands_and_names_who_signed(client_of: Callable[..., Client], services: Services) -> None:
    ada = client_of()
    key = {"series": f"{STUDY}.2", "instance": f"{STUDY}.2.1", "frame": 2}
    told = signed(ada, draft(keyFrames=[key, key]))
    (version,) = told["versions"]
    assert (version["author"], version["stored"], version["problem"]) == ("Dr Ada", False, "")
    assert version["keyFrames"] == [key]
    (report,) = services.reports.signed_after(0)
    assert (report.patient_id, report.patient_name, report.accession_number) == ("P8", "Doe^Jane", "ACC8")
    assert report.key_frames[0].label == "CT series 2, image 2 of 3"
    assert (report.modality, report.requester, report.author_subject) == ("CT", "House^Gregory", "ada")
    assert ada.get(PATH).json["draft"] is None
    # A study has one report: what comes later is an addendum.
    again = ada.post(f"{PATH}/sign", json={"revision": keep(ada, draft("another"))})
    assert (again.status_code, again.json["code"]) == (409, "signed-meanwhile")
    assert len(services.reports.signed_after(0)) == 1


def test_an_addendum_holds_all_before_it(client_of: Callable[..., Client], services: Services) -> None:
    signed(client_of(), draft())
    told = signed(client_of(BOB), addendum("Rib fracture seen."))
    assert [one["version"] for one in told["versions"]] == [1, 2]
    second = services.reports.signed_of((STUDY,))[0]
    assert [(one.code, one.heading) for one in second.sections] == [
        (FINDINGS, "Findings"),
        (IMPRESSION, "Impression"),
        (ADDENDUM, "Addendum 1"),
    ]
    assert [one.author for one in second.signatures] == ["Dr Ada", "Dr Bob"]
    late = client_of().post(f"{PATH}/sign", json={"revision": keep(client_of(), addendum("Late.", 1))})
    assert late.status_code == 409


def test_nobody_signs_what_they_have_not_seen_or_what_is_empty(client_of: Callable[..., Client]) -> None:
    ada = client_of()
    seen = keep(ada, draft("one"))
    keep(ada, draft("two"), seen)
    answer = ada.post(f"{PATH}/sign", json={"revision": seen})
    assert (answer.status_code, answer.json["code"]) == (409, "draft-changed")
    assert client_of(BOB).post(f"{PATH}/sign", json={"revision": seen}).status_code == 409
    bob = client_of(BOB)
    empty = bob.post(f"{PATH}/sign", json={"revision": keep(bob, draft(" ", "\n"))})
    assert (empty.status_code, empty.json["code"]) == (422, "empty-report")


def test_a_session_without_a_name_writes_and_does_not_sign(client_of: Callable[..., Client]) -> None:
    nameless = client_of(replace(reader("link:7", Verb.VIEW, Verb.REPORT, study=STUDY), name=" "))
    answer = nameless.post(f"{PATH}/sign", json={"revision": keep(nameless, draft())})
    assert (answer.status_code, answer.json["code"]) == (422, "no-name")
    assert nameless.get(PATH).json["draft"] is not None


def test_it_is_stored_as_a_structured_report_and_a_pdf(
    client_of: Callable[..., Client], archive: FakeArchive, services: Services
) -> None:
    drawn = finding(STUDY, SERIES, IMAGE, "length", "Nodule")
    body = {"changes": [{"finding": drawn, "base": 0}]}
    assert client_of().post(f"/sightline/api/studies/{STUDY}/findings", json=body).status_code == 200
    keys = [
        {"series": SERIES, "instance": IMAGE, "frame": 1},
        {"series": f"{STUDY}.2", "instance": f"{STUDY}.2.1", "frame": 2},
    ]
    signed(client_of(), draft(keyFrames=keys))
    store_due(services)
    told = client_of().get(PATH).json["versions"][0]
    assert (told["stored"], told["problem"]) == (True, None)
    (text,), (pdf,) = stored(archive, BasicTextSRStorage), stored(archive, EncapsulatedPDFStorage)
    report = services.reports.signed_after(0)[0]
    assert (text.SOPInstanceUID, text.SeriesInstanceUID) == (report.sr_instance_uid, report.series_instance_uid)
    assert (pdf.SOPInstanceUID, pdf.SeriesInstanceUID) == (report.pdf_instance_uid, report.pdf_series_uid)
    assert (str(text.PatientName), text.StudyInstanceUID, text.VerificationFlag) == ("Doe^Jane", STUDY, "VERIFIED")
    findings, _, images = [item for item in text.ContentSequence if item.ValueType == "CONTAINER"]
    saved = services.findings.read(STUDY)
    assert saved is not None
    assert saved.saved is not None
    assert findings.ContentSequence[1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == saved.saved.instance
    plain, cine = (item.ReferencedSOPSequence[0] for item in images.ContentSequence)
    assert "ReferencedFrameNumber" not in plain
    assert cine.ReferencedFrameNumber == 2
    assert bytes(pdf.EncapsulatedDocument).startswith(b"%PDF-")
    assert pdf.SourceInstanceSequence[0].ReferencedSOPInstanceUID == text.SOPInstanceUID
    store_due(services)
    assert len(stored(archive, BasicTextSRStorage)) == 1


def test_an_addendum_names_the_version_before(
    client_of: Callable[..., Client], archive: FakeArchive, services: Services
) -> None:
    signed(client_of(), draft())
    signed(client_of(BOB), addendum("More."))
    store_due(services)
    first, second = stored(archive, BasicTextSRStorage)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    before = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert before.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.VerifyingObserverSequence[0].VerifyingObserverName == "Dr Bob"
    assert len(stored(archive, EncapsulatedPDFStorage)) == 2
    # The page offers the last version only, which has all that was said before.
    series = client_of().get(f"/sightline/api/studies/{STUDY}").json["series"]
    offered = [one["instance"] for each in series for one in each.get("documents", ())]
    last = services.reports.signed_of((STUDY,))[0]
    assert sorted(offered) == sorted([last.sr_instance_uid, last.pdf_instance_uid])


def test_an_order_says_who_asked_and_is_referred_to(
    client_of: Callable[..., Client], archive: FakeArchive, services: Services
) -> None:
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    order = ImagingOrder(
        "ACC8", STUDY, "0042", 1, "71250", "CT chest", "OPENEMR|||", "7", "P8", "Doe^Jane", "19601231", "F", "12",
        "Cuddy^Lisa", "", "Cough", "ROUTINE", "CT", "CT1", "", "CT chest", None, OrderStatus.COMPLETED, moment, moment,
    )  # fmt: skip
    ordered = replace(services, orders=SimpleNamespace(of_study=lambda _study: order))  # type: ignore[arg-type]
    client = Client(ViewerApplication(ordered, ADA))
    assert client.get(PATH).json["order"]["reason"] == "Cough"
    filled = client.post(f"{PATH}/template", json={"template": "ct_chest"}).json
    assert filled["sections"][0]["text"] == "Cough"
    signed(client, draft())
    store_due(ordered)
    (text,) = stored(archive, BasicTextSRStorage)
    assert text.ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest == "0042"
    assert services.reports.signed_after(0)[0].requester == "Cuddy^Lisa"


def test_an_archive_that_refuses_loses_nothing(
    client_of: Callable[..., Client],
    archive: FakeArchive,
    services: Services,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[AuditEvent] = []
    services = replace(services, audit=SimpleNamespace(record=events.append))  # type: ignore[arg-type]

    def refuse(*_arguments: Any) -> None:
        raise UnavailableError("The archive is full.")

    signed(client_of(), draft())
    with monkeypatch.context() as patched:
        patched.setattr(archive, "store", refuse)
        store_due(services)
        store_due(services)
    (version,) = client_of().get(PATH).json["versions"]
    assert (version["stored"], version["problem"]) == (False, "The archive is full.")
    assert [event.outcome for event in events] == [Outcome.SERIOUS_FAILURE]
    store_due(services)
    assert stored(archive, BasicTextSRStorage) == []
    assert client_of().post(f"{PATH}/retry").status_code == 204
    store_due(services)
    assert len(stored(archive, BasicTextSRStorage)) == 1
    assert events[-1].outcome is Outcome.SUCCESS


def test_a_failure_between_the_two_objects_makes_no_second_report(
    client_of: Callable[..., Client], archive: FakeArchive, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(client_of(), draft())
    with monkeypatch.context() as patched:
        patched.setattr("sightline.viewer.report_keeping.report_pdf", lambda *_: 1 / 0)
        store_due(services)
    assert len(stored(archive, BasicTextSRStorage)) == 1
    assert "went wrong" in client_of().get(PATH).json["versions"][0]["problem"]
    client_of().post(f"{PATH}/retry")
    store_due(services)
    assert len(stored(archive, BasicTextSRStorage)) == len(stored(archive, EncapsulatedPDFStorage)) == 1


def test_a_version_is_sent_as_pdf(client_of: Callable[..., Client]) -> None:
    signed(client_of(), draft())
    answer = client_of(link_grant(STUDY)).get(f"{PATH}/versions/1/pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert "Doe" not in answer.headers["Content-Disposition"]
    assert client_of().get(f"{PATH}/versions/2/pdf").status_code == 404


def test_who_may_not_write_reads_what_was_signed_and_is_told_why(client_of: Callable[..., Client]) -> None:
    keep(client_of(BOB), draft("secret thoughts"))
    signed(client_of(), draft())
    told = client_of(link_grant(STUDY)).get(PATH).json
    assert (told["mayReport"], told["draft"], told["others"], told["templates"]) == (False, None, [], [])
    assert "not write" in told["why"]
    assert [one["version"] for one in told["versions"]] == [1]


def refused(client: Client) -> set[int]:
    """What each route of reports answers."""
    answers = set()
    for route in ROUTES:
        if "/report" not in route.path or "/findings/" in route.path:
            continue
        path = route.path.replace("<uid:study>", STUDY).replace("<int:version>", "1")
        answers.add(client.open(path, method=route.method, json={} if route.max_body else None).status_code)
    return answers


def test_nobody_else_comes_near(client_of: Callable[..., Client]) -> None:
    assert refused(client_of(ANONYMOUS)) == {401}
    assert refused(client_of(link_grant(OTHER))) == {403}
    assert refused(client_of(Grant("link-service", ()))) == {403}
    launched = Grant("launch:1", (Permission(frozenset({Verb.VIEW, Verb.REPORT}), PRIOR),))
    assert refused(client_of(launched)) == {403}
    viewer = client_of(link_grant(STUDY))
    for answer in (
        viewer.put(f"{PATH}/draft", json={"base": 0, "draft": draft()}),
        viewer.delete(f"{PATH}/draft"),
        viewer.post(f"{PATH}/sign", json={"revision": 1}),
        viewer.post(f"{PATH}/template", json={"template": "general"}),
        viewer.post(f"{PATH}/retry"),
    ):
        assert answer.status_code == 403


WRONG: tuple[dict[str, Any], ...] = (
    {"title": ""},
    {"title": "x" * 65},
    {"sections": []},
    {"sections": [{"code": "1-8", "heading": "Findings", "text": ""}]},
    {"sections": [{"code": FINDINGS, "heading": "Findings", "text": "nul \x00"}]},
    {"sections": [{"code": FINDINGS, "heading": "Findings", "text": "half \ud800"}]},
    {"sections": [{"code": FINDINGS, "heading": "Findings", "text": "x" * 100_001}]},
    {"sections": [{"code": ADDENDUM, "heading": "Addendum", "text": "x"}]},
    {"follows": 1},
    {"follows": -1},
    {"keyFrames": [{"series": "../1", "instance": IMAGE, "frame": 1}]},
    {"keyFrames": [{"series": SERIES, "instance": IMAGE, "frame": 0}]},
    {"more": 1},
)


def test_what_is_wrong_is_refused_and_nothing_is_kept(client_of: Callable[..., Client]) -> None:
    for wrong in WRONG:
        answer = client_of().put(f"{PATH}/draft", json={"base": 0, "draft": draft() | wrong})
        assert (answer.status_code, answer.json["code"]) == (400, "bad-report"), wrong
    assert client_of().get(PATH).json["draft"] is None


def test_images_of_other_studies_are_no_key_images(client_of: Callable[..., Client]) -> None:
    for series, instance, frame in ((f"{OTHER}.1", f"{OTHER}.1.1", 1), (SERIES, IMAGE, 2)):
        key = {"series": series, "instance": instance, "frame": frame}
        answer = client_of().put(f"{PATH}/draft", json={"base": 0, "draft": draft(keyFrames=[key])})
        assert answer.status_code == 404


def test_a_deleted_study_takes_its_drafts(client_of: Callable[..., Client], services: Services) -> None:
    keep(client_of(), draft())
    remover = client_of(reader("root", *Verb))
    assert remover.delete(f"/sightline/api/studies/{STUDY}").status_code == 204
    assert services.reports.drafts.of(STUDY) == []


def prior_of(client: Client) -> tuple[list[str], list[str]]:
    told = client.get(f"{PATH}/priors").json
    return [one["study"] for one in told["reports"]], [one["kind"] for one in told["documents"]]


def test_reports_of_the_same_patient_are_there_to_read(
    client_of: Callable[..., Client], services: Services, archive: FakeArchive
) -> None:
    for study in (PRIOR, OTHER):
        path = f"/sightline/api/studies/{study}/report"
        revision = client_of().put(f"{path}/draft", json={"base": 0, "draft": draft()}).json["revision"]
        assert client_of().post(f"{path}/sign", json={"revision": revision}).status_code == 201
    store_due(services)
    assert len(stored(archive, BasicTextSRStorage)) == 2
    # Our own objects are not told twice; a grant that names no other study sees none.
    assert prior_of(client_of()) == ([PRIOR], [])
    assert prior_of(client_of(link_grant(STUDY))) == ([], [])
    may = frozenset({Verb.VIEW})
    launched = Grant("launch:1", tuple(Permission(may, study) for study in (STUDY, PRIOR, OTHER)))
    assert prior_of(client_of(launched)) == ([PRIOR], [])


def test_reports_of_other_programs_are_there_to_read_too(
    client_of: Callable[..., Client], archive: FakeArchive
) -> None:
    for study in (PRIOR, OTHER):
        (image,) = (content for content in archive.files() if dcmread(BytesIO(content)).StudyInstanceUID == study)
        arguments = {
            "source": {"buffer": 0}, "title": "Old report", "modality": "CT", "series": f"{study}.8", "version": "1",
            "instance": f"{study}.8.1", "series_number": 8, "instance_number": 1, "date": "20250102", "time": "101500",
            "timezone": "+0000", "sections": [{"code": FINDINGS, "text": "4 mm."}], "key_images": [], "order": None,
            "measurements": None, "predecessor": None, "author": "Dr Else", "organization": "", "language": "",
            "signed": "20250102101500+0000",
        }  # fmt: skip
        archive.store(reader("root", *Verb), bytes(make_text_report(arguments, [image], ()).buffers[0]))
    (document,) = client_of().get(f"{PATH}/priors").json["documents"]
    assert (document["study"], document["series"], document["instance"], document["kind"]) == (
        PRIOR,
        f"{PRIOR}.8",
        f"{PRIOR}.8.1",
        "report",
    )
