"""The DICOMDIR of a file-set: patients, studies, series and instances as linked records (PS3.3 annex F, PS3.10)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydicom.uid import MediaStorageDirectoryStorage, generate_uid

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.dicom_encoding import encode_dataset, file_meta
from sightline.dicomweb.dicom_json import JsonDataset, attribute
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN

NAME = "DICOMDIR"
FILE_SET_ID = "SIGHTLINE"
MAXIMUM_FILES = 999_999
"""As many as names of eight characters with six digits tell apart."""

_ITEM = b"\xfe\xff\x00\xe0"
_NEXT_AT, _LOWER_AT = 8, 30
"""Where the two links of a record stand in it: it begins with (0004,1400) UL, (0004,1410) US and (0004,1420) UL."""
_SEQUENCE_HEAD = struct.pack("<HH2sHL", 0x0004, 0x1220, b"SQ", 0, 0)


@dataclass(frozen=True)
class Entry:
    """One instance of a file-set.

    Parameters
    ----------
    record : InstanceRecord
        Which instance.
    attributes : mapping
        What `media_records.record_attributes` told of it.
    transfer_syntax : str
        UID of the syntax that its file is in.
    file_id : tuple of str
        Components of its file's name (PS3.10 section 8.2).
    """

    record: InstanceRecord
    attributes: Mapping[str, Any]
    transfer_syntax: str
    file_id: tuple[str, ...]


def file_ids(records: Sequence[InstanceRecord]) -> list[tuple[str, ...]]:
    """Return the name of each instance's file: a folder for each series, numbers in the order given.

    Names have at most eight characters of capital letters and digits for each component (PS3.10 section 8.2), and tell
    nothing of the patient.
    """
    series: dict[str, int] = {}
    counts: dict[str, int] = {}
    found: list[tuple[str, ...]] = []
    for record in records:
        uid = record.series_instance_uid
        number = series.setdefault(uid, len(series) + 1)
        counts[uid] = counts.get(uid, 0) + 1
        found.append(("DICOM", f"SE{number:06}", f"IM{counts[uid]:06}"))
    return found


@dataclass
class _Node:
    """A record with those below it; `offset` is where its item begins in the file."""

    record: JsonDataset
    children: dict[str, _Node] = field(default_factory=dict)
    offset: int = 0

    def below(self, key: str, kind: str, attributes: JsonDataset) -> _Node:
        return self.children.setdefault(key, _Node(_record(kind, attributes)))


def encode_directory(entries: Sequence[Entry], identity: str) -> bytes:
    """Return the DICOMDIR of these instances.

    Parameters
    ----------
    entries : sequence of Entry
        In the order in which records are to be listed.
    identity : str
        What the UID of the directory is made of: the same gives the same file.

    References
    ----------
    PS3.3 tables F.3-2 and F.3-3, PS3.10 section 8.6.
    """
    root = _tree(entries)
    meta = file_meta(MediaStorageDirectoryStorage, generate_uid(entropy_srcs=[identity]), EXPLICIT_VR_LITTLE_ENDIAN)
    nodes = list(_walk(root))
    encoded = [bytearray(encode_dataset(node.record)) for node in nodes]
    position = len(meta) + len(_head(0, 0)) + len(_SEQUENCE_HEAD)
    for node, content in zip(nodes, encoded, strict=True):
        node.offset = position
        position += 8 + len(content)
    contents = dict(zip(map(id, nodes), encoded, strict=True))
    for parent in (root, *nodes):
        _link(list(parent.children.values()), contents)
        if parent.children and parent is not root:
            first = next(iter(parent.children.values()))
            struct.pack_into("<L", contents[id(parent)], _LOWER_AT, first.offset)
    patients = list(root.children.values())
    items = b"".join(_ITEM + struct.pack("<L", len(content)) + content for content in encoded)
    sequence = _SEQUENCE_HEAD[:8] + struct.pack("<L", len(items)) + items
    return meta + _head(patients[0].offset if patients else 0, patients[-1].offset if patients else 0) + sequence


def _head(first: int, last: int) -> bytes:
    return encode_dataset(
        {
            "00041130": attribute("CS", [FILE_SET_ID]),
            "00041200": attribute("UL", [first]),
            "00041202": attribute("UL", [last]),
            "00041212": attribute("US", [0]),
        }
    )


def _tree(entries: Sequence[Entry]) -> _Node:
    root = _Node({})
    for entry in entries:
        told, record = entry.attributes, entry.record
        uids = {"0020000D": record.study_instance_uid, "0020000E": record.series_instance_uid}
        study_told = {**told["study"], "0020000D": attribute("UI", [uids["0020000D"]])}
        series_told = {**told["series"], "0020000E": attribute("UI", [uids["0020000E"]])}
        patient = root.below(str(told["patient"].get("00100020")), "PATIENT", told["patient"])
        study = patient.below(record.study_instance_uid, "STUDY", study_told)
        series = study.below(record.series_instance_uid, "SERIES", series_told)
        reference = {
            "00041500": attribute("CS", entry.file_id),
            "00041510": attribute("UI", [told["sop_class_uid"]] if told["sop_class_uid"] else []),
            "00041511": attribute("UI", [record.sop_instance_uid]),
            "00041512": attribute("UI", [entry.transfer_syntax]),
        }
        series.below(record.sop_instance_uid, told["type"], {**reference, **told["leaf"]})
    return root


def _record(kind: str, attributes: JsonDataset) -> JsonDataset:
    return {
        "00041400": attribute("UL", [0]),
        "00041410": attribute("US", [0xFFFF]),
        "00041420": attribute("UL", [0]),
        "00041430": attribute("CS", [kind]),
        **attributes,
    }


def _walk(node: _Node) -> Iterator[_Node]:
    """Yield all nodes below, parents first; four levels at most."""
    for child in node.children.values():
        yield child
        yield from _walk(child)


def _link(siblings: Sequence[_Node], contents: Mapping[int, bytearray]) -> None:
    for node, following in pairwise(siblings):
        struct.pack_into("<L", contents[id(node)], _NEXT_AT, following.offset)
