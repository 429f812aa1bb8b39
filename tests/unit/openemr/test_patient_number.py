"""One rule says whose number PatientID is, for launches, orders, reports and documents alike."""

from __future__ import annotations

from typing import Any

import pytest

from sightline.openemr.ehr.client import EhrAnswerError
from sightline.openemr.patient_number import ehr_number, internal_number, patient_id, preview
from sightline.smart_section import PatientIdRule


@pytest.mark.parametrize(
    ("number", "made"),
    [("42", "EMR-42"), (" 42 ", "EMR-42"), ("", ""), ("   ", ""), ("4*", ""), ("4?", ""), ("4\\5", ""), ("4\n5", ""),
     ("4" * 61, "")],
)  # fmt: skip
def test_numbers_become_patient_ids_or_nothing(number: str, made: str) -> None:
    assert patient_id(PatientIdRule(Source="pid", Prefix="EMR-"), number) == made


def test_without_a_rule_there_is_no_patient_id() -> None:
    assert patient_id(None, "42") == ""


def test_a_preview_says_for_which_examples_a_rule_is_right() -> None:
    rule = PatientIdRule(Source="pubpid", Prefix="A")
    assert preview(rule, {"1": "A1", "2": "2", "": "A"}) == (("1", "A1", True), ("2", "A2", False), ("", "", False))


@pytest.mark.parametrize(
    ("stored", "number"),
    [("EMR-42", "42"), (" EMR-42 ", "42"), ("42", ""), ("EMR-", ""), ("", ""), ("EMR-4*", ""), ("emr-42", ""),
     ("EMR-EMR-42", "EMR-42")],
)  # fmt: skip
def test_the_way_back_is_for_what_the_rule_makes_only(stored: str, number: str) -> None:
    rule = PatientIdRule(Source="pubpid", Prefix="EMR-")
    assert ehr_number(rule, stored) == number
    assert number == "" or patient_id(rule, number) == stored.strip()


ROW = {"uuid": "u", "pid": 7, "pubpid": "A-7"}


@pytest.mark.parametrize("answer", [ROW, {"data": ROW}, {"data": [ROW]}])
def test_the_internal_number_of_the_same_patient(answer: Any) -> None:
    assert internal_number(answer, "u", "A-7") == internal_number(answer, "u", "") == "7"


@pytest.mark.parametrize(
    "answer",
    [ROW | {"uuid": "v"}, ROW | {"pubpid": "B"}, ROW | {"pid": None}, {"data": [ROW, ROW]}, {"data": []}, [], "x"],
)
def test_another_patients_internal_number_is_none(answer: Any) -> None:
    with pytest.raises(EhrAnswerError) as refusal:
        internal_number(answer, "u", "A-7")
    assert refusal.value.code == "patient-mismatch"
