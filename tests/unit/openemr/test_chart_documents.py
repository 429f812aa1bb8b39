"""DICOM documents of a chart come into the archive as the right patient's, and go again."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from werkzeug.test import Client

from sightline.access.grant import Grant, Permission, Verb, administrator
from sightline.access.link import LINK_VERBS
from sightline.errors import TooLargeError, UnprocessableError
from sightline.objects.chart_files import read_chart_files, take_chart_files
from sightline.openemr.documents.routes import ROUTES
from sightline.openemr.results.routes import ROUTES as RESULTS_ROUTES
from sightline.rendering.engine import RenderingEngine
from sightline.state.deliveries import StoredDeliveries
from sightline.viewer.session_routes import SESSION_ROUTES
from sightline.web.dispatcher import Dispatcher
from sightline.web.request import GRANT_KEY
from tests.support.ehr_section import asked_ehr
from tests.support.fake_archive import FakeArchive
from tests.support.nested import nested_file
from tests.support.openemr.backend_emr import ALL, USER, BackendEmr
from tests.support.openemr.chart_files import dicom, zipped
from tests.support.openemr.records import Document, Patient
from tests.support.ordered_reports import signed_report
from tests.support.site import URL, Site, from_page
from tests.support.viewer_server import small_engine

API = "/sightline/api/chart"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderingEngine]:
    with closing(small_engine(FakeArchive(), tmp_path_factory.mktemp("tables"))) as engine:
        yield engine


class Practice:
    """A site and an OpenEMR with John Smith's chart."""

    def __init__(
        self,
        base: Path,
        engine: RenderingEngine,
        emr: BackendEmr,
        rule: dict[str, str] | None = None,
        **backend: Any,
    ) -> None:
        account = {"ClientSecret": "s3cret", "RefreshToken": "first"} | backend
        self.emr = emr
        self.site = Site(base, (), Ehr=asked_ehr(emr.fhir, rule, **account))
        services: Any = replace(self.site.services, engine=engine)
        self.site._dispatcher = Dispatcher((*SESSION_ROUTES, *ROUTES), services)
        emr.records.add_patient("Mary", "Jones", "1970-02-02")
        self.patient: Patient = emr.records.add_patient("John", "Smith", "1980-01-01", pubpid="EXT-7", ss="EXT-7")

    def add(self, content: bytes, name: str = "ct.dcm", kind: str = "application/dicom") -> Document:
        return self.emr.records.add_document(self.patient, name, kind, content)

    def ask(self, path: str, number: str = "EXT-7", **body: Any) -> Any:
        return self.site.program("POST", f"{API}/{path}", json={"number": number, **body})

    def copy(self, document: str) -> Any:
        pull = self.ask("pulls").json["pull"]
        return pull, self.ask(f"pulls/{pull}", document=document)


@pytest.fixture
def practice(tmp_path: Path, engine: RenderingEngine) -> Iterator[Practice]:
    with BackendEmr() as emr:
        practice = Practice(tmp_path, engine, emr)
        yield practice
        practice.site.close()


def test_the_documents_of_the_one_patient_are_found(practice: Practice) -> None:
    wanted = practice.add(dicom())
    practice.add(b"%PDF-", "letter.pdf", "application/pdf")
    practice.emr.records.add_document(practice.emr.records.patients[0], "other.dcm", "application/dicom", dicom())
    found = practice.ask("find").json
    assert found["patient"] == {
        "name": "Smith^John", "birthDate": "19800101", "sex": "M", "number": "EXT-7", "patientId": "EXT-7",
    }  # fmt: skip
    assert [(one["id"], one["name"]) for one in found["documents"]] == [(wanted.uuid, "ct.dcm")]
    assert practice.ask("find", "EXT-8").json["code"] == "patient-unknown"


@pytest.mark.parametrize("version", ["7.0.3", "8.0.0"])
def test_media_of_newer_versions_is_the_same_document(tmp_path: Path, engine: RenderingEngine, version: str) -> None:
    with BackendEmr(version) as emr:
        emr.refresh_tokens["first"] = f"{USER} user/Media.read"
        practice = Practice(tmp_path, engine, emr)
        wanted = practice.add(dicom())
        found = practice.ask("find").json["documents"]
        assert [one["id"] for one in found] == [wanted.uuid]
        assert any(path.endswith("/Media") for path in emr.requests)
        practice.site.close()


def test_without_fhir_documents_openemrs_own_list_is_asked(practice: Practice) -> None:
    practice.emr.refresh_tokens["first"] = "user/Patient.read user/patient.read user/document.read"
    document = practice.add(dicom())
    (found,) = practice.ask("find").json["documents"]
    assert found["id"] == f"rest-{document.id}"
    assert practice.ask("preview", document=found["id"]).json["studies"][0]["files"] == 1


