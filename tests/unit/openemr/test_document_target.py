"""Reports as documents of OpenEMR's charts: in the right chart, once, whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from sightline.openemr.chart_patient import charts_of
from sightline.openemr.ehr import backend_client
from sightline.openemr.ehr.backend_client import BackendClient
from sightline.openemr.ehr.client import EhrError
from sightline.openemr.results.courier import Courier
from sightline.openemr.results.self_test import self_test
from tests.support.ehr_section import asked_ehr
from tests.support.openemr.backend_emr import BackendEmr
from tests.support.openemr.records import Patient
from tests.support.ordered_reports import PDF, RememberedOrders, RememberedReports, signed_report
from tests.support.site import Site

CATEGORY = "/medical_record"


@pytest.fixture
def emr() -> Iterator[BackendEmr]:
    with BackendEmr() as emr:
        yield emr


class Practice:
    def __init__(self, base: Path, emr: BackendEmr, category: str = CATEGORY, **rule: str) -> None:
        ehr = asked_ehr(emr.fhir, {"Source": "pubpid"} | rule, ClientSecret="s3cret", RefreshToken="first")
        results = {"Transport": "document", "DocumentCategory": category}
        self.site = Site(base, (), Results=results, Ehr=ehr)
        self.reports = RememberedReports(signed_report())
        self.restart()

    def restart(self) -> None:
        backend_client._tokens.cache_clear()
        services: Any = replace(self.site.services, reports=self.reports, orders=RememberedOrders())
        self.services = services
        self.courier = Courier(services, lambda *_: PDF)

    def states(self, **later: float) -> list[tuple[str, str]]:
        self.site.clock.advance(**(later or {"seconds": 1}))
        self.courier.go_round()
        found = sorted(self.services.deliveries.list(None, 100), key=lambda one: one.sequence)
        return [(one.state.value, one.reason) for one in found]


@pytest.fixture
def practice(tmp_path: Path, emr: BackendEmr) -> Iterator[Practice]:
    practice = Practice(tmp_path, emr)
    yield practice
    practice.site.close()


def client_of(services: Any) -> BackendClient:
    charts = charts_of(services)
    assert charts is not None
    return charts.client


def john(emr: BackendEmr, pubpid: str = "7", **more: str) -> Patient:
    values = {"fname": "John", "lname": "Smith", "dob": "1980-01-01", "ss": "7"} | more
    return emr.records.add_patient(pubpid=pubpid, **values)


def test_a_report_becomes_a_document_of_the_right_chart(practice: Practice, emr: BackendEmr) -> None:
    emr.records.add_patient("Mary", "Jones", "1970-02-02", ss="7")
    patient = john(emr)
    assert practice.states() == [("delivered", "")]
    (document,) = emr.records.documents
    assert (document.patient, document.content, document.category) == (patient, PDF, "Medical Record")
    assert document.name.startswith("imaging-report-20261120-v1-SL")
    assert "Smith" not in document.name
    assert f"POST /apis/default/api/patient/{patient.pid}/document" in emr.requests


def test_what_was_filed_is_not_filed_again(
    practice: Practice, emr: BackendEmr, monkeypatch: pytest.MonkeyPatch
) -> None:
    john(emr)
    post = BackendClient.post_file

    def lost(self: BackendClient, *arguments: Any) -> Any:
        post(self, *arguments)
        raise EhrError("the line was lost")

    with monkeypatch.context() as patch:
        patch.setattr(BackendClient, "post_file", lost)
        assert practice.states() == [("failed", "document")]
    assert practice.states(minutes=1) == [("delivered", "")]
    assert len(emr.records.documents) == 1


@pytest.mark.parametrize(("change", "reason"), [
    ({"pubpid": "8"}, "patient-unknown"), ({"lname": "Jones"}, "patient-name"), ({"dob": "1980-01-02"}, "birth-date"),
])  # fmt: skip
def test_another_patients_chart_gets_nothing(
    practice: Practice, emr: BackendEmr, change: dict[str, str], reason: str
) -> None:
    john(emr, **change)
    assert practice.states() == [("held", reason)]
    assert emr.records.documents == []


def test_two_charts_with_one_number_are_none(practice: Practice, emr: BackendEmr) -> None:
    john(emr)
    john(emr)
    assert practice.states() == [("held", "patient-unknown")]


def test_where_patient_id_is_the_pid(tmp_path: Path, emr: BackendEmr) -> None:
    emr.records.add_patient("Other", "Smith", "1980-01-01", pubpid="7")
    patient = john(emr, "EXT-9")
    practice = Practice(tmp_path, emr, Source="pid", Prefix="E-")
    practice.reports.all[:] = [signed_report(patient_id=f"E-{patient.pid}")]
    assert practice.states() == [("delivered", "")]
    assert emr.records.documents[0].patient is patient
    practice.reports.all.append(signed_report(2, patient_id=str(patient.pid)))
    assert practice.states()[1] == ("held", "patient-unknown")
    practice.site.close()


def test_a_category_that_is_not_there_is_told(tmp_path: Path, emr: BackendEmr) -> None:
    john(emr)
    practice = Practice(tmp_path, emr, "/radiology")
    assert practice.states() == [("held", "document-category")]
    practice.site.close()


def test_a_nested_category(tmp_path: Path, emr: BackendEmr) -> None:
    john(emr)
    practice = Practice(tmp_path, emr, "/medical_record/imaging_reports")
    assert practice.states() == [("delivered", "")]
    assert emr.records.documents[0].category == "Imaging Reports"
    practice.site.close()


def test_an_emr_that_is_down_is_asked_again(practice: Practice, emr: BackendEmr) -> None:
    john(emr)
    emr.is_down = True
    assert practice.states() == [("failed", "document")]
    assert not self_test(practice.services).is_ok
    emr.is_down = False
    assert practice.states(minutes=1) == [("delivered", "")]
    assert self_test(practice.services).is_ok


def test_a_refusal_by_500_is_one(practice: Practice, emr: BackendEmr) -> None:
    john(emr)
    emr.refresh_tokens["first"] = "user/Patient.read user/patient.read"
    assert practice.states() == [("failed", "document-refused")]


def test_the_newest_refresh_token_survives_a_restart(practice: Practice, emr: BackendEmr) -> None:
    john(emr)
    practice.states()
    practice.reports.all.append(signed_report(2))
    practice.restart()
    assert practice.states() == [("delivered", ""), ("delivered", "")]
    used = [form["refresh_token"] for form in emr.token_requests]
    assert used[0] == "first"
    assert len(set(used)) == len(used) == 2


def test_a_token_that_was_revoked_is_renewed_once(practice: Practice, emr: BackendEmr) -> None:
    john(emr)
    practice.states()
    emr.tokens._tokens.clear()
    practice.reports.all.append(signed_report(2))
    assert practice.states()[1] == ("delivered", "")


def test_a_client_with_a_key_signs_an_assertion(tmp_path: Path, emr: BackendEmr) -> None:
    key = RSAKey.generate_key(2048)
    path = tmp_path / "key.pem"
    path.write_bytes(key.as_pem(private=True))
    emr.key = key
    site = Site(tmp_path, (), Ehr=asked_ehr(emr.fhir, KeyFile=str(path)))
    site.clock.now = datetime.now(UTC)
    client = client_of(site.services)
    patient = john(emr)
    assert client.json(f"{client.fhir}/Patient/{patient.uuid}")["id"] == patient.uuid
    (form,) = emr.token_requests
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert "client_secret" not in form
    site.close()


def test_the_token_goes_to_no_other_address(practice: Practice, emr: BackendEmr) -> None:
    client = client_of(practice.services)
    for url in ("https://elsewhere.example/apis/default/fhir/Binary/1", f"{emr.url}.evil/apis/default/fhir/x",
                f"{emr.fhir}/../../../oauth2", f"{emr.url}/interface/x"):  # fmt: skip
        with pytest.raises(EhrError, match="another server"):
            client.json(url)
    assert emr.requests == []


def test_answers_are_bounded(practice: Practice, emr: BackendEmr) -> None:
    patient = john(emr)
    document = emr.records.add_document(patient, "x.dcm", "application/dicom", b"x" * 100_000)
    client = client_of(practice.services)
    assert len(client.content(f"{client.fhir}/Binary/{document.uuid}", 100_000)) == 100_000
    with pytest.raises(EhrError, match="larger"):
        client.content(f"{client.fhir}/Binary/{document.uuid}", 99_999)
