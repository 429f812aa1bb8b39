"""Data sets of the JSON model as DICOM: pydicom reads what was meant, and what cannot be encoded is named."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from sightline.dicomweb.dicom_encoding import encode_dataset, file_meta
from sightline.errors import UnprocessableError

EXPLICIT = "1.2.840.10008.1.2.1"
pytestmark = pytest.mark.filterwarnings("ignore")


def read(dataset: dict[str, Any]) -> Dataset:
    return dcmread(BytesIO(file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", EXPLICIT) + encode_dataset(dataset)))


@pytest.mark.parametrize(
    ("tag", "vr", "values", "expected"),
    [
        ("00100010", "PN", [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小東"}], "Wang^XiaoDong=王^小東"),
        ("00081090", "LO", ["a", None, "b"], ["a", "", "b"]),
        ("00280030", "DS", ["0.50", 0.5], [0.5, 0.5]),
        ("00180050", "DS", ["0.3333333333333333333"], 0.33333333333333),
        ("00200013", "IS", [12], 12),
        ("00200013", "IS", ["12.0"], 12),
        ("00280010", "US", [65535], 65535),
        ("00280009", "AT", ["00181063", "0054041a"], [0x00181063, 0x0054041A]),
        ("00189087", "FD", ["1.5", "NaN", "-inf"], [1.5, float("nan"), float("-inf")]),
        ("00204000", "LT", ["with a \\ in it\r\n"], "with a \\ in it\r\n"),
        ("00081199", "SQ", [{"00081155": {"vr": "UI", "Value": ["1.2"]}}, None], None),
    ],
)
def test_values(tag: str, vr: str, values: list[Any], expected: Any) -> None:
    found = read({tag: {"vr": vr, "Value": values}})[int(tag, 16)]
    assert vr == found.VR
    if vr == "SQ":
        assert [item.get("ReferencedSOPInstanceUID") for item in found.value] == ["1.2", None]
    elif vr == "FD":
        assert str(list(found.value)) == str(expected)
    else:
        assert (list(found.value) if isinstance(expected, list) else found.value) == expected


def test_text_beyond_ascii_says_its_character_set() -> None:
    assert "SpecificCharacterSet" not in read({"00100020": {"vr": "LO", "Value": ["A1"]}})
    assert read({"00100020": {"vr": "LO", "Value": ["Ä1"]}}).SpecificCharacterSet == "ISO_IR 192"
    latin = {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}, "00100020": {"vr": "LO", "Value": ["Ä1"]}}
    found = read(latin)
    assert (found.SpecificCharacterSet, found.PatientID) == ("ISO_IR 192", "Ä1")


def test_a_value_too_long_for_its_short_form() -> None:
    values = ["1.5"] * 20_000
    found = read({"00186037": {"vr": "DS", "Value": values}})
    assert found.get_item(0x00186037).VR == "UN"  # type: ignore[union-attr]
    assert found.get_item(0x00186037).value == "\\".join(values).encode() + b" "  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "attribute",
    [
        {"vr": "US", "Value": [65536]},
        {"vr": "US", "Value": [True]},
        {"vr": "US", "Value": [1.5]},
        {"vr": "US", "Value": ["1_0"]},
        {"vr": "FD", "Value": ["1_0.5"]},
        {"vr": "FL", "Value": [1e300]},
        {"vr": "DS", "Value": ["1.5x"]},
        {"vr": "IS", "Value": [10**30]},
        {"vr": "AT", "Value": ["0018"]},
        {"vr": "LT", "Value": ["a", "b"]},
        {"vr": "LO", "Value": ["a\\b"]},
        {"vr": "LO", "Value": [5]},
        {"vr": "LO", "Value": "text"},
        {"vr": "SQ", "Value": [5]},
        {"vr": "PN", "Value": [{"Other": "x"}]},
        {"vr": "OB", "Value": [1]},
        {"vr": "OB", "InlineBinary": "not base64!"},
        {"vr": "OW", "InlineBinary": "AAAA"},
        {"vr": "LO", "InlineBinary": "AAAA"},
        {"vr": "OB", "InlineBinary": "AAAA", "Value": []},
        {"vr": "OB", "BulkDataURI": "nowhere"},
        {"vr": "XX", "Value": ["a"]},
        {"vr": 5},
    ],
)
def test_what_cannot_be_encoded_is_named(attribute: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError) as caught:
        encode_dataset({"00091001": attribute})
    assert "00091001" in caught.value.message or caught.value.code == "no-bulk-data"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["00100010", "00280010", "00081199", "00091001", "0020000D", "bad"]),
        st.fixed_dictionaries(
            {"vr": st.sampled_from(["PN", "US", "SQ", "LO", "DS", "IS", "OB", "AT", "FD", "", "ZZ"])},
            optional={"Value": VALUES, "InlineBinary": VALUES, "BulkDataURI": VALUES},
        )
        | VALUES,
        max_size=3,
    )
)
def test_anything_is_encoded_or_refused(dataset: dict[str, Any]) -> None:
    try:
        content = encode_dataset(dataset)
    except UnprocessableError:
        return
    assert len(content) % 2 == 0