def test_a_token_for_nothing_is_told(practice: Practice) -> None:
    practice.emr.refresh_tokens["first"] = "user/Patient.read user/patient.read"
    assert practice.ask("find").json["code"] == "ehr-refused"
    practice.emr.is_down = True
    practice.site.clock.advance(hours=1)
    answer = practice.ask("find")
    assert (answer.status_code, answer.json["code"]) == (502, "ehr-unreachable")


def test_a_look_inside_says_whose_files_they_are_and_what_would_change(practice: Practice) -> None:
    content = zipped({"DICOM/1": dicom(1), "DICOM/2": dicom(2), "mary.dcm": dicom(3, PatientName="Jones^Mary"),
                      "README.TXT": b"viewer", "DICOM/": b""})  # fmt: skip
    document = practice.add(content, "cd.zip", "application/dicom+zip")
    told = practice.ask("preview", document=document.uuid).json
    fits, other = told["studies"]
    assert (fits["files"], fits["reason"], fits["becomes"], fits["patientId"]) == (2, "", "EXT-7", "X-17")
    assert (other["patientName"], other["reason"], other["files"]) == ("Jones^Mary", "patient-name", 1)
    assert told["others"] == 1
    assert practice.site.archive.files() == []


def test_what_fits_is_stored_under_the_patients_number(practice: Practice) -> None:
    content = zipped({"1": dicom(1), "2": dicom(2), "mary": dicom(3, PatientName="Jones^Mary")})
    document = practice.add(content, "cd.zip", "application/dicom+zip")
    pull, answer = practice.copy(document.uuid)
    assert answer.json == {"stored": 2, "existed": 0, "refused": 0, "held": 1}
    stored = [dcmread(BytesIO(file)) for file in practice.site.archive.files()]
    assert {str(one.PatientID) for one in stored} == {"EXT-7"}
    first = next(one for one in stored if one.SOPInstanceUID.endswith(".1"))
    assert (str(first.PatientName), "IssuerOfPatientID" in first) == ("SMITH^JOHN", False)
    (note,) = first.OriginalAttributesSequence
    assert note.ReasonForTheAttributeModification == "COERCE"
    before = note.ModifiedAttributesSequence[0]
    assert (before.PatientID, before.IssuerOfPatientID) == ("X-17", "ELSEWHERE")
    assert first.PixelData == dcmread(BytesIO(dicom(1))).PixelData
    program = practice.site.program("GET", f"{API}/pulls/{pull}")
    assert program.json == {"stored": 2}
    assert practice.copy(document.uuid)[1].json == {"stored": 0, "existed": 2, "refused": 0, "held": 1}


def test_a_file_that_says_the_right_number_is_stored_byte_for_byte(practice: Practice) -> None:
    content = dicom(PatientID="EXT-7")
    practice.copy(practice.add(content).uuid)
    assert practice.site.archive.files() == [content]


@pytest.mark.parametrize(("change", "reason"), [
    ({"PatientName": "Smith^Jane"}, "patient-name"), ({"PatientBirthDate": "19800102"}, "birth-date"),
    ({"PatientName": "", "PatientBirthDate": ""}, "unverified"),
])  # fmt: skip
def test_another_persons_files_are_refused(practice: Practice, change: dict[str, str], reason: str) -> None:
    document = practice.add(dicom(PatientID="EXT-7", **change))
    assert practice.ask("preview", document=document.uuid).json["studies"][0]["reason"] == reason
    _, answer = practice.copy(document.uuid)
    assert (answer.status_code, answer.json["code"]) == (409, "patient-mismatch")
    assert practice.site.archive.files() == []
    assert "Smith" not in answer.text


def test_a_study_is_never_under_two_numbers(practice: Practice) -> None:
    practice.site.archive._put(dicom(9))
    document = practice.add(dicom(1))
    assert practice.ask("preview", document=document.uuid).json["studies"][0]["reason"] == "study"
    assert practice.copy(document.uuid)[1].status_code == 409


def test_what_was_copied_can_be_taken_back_and_nothing_else(practice: Practice) -> None:
    kept = dicom(1, PatientID="EXT-7")
    practice.site.archive._put(kept)
    document = practice.add(zipped({"1": dicom(1), "2": dicom(2), "3": dicom(3)}), "cd.zip", "application/zip")
    pull, _ = practice.copy(document.uuid)
    replaced = dicom(3, PatientID="EXT-7", StudyDescription="corrected")
    practice.site.archive._put(replaced)
    answer = practice.site.program("POST", f"{API}/pulls/{pull}/undo").json
    assert (answer["deleted"], answer["kept"]) == (1, 1)
    assert practice.site.archive.files() == [kept, replaced]
    assert answer["pulls"][0]["undone"] is not None
    assert practice.site.program("POST", f"{API}/pulls/{pull}/undo").status_code == 404
    assert ("delete", "0") in practice.site.events()


