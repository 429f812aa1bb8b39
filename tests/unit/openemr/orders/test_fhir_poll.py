"""Orders by FHIR from a fake OpenEMR 8: asked for with a signed assertion, each taken once, changed and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import KeySet, RSAKey
from werkzeug.wrappers import Request

from sightline.openemr.ehr.backend_client import BackendClient
from sightline.openemr.orders.fhir_poll import FhirPoll
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.orders.retry import try_again
from sightline.state.order import OrderStatus
from tests.support.ehr_section import asked_ehr
from tests.support.openemr.fhir_orders import backend_token
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.server import FakeOpenEmr
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import CHEST, SENT, MakeSite

CLIENT = "sightline-backend"


class BackendEmr(FakeOpenEmr):
    """With a backend client that the site has registered."""

    key: RSAKey | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.path == "/oauth2/default/token" and self.key is not None and not self.is_down:
            try:
                answer: Any = backend_token(self, request, KeySet([self.key]), CLIENT)
            except Exception as error:
                answer = error
            return answer(environ, start_response)  # type: ignore[no-any-return]
        return super().__call__(environ, start_response)


@pytest.fixture
def emr() -> Iterator[BackendEmr]:
    with BackendEmr("8.0.0") as emr:
        yield emr


@pytest.fixture
def fhir_site(make_site: MakeSite, emr: BackendEmr) -> Site:
    site = make_site(
        asked_ehr(emr.fhir, {"Source": "pubpid", "Prefix": "OE-"}, ClientId=CLIENT), Fhir={"PollSeconds": 30}
    )
    site.clock.now = datetime.now(UTC)
    emr.key = site.services.backend_credentials.key()
    site.services.orders.codes.put(CHEST)
    return site


@pytest.fixture
def poll(fhir_site: Site) -> FhirPoll:
    numbers, client = patient_numbers(fhir_site.services)
    assert isinstance(client, BackendClient)
    return FhirPoll(fhir_site.services, client, numbers)


def test_imaging_orders_are_taken_page_by_page(fhir_site: Site, emr: BackendEmr, poll: FhirPoll) -> None:
    patient = emr.records.add_patient("Jörg", "Müller", "1980-01-01", pubpid="A-77", ss="123-45-6789")
    for number in range(5):
        emr.records.add_order(patient, 12, ("71020", "Chest"), clinical_history=f"Cough {number}")
    emr.records.add_order(patient, 12, ("85025", "Blood count"), order_type="laboratory_test")
    poll.look()
    found = fhir_site.services.orders.search()
    assert len(found) == 5
    one = found[0]
    assert (one.patient_id, one.ehr_patient_id) == ("OE-A-77", patient.uuid)
    assert (one.patient_name, one.birth_date, one.sex) == ("Müller^Jörg", "19800101", "M")
    assert one.sender == f"fhir:{emr.fhir}"
    assert one.fhir_id == one.placer_order_number
    assert {order.fhir_id for order in found} == {order.uuid for order in emr.records.orders[:5]}
    assert one.accession_number.startswith("SL")
    assert len(one.accession_number) <= 16
    assert (one.modality, one.requester, one.encounter) == ("CR", "Jane Doe", "00000012")
    assert {order.reason for order in found} == {f"Cough {number}" for number in range(5)}
    before = len(emr.requests)
    poll.look()
    assert [line for line in emr.requests[before:] if "Patient" in line] == []
    assert fhir_site.services.orders.search() == found


def test_a_changed_order_keeps_its_numbers_and_a_revoked_one_goes(
    fhir_site: Site, emr: BackendEmr, poll: FhirPoll
) -> None:
    order = emr.records.add_order(emr.records.add_patient("John", "Smith", "1980-01-01"), 12, ("71020", "Chest"))
    poll.look()
    (before,) = fhir_site.services.orders.search()
    order.scheduled, order.priority = "2026-11-22T08:30:00+01:00", "high"
    poll.look()
    (after,) = fhir_site.services.orders.search()
    assert (after.accession_number, after.study_instance_uid) == (before.accession_number, before.study_instance_uid)
    assert after.priority == "HIGH"
    assert after.scheduled is not None
    assert after.scheduled.isoformat() == "2026-11-22T07:30:00+00:00"
    order.status = "canceled"
    poll.look()
    assert fhir_site.services.orders.search()[0].status is OrderStatus.CANCELLED


def test_what_cannot_be_used_is_held_and_tried_again(fhir_site: Site, emr: BackendEmr, poll: FhirPoll) -> None:
    patient = emr.records.add_patient("John", "Smith", "1980-01-01")
    emr.records.add_order(patient, 12, ("71020", "Chest"))
    patient.lname = ""
    poll.look()
    (held,) = fhir_site.services.orders.held.open()
    assert (held.source, held.code) == ("fhir", "missing")
    patient.lname = "Smith"
    assert not try_again(fhir_site.services, held).is_held
    assert len(fhir_site.services.orders.search()) == 1
    assert fhir_site.services.orders.held.open() == ()


def test_an_ehr_that_is_down_is_asked_again(fhir_site: Site, emr: BackendEmr, poll: FhirPoll) -> None:
    emr.records.add_order(emr.records.add_patient("John", "Smith", "1980-01-01"), 12, ("71020", "Chest"))
    emr.is_down = True
    poll.look()
    assert fhir_site.services.orders.search() == ()
    emr.is_down = False
    poll.look()
    assert len(fhir_site.services.orders.search()) == 1


def test_another_key_gets_no_token(fhir_site: Site, emr: BackendEmr, poll: FhirPoll) -> None:
    emr.records.add_order(emr.records.add_patient("John", "Smith", "1980-01-01"), 12, ("71020", "Chest"))
    emr.key = RSAKey.generate_key(2048, auto_kid=True)
    poll.look()
    assert fhir_site.services.orders.search() == ()


def test_an_hl7_orders_patient_is_found_by_fhir_where_there_is_one_only(fhir_site: Site, emr: BackendEmr) -> None:
    numbers, _ = patient_numbers(fhir_site.services)
    intake = Intake(fhir_site.services, numbers)
    patient = emr.records.add_patient("John", "Smith", "1980-01-01", pubpid="A-77")
    order = emr.records.add_order(patient, 12, ("71020", "Chest"))
    (taken,) = intake.take(order_message(order, SENT).encode(), "mllp", "")
    found = fhir_site.services.orders.of_accession(taken.accession_numbers[0])
    assert found is not None
    assert (found.patient_id, found.ehr_patient_id) == ("OE-A-77", "1")
    emr.records.add_patient("John", "Smith", "1980-01-01", pubpid="A-78")
    second = emr.records.add_order(patient, 12, ("71020", "Chest"))
    (refused,) = intake.take(order_message(second, SENT).encode(), "mllp", "")
    assert refused.code == "patient-unknown"
