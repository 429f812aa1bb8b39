"""Metadata is complete: every attribute of every real file, value for value as pydicom reads the file, also as XML."""

from __future__ import annotations

import base64
import json
import math
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import DSdecimal, DSfloat, PersonName

from sightline.dicomweb.attributes import INLINE_BYTES
from sightline.dicomweb.metadata import metadata_json, read_dataset
from sightline.dicomweb.metadata_reading import dataset_of_xml
from sightline.dicomweb.native_xml import native_xml
from tests.support.corpus import corpus_files, real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_frames import contents, parts

pytestmark = pytest.mark.filterwarnings("ignore")

STUDY, SERIES = "1.2.826.0.1.1", "1.2.826.0.1.1.1"
BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
NUMBERS = {"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"}
SAFE_INTEGER = 2**53 - 1
NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


def real_files() -> list[Path]:
    data = Path(pydicom.__file__).parent / "data"
    found = [*corpus_files(), *sorted(data.joinpath("test_files").rglob("*.dcm"))]
    found += sorted(data.joinpath("charset_files").rglob("*.dcm"))
    return [path for path in found if "Deeply-Nested" not in path.name]


def test_every_attribute_of_every_file() -> None:
    files = attributes = 0
    for path in real_files():
        theirs = read(path)
        if theirs is None:
            continue
        dataset = read_dataset({"path": str(path)}, ())
        assert dataset is not None, path
        ours = json.loads(metadata_json(dataset, "http://x"))
        attributes += compare(ours, theirs, path.name)
        files += 1
    assert files > 80
    assert attributes > 3_000


def read(path: Path) -> Dataset | None:
    """Return pydicom's reading; None where it has none."""
    try:
        dataset = dcmread(path, force=True)
        list(dataset.keys())
        return dataset if len(dataset) else None
    except Exception:
        return None


def compare(ours: dict[str, Any], theirs: Dataset, where: str) -> int:
    tags = [tag for tag in theirs.keys() if tag.element != 0]  # noqa: SIM118 - iterating a data set decodes it
    assert set(ours) - {"00080005"} == {f"{tag:08X}" for tag in tags} - {"00080005"}, where
    assert list(ours) == sorted(ours), where
    count = 0
    for tag in tags:
        name = f"{tag:08X}"
        if name == "00080005":
            assert ours[name] == {"vr": "CS", "Value": ["ISO_IR 192"]}
            continue
        try:
            element = theirs[tag]
        except Exception:  # noqa: S112 - a value that pydicom cannot read; that it is there was checked
            continue
        count += compare_element(ours[name], element, theirs, f"{where} {name}")
    return count


def compare_element(found: dict[str, Any], element: DataElement, dataset: Dataset, where: str) -> int:
    assert found["vr"] == element.VR or element.VR in ("US or SS", "OB or OW"), where
    if element.VR == "SQ":
        items = element.value or ()
        assert len(found.get("Value", ())) == len(items), where
        return sum(compare(a, b, where) for a, b in zip(found.get("Value", ()), items, strict=True))
    if element.VR in BINARY:
        compare_binary(found, element, dataset, where)
    else:
        value = element.value
        several = isinstance(value, list | pydicom.multival.MultiValue)
        expected = [json_of(element.VR, item) for item in (value if several else [value])]
        if all(item is None for item in expected):
            expected = []
        assert len(found.get("Value", [])) == len(expected), (where, found, expected)
        for ours, theirs in zip(found.get("Value", []), expected, strict=True):
            assert same(ours, theirs), (where, ours, theirs)
    return 1


def compare_binary(found: dict[str, Any], element: DataElement, dataset: Dataset, where: str) -> None:
    value = element.value or b""
    if len(value) > INLINE_BYTES or (element.tag == 0x7FE00010 and element.is_undefined_length):
        assert found == {"vr": element.VR, "BulkDataURI": found["BulkDataURI"]}, where
    elif not value:
        assert found == {"vr": element.VR}, where
    else:
        told = base64.b64decode(found["InlineBinary"], validate=True)
        swapped = dataset.original_encoding[1] is False and element.VR not in ("OB", "UN")
        assert sorted(told) == sorted(value) if swapped else told == value, where