def test_a_document_of_another_chart_does_not_open(practice: Practice) -> None:
    mary = practice.emr.records.patients[0]
    other = practice.emr.records.add_document(mary, "x.dcm", "application/dicom", dicom())
    assert practice.ask("preview", document=other.uuid).json["code"] == "document-unknown"
    pull = practice.ask("pulls").json["pull"]
    wrong = practice.ask(f"pulls/{pull}", number=mary.pubpid, document=other.uuid)
    assert wrong.json["code"] == "patient-mismatch"


def test_pid_with_a_prefix_and_an_issuer(tmp_path: Path, engine: RenderingEngine) -> None:
    with BackendEmr() as emr:
        rule = {"Source": "pid", "Prefix": "E", "IssuerOfPatientId": "CLINIC"}
        practice = Practice(tmp_path, engine, emr, rule)
        _, answer = practice.copy(practice.add(dicom()).uuid)
        assert answer.json["stored"] == 1
        stored = dcmread(BytesIO(practice.site.archive.files()[0]))
        assert (stored.PatientID, stored.IssuerOfPatientID) == (f"E{practice.patient.pid}", "CLINIC")
        practice.site.close()


def test_what_a_zip_may_not_do() -> None:
    bomb = zipped({"bomb": bytes(30 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(TooLargeError):
        read_chart_files({}, [bomb], [])
    with pytest.raises(UnprocessableError):
        read_chart_files({}, [b"PK\x03\x04" + bytes(100)], [])
    with pytest.raises(TooLargeError):
        read_chart_files({}, [zipped({str(n): b"" for n in range(20_001)}, zipfile.ZIP_STORED)], [])
    lying = bytearray(zipped({"a": bytes(2000)}, zipfile.ZIP_STORED))
    at = lying.rindex(b"PK\x01\x02") + 24
    lying[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises((TooLargeError, UnprocessableError)):
        read_chart_files({}, [bytes(lying)], [])


def test_what_is_no_dicom_or_nests_too_deeply_is_left_out() -> None:
    deep, directory = nested_file(40), dicom()
    reply = read_chart_files({}, [zipped({"deep": deep, "text": b"x" * 200, "cut": directory[:200]})], [])
    assert reply.values == {"files": [], "others": 3}
    assert take_chart_files({"indices": [5]}, [dicom()], []).buffers == ()


def test_client_credentials_do_as_well(tmp_path: Path, engine: RenderingEngine) -> None:
    with BackendEmr() as emr:
        scopes = f"{ALL} system/patient.read"
        practice = Practice(tmp_path, engine, emr, RefreshToken="", Scopes=scopes)
        practice.add(dicom())
        assert len(practice.ask("find").json["documents"]) == 1
        practice.site.close()


def test_a_site_without_an_emr_says_so(tmp_path: Path) -> None:
    site = Site(tmp_path, (*SESSION_ROUTES, *ROUTES))
    answer = site.program("POST", f"{API}/find", json={"number": "7"})
    assert (answer.status_code, answer.json["code"]) == (503, "ehr-off")
    site.close()


ALL_ROUTES = (*ROUTES, *RESULTS_ROUTES)


@pytest.mark.parametrize("route", ALL_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_none_but_administrators(tmp_path: Path, route: Any) -> None:
    site = Site(tmp_path, (*SESSION_ROUTES, *ALL_ROUTES), [dicom()])
    StoredDeliveries(site.database).take_in("oru", [signed_report()])
    path = route.path.replace("<pull_id>", "x" * 22).replace("<delivery>", "SL" + "0" * 18)
    body = {"json": {"number": "7"}} if route.max_body else {}
    assert site.program(route.method, path, "link-service", **body).status_code == 403
    assert site.browser().open(path, method=route.method, **from_page(), **body).status_code in (302, 303, 401)
    browser, ends = site.browser(), site.clock() + timedelta(hours=1)
    made, secret = site.services.links.create(administrator("ada"), "1.2.826.0.9.1", LINK_VERBS, ends)
    browser.post(f"/sightline/link/{made.id}/session", json={"secret": secret}, **from_page())
    assert browser.open(path, method=route.method, **from_page(), **body).status_code == 403
    launched = Grant("launch:1", (Permission(frozenset(Verb) - {Verb.ADMINISTER}, "1.2.826.0.9.1"),), name="Dr Ada")
    dispatcher = Dispatcher(ALL_ROUTES, site.services)
    refused = Client(dispatcher).open(path, method=route.method, environ_overrides={GRANT_KEY: launched}, **body)
    assert refused.status_code == 403
    if route.method == "POST":
        foreign = {"headers": {"Origin": "https://evil.example"}, "base_url": URL}
        browser = site.browser()
        browser.post("/sightline/login", json={"user": "ada", "password": "opensesame"}, **from_page())
        assert browser.open(path, method="POST", **foreign, **body).status_code == 403
    site.close()
