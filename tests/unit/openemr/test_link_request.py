"""What an EHR may say when it asks for a link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.access.grant import Verb
from sightline.configuration import Links
from sightline.errors import BadRequestError
from sightline.openemr.link_request import LinkRequest
from sightline.uids import LONGEST_UID

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UID = {"studyInstanceUID": "1.2.3"}


def refusal(value: Any) -> str:
    with pytest.raises(BadRequestError) as caught:
        LinkRequest.parse(value)
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "matches"),
    [
        ({"studyInstanceUID": "1.2.840.113"}, {"StudyInstanceUID": "1.2.840.113"}),
        ({"accessionNumber": " A-1 "}, {"AccessionNumber": "A-1"}),
        ({"patientID": "7", "date": "2026-11-21"}, {"PatientID": "7", "StudyDate": "20261121"}),
        ({"patientID": "7", "date": "20261121"}, {"PatientID": "7", "StudyDate": "20261121"}),
        (UID | {"patientID": "7"}, {"StudyInstanceUID": "1.2.3", "PatientID": "7"}),
    ],
)
def test_ways_to_name_a_study(body: dict[str, str], matches: dict[str, str]) -> None:
    assert LinkRequest.parse(body).matches() == matches


@pytest.mark.parametrize(
    "body", [{}, {"patientID": "7"}, {"date": "20261121"}, {"purpose": "x"}, {"studyInstanceUID": None}]
)
def test_a_study_has_to_be_named(body: dict[str, str]) -> None:
    assert refusal(body).startswith("Name the study")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("studyInstanceUID", ""), ("studyInstanceUID", "1.2.x"), ("studyInstanceUID", "1" * (LONGEST_UID + 1)),
        ("studyInstanceUID", "1.2.*"), ("studyInstanceUID", 12), ("studyInstanceUID", "1.2\n"),
        ("accessionNumber", "*"), ("accessionNumber", "A?1"), ("accessionNumber", "A\\B"), ("accessionNumber", " "),
        ("patientID", "7*"), ("patientID", 7), ("date", "21.11.2026"), ("date", "2026"), ("date", "20261121-20261122"),
        ("verbs", []), ("verbs", ["everything"]), ("verbs", "view"), ("verbs", [1]),
        ("expires", "tomorrow"), ("expires", "2026-11-22T00:00:00"), ("expires", 1.5),
        ("expires", "1800000000"), ("expires", "2026-11-22"),
        ("expiresInHours", 0), ("expiresInHours", "1"), ("expiresInHours", True),
        ("uses", 0), ("uses", -1), ("uses", 1.5), ("uses", "1"), ("uses", True),
        ("purpose", "x" * 201), ("userName", ["x"]), ("user_name", "x"), ("study", "1.2.3"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    assert f"'{field}" in refusal({"studyInstanceUID": "1.2.3"} | {field: value})


def test_a_patients_number_is_not_echoed() -> None:
    assert "secret-mrn" not in refusal({"patientID": "secret-mrn*", "date": "20261121"})


@pytest.mark.parametrize("verb", ["search", "upload", "share", "delete", "administer"])
def test_verbs_that_reach_beyond_a_study_are_refused(verb: str) -> None:
    assert f"cannot allow {verb}" in refusal(UID | {"verbs": ["view", verb]})


def test_defaults() -> None:
    request = LinkRequest.parse(UID)
    assert (request.verbs, request.uses, request.purpose, request.user_name) == ([Verb.VIEW], None, "", "")
    assert request.end(NOW, Links()) == NOW + timedelta(hours=8)


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ({"expires": "2026-11-21T14:00:00+01:00"}, NOW + timedelta(hours=1)),
        ({"expires": "2026-11-21T13:00:00Z"}, NOW + timedelta(hours=1)),
        ({"expiresInHours": 0.5}, NOW + timedelta(minutes=30)),
        ({"expiresInHours": 2}, NOW + timedelta(hours=2)),
        ({"expiresInHours": 720}, NOW + timedelta(days=30)),
    ],
)
def test_end(body: dict[str, object], end: datetime) -> None:
    assert LinkRequest.parse(UID | body).end(NOW, Links()) == end


@pytest.mark.parametrize(
    "body",
    [
        {"expires": "2026-11-21T12:00:00Z"},
        {"expires": "2020-01-01T00:00:00Z"},
        {"expires": "2026-12-22T00:00:00Z"},
        {"expires": "9999-12-31T23:59:59Z"},
        {"expiresInHours": 720.1},
        {"expiresInHours": 1e300},
        {"expires": "2026-11-21T13:00:00Z", "expiresInHours": 1},
    ],
)
def test_an_end_in_the_past_too_late_or_said_twice_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BadRequestError):
        LinkRequest.parse(UID | body).end(NOW, Links())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
)
FIELDS = st.sampled_from([str(field.alias) for field in LinkRequest.model_fields.values()])


@given(st.dictionaries(FIELDS, JSON) | JSON)
def test_anything_else_is_refused_in_a_sentence(value: Any) -> None:
    try:
        LinkRequest.parse(value).end(NOW, Links())
    except BadRequestError as error:
        assert error.message.endswith(".")
