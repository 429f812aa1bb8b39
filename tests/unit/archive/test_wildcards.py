"""The wildcards of a search: one character of any script, any text, and never without end."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.archive.wildcards import is_like, is_met, narrowed, widened


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("山田^太郎", "山?^太?", True),
        ("山田^太郎", "山?太郎", False),
        ("Müller", "M?ller", True),
        ("Mueller", "M?ller", False),
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("abc", "a*?c", True),
        ("ac", "a*?c", False),
        ("a?c", "a?c", True),
    ],
)
def test_likeness(text: str, pattern: str, expected: bool) -> None:
    assert is_like(text, pattern, True) is is_like(text.upper(), pattern, False) is expected


@given(st.text("ab?", max_size=12), st.text("ab*?", max_size=8))
def test_as_a_regular_expression_says(text: str, pattern: str) -> None:
    """Compared with the obvious way, which may take for ever."""
    shape = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    assert is_like(text, pattern, True) == (re.fullmatch(shape, text) is not None)


def test_never_without_end() -> None:
    started = time.monotonic()
    assert not is_like("a" * 5_000, "*a" * 500 + "b", True)
    assert time.monotonic() - started < 10


def test_only_what_orthanc_would_miss_is_widened() -> None:
    """Bytes and characters are the same in identifiers and codes; several values are compared one by one."""
    keys = {"PatientName": "M?ller", "StudyInstanceUID": "1.?", "AccessionNumber": "A1", "OtherPatientIDs": "B?"}
    assert narrowed(keys) == {"PatientName": "M?ller", "OtherPatientIDs": "B?"}
    assert {key: widened(key, wanted) for key, wanted in keys.items()} == {
        "PatientName": "M*ller",
        "StudyInstanceUID": "1.?",
        "AccessionNumber": "A1",
        "OtherPatientIDs": "B*",
    }
    assert is_met({"OtherPatientIDs": "A1\\B2 "}, {"OtherPatientIDs": "b?"}, False)
    assert not is_met({"OtherPatientIDs": "A1\\B2"}, {"OtherPatientIDs": "b?"}, True)
    assert not is_met({}, {"OtherPatientIDs": "b?"}, False)
