"""What is taken becomes orders with numbers of their own, once; what contradicts is held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sightline.openemr.orders.intake import Intake, Taken
from sightline.openemr.orders.patient_numbers import patient_numbers
from sightline.openemr.orders.retry import try_again
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.order_codes import OrderCode
from sightline.state.orders import NEEDS_MODALITY, StudyOfOrder
from tests.support.openemr.orders_out import LAB, order_message
from tests.support.openemr.records import Order, OrderLine, Records
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import SENT, MakeSite


def take(intake: Intake, text: str) -> Taken:
    (taken,) = intake.take(text.encode(), "mllp", "127.0.0.1")
    return taken


def known(site: Site, number: str) -> ImagingOrder:
    found = site.services.orders.of_accession(number)
    assert found is not None
    return found


def an_order(records: Records, *lines: tuple[str, str]) -> Order:
    patient = records.add_patient("John", "Smith", "1980-01-01")
    return records.add_order(patient, 12, *(lines or (("71020", "Chest"),)))


def test_each_line_gets_an_accession_number_and_a_study_uid(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records, ("71020", "Chest"), ("71020", "Chest again"))
    taken = take(intake, order_message(order, SENT))
    assert taken.accession_numbers == ("0002-1", "0002-2")
    first, second = (known(site, number) for number in taken.accession_numbers)
    assert first.study_instance_uid != second.study_instance_uid
    for one in (first, second):
        assert one.study_instance_uid.startswith("2.25.")
        assert len(one.study_instance_uid) <= 64
        assert (one.modality, one.station_aet, one.station_name) == ("CR", "CR_ROOM1", "CR-1")
        assert one.description == "Chest PA and lateral"
        assert one.status is OrderStatus.SCHEDULED
        assert one.patient_id == one.ehr_patient_id == "1"
    assert site.services.orders.of_study(second.study_instance_uid) == second
    assert site.events()[-1] == ("store", "0")


def test_the_same_order_again_changes_nothing(site: Site, intake: Intake, records: Records) -> None:
    text = order_message(an_order(records), SENT)
    first = take(intake, text)
    before = known(site, "0002-1")
    assert take(intake, text) == first
    # The number is padded in one place and not in another.
    assert take(intake, text.replace("|0002|", "|2|")) == first
    after = known(site, "0002-1")
    assert (after.study_instance_uid, after.received) == (before.study_instance_uid, before.received)
    assert sum(site.services.orders.counts().values()) == 1


def test_a_changed_order_keeps_its_numbers(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records)
    take(intake, order_message(order, SENT))
    before = known(site, "0002-1")
    order.patient.lname, order.priority = "Smith-Jones", "high"
    take(intake, order_message(order, SENT + timedelta(hours=1)))
    after = known(site, "0002-1")
    assert after.study_instance_uid == before.study_instance_uid
    assert (after.patient_name, after.priority) == ("Smith-Jones^John", "STAT")
    # What was written earlier and comes later does not undo that.
    order.patient.lname = "Smith"
    take(intake, order_message(order, SENT))
    assert known(site, "0002-1") == after


def test_a_line_that_an_order_has_no_longer_is_taken_back(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records, ("71020", "Chest"), ("71020", "Chest"))
    take(intake, order_message(order, SENT))
    del order.lines[1]
    take(intake, order_message(order, SENT + timedelta(hours=1)))
    assert known(site, "0002-1").status is OrderStatus.SCHEDULED
    assert known(site, "0002-2").status is OrderStatus.CANCELLED


def test_a_cancelled_order_stays_so_though_its_old_message_comes_again(
    site: Site, intake: Intake, records: Records
) -> None:
    order = an_order(records)
    text = order_message(order, SENT)
    take(intake, text)
    take(intake, order_message(order, SENT + timedelta(hours=1)).replace("ORC|NW|", "ORC|CA|"))
    assert known(site, "0002-1").status is OrderStatus.CANCELLED
    take(intake, text)
    assert known(site, "0002-1").status is OrderStatus.CANCELLED
    take(intake, order_message(order, SENT + timedelta(hours=2)))
    assert known(site, "0002-1").status is OrderStatus.SCHEDULED


def test_an_order_never_becomes_that_of_another_patient(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records)
    take(intake, order_message(order, SENT))
    order.patient = records.add_patient("Rita", "Roe", "1970-02-03")
    taken = take(intake, order_message(order, SENT + timedelta(hours=1)))
    assert taken.code == "order-of-another-patient"
    assert known(site, "0002-1").patient_name == "Smith^John"
    assert site.services.orders.held.count() == 1


def test_a_completed_order_does_not_become_another_procedure(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records)
    take(intake, order_message(order, SENT))
    site.services.orders.link(StudyOfOrder("1.2.3", "0002-1", ""))
    order.lines[0] = OrderLine("73030", "Shoulder")
    assert take(intake, order_message(order, SENT + timedelta(hours=1))).code == "order-completed"
    order.lines[0] = OrderLine("71020", "Chest")
    assert not take(intake, order_message(order, SENT + timedelta(hours=2))).is_held
    assert known(site, "0002-1").status is OrderStatus.COMPLETED


def test_numbers_that_do_not_fit_or_are_taken_are_made_anew(site: Site, intake: Intake, records: Records) -> None:
    order = an_order(records)
    take(intake, order_message(order, SENT))
    other = take(intake, order_message(order, SENT, ("OTHER", *LAB[1:])))
    assert other.accession_numbers == ("SL0000000001",)
    long = take(intake, order_message(order, SENT).replace("|0002|", "|AN-ORDER-NUMBER-OF-SOMEBODY|"))
    assert long.accession_numbers == ("SL0000000002",)
    odd = take(intake, order_message(order, SENT).replace("|0002|", "|7*|"))
    assert odd.accession_numbers == ("SL0000000003",)
    assert len({one.study_instance_uid for one in site.services.orders.search()}) == 4


def test_an_unknown_code_waits_until_it_is_mapped(site: Site, intake: Intake, records: Records) -> None:
    take(intake, order_message(an_order(records, ("73030", "Shoulder")), SENT))
    orders = site.services.orders
    assert known(site, "0002-1").modality == ""
    assert orders.counts()[NEEDS_MODALITY] == 1
    window = (site.clock() - timedelta(days=1), site.clock() + timedelta(days=1))
    assert orders.scheduled(*window) == ()
    assert orders.unmapped() == (("OPENEMR|CLINIC|SIGHTLINE|RAD", "73030", "Shoulder", 1),)
    orders.codes.put(OrderCode("", "73030", "DX"))
    assert orders.map_again() == 0
    (order,) = orders.scheduled(*window)
    assert (order.modality, order.description) == ("DX", "Shoulder")
    # The row of the sender is more particular than that of all.
    orders.codes.put(OrderCode("OPENEMR|CLINIC|SIGHTLINE|RAD", "73030", "CT", "CT1"))
    orders.map_again()
    assert known(site, "0002-1").modality == "CT"
    orders.codes.remove("OPENEMR|CLINIC|SIGHTLINE|RAD", "73030")
    orders.codes.remove("", "73030")
    orders.codes.put(OrderCode("", "", "OT"))
    orders.map_again()
    assert known(site, "0002-1").modality == "OT"
    assert (known(site, "0002-1").station_aet, known(site, "0002-1").code_text) == ("", "Shoulder")


def test_one_bad_message_in_a_file_holds_back_itself_only(site: Site, intake: Intake, records: Records) -> None:
    good, bad = order_message(an_order(records), SENT), order_message(an_order(records), SENT)
    taken = intake.take((bad.replace("ORC|NW|", "ORC|ZZ|") + good).encode(), "folder", "42.txt")
    assert [one.code for one in taken] == ["order-control", ""]
    (held,) = site.services.orders.held.open()
    assert (held.source, held.name, held.code) == ("folder", "42.txt", "order-control")
    assert b"ORC|ZZ|" in held.content
    assert site.services.orders.counts()[OrderStatus.SCHEDULED] == 1


def test_what_takes_back_the_unknown_is_held_and_can_be_tried_again(
    site: Site, intake: Intake, records: Records
) -> None:
    order = an_order(records)
    back = order_message(order, SENT + timedelta(hours=1)).replace("ORC|NW|", "ORC|CA|")
    assert take(intake, back).code == "order-unknown"
    assert take(intake, back).code == "order-unknown"
    (held,) = site.services.orders.held.open()
    assert try_again(site.services, held).code == "order-unknown"
    take(intake, order_message(order, SENT))
    assert try_again(site.services, held).accession_numbers == ("0002-1",)
    assert site.services.orders.held.open() == ()
    assert known(site, "0002-1").status is OrderStatus.CANCELLED


def test_the_patients_number_follows_the_sites_rule(make_site: MakeSite, records: Records) -> None:
    site = make_site(PatientId={"Source": "pid", "Prefix": "OE-", "IssuerOfPatientId": "CLINIC"})
    intake = Intake(site.services, patient_numbers(site.services)[0])
    take(intake, order_message(an_order(records), SENT))
    assert known(site, "0002-1").patient_id == "OE-1"
    assert known(site, "0002-1").ehr_patient_id == "1"
    bad = take(intake, order_message(an_order(records), SENT).replace("|3|3||", "|3|3\\E\\4||"))
    assert bad.code == "patient-number"


def test_orders_are_there_after_a_restart(make_site: MakeSite, records: Records) -> None:
    site = make_site()
    take(Intake(site.services, patient_numbers(site.services)[0]), order_message(an_order(records), SENT))
    before = known(site, "0002-1")
    site.close()
    assert known(make_site(), "0002-1") == before


def test_a_flaw_of_ours_holds_up_nothing_else(
    site: Site, intake: Intake, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_arguments: object) -> None:
        raise KeyError("a flaw")

    with monkeypatch.context() as patch:
        patch.setattr(site.services.orders, "take", breaks)
        assert take(intake, order_message(an_order(records), SENT)).code == "flaw"
    (held,) = site.services.orders.held.open()
    assert not try_again(site.services, held).is_held
