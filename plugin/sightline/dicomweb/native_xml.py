"""The Native DICOM Model (PS3.19 section A.1): the XML form of what we have as DICOM JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pydicom.datadict import keyword_for_tag

from sightline.dicomweb.dicom_json import Attribute, JsonDataset

PART_TYPE = "application/dicom+xml"
"""Media type of one data set in XML; several, and one too, travel in multipart/related (PS3.18 section 8.7.3.4)."""

_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COMPONENT_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")


def native_xml(dataset: JsonDataset) -> bytes:
    """Return a data set of the DICOM JSON model as a document of the Native DICOM Model, UTF-8.

    Characters that XML has no way to write, such as control characters of a damaged text, become U+FFFD.

    >>> text = native_xml({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Buc^Anna"}]}}).decode()
    >>> text[text.index("<DicomAttribute") : text.index(" vr=")]
    '<DicomAttribute tag="00100010" keyword="PatientName"'
    """
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="{_NAMESPACE}" xml:space="preserve">'
    return "".join((head, *_dataset(dataset), "</NativeDicomModel>")).encode()


def _dataset(dataset: Mapping[str, Attribute]) -> Iterator[str]:
    for tag, attribute in dataset.items():
        yield f"<DicomAttribute tag={quoteattr(tag)}{_name(dataset, tag)} vr={quoteattr(attribute['vr'])}>"
        yield from _content(attribute)
        yield "</DicomAttribute>"


def _name(dataset: Mapping[str, Attribute], tag: str) -> str:
    """Return what names the attribute: the standard's keyword, or the creator of its private block."""
    number = int(tag, 16)
    if number >> 16 & 1:
        creator = dataset.get(f"{tag[:4]}00{tag[4:6]}", {}).get("Value", [None])[0] if tag[4:6] != "00" else None
        return f" privateCreator={_quoted(creator)}" if creator else ""
    keyword = keyword_for_tag(number)
    return f" keyword={quoteattr(keyword)}" if keyword else ""


def _content(attribute: Attribute) -> Iterator[str]:
    if "BulkDataURI" in attribute:
        yield f"<BulkData uri={_quoted(attribute['BulkDataURI'])}/>"
    elif "InlineBinary" in attribute:
        yield f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>"
    for number, value in enumerate(attribute.get("Value", ()), 1):
        yield from _value(attribute["vr"], number, value)


def _value(vr: str, number: int, value: Any) -> Iterator[str]:
    if vr == "SQ":
        yield f'<Item number="{number}">'
        yield from _dataset(value or {})
        yield "</Item>"
    elif vr == "PN" and value is not None:
        yield f'<PersonName number="{number}">'
        for group in _COMPONENT_GROUPS:
            if value.get(group):
                yield f"<{group}>{''.join(_components(value[group]))}</{group}>"
        yield "</PersonName>"
    elif value is not None:  # the numbers of its neighbours tell that an empty value was there
        yield f'<Value number="{number}">{_text(value)}</Value>'


def _components(group: str) -> Iterator[str]:
    # More components than five are no valid name; what is there too much stays with the last.
    for name, component in zip(_COMPONENTS, group.split("^", 4), strict=False):
        if component:
            yield f"<{name}>{_text(component)}</{name}>"


def _text(value: Any) -> str:
    # A carriage return as such would reach the reader as a line feed (XML 1.0 section 2.11).
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})


def _quoted(value: Any) -> str:
    return quoteattr(_NOT_IN_XML.sub("\ufffd", str(value)))
