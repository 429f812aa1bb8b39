"""Which orders answer a modality's query, by the matching of PS3.4 C.2.2.2, and in which character set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from sightline.errors import UnprocessableError
from sightline.openemr.orders.intake import Intake
from sightline.openemr.orders.worklist import matching, worklist
from sightline.state.order import ImagingOrder, OrderStatus
from tests.support.nested import nested_file
from tests.support.openemr.orders_out import order_message
from tests.support.openemr.records import Records
from tests.support.site import Site
from tests.unit.openemr.orders.conftest import SENT

ORDER = ImagingOrder(
    accession_number="0042-1", study_instance_uid="2.25.1", placer_order_number="0042", line=1, code="71020",
    code_text="Chest", sender="A|B|C|D", ehr_patient_id="7", patient_id="OE-7", patient_name="Müller^Jörg",
    birth_date="19800101", sex="M", encounter="12", requester="Doe^Jane", requester_id="1", reason="Cough",
    priority="STAT", modality="CR", station_aet="CR_ROOM1", station_name="CR-1", description="Chest",
    scheduled=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), status=OrderStatus.SCHEDULED, received=SENT, changed=SENT,
)  # fmt: skip
OTHER = replace(
    ORDER, accession_number="0043-1", study_instance_uid="2.25.2", patient_name="Smith^John", patient_id="OE-8",
    modality="CT", station_aet="", scheduled=None,
)  # fmt: skip


def query(step: dict[str, Any] | None = None, **keys: Any) -> Dataset:
    found, item = Dataset(), Dataset()
    for keyword, value in (step or {}).items():
        setattr(item, keyword, value)
    found.ScheduledProcedureStepSequence = [item]
    for keyword, value in keys.items():
        setattr(found, keyword, value)
    return found


def numbers(asked: Dataset, aet: str = "ANY") -> list[str]:
    return [item.AccessionNumber for item in matching(asked, (ORDER, OTHER), UTC, "", aet)]


BOTH, FIRST, SECOND = ["0042-1", "0043-1"], ["0042-1"], ["0043-1"]


@pytest.mark.parametrize(
    ("step", "keys", "expected"),
    [
        ({}, {}, BOTH),
        ({"Modality": "CT"}, {}, SECOND),
        ({"Modality": "MR"}, {}, []),
        ({"Modality": ["CT", "CR"]}, {}, BOTH),
        ({"ScheduledStationAETitle": "CR_ROOM1"}, {}, BOTH),
        ({"ScheduledStationAETitle": "CT_ROOM"}, {}, SECOND),
        ({"ScheduledStationAETitle": "CR_ROOM1", "Modality": "CR"}, {}, FIRST),
        ({"ScheduledProcedureStepStartDate": "20261121"}, {}, BOTH),
        ({"ScheduledProcedureStepStartDate": "20261120"}, {}, []),
        ({"ScheduledProcedureStepStartDate": "20261120-20261122"}, {}, BOTH),
        ({"ScheduledProcedureStepStartDate": "20261122-"}, {}, []),
        ({"ScheduledProcedureStepStartDate": "-20261121"}, {}, BOTH),
        ({"ScheduledProcedureStepStartTime": "1200-1430"}, {}, FIRST),
        ({"ScheduledProcedureStepStartTime": "143001-"}, {}, []),
        ({"ScheduledProcedureStepStartTime": "10"}, {}, SECOND),
        ({}, {"PatientName": "MÜLLER*"}, FIRST),
        ({}, {"PatientName": "m?ller^j*"}, FIRST),
        ({}, {"PatientName": "Muller*"}, []),
        ({}, {"PatientName": "smith^john^^"}, SECOND),
        ({}, {"PatientID": "OE-7"}, FIRST),
        ({}, {"PatientID": "oe-7"}, []),
        ({}, {"PatientID": "OE-*"}, BOTH),
        ({}, {"AccessionNumber": "0043-1"}, SECOND),
        ({}, {"StudyInstanceUID": "2.25.1"}, FIRST),
        ({}, {"RequestedProcedureID": "0042-1"}, FIRST),
        ({}, {"PatientWeight": "70"}, BOTH),
        ({}, {"PatientName": "*"}, BOTH),
    ],
)
def test_matching(step: dict[str, Any], keys: dict[str, Any], expected: list[str]) -> None:
    assert numbers(query(step, **keys)) == expected


def test_an_item_has_what_a_modality_needs() -> None:
    item = matching(query(), (ORDER,), UTC, "CLINIC")[0]
    step = item.ScheduledProcedureStepSequence[0]
    assert (item.PatientName, item.PatientID, item.IssuerOfPatientID) == ("Müller^Jörg", "OE-7", "CLINIC")
    assert (item.PatientBirthDate, item.PatientSex) == ("19800101", "M")
    assert (item.StudyInstanceUID, item.AccessionNumber) == ("2.25.1", "0042-1")
    assert (item.RequestedProcedureID, item.RequestedProcedureDescription) == ("0042-1", "Chest")
    assert (item.RequestedProcedurePriority, item.RequestingPhysician) == ("STAT", "Doe^Jane")
    assert item.PlacerOrderNumberImagingServiceRequest == "0042"
    assert (step.Modality, step.ScheduledStationAETitle, step.ScheduledStationName) == ("CR", "CR_ROOM1", "CR-1")
    assert (step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime) == ("20261121", "143000")
    assert step.ScheduledProcedureStepID == "0042-1"


def test_an_order_for_any_station_is_told_as_that_of_the_one_that_asks() -> None:
    def station(asked: Dataset) -> str:
        (item,) = matching(asked, (OTHER,), UTC, "", "CT_9")
        return str(item.ScheduledProcedureStepSequence[0].ScheduledStationAETitle)

    assert station(query()) == "CT_9"
    assert station(query({"ScheduledStationAETitle": "CT_ROOM"})) == "CT_ROOM"
    assert station(query({"ScheduledStationAETitle": "CT_*"})) == "CT_9"


def asked_file(asked: Dataset) -> bytes:
    buffer = BytesIO()
    asked.ensure_file_meta()
    asked.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(buffer, asked)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "encoding", "expected"),
    [
        ("Müller^Jörg", "Latin1", "Müller^Jörg"),
        ("Łukasiewicz^Jan", "Utf8", "Łukasiewicz^Jan"),
        ("Łukasiewicz^Jan", "Latin2", "Łukasiewicz^Jan"),
        ("Łukasiewicz^Jan", "Latin1", "Lukasiewicz^Jan"),
        ("山田^太郎", "Utf8", "山田^太郎"),
        ("山田^太郎", "Latin1", "??^??"),
    ],
)
def test_no_letter_is_left_out_in_the_character_set_of_this_orthanc(
    site: Site, intake: Intake, records: Records, name: str, encoding: str, expected: str
) -> None:
    family, given = name.split("^")
    order = records.add_order(records.add_patient(given, family, "1980-01-01"), 12, ("71020", "Chest"))
    intake.take(order_message(order, SENT).encode(), "mllp", "")
    site.services.site["dicom_encoding"] = encoding
    asked = query({"Modality": "CR"}, PatientName="")
    (answer,) = worklist(site.services, asked_file(asked), "CR_ROOM1")
    found = dcmread(BytesIO(answer))
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert str(found.PatientName) == expected
    assert found.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.31"
    assert site.events()[-1] == ("search", "0")


def test_an_order_is_on_the_worklist_around_its_time_only(site: Site, intake: Intake, records: Records) -> None:
    order = records.add_order(records.add_patient("John", "Smith", "1980-01-01"), 12, ("71020", "Chest"))
    intake.take(order_message(order, SENT).encode(), "mllp", "")
    asked = asked_file(query())
    assert len(worklist(site.services, asked, "X")) == 1
    site.clock.advance(hours=169)
    assert worklist(site.services, asked, "X") == []
    site.clock.now -= timedelta(hours=169)
    site.services.orders.take([])
    intake.take(order_message(order, SENT).replace("ORC|NW|", "ORC|CA|").encode(), "mllp", "")
    assert worklist(site.services, asked, "X") == []


def test_a_query_that_is_nested_too_deeply_is_refused(site: Site) -> None:
    with pytest.raises(UnprocessableError):
        worklist(site.services, nested_file(100), "X")
