"""Changing one value of a file that somebody wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.json_edit import members, replaced
from deploy.orthanc_configuration import ConfigurationFileError, without_comments

TEXT = """{
  // The script "PythonScript" : "not this one"
  "PythonScript" : "/etc/orthanc/sample.py", /* keep me */
  "Nested" : { "PythonScript" : [1, 2] },
  "Last": true
}
"""


def test_only_the_value_changes() -> None:
    changed = replaced(TEXT, "PythonScript", "/new.py")
    assert changed == TEXT.replace('"/etc/orthanc/sample.py"', '"/new.py"')


def test_members_are_those_of_the_outermost_object() -> None:
    found = members(TEXT)
    assert list(found) == ["PythonScript", "Nested", "Last"]
    assert found["Nested"].value == {"PythonScript": [1, 2]}
    assert TEXT[found["Last"].start : found["Last"].end] == "true"


@pytest.mark.parametrize("text", ["", "[]", '{"a" 1}', '{"a": 1 "b": 2}', '{"a": 1', "{a: 1}"])
def test_what_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationFileError):
        members(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), VALUES, min_size=1, max_size=5), VALUES, st.data())
def test_it_is_the_same_as_changing_the_parsed_object(
    content: dict[str, object], value: object, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(content)))
    text = replaced(json.dumps(content, indent=1), key, value)
    assert json.loads(without_comments(text)) == {**content, key: value}
