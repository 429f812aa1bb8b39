"""Data sets of the DICOM JSON model (PS3.18 annex F) encoded as DICOM: Explicit VR Little Endian, text in UTF-8.

The reverse of `sightline.dicomweb.attributes`. What cannot be encoded exactly is refused and named; only decimal
strings (DS) with more digits than their 16 characters hold are rounded to what fits.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID
from pydicom.valuerep import format_number_as_ds

from sightline.archive.encoded import LONG_VRS, SHORT_VRS
from sightline.errors import UnprocessableError

UTF_8 = "ISO_IR 192"
SPECIFIC_CHARACTER_SET = "00080005"

BulkValue = Callable[[str], bytes]
"""Returns the bytes that a BulkDataURI stands for; raises `UnprocessableError`."""

_TAG = re.compile(r"[0-9A-F]{8}")
_VRS = {vr.decode() for vr in SHORT_VRS | LONG_VRS}
_LONG = {vr.decode() for vr in LONG_VRS}
_NUMBERS = {"FD": "<d", "FL": "<f", "SL": "<i", "SS": "<h", "SV": "<q", "UL": "<I", "US": "<H", "UV": "<Q"}
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_SINGLE_VALUED = frozenset({"LT", "ST", "UR", "UT"})
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_NOT_FINITE = {"nan": "nan", "inf": "inf", "-inf": "-inf", "infinity": "inf", "-infinity": "-inf"}
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_SHORT_LIMIT = 0xFFFE
_ITEM = b"\xfe\xff\x00\xe0"


def encode_dataset(dataset: Mapping[str, Any], bulk: BulkValue | None = None) -> bytes:
    """Return a data set without meta header.

    Parameters
    ----------
    dataset : mapping
        Attributes of the DICOM JSON model by tag. Beside ``Value``, ``InlineBinary`` and ``BulkDataURI`` one may have
        ``Encoded``, bytes as they are, and ``Encapsulated``, the items of encapsulated pixels without the delimiter.
        Numbers may be text. Group lengths and attributes of the groups 0000, 0002 and FFFE are left out.
    bulk : callable, optional
        Finds bulk data; without it a BulkDataURI is refused.

    Raises
    ------
    UnprocessableError
        ``bad-attribute``: one is not as the model has it; the message names its tag, not its value.
    """
    if SPECIFIC_CHARACTER_SET not in dataset and _has_text_beyond_ascii(dataset):
        dataset = {SPECIFIC_CHARACTER_SET: {"vr": "CS", "Value": [UTF_8]}, **dataset}
    return b"".join(_elements(dataset, bulk))


def _has_text_beyond_ascii(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_text_beyond_ascii(item) for item in value.values()) or (
            "BulkDataURI" in value and value.get("vr") not in _BINARY  # text, perhaps
        )
    if isinstance(value, list):
        return any(map(_has_text_beyond_ascii, value))
    return isinstance(value, str) and not value.isascii()


def file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """Return preamble and File Meta Information (PS3.10 section 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = UID(transfer_syntax)
    target = DicomBytesIO()
    target.write(bytes(128) + b"DICM")
    write_file_meta_info(target, meta, enforce_standard=True)
    return target.getvalue()


def is_left_out(tag: str) -> bool:
    """Whether an attribute is no part of a data set: group lengths, command and file meta elements, delimiters."""
    return tag.endswith("0000") or tag[:4] in ("0000", "0002", "FFFE")


def _elements(dataset: Mapping[str, Any], bulk: BulkValue | None) -> Iterable[bytes]:
    for tag, attribute in sorted(dataset.items()):
        if not _TAG.fullmatch(tag):
            raise UnprocessableError("An attribute is not named by eight hexadecimal digits.", "bad-attribute")
        if is_left_out(tag):
            continue
        try:
            yield _element(tag, attribute, bulk)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError, struct.error, ArithmeticError):
            raise UnprocessableError(f"The attribute {tag} cannot be encoded.", "bad-attribute") from None


def _element(tag: str, attribute: Mapping[str, Any], bulk: BulkValue | None) -> bytes:
    vr = attribute.get("vr") or _dictionary_vr(tag)
    if vr not in _VRS:
        raise ValueError("no value representation")
    head = struct.pack("<HH", int(tag[:4], 16), int(tag[4:], 16))
    if "Encapsulated" in attribute:
        end = b"\xfe\xff\xdd\xe0" + bytes(4)
        return b"".join((head, b"OB", bytes(2), b"\xff\xff\xff\xff", attribute["Encapsulated"], end))
    if tag == SPECIFIC_CHARACTER_SET:
        attribute = {"vr": "CS", "Value": [UTF_8]}
    value = _value(vr, attribute, bulk)
    if len(value) % 2:
        value += _padding(vr)
    if vr in _LONG:
        return b"".join((head, vr.encode(), bytes(2), struct.pack("<I", len(value)), value))
    if len(value) > _SHORT_LIMIT:  # too long for the short form (PS3.5 section 6.2.2)
        return b"".join((head, b"UN", bytes(2), struct.pack("<I", len(value)), value))
    return b"".join((head, vr.encode(), struct.pack("<H", len(value)), value))


