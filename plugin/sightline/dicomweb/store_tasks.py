"""The worker's part of storing metadata with bulk data (PS3.18 section 10.5): metadata in, DICOM files out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from pydicom import dcmread

from sightline.dicomweb.bulk_types import OCTETS
from sightline.dicomweb.dicom_encoding import encode_dataset, file_meta, is_left_out
from sightline.dicomweb.dicom_json import JsonDataset, encode
from sightline.dicomweb.metadata_reading import dataset_of_xml, datasets_of_json
from sightline.dicomweb.store_pixels import (
    DOUBLE_PIXELS,
    FLOAT_PIXELS,
    PIXEL_DATA,
    BulkPart,
    checked_float_pixels,
    with_pixels,
)
from sightline.dicomweb.store_reasons import (
    CANNOT_UNDERSTAND,
    CONTRADICTION,
    ELEMENTS_DISCARDED,
    MISSING_ATTRIBUTE,
    NO_BULK_DATA,
    SYNTAX_NOT_SUPPORTED,
    WRONG_MEDIA_TYPE,
    NotStoredError,
)
from sightline.dicomweb.syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from sightline.errors import BadRequestError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN

_UIDS = {
    "sop_class_uid": "00080016",
    "sop_instance_uid": "00080018",
    "study_instance_uid": "0020000D",
    "series_instance_uid": "0020000E",
}
_UID = re.compile(r"[0-9.]{1,64}")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_DOCUMENT, _DOCUMENT_TYPE, _DOCUMENT_LENGTH = "00420011", "00420012", "00420015"


def read_metadata(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Take metadata apart into instances.

    Parameters
    ----------
    arguments : mapping
        ``xml``: whether the buffers are documents of the Native DICOM Model; else they are JSON.
    buffers : sequence of bytes
        The metadata parts of the request.

    Returns
    -------
    Reply
        ``instances``: for each its ``identity`` (fields of `Identity`, empty where there is none) and ``locations``,
        the BulkDataURIs in it. A buffer each, its metadata as JSON; empty where it is no data set.

    Raises
    ------
    BadRequestError
        One of the buffers cannot be read at all.
    """
    instances, contents = [], []
    for buffer in buffers:
        for dataset in [dataset_of_xml(bytes(buffer))] if arguments["xml"] else datasets_of_json(bytes(buffer)):
            whole = isinstance(dataset, dict) and all(map(_TAG.fullmatch, dataset))
            found = _upper(dataset) if whole else {}
            identity = {field: _uid(found, tag) for field, tag in _UIDS.items()}
            instances.append({"identity": identity, "locations": sorted(set(_locations(found)))})
            contents.append(encode(found) if whole else b"")
    if not instances:
        raise BadRequestError("The metadata has no instances.", "no-instances")
    return Reply({"instances": instances}, tuple(contents))


