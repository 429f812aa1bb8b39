"""Metadata as it is sent, read into the DICOM JSON model: JSON (PS3.18 annex F), or the Native DICOM Model in XML
(PS3.19 section A.1). Runs in workers only.

Depth is bounded before anything recursive reads the text. XML may have no document type, hence no entities of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from sightline.dicomweb.dicom_json import JsonDataset
from sightline.errors import BadRequestError
from sightline.web.json_body import depth

MAXIMUM_JSON_DEPTH = 3 * 33 + 6
"""Each level of sequences takes three: the attribute, its list of items, the item."""
MAXIMUM_XML_DEPTH = 2 * 33 + 6

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NAME_GROUPS = frozenset({"Alphabetic", "Ideographic", "Phonetic"})
_NAME_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_MAXIMUM_NUMBER = 1_000_000


def datasets_of_json(content: bytes) -> list[Any]:
    """Return the data sets of a JSON text, an array of them or a single one. Numbers with a fraction stay text.

    Raises
    ------
    BadRequestError
        It is not JSON, names an attribute twice, or is nested too deeply.
    """
    brackets = _STRINGS.sub(b"", content).translate(None, _NOT_BRACKETS)
    if depth(brackets) > MAXIMUM_JSON_DEPTH:
        raise BadRequestError("The metadata is nested too deeply.", "nested-too-deeply")
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_constant=str, object_pairs_hook=_unique)
    except ValueError as error:
        raise BadRequestError("The metadata is not valid JSON in UTF-8.", "not-json") from error
    return value if isinstance(value, list) else [value]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is repeated")
    return value


def dataset_of_xml(content: bytes) -> JsonDataset:
    """Return the data set of a document of the Native DICOM Model.

    Raises
    ------
    BadRequestError
        It is not well-formed, has a document type, is nested too deeply, or is not of that model.
    """
    reader = _ModelReader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError) as error:
        raise BadRequestError("The metadata is not well-formed XML.", "not-xml") from error
    return reader.result


class _ModelReader:
    """Builds a data set while a document is read, with a stack of its own: one list per open element.

    A frame is the name of the element, what is collected below it, and its attributes.
    """

    def __init__(self) -> None:
        self.result: JsonDataset = {}
        self._open: list[tuple[str, Any, Mapping[str, str]]] = []
        self._text: list[str] = []

    def refuse_document_type(self, *_: Any) -> None:
        raise BadRequestError("XML with a document type is not accepted.", "document-type")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= MAXIMUM_XML_DEPTH:
            raise BadRequestError("The metadata is nested too deeply.", "nested-too-deeply")
        local = name.removeprefix(_NAMESPACE + " ")
        parent = self._open[-1][0] if self._open else ""
        if local not in _CHILDREN.get(parent, frozenset()):
            raise BadRequestError("The XML is not of the Native DICOM Model.", "not-native-dicom")
        self._text.clear()
        self._open.append((local, _COLLECTIONS.get(local, str)(), attributes))

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, _: str) -> None:
        local, collected, attributes = self._open.pop()
        text = "".join(self._text)
        self._text.clear()
        if not self._open:
            self.result = collected
            return
        _close(local, collected, attributes, text, self._open[-1][1])


_CHILDREN: Mapping[str, frozenset[str]] = {
    "": frozenset({"NativeDicomModel"}),
    "NativeDicomModel": frozenset({"DicomAttribute"}),
    "Item": frozenset({"DicomAttribute"}),
    "DicomAttribute": frozenset({"Value", "Item", "PersonName", "BulkData", "InlineBinary"}),
    "PersonName": _NAME_GROUPS,
    **dict.fromkeys(_NAME_GROUPS, frozenset(_NAME_COMPONENTS)),
}
"""Which elements may stand in which (PS3.19 table A.1.5-2)."""

_COLLECTIONS: Mapping[str, type] = dict.fromkeys(("NativeDicomModel", "Item", "DicomAttribute", "PersonName"), dict) | (
    dict.fromkeys(_NAME_GROUPS, dict)
)


def _close(local: str, collected: Any, attributes: Mapping[str, str], text: str, parent: Any) -> None:
    """Put what an element was into what its parent collects."""
    if local == "DicomAttribute":
        tag = attributes.get("tag", "").upper()
        if tag in parent:
            raise BadRequestError("The XML names an attribute twice.", "not-native-dicom")
        parent[tag] = {"vr": attributes.get("vr", ""), **_attribute(collected)}
    elif local in ("Value", "Item", "PersonName"):
        values = parent.setdefault(local, {})
        number = _number(attributes)
        if number in values:
            raise BadRequestError("The XML numbers two values alike.", "not-native-dicom")
        values[number] = text if local == "Value" else collected
    elif local == "BulkData":
        if "uri" not in attributes:
            raise BadRequestError("Bulk data is referenced without a uri.", "not-native-dicom")
        parent["BulkDataURI"] = attributes["uri"]
    elif local == "InlineBinary":
        parent["InlineBinary"] = text
    elif local in _NAME_GROUPS:
        components = [collected.get(name, "") for name in _NAME_COMPONENTS]
        parent[local] = "^".join(components).rstrip("^")
    else:
        parent[local] = text


def _number(attributes: Mapping[str, str]) -> int:
    text = attributes.get("number", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or not 1 <= int(text) <= _MAXIMUM_NUMBER:
        raise BadRequestError("A value of the XML has no number.", "not-native-dicom")
    return int(text)


def _attribute(collected: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute of the JSON model: values in the order of their numbers, null where one is missing."""
    found = {key: value for key, value in collected.items() if key in ("BulkDataURI", "InlineBinary")}
    lists = [values for key, values in collected.items() if key in ("Value", "Item", "PersonName")]
    if len(lists) > 1:
        raise BadRequestError("An attribute of the XML has values of two kinds.", "not-native-dicom")
    if lists:
        (values,) = lists
        last = max(values)
        if last > 2 * len(values) + 1000:
            raise BadRequestError("Most values of an attribute of the XML are missing.", "not-native-dicom")
        found["Value"] = [values.get(number) for number in range(1, last + 1)]
    return found