def _dictionary_vr(tag: str) -> str:
    number = int(tag, 16)
    if number >> 16 & 1 and 0x10 <= number & 0xFFFF <= 0xFF:
        return "LO"  # a private creator
    return dictionary_VR(number) if dictionary_has_tag(number) else ""


def _padding(vr: str) -> bytes:
    return b"\0" if vr in _BINARY or vr == "UI" else b" "


def _value(vr: str, attribute: Mapping[str, Any], bulk: BulkValue | None) -> bytes:
    """Return the encoded value, not yet of even length."""
    said = [key for key in ("Value", "InlineBinary", "BulkDataURI", "Encoded") if key in attribute]
    if len(said) > 1:
        raise ValueError("more than one value")
    if not said:
        return b""
    given = attribute[said[0]]
    if said[0] == "Encoded":
        return bytes(given)
    if said[0] == "InlineBinary":
        return _words(vr, _base64(given)) if vr in _BINARY else _text_only(vr)
    if said[0] == "BulkDataURI":
        return _words(vr, _found(given, bulk)) if vr != "SQ" else _text_only(vr)
    if not isinstance(given, list):
        raise TypeError("Value is no list")
    if vr == "SQ":
        return b"".join(_item(item, bulk) for item in given)
    if vr in _NUMBERS:
        return b"".join(struct.pack(_NUMBERS[vr], _number(vr, value)) for value in given)
    if vr == "AT":
        return b"".join(_tag_value(value) for value in given)
    if vr in _BINARY:
        raise ValueError("a binary value stands in InlineBinary or BulkDataURI")
    return _joined(vr, [_text(vr, value) for value in given])


def _text_only(vr: str) -> bytes:
    raise ValueError(f"{vr} cannot be given this way")


def _found(uri: Any, bulk: BulkValue | None) -> bytes:
    if bulk is None or not isinstance(uri, str):
        raise UnprocessableError("Bulk data is named that was not sent.", "no-bulk-data")
    return bulk(uri)


def _base64(text: Any) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _words(vr: str, value: bytes) -> bytes:
    """Refuse a binary value that ends within a number or is no text where it has to be."""
    size = {"OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2}.get(vr) or struct.calcsize(_NUMBERS.get(vr, "<b"))
    if len(value) % size:
        raise ValueError("the value ends within a word")
    if vr not in _BINARY and vr not in _NUMBERS:
        value.decode("utf-8")
    return value


def _item(item: Any, bulk: BulkValue | None) -> bytes:
    if item is not None and not isinstance(item, Mapping):
        raise TypeError("no item")
    content = b"".join(_elements(item or {}, bulk))
    return _ITEM + struct.pack("<I", len(content)) + content


def _number(vr: str, value: Any) -> int | float:
    if vr in ("FD", "FL"):
        text = str(value).strip()
        if text.lower() in _NOT_FINITE:
            return float(_NOT_FINITE[text.lower()])
        if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
            raise ValueError("no number")
        return float(text)
    return int(_integer(value))


def _integer(value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or not (_INTEGER.fullmatch(text) or _is_whole(text)):
        raise ValueError("no whole number")
    return text if _INTEGER.fullmatch(text) else str(int(Decimal(text)))


def _is_whole(text: str) -> bool:
    """Whether a number with a fraction or an exponent is a whole one of at most 20 digits."""
    if not _DECIMAL.fullmatch(text):
        return False
    number = Decimal(text)
    return number.is_finite() and abs(number.adjusted()) <= 20 and number == number.to_integral_value()


def _tag_value(value: Any) -> bytes:
    text = value.upper()
    if not _TAG.fullmatch(text):
        raise ValueError("no tag")
    return struct.pack("<HH", int(text[:4], 16), int(text[4:], 16))


def _joined(vr: str, values: list[str]) -> bytes:
    if vr in _SINGLE_VALUED:
        if len(values) > 1:
            raise ValueError("more than one value")
        return "".join(values).encode("utf-8")
    if any("\\" in value for value in values):
        raise ValueError("a backslash would split the value in two")
    return "\\".join(values).encode("utf-8")


def _text(vr: str, value: Any) -> str:
    if value is None:
        return ""
    if vr == "PN":
        return _person_name(value)
    if vr == "DS":
        return _decimal_string(value)
    if vr == "IS":
        return _integer(value) if str(value).strip() else ""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _decimal_string(value: Any) -> str:
    """Return a number as it is written, or rounded where it has more than 16 characters (PS3.5 table 6.2-1)."""
    text = str(value).strip()
    if not text:
        return ""
    if isinstance(value, bool) or not _DECIMAL.fullmatch(text):
        raise ValueError("no number")
    return text if len(text) <= 16 else format_number_as_ds(float(text))


def _person_name(value: Any) -> str:
    groups = [value] if isinstance(value, str) else [value.get(group) or "" for group in _NAME_GROUPS]
    if not isinstance(value, str) and (set(value) - set(_NAME_GROUPS) or any("=" in group for group in groups)):
        raise ValueError("no groups of a person's name")
    return "=".join(groups).rstrip("=")
