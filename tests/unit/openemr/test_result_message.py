"""A report as OpenEMR's import reads it, checked by a model of that import and by hl7apy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.openemr.person import contradiction
from sightline.openemr.results.escapes import escaped
from sightline.openemr.results.filing import objection
from sightline.openemr.results.message import Parties, parties, report_text, result_message
from sightline.results_section import Results
from sightline.state.order import ImagingOrder, OrderStatus
from sightline.state.report import SignedReport
from tests.support.openemr.records import Order, OrderLine, Records
from tests.support.openemr.results_in import Provider, RefusedError, Report, ResultsImport, unescaped
from tests.support.ordered_reports import PDF, imaging_order, signed_report

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINK = "https://pacs.example/sightline/iid?requestType=STUDY&studyUID=1.2.826.0.8.1"


def settings_of(**section: str) -> Results:
    return Results.model_validate(section)


def emr(direction: str = "B") -> ResultsImport:
    """An OpenEMR with order 42 of John Smith, and 43 of somebody else."""
    records = Records()
    john = records.add_patient("John", "Smith", "1980-01-01")
    mary = records.add_patient("Mary", "Jones", "1970-02-02")
    records.orders += [
        Order(42, john, 12, [OrderLine("71020", "Chest XR")]),
        Order(43, mary, 13, [OrderLine("70450", "Head CT")]),
    ]
    return ResultsImport(records, Provider(direction=direction))


def message(
    report: SignedReport | None = None, order: ImagingOrder | None = None, between: Parties | None = None
) -> str:
    order = order or imaging_order()
    between = between or parties(Results(), order)
    return result_message(report or signed_report(), order, "SL0001", between, NOW, PDF, LINK)


def filed(text: str) -> Report:
    """Have both readers read it."""
    importer = emr()
    (report,) = importer.receive(text)
    parse_message(text, find_groups=False)
    return report


def test_a_report_answers_its_order_with_text_and_pdf() -> None:
    report = filed(message())
    assert (report.order.id, report.patient.lname, report.code, report.status) == (42, "Smith", "71020", "final")
    assert report.texts == [report_text(signed_report(), LINK)]
    assert report.texts[0].splitlines()[:3] == ["FINDINGS", "Clear lungs.", "T&N | ^ ~ \\ unremarkable."]
    assert report.texts[0].endswith(f"Images: {LINK}")
    (document,) = report.documents
    assert document[1:] == ("application/pdf", PDF)
    assert (report.date_collected, report.date_report[:8]) == ("20261120000000", "20261121")


def test_another_library_reads_it_as_the_same() -> None:
    parsed = parse_message(message(), find_groups=False)
    assert parsed.msh.msh_9.to_er7() == "ORU^R01"
    assert parsed.msh.msh_10.to_er7() == "SL0001"
    assert parsed.msh.msh_12.to_er7() == "2.3"
    assert parsed.pid.pid_3.to_er7() == "7"
    assert parsed.pid.pid_5.to_er7() == "Smith^John"
    assert parsed.pv1.pv1_19.to_er7() == "12"
    assert (parsed.orc.orc_1.to_er7(), parsed.orc.orc_2.to_er7()) == ("RE", "0042")
    assert parsed.obr.obr_4.to_er7() == "71020^Chest XR"
    assert parsed.obr.obr_16.to_er7() == "1234567890^Doe^Jane"
    assert parsed.obr.obr_25.to_er7() == "F"
    first, second = parsed.obx
    assert (first.obx_2.to_er7(), second.obx_2.to_er7()) == ("TX", "ED")
    assert second.obx_5.to_er7().split("^")[:4] == ["SIGHTLINE", "application", "pdf", "Base64"]


def test_the_order_number_goes_back_as_it_came() -> None:
    """OpenEMR pads to four digits and reads a whole number; others may not."""
    fields = re.findall(r"^(?:ORC|OBR)\|.*$", message().replace("\r", "\n"), re.MULTILINE)
    assert [line.split("|")[2] for line in fields] == ["0042", "0042"]


def test_who_was_written_to_answers() -> None:
    order = imaging_order(sender="EMR|NORTH|RADAPP|HOSP")
    assert parties(Results(), order) == Parties("RADAPP", "HOSP", "EMR", "NORTH")
    assert parties(Results(), None) == Parties("SIGHTLINE", "RAD", "OPENEMR", "")
    assert parties(Results(), imaging_order(sender="fhir:https://emr")) == Parties("SIGHTLINE", "RAD", "OPENEMR", "")
    mine = settings_of(SendingApplication="A", SendingFacility="B", ReceivingApplication="C", ReceivingFacility="D")
    assert parties(mine, order) == Parties("A", "B", "C", "D")


@pytest.mark.parametrize("between", [
    Parties("x", "x", "x", "clinic"), Parties("x", "rad", "x", "x"), Parties("Sightline", "x", "x", "x"),
])  # fmt: skip
def test_the_lab_is_known_by_any_of_three_fields(between: Parties) -> None:
    assert filed(message(between=between)).order.id == 42


def test_nobody_is_no_lab() -> None:
    with pytest.raises(RefusedError, match="No lab"):
        emr().receive(message(between=Parties("x", "x", "x", "x")))


@pytest.mark.parametrize("segment", ["PV2|1", "ZDS|1.2", "SFT|x", "NK1|1", "FT1|1"])
def test_the_model_refuses_segments_as_openemr_does(segment: str) -> None:
    with pytest.raises(RefusedError, match="unknown"):
        emr().receive(message() + segment + "\r")


def test_the_model_refuses_what_openemr_would_stumble_over() -> None:
    for broken in (
        message().replace("^Base64^", "^base64^"),
        message().replace("PV1|1|O|||||||||||||||||12", "PV1|1|O|||||||||||||||||13"),
        message().replace("|0042|", "|0099|"),
        message().replace("71020^Chest XR", "71020"),
        re.sub(r"PID\|[^\r]*", "PID|1|7|7||Smith^John|", message()),
        "\x0b" + message(),
    ):
        assert broken != message()
        importer = emr()
        with pytest.raises(RefusedError):
            importer.receive(broken)
        assert importer.reports == []


def test_openemr_itself_does_not_see_that_an_order_is_another_patients() -> None:
    """Why report and order are compared here: number and encounter of 43 put John's report into Mary's chart."""
    wrong = imaging_order(placer_order_number="0043", encounter="13")
    assert filed(message(order=wrong)).patient.lname == "Jones"


def test_a_correction_says_so_and_is_filed_beside_the_first() -> None:
    importer = emr()
    importer.receive(message())
    importer.receive(message(signed_report(version=2)))
    importer.receive(message(signed_report(version=2)))
    assert [report.status for report in importer.reports] == ["final", "correct", "correct"], "sent again, filed again"


def test_without_an_order_openemr_finds_the_patient_or_makes_one() -> None:
    between = parties(Results(), None)
    importer = emr("R")
    text = result_message(signed_report(), None, "SL0001", between, NOW, PDF, LINK)
    importer.receive(text)
    assert importer.reports[0].patient.pid == 1
    importer.receive(text.replace("Smith^John", "Smith^Jon"))
    assert importer.reports[1].patient.pid not in (1, 2)
    assert parse_message(text, find_groups=False).obr.obr_3.to_er7() == "0042-1"


def test_accents_and_control_characters() -> None:
    report = signed_report(sections=(replace(signed_report().sections[0], text="Größe 5 µm\x00\x0b\r\nzweite Zeile"),))
    assert "Größe 5 µm\nzweite Zeile" in filed(message(report)).texts[0]


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=80))
def test_escapes_can_be_put_back(text: str) -> None:
    inside = escaped(text)
    assert not set(inside) & set("|^&~\r\n")
    assert unescaped(inside) == text


@pytest.mark.parametrize(("change", "reason"), [
    ({}, ""),
    ({"patient_id": "8"}, "patient-id"),
    ({"patient_name": "Jones^Mary"}, "patient-name"),
    ({"patient_name": "Smith^Jane"}, "patient-name"),
    ({"patient_name": "SMITH^JOHN^Q^Dr"}, ""),
    ({"patient_name": "Smith^J"}, ""),
    ({"birth_date": "19800102"}, "birth-date"),
    ({"birth_date": ""}, ""),
    ({"birth_date": "", "patient_name": ""}, "unverified"),
    ({"placer_order_number": "A42"}, "order-number"),
    ({"placer_order_number": ""}, "order-number"),
    ({"ehr_patient_id": ""}, "no-patient-number"),
    ({"status": OrderStatus.CANCELLED}, "order-cancelled"),
])  # fmt: skip
def test_what_holds_a_report_back(change: dict[str, object], reason: str) -> None:
    assert objection(signed_report(), imaging_order(**change), settings_of(Transport="folder", Folder="/x")) == reason


def test_reports_without_an_order() -> None:
    folder = settings_of(Transport="folder", Folder="/x")
    assert objection(signed_report(), None, folder) == "no-order"
    by_name = settings_of(Transport="folder", Folder="/x", Direction="R")
    assert objection(signed_report(), None, by_name) == ""
    assert objection(signed_report(patient_birth_date=""), None, by_name) == "unverified", "it would make a new patient"
    assert objection(signed_report(), None, settings_of(Transport="document")) == ""
    assert (
        objection(signed_report(), imaging_order(placer_order_number="A"), settings_of(Transport="mllp", Mllp="h:1"))
        == ""
    )


def test_names_are_compared_as_people_read_them() -> None:
    assert contradiction("Müller-Lüdenscheidt^René", "", "MULLER LUDENSCHEIDT^RENE", "") == ""
    assert contradiction("Straße^A", "", "Strasse^Anna", "") == ""
    assert contradiction("Müller^Jörg", "", "MUELLER^JOERG", "") == ""
    assert contradiction("Smith John", "", "Smith^Jane", "") == "patient-name"
    assert contradiction("Yamada^Tarou=山田^太郎", "", "Yamada^Tarou", "") == ""
    assert contradiction("山田^太郎", "19800101", "山田^花子", "19800101") == "patient-name"
