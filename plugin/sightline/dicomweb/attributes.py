"""Attributes of a stored file as the DICOM JSON model (PS3.18 annex F). Runs in workers only.

Values are taken from the encoded bytes, so that what a file really says gets through, well-formed or not: numbers that
are none stay text, and nothing is left out but group lengths.
"""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Any

from pydicom import Dataset
from pydicom.charset import decode_bytes, default_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.hooks import raw_element_vr
from pydicom.tag import BaseTag

from sightline.archive.encoded import UNDEFINED_LENGTH
from sightline.dicomweb.dicom_json import SAFE_INTEGER, Attribute, JsonDataset, attribute, attribute_from_text, tag_text

INLINE_BYTES = 1024
"""Binary values up to this length stand in the answer; longer ones are named by a BulkDataURI."""

BINARY_WORDS = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
"""Binary value representations and the size of their words in bytes."""

_NUMBERS = {"FD": "d", "FL": "f", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q"}
_WITH_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_TEXT_DELIMITERS = {0x09, 0x0A, 0x0C, 0x0D}
"""Control characters after which a character set starts anew (PS3.5 section 6.1.2.5.3)."""
_CHARACTER_SET, _PIXEL_DATA = BaseTag(0x00080005), BaseTag(0x7FE00010)
_AMBIGUOUS = {"US or SS": "US", "US or OW": "OW", "US or SS or OW": "OW", "OB or OW": "OW"}

BulkAddress = Callable[[str], str]
"""Makes the BulkDataURI of a value from its place, such as ``7FE00010`` or ``54000100.1.54001010``."""


def bulk_data_url(instance_url: str, place: str) -> str:
    """Return the address of a binary value as Orthanc's own DICOMweb plugin makes it.

    >>> bulk_data_url("https://example.org/instances/1.2", "54000100.1.54001010")
    'https://example.org/instances/1.2/bulk/54000100/1/54001010'
    """
    return f"{instance_url}/bulk/{place.lower().replace('.', '/')}"


def dataset_attributes(dataset: Dataset, address: BulkAddress, place: str = "") -> JsonDataset:
    """Return all attributes of a data set, in ascending order of tags.

    Parameters
    ----------
    dataset : Dataset
        As read by pydicom; values of the whole file may have been left unread (`defer_size`).
    address : callable
        Makes the address of a bulk value from its place.
    place : str
        Where the data set is in its file: empty, or tags and item numbers from 1, each with a dot behind.
    """
    found: JsonDataset = {}
    for tag in sorted(dataset.keys()):
        if tag.element == 0:  # group lengths (PS3.18 F.2.2)
            continue
        if tag == _CHARACTER_SET:
            found[tag_text(tag)] = attribute("CS", ["ISO_IR 192"])
            continue
        found[tag_text(tag)] = _attribute(dataset, tag, address, place)
    return found


def _attribute(dataset: Dataset, tag: BaseTag, address: BulkAddress, place: str) -> Attribute:
    element: DataElement | RawDataElement = dataset.get_item(tag, keep_deferred=True)
    vr = encoded_vr(dataset, element)
    if vr == "SQ":
        items = enumerate(dataset[tag].value or (), 1)
        where = f"{place}{tag_text(tag)}."
        return attribute("SQ", [dataset_attributes(item, address, f"{where}{number}.") for number, item in items])
    if vr in BINARY_WORDS and _length(element) > INLINE_BYTES:
        return {"vr": vr, "BulkDataURI": address(f"{place}{tag_text(tag)}")}
    if element.value is None:
        element = _read(dataset, tag)
    if isinstance(element, RawDataElement):
        return _from_bytes(dataset, vr, element.value or b"", element.is_little_endian)
    return _from_value(vr, element)


def _read(dataset: Dataset, tag: BaseTag) -> DataElement | RawDataElement:
    """Return an element with the value that was left unread, or that is empty."""
    return dataset.get_item(tag)


def encoded_vr(dataset: Dataset, element: DataElement | RawDataElement) -> str:
    """Return the value representation, by the dictionaries where the file does not say."""
    if isinstance(element, DataElement):
        vr = element.VR
    else:
        found: dict[str, Any] = {}
        raw_element_vr(element, found, encoding=None, ds=dataset)
        vr = found["VR"]
    if vr in _AMBIGUOUS:
        vr = dataset[element.tag].VR
    return str(_AMBIGUOUS.get(vr, vr))


def _length(element: DataElement | RawDataElement) -> int:
    """Return the length of a binary value; encapsulated pixels, whose value is no octets of pixels, are always long."""
    if element.tag == _PIXEL_DATA and _is_undefined(element):
        return UNDEFINED_LENGTH
    if isinstance(element, RawDataElement):
        return element.length if element.value is None else len(element.value)
    return len(element.value) if isinstance(element.value, bytes) else 0


def _is_undefined(element: DataElement | RawDataElement) -> bool:
    if isinstance(element, RawDataElement):
        return bool(element.length == UNDEFINED_LENGTH)
    return bool(element.is_undefined_length)


def _from_bytes(dataset: Dataset, vr: str, value: bytes, little_endian: bool) -> Attribute:
    """Return an attribute of an encoded value."""
    if vr in BINARY_WORDS:
        return _inline(vr, value if little_endian else swapped(value, BINARY_WORDS[vr]))
    if vr in _NUMBERS:
        return attribute(vr, _numbers(_NUMBERS[vr], value, little_endian))
    if vr == "AT":
        pairs = Struct("<HH" if little_endian else ">HH").iter_unpack(value[: len(value) // 4 * 4])
        return attribute(vr, [f"{group:04X}{number:04X}" for group, number in pairs])
    return attribute_from_text(vr, _text(dataset, vr, value))


def _from_value(vr: str, element: DataElement) -> Attribute:
    """Return an attribute of a value that pydicom has decoded already."""
    value = element.value
    if isinstance(value, bytes):
        return _inline(vr, value)
    if vr in _NUMBERS:
        values = [] if value in (None, "") else list(value) if isinstance(value, list) or _is_many(value) else [value]
        return attribute(vr, [_json_number(item) for item in values])
    text = "\\".join(map(str, value)) if _is_many(value) else str(value if value is not None else "")
    return attribute_from_text(vr, text)


def _is_many(value: Any) -> bool:
    return not isinstance(value, str | bytes) and hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _inline(vr: str, value: bytes) -> Attribute:
    return {"vr": vr, "InlineBinary": base64.b64encode(value).decode()} if value else {"vr": vr}


def _numbers(code: str, value: bytes, little_endian: bool) -> Iterator[int | float | str]:
    numbers = array(code)
    numbers.frombytes(value[: len(value) // numbers.itemsize * numbers.itemsize])
    if not little_endian:
        numbers.byteswap()
    return map(_json_number, numbers)


def _json_number(number: float | int) -> float | int | str:
    """Return a number that JSON has, or the name of one that it has not (PS3.18 F.2.2, CP-1861)."""
    if math.isfinite(number):
        return number if isinstance(number, float) or abs(number) <= SAFE_INTEGER else str(number)
    return "NaN" if math.isnan(number) else ("inf" if number > 0 else "-inf")


def _text(dataset: Dataset, vr: str, value: bytes) -> str:
    """Decode text by the character set that is in force at this place."""
    if vr not in _WITH_CHARACTER_SET:
        return value.decode("latin-1")
    encodings = getattr(dataset, "original_character_set", None) or default_encoding
    return decode_bytes(value, [encodings] if isinstance(encodings, str) else encodings, _TEXT_DELIMITERS)


def swapped(value: bytes, size: int) -> bytes:
    """Return the value with the bytes of each word reversed: PS3.18 wants binary values in little endian."""
    if size == 1:
        return value
    words = array({2: "H", 4: "I", 8: "Q"}[size])
    words.frombytes(value[: len(value) // size * size])
    words.byteswap()
    return words.tobytes()