def json_of(vr: str, value: Any) -> Any:
    """Return what the DICOM JSON model has for a value that pydicom decoded (PS3.18 table F.2.3-1)."""
    if value is None or value == "":
        return None
    if vr == "PN":
        name = PersonName(value)
        groups = {"Alphabetic": name.alphabetic, "Ideographic": name.ideographic, "Phonetic": name.phonetic}
        return {key: text.strip() for key, text in groups.items() if text.strip()} or None
    if vr == "AT":
        return f"{int(value):08X}"
    if isinstance(value, DSfloat | DSdecimal):
        return float(value)
    if vr == "IS" and isinstance(value, int):  # what is no number stays text
        return int(value)
    if vr in NUMBERS:
        return value
    text = str(value).strip(" \0") if vr not in ("LT", "ST", "UT", "UR") else str(value).rstrip(" \0")
    return text or None


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, float) and not math.isfinite(theirs):
        return bool(ours == {True: "NaN"}.get(math.isnan(theirs), "inf" if theirs > 0 else "-inf"))
    if isinstance(theirs, int) and isinstance(ours, str):
        return abs(theirs) > SAFE_INTEGER and int(ours) == theirs
    return bool(ours == theirs)


def test_the_comparison_notices_what_is_missing_or_wrong() -> None:
    """A test that could not fail would prove nothing."""
    path = real_file("CT_small.dcm")
    dataset, theirs = read_dataset({"path": str(path)}, ()), read(path)
    assert dataset is not None and theirs is not None
    good = json.loads(metadata_json(dataset, ""))
    assert compare(good, theirs, "") > 50
    for tag, wrong in {
        "00280010": {"vr": "US", "Value": [127]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Other"}]},
        "FFFCFFFC": {"vr": "OB", "InlineBinary": "AAAA"},
        "00280030": {"vr": "DS", "Value": [0.661468]},
        "00090010": {"vr": "UN", "Value": ["GEMS_IDEN_01"]},
    }.items():
        assert tag in good
        with pytest.raises(AssertionError):
            compare({**good, tag: wrong}, theirs, "")
        with pytest.raises(AssertionError):
            compare({key: value for key, value in good.items() if key != tag}, theirs, "")


def metadata_of(content: bytes) -> dict[str, Any]:
    dataset = read_dataset({"buffer": 0}, [content])
    assert dataset is not None
    found: dict[str, Any] = json.loads(metadata_json(dataset, "http://x"))
    return found


EXTREMES: list[tuple[str, str, list[float]]] = [
    ("SS", "<h", [-32768, 32767]),
    ("US", "<H", [0, 65535]),
    ("SL", "<i", [-(2**31), 2**31 - 1]),
    ("UL", "<I", [0, 2**32 - 1]),
    ("SV", "<q", [-SAFE_INTEGER, SAFE_INTEGER]),
    ("UV", "<Q", [0, SAFE_INTEGER]),
    ("FL", "<f", [1.1754943508222875e-38, 3.4028234663852886e38, -0.0]),
    ("FD", "<d", [5e-324, 1.7976931348623157e308, 0.1]),
]


@pytest.mark.parametrize(("vr", "code", "values"), EXTREMES)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_numbers_are_exact_to_their_ends(vr: str, code: str, values: list[float], syntax: str) -> None:
    dataset = Dataset()
    dataset.add_new(0x00110010, "LO", "ACME")
    dataset.add_new(0x00111001, vr, values)
    target = BytesIO()
    little = syntax == ExplicitVRLittleEndian
    dcmwrite(target, dataset, implicit_vr=False, little_endian=little)
    content = target.getvalue()
    order = "<" if little else ">"
    assert b"".join(pack(order + code[1:], value) for value in values) in content
    assert metadata_of(content)["00111001"] == {"vr": vr, "Value": values}


def test_integers_that_readers_would_round_are_text() -> None:
    dataset = Dataset()
    dataset.add_new(0x00110010, "LO", "ACME")
    dataset.add_new(0x00111001, "SV", [-(2**63), 2**63 - 1])
    dataset.add_new(0x00111002, "UV", 2**64 - 1)
    target = BytesIO()
    dcmwrite(target, dataset, implicit_vr=False, little_endian=True)
    found = metadata_of(target.getvalue())
    assert found["00111001"] == {"vr": "SV", "Value": [str(-(2**63)), str(2**63 - 1)]}
    assert found["00111002"] == {"vr": "UV", "Value": [str(2**64 - 1)]}


@pytest.mark.parametrize(
    ("vr", "text", "expected"),
    [
        ("DS", "0.1\\ 2 \\-.5e3", [0.1, 2.0, -500.0]),
        ("DS", "9007199254740993", ["9007199254740993"]),
        ("DS", "0.12345678901234", [0.12345678901234]),
        ("DS", "1234567.12345678", [1234567.12345678]),
        ("DS", "12345678.9012345", [12345678.9012345]),
        ("DS", "\\1.5\\", [None, 1.5, None]),
        ("DS", "abc", ["abc"]),
        ("DS", "1e400", ["1e400"]),
        ("IS", "-0012", [-12]),
        ("IS", "1.0", ["1.0"]),
        ("IS", "99999999999", [99999999999]),
    ],
)
def test_decimal_and_integer_strings(vr: str, text: str, expected: list[Any]) -> None:
    padded = text.encode() + b" " * (len(text) % 2)
    content = bytes.fromhex("1800 5110".replace(" ", "")) + vr.encode() + pack("<H", len(padded)) + padded
    assert metadata_of(content)["00181051"] == {"vr": vr, "Value": expected}


def test_float_arrays_are_binary_and_exact() -> None:
    """OF, OD, OL and OV, also in big endian, are little endian octets in the answer (PS3.18 section F.2.7)."""
    values: dict[int, tuple[str, np.ndarray[Any, Any]]] = {
        0x00110001: ("OF", np.array([0.1, np.nan, np.inf], "<f4")),
        0x00110002: ("OD", np.array([0.1, -np.inf], "<f8")),
        0x00110003: ("OL", np.array([1, 2**32 - 1], "<u4")),
        0x00110004: ("OV", np.array([1, 2**64 - 1], "<u8")),
        0x00110005: ("OW", np.array([1, 65535], "<u2")),
    }
    for little in (True, False):
        dataset = Dataset()
        for tag, (vr, array) in values.items():
            stored = array if little else array.astype(array.dtype.newbyteorder(">"))
            dataset.add_new(tag + 0x1000, vr, stored.tobytes())
        dataset.add_new(0x00110010, "LO", "ACME")
        target = BytesIO()
        dcmwrite(target, dataset, implicit_vr=False, little_endian=little)
        found = metadata_of(target.getvalue())
        for tag, (vr, array) in values.items():
            attribute = found[f"{tag + 0x1000:08X}"]
            assert attribute["vr"] == vr
            assert base64.b64decode(attribute["InlineBinary"]) == array.tobytes()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_stands_behind_the_pixels_and_numbers_of_ambiguous_kind(syntax: str) -> None:
    """Where the official plugin leaves out: groups after Pixel Data, AcquisitionMatrix, smallest and largest values."""
    made = dcmread(BytesIO(image_file(np.full((2, 3), -5, np.int16), SOPInstanceUID="1.2.3")))
    made.AcquisitionMatrix = [256, 0, 0, 192]
    made.add_new(0x00280106, "SS", -5)
    made.add_new(0x00280107, "SS", 32767)
    made.add_new(0x7FE10010, "LO", "ACME")
    made.add_new(0x7FE11001, "UL", [1, 2**32 - 1])
    made.add_new(0x8E050010, "LO", "ACME 2")
    made.file_meta.TransferSyntaxUID = syntax
    target = BytesIO()
    made.save_as(target, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    found = metadata_of(target.getvalue())
    assert found["00181310"] == {"vr": "US", "Value": [256, 0, 0, 192]}
    assert found["00280106"] == {"vr": "SS", "Value": [-5]}
    assert found["00280107"] == {"vr": "SS", "Value": [32767]}
    assert found["7FE10010"] == {"vr": "LO", "Value": ["ACME"]}
    assert found["8E050010"] == {"vr": "LO", "Value": ["ACME 2"]}
    if syntax == ExplicitVRLittleEndian:
        assert found["7FE11001"] == {"vr": "UL", "Value": [1, 2**32 - 1]}
    else:
        assert base64.b64decode(found["7FE11001"]["InlineBinary"]) == pack("<II", 1, 2**32 - 1)


class TestXml:
    """The same as documents of the Native DICOM Model."""

    def test_every_attribute_of_every_file(self) -> None:
        """What a reader of the XML gets is what the JSON says, numbers as text."""
        files = 0
        for path in real_files()[::3]:
            dataset = read_dataset({"path": str(path)}, ())
            if dataset is None:
                continue
            told = json.loads(metadata_json(dataset, "http://x/?a&b"))
            assert dataset_of_xml(native_xml(told)) == as_text(told), path
            files += 1
        assert files > 30

    def test_several_instances_are_several_parts(self, serve: Serve) -> None:
        pixels = np.zeros((2, 3), np.uint16)
        server = serve(*(image_file(pixels, SOPInstanceUID=f"1.2.3.{n}", InstanceNumber=n) for n in range(40)))
        for path in (f"/studies/{STUDY}", f"/studies/{STUDY}/series/{SERIES}"):
            answer = server.get(f"{path}/metadata", 'multipart/related; type="application/dicom+xml"')
            assert answer.mimetype == "multipart/related"
            assert {part.headers["content-type"] for part in parts(answer)} == {"application/dicom+xml"}
            found = [ElementTree.fromstring(text) for text in contents(answer)]
            assert sorted(value_of(document, "00080018") for document in found) == sorted(
                f"1.2.3.{n}" for n in range(40)
            )
            assert all(value_of(document, "00280010") == "2" for document in found)
        tag = answer.headers["ETag"]
        accept = {"Accept": 'multipart/related; type="application/dicom+xml"'}
        again = server.get(f"{path}/metadata", headers={**accept, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert server.get(f"{path}/metadata").headers["ETag"] != tag

    def test_attributes_and_instances_can_be_chosen(self, serve: Serve) -> None:
        pixels = np.zeros((2, 3), np.uint16)
        server = serve(*(image_file(pixels, SOPInstanceUID=f"1.2.3.{n}") for n in range(4)))
        path = f"/studies/{STUDY}/metadata?includefield=Rows&limit=2"
        answer = server.get(path, 'multipart/related; type="application/dicom+xml"')
        documents = [dataset_of_xml(text) for text in contents(answer)]
        assert [sorted(item) for item in documents] == [
            ["00080016", "00080018", "0020000D", "0020000E", "00280010"]
        ] * 2

    def test_what_is_not_on_offer_is_refused_with_what_is(self, serve: Serve) -> None:
        server = serve(image_file(np.zeros((2, 3), np.uint16), SOPInstanceUID="1.2.3"))
        path = f"/studies/{STUDY}/series/{SERIES}/instances/1.2.3/metadata"
        refused = server.get(path, "application/pdf")
        assert refused.status_code == 406
        assert refused.json and 'multipart/related; type="application/dicom+xml"' in refused.json["message"]
        assert server.get(path, "*/*").mimetype == "application/dicom+json"
        quoted = server.get(f"{path}?accept=multipart/related; type=application/dicom%2Bxml")
        assert quoted.mimetype == "multipart/related"

    @pytest.mark.parametrize("name", ["chrX1.dcm", "chrH32.dcm", "chrKoreanMulti.dcm", "chrArab.dcm"])
    def test_names_in_every_script(self, serve: Serve, name: str) -> None:
        path = Path(pydicom.__file__).parent / "data" / "charset_files" / name
        dataset = dcmread(path, force=True)
        document = ElementTree.fromstring(native_xml(metadata_of(path.read_bytes())))
        person = next(element for element in document if element.get("tag") == "00100010")
        group = person.find(f"{NAMESPACE}PersonName/{NAMESPACE}Alphabetic/{NAMESPACE}FamilyName")
        assert group is not None
        assert group.text == PersonName(dataset.PatientName).family_name


def value_of(document: ElementTree.Element, tag: str) -> str:
    return next(element for element in document if element.get("tag") == tag)[0].text or ""


def as_text(value: Any) -> Any:
    """Return metadata as XML says it: numbers as text, names without empty components behind, nothing for nothing."""
    if isinstance(value, dict) and "vr" in value:
        found = {key: item for key, item in value.items() if key != "Value"}
        values = [name_as_text(item) if value["vr"] == "PN" else as_text(item) for item in value.get("Value", ())]
        while values and values[-1] is None:
            values.pop()
        return {**found, "Value": values} if values else found
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str) else str(value)


def name_as_text(name: dict[str, str] | None) -> dict[str, str] | None:
    return None if name is None else {group: text.rstrip("^") for group, text in name.items()}
