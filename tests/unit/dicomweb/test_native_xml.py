"""The Native DICOM Model, read back by an XML parser."""

from __future__ import annotations

from xml.etree import ElementTree

from sightline.dicomweb.dicom_json import JsonDataset
from sightline.dicomweb.native_xml import native_xml

NAME = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


def parsed(dataset: JsonDataset) -> ElementTree.Element:
    root = ElementTree.fromstring(native_xml(dataset))
    assert root.tag == f"{NAME}NativeDicomModel"
    return root


def test_values_have_numbers_and_empty_ones_leave_a_gap() -> None:
    (found,) = parsed({"00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "A<&>B"]}})
    assert found.attrib == {"tag": "00080008", "keyword": "ImageType", "vr": "CS"}
    assert [(value.get("number"), value.text) for value in found] == [("1", "ORIGINAL"), ("3", "A<&>B")]


def test_a_person_has_groups_and_components() -> None:
    name = {"Alphabetic": "Yamada^Tarou^^Dr", "Ideographic": "山田^太郎"}
    ((person,),) = parsed({"00100010": {"vr": "PN", "Value": [name]}})
    assert person.tag == f"{NAME}PersonName"
    groups = {group.tag.removeprefix(NAME): {c.tag.removeprefix(NAME): c.text for c in group} for group in person}
    assert groups == {
        "Alphabetic": {"FamilyName": "Yamada", "GivenName": "Tarou", "NamePrefix": "Dr"},
        "Ideographic": {"FamilyName": "山田", "GivenName": "太郎"},
    }


def test_sequences_binary_values_and_private_blocks() -> None:
    item: JsonDataset = {"00091001": {"vr": "UN", "InlineBinary": "AAE="}, "00080050": {"vr": "SH"}}
    private: JsonDataset = {
        "00090010": {"vr": "LO", "Value": ['ACME "1"']},
        "00091002": {"vr": "OB", "BulkDataURI": "https://pacs.example/a?b&c"},
        "00400275": {"vr": "SQ", "Value": [item, {}]},
    }
    creator, bulk, sequence = parsed(private)
    assert creator.attrib == {"tag": "00090010", "vr": "LO"}
    assert bulk.attrib == {"tag": "00091002", "privateCreator": 'ACME "1"', "vr": "OB"}
    assert bulk[0].attrib == {"uri": "https://pacs.example/a?b&c"}
    assert [(i.tag, i.get("number"), len(i)) for i in sequence] == [(f"{NAME}Item", "1", 2), (f"{NAME}Item", "2", 0)]
    assert sequence[0][0][0].text == "AAE="
    assert "privateCreator" not in sequence[0][0].attrib


def test_line_ends_are_those_of_the_file() -> None:
    ((value,),) = parsed({"00204000": {"vr": "LT", "Value": ["one\r\ntwo\rthree\n"]}})
    assert value.text == "one\r\ntwo\rthree\n"


def test_what_xml_cannot_write_is_replaced() -> None:
    ((value,),) = parsed({"00080070": {"vr": "LO", "Value": ["a\x01b"]}})
    assert value.text == "a\ufffdb"