def read_identity(_arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return ``identity``, UIDs of the DICOM file that is the only buffer; empty ones where it cannot be read."""
    try:
        tags = [int(tag, 16) for tag in _UIDS.values()]
        dataset = dcmread(BytesIO(buffers[0]), stop_before_pixels=True, force=True, specific_tags=tags)
        uids = [str(dataset[tag].value or "") if tag in dataset else "" for tag in tags]
    except (MemoryError, RecursionError):
        raise
    except Exception:
        uids = [""] * len(_UIDS)
    return Reply({"identity": dict(zip(_UIDS, uids, strict=True))})


def _upper(dataset: JsonDataset) -> JsonDataset:
    found = {tag.upper(): attribute for tag, attribute in dataset.items()}
    if len(found) != len(dataset):
        raise BadRequestError("The metadata names an attribute twice.", "bad-attribute")
    return found


def _uid(dataset: JsonDataset, tag: str) -> str:
    attribute = dataset.get(tag)
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    text = values[0] if isinstance(values, list) and len(values) == 1 else ""
    return text if isinstance(text, str) and _UID.fullmatch(text) else ""


def _locations(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        uri = value.get("BulkDataURI")
        if isinstance(uri, str):
            yield uri
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _locations(item)


def compose_instance(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Make the DICOM file of one instance.

    Parameters
    ----------
    arguments : mapping
        ``parts``: for each buffer but the first its ``location``, ``type`` and ``syntax`` as the request gave them.
    buffers : sequence of bytes
        The metadata of the instance as JSON, then the bulk data.

    Returns
    -------
    Reply
        ``failure`` (a reason) and no buffer; or ``warning`` (a reason, or null) and the file.
    """
    parts: dict[str, list[BulkPart]] = {}
    for said, content in zip(arguments["parts"], buffers[1:], strict=True):
        parts.setdefault(said["location"], []).append(BulkPart(said["type"], said["syntax"], content))
    try:
        dataset = json.loads(bytes(buffers[0]))
        warning = ELEMENTS_DISCARDED if any(map(is_left_out, dataset)) else None
        return Reply({"warning": warning}, (compose(dataset, parts),))
    except NotStoredError as failure:
        return Reply({"failure": failure.reason})
    except UnprocessableError as error:
        return Reply({"failure": NO_BULK_DATA if error.code == "no-bulk-data" else CANNOT_UNDERSTAND})


def compose(dataset: JsonDataset, parts: Mapping[str, Sequence[BulkPart]]) -> bytes:
    """Return the DICOM file of metadata and bulk data by location. Raises `NotStoredError`, `UnprocessableError`."""
    if not all(map(_is_attribute, dataset.values())):
        raise NotStoredError(CANNOT_UNDERSTAND)
    if not all(_uid(dataset, tag) for tag in _UIDS.values()):
        raise NotStoredError(MISSING_ATTRIBUTE)
    syntax = EXPLICIT_VR_LITTLE_ENDIAN
    if {"BulkDataURI", "InlineBinary"} & set(dataset.get(PIXEL_DATA, {})):
        dataset, syntax = with_pixels(dataset, _sent(dataset[PIXEL_DATA], parts))
    for tag in (FLOAT_PIXELS, DOUBLE_PIXELS):
        if "BulkDataURI" in dataset.get(tag, {}):
            dataset = checked_float_pixels(dataset, tag, _octets(_sent(dataset[tag], parts)))
    if "BulkDataURI" in dataset.get(_DOCUMENT, {}):
        dataset = _with_document(dataset, _sent(dataset[_DOCUMENT], parts))

    def bulk(location: str) -> bytes:
        return bytes(_octets(_sent({"BulkDataURI": location}, parts)))

    meta = file_meta(_uid(dataset, "00080016"), _uid(dataset, "00080018"), syntax)
    return meta + encode_dataset(dataset, bulk)


def _is_attribute(attribute: Any) -> bool:
    return isinstance(attribute, dict) and isinstance(attribute.get("Value", []), list)


def _sent(attribute: Mapping[str, Any], parts: Mapping[str, Sequence[BulkPart]]) -> Sequence[BulkPart]:
    location = attribute.get("BulkDataURI")
    if location is None:
        return ()
    if not isinstance(location, str) or location not in parts:
        raise NotStoredError(NO_BULK_DATA)
    return parts[location]


def _octets(parts: Sequence[BulkPart]) -> Buffer:
    """Return the only part, which has to be uncompressed and in little endian."""
    if len(parts) != 1:
        raise NotStoredError(NO_BULK_DATA)
    (part,) = parts
    if part.media_type not in ("", OCTETS):
        raise NotStoredError(WRONG_MEDIA_TYPE)
    if part.syntax not in ("", EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN):
        raise NotStoredError(SYNTAX_NOT_SUPPORTED)
    return part.content


def _with_document(dataset: JsonDataset, parts: Sequence[BulkPart]) -> JsonDataset:
    """Return a data set with its encapsulated document, which may come in its own media type (PS3.3 C.24.2)."""
    if len(parts) != 1:
        raise NotStoredError(NO_BULK_DATA)
    (part,) = parts
    said = (dataset.get(_DOCUMENT_TYPE, {}).get("Value") or [""])[0] or ""
    if part.media_type not in ("", OCTETS):
        if said and str(said).strip().lower() != part.media_type:
            raise NotStoredError(CONTRADICTION)
        dataset = {**dataset, _DOCUMENT_TYPE: {"vr": "LO", "Value": [part.media_type]}}
    if _DOCUMENT_LENGTH not in dataset and len(part.content) % 2:
        # Without it nobody could tell the padding from the document.
        dataset = {**dataset, _DOCUMENT_LENGTH: {"vr": "UL", "Value": [len(part.content)]}}
    return {**dataset, _DOCUMENT: {"vr": "OB", "Encoded": part.content}}
