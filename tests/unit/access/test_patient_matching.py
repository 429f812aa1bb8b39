"""Which studies are the patient's: each by what its own files say, and nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.launch import EhrPatient, LaunchedStudy, Standing
from sightline.access.patient_matching import StudyIdentity, match
from sightline.smart_section import PatientIdRule

RULE = PatientIdRule(Source="pubpid")
ANNA = EhrPatient("f3", "P1", family="Müller", given="Anna", birth_date="19700102", sex="F")


def standing(study: StudyIdentity, patient: EhrPatient = ANNA, rule: PatientIdRule = RULE) -> tuple[Standing, str]:
    (only,) = match(rule, patient, [study])
    assert only.study_instance_uid == study.study_instance_uid
    return only.standing, only.reason


@pytest.mark.parametrize(
    "name",
    ["Müller^Anna", "MULLER^ANNA", "MUELLER^A", "Mu\u0308ller^Anna", "mül ler^", "Muller^A=穆勒^安娜",
     "穆勒^安娜=Müller^A", "MUELLER ANNA", "Müller, Anna"],
)  # fmt: skip
def test_same_family_name_however_it_is_written(name: str) -> None:
    assert standing(StudyIdentity("1.2", name, "19700102")) == (Standing.CONFIRMED, "")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("O'Brien", "OBRIEN^PAT"), ("Ångström", "ANGSTROM^A"), ("Ångström", "AANGSTROEM^A"), ("Łukasz", "LUKASZ^A"),
     ("Weiß", "WEISS^A"), ("Sørensen", "SOERENSEN^A"), ("Sørensen", "SORENSEN^A"), ("De la Cruz", "DELACRUZ^A"),
     ("De la Cruz", "De la Cruz Maria"), ("山田", "Yamada^Tarou=山田^太郎")],
)  # fmt: skip
def test_names_of_the_world(ours: str, theirs: str) -> None:
    patient = EhrPatient("f", "P1", family=ours, birth_date="19700102")
    assert standing(StudyIdentity("1.2", theirs, "19700102"), patient) == (Standing.CONFIRMED, "")


@pytest.mark.parametrize(
    ("study", "reason"),
    [
        (StudyIdentity("1.2", "Müller^Anna", "19700103"), "birth-date"),
        (StudyIdentity("1.2", "Meier^Anna", "19700102"), "family-name"),
        (StudyIdentity("1.2", "Anna Müller", "19700102"), "family-name"),
        (StudyIdentity("1.2", "", "19700103"), "birth-date"),
        (StudyIdentity("1.2", "Meier", ""), "family-name"),
    ],
)
def test_what_contradicts_is_held_back(study: StudyIdentity, reason: str) -> None:
    assert standing(study) == (Standing.HELD, reason)


@pytest.mark.parametrize(
    "study",
    [StudyIdentity("1.2", "", "19700102"), StudyIdentity("1.2", "Müller^A", ""), StudyIdentity("1.2"),
     StudyIdentity("1.2", "Müller^A", "1970"), StudyIdentity("1.2", "^Anna", "19700102"),
     StudyIdentity("1.2", "...", "19700102")],
)  # fmt: skip
def test_what_cannot_be_compared_is_unverified(study: StudyIdentity) -> None:
    assert standing(study) == (Standing.UNVERIFIED, "missing")


def test_an_ehr_that_tells_nothing_confirms_nothing() -> None:
    assert standing(StudyIdentity("1.2", "Müller^A", "19700102"), EhrPatient("f", "P1")) == (
        Standing.UNVERIFIED,
        "missing",
    )


def test_dates_of_acr_nema() -> None:
    assert standing(StudyIdentity("1.2", "Müller^A", "1970.01.02")) == (Standing.CONFIRMED, "")


def test_each_study_by_itself_though_the_archive_has_one_patient() -> None:
    studies = [StudyIdentity("1.1", "Müller^Anna", "19700102"), StudyIdentity("1.2", "Meier^Jan", "19551231")]
    assert match(RULE, ANNA, studies) == (
        LaunchedStudy("1.1", Standing.CONFIRMED),
        LaunchedStudy("1.2", Standing.HELD, "birth-date"),
    )


def test_another_issuer_than_the_sites_is_held_back() -> None:
    rule = PatientIdRule(Source="pubpid", IssuerOfPatientId="CLINIC")
    assert standing(StudyIdentity("1.2", "Müller^A", "19700102", "CLINIC"), rule=rule)[0] is Standing.CONFIRMED
    assert standing(StudyIdentity("1.2", "Müller^A", "19700102", ""), rule=rule)[0] is Standing.CONFIRMED
    assert standing(StudyIdentity("1.2", "Müller^A", "19700102", "OTHER"), rule=rule) == (Standing.HELD, "issuer")


def test_two_issuers_of_one_number_hold_both_back_where_the_site_names_none() -> None:
    studies = [
        StudyIdentity("1.1", "Müller^A", "19700102", "HERE"),
        StudyIdentity("1.2", "Müller^A", "19700102", "THERE"),
        StudyIdentity("1.3", "Müller^A", "19700102"),
    ]
    assert [(study.standing, study.reason) for study in match(RULE, ANNA, studies)] == [
        (Standing.HELD, "issuer"),
        (Standing.HELD, "issuer"),
        (Standing.CONFIRMED, ""),
    ]
    assert standing(studies[0])[0] is Standing.CONFIRMED


@given(st.text(max_size=20), st.text(max_size=20), st.text(alphabet="0123456789", max_size=8))
def test_never_confirmed_without_a_birth_date_and_a_name(family: str, name: str, date: str) -> None:
    patient = EhrPatient("f", "P1", family=family, birth_date=date)
    where, _ = standing(StudyIdentity("1.2", name, "19700102"), patient)
    assert where is not Standing.CONFIRMED or (date == "19700102" and family.strip() and name.strip())
