"""A study completes its order if it names it and the patient is the same; else it is shown with what contradicts."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.access.grant import administrator
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.linking import _ROUNDS_BETWEEN_PROBLEMS, StudyLinker
from sightline.state.order import ImagingOrder, OrderStatus
from tests.support.dicom_files import image_file
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import SENT, MakeSite

PIXELS = np.zeros((2, 2), np.uint16)
ADMINISTRATOR = administrator("ada")
PATIENT = {"PatientID": "1", "PatientName": "Müller-Lüdenscheid^Jörg", "PatientBirthDate": "19800101"}


@pytest.fixture
def order(site: Site, intake: Intake, records: Records) -> ImagingOrder:
    patient = records.add_patient("Jörg", "Müller-Lüdenscheid", "1980-01-01")
    text = order_message(records.add_order(patient, 12, ("71020", "Chest")), SENT)
    (taken,) = intake.take(text.encode(), "mllp", "")
    found = site.services.orders.of_accession(taken.accession_numbers[0])
    assert found is not None
    return found


def store(site: Site, study: str, **attributes: str) -> None:
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.1.1"}
    site.archive.store(ADMINISTRATOR, image_file(PIXELS, **{**uids, **PATIENT, **attributes}))


def problems(site: Site, order: ImagingOrder) -> dict[str, str]:
    found = site.services.orders.studies_of([order.accession_number])
    return {one.study_instance_uid: one.problem for one in found.get(order.accession_number, ())}


def status(site: Site, order: ImagingOrder) -> OrderStatus:
    found = site.services.orders.of_accession(order.accession_number)
    assert found is not None
    return found.status


@pytest.mark.parametrize("is_first", [True, False])
def test_a_study_with_the_accession_number_completes_the_order(site: Site, order: ImagingOrder, is_first: bool) -> None:
    linker = StudyLinker(site.services)
    if not is_first:
        linker.look()
    store(site, "1.2.3", AccessionNumber=order.accession_number)
    store(site, "1.2.4", AccessionNumber="0002-10")
    linker.look()
    assert status(site, order) is OrderStatus.COMPLETED
    assert problems(site, order) == {"1.2.3": ""}
    answered = site.services.orders.of_study("1.2.3")
    assert answered is not None
    assert answered.accession_number == order.accession_number
    assert site.services.orders.of_study("1.2.4") is None


def test_a_study_with_the_minted_uid_completes_the_order(site: Site, order: ImagingOrder) -> None:
    linker = StudyLinker(site.services)
    linker.look()
    store(site, order.study_instance_uid, PatientName="MULLER LUDENSCHEID^J", AccessionNumber="")
    linker.look()
    assert status(site, order) is OrderStatus.COMPLETED


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"PatientID": "2"}, "patient-id"),
        ({"PatientID": ""}, "patient-id"),
        ({"PatientBirthDate": "19800102"}, "birth-date"),
        ({"PatientName": "Meier^Jörg"}, "family-name"),
    ],
)
def test_a_study_of_somebody_else_is_not_linked(
    site: Site, order: ImagingOrder, attributes: dict[str, str], problem: str
) -> None:
    store(site, order.study_instance_uid, **{"AccessionNumber": order.accession_number, **attributes})
    StudyLinker(site.services).look()
    assert status(site, order) is OrderStatus.SCHEDULED
    assert problems(site, order) == {order.study_instance_uid: problem}
    assert site.services.orders.of_study(order.study_instance_uid) is None


def test_another_accession_number_contradicts_the_minted_uid(site: Site, order: ImagingOrder) -> None:
    store(site, order.study_instance_uid, AccessionNumber="X9")
    StudyLinker(site.services).look()
    assert problems(site, order) == {order.study_instance_uid: "accession-number"}


def test_a_study_that_was_corrected_is_linked(site: Site, order: ImagingOrder) -> None:
    linker = StudyLinker(site.services)
    linker.look()
    store(site, "1.2.3", AccessionNumber=order.accession_number, PatientID="2")
    linker.look()
    assert problems(site, order) == {"1.2.3": "patient-id"}
    site.archive.forget("1.2.3.1.1")
    store(site, "1.2.5", AccessionNumber=order.accession_number)
    site.archive._arrived.clear()  # as if it had been corrected in place: nothing has come
    for _ in range(_ROUNDS_BETWEEN_PROBLEMS):
        linker.look()
    assert problems(site, order) == {"1.2.5": ""}
    assert status(site, order) is OrderStatus.COMPLETED


def test_what_came_while_we_did_not_run_is_linked(site: Site, order: ImagingOrder, make_site: MakeSite) -> None:
    StudyLinker(site.services).look()
    site.close()
    again = make_site()
    store(again, "1.2.3", AccessionNumber=order.accession_number)
    StudyLinker(again.services).look()
    assert status(again, order) is OrderStatus.COMPLETED


def test_another_issuer_is_another_patient(make_site: MakeSite, site: Site, order: ImagingOrder) -> None:
    site.close()
    again = make_site(PatientId={"Source": "pid", "IssuerOfPatientId": "CLINIC"})
    store(again, "1.2.3", AccessionNumber=order.accession_number, IssuerOfPatientID="ELSEWHERE")
    store(again, "1.2.4", AccessionNumber=order.accession_number, IssuerOfPatientID="CLINIC")
    StudyLinker(again.services).look()
    assert problems(again, order) == {"1.2.3": "issuer", "1.2.4": ""}
