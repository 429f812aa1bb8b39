"""The worker's part of a search: compare and return what no index knows, such as nested and private attributes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydicom import Dataset, dcmread

from sightline.dicomweb.attributes import INLINE_BYTES, bulk_data_url, dataset_attributes
from sightline.dicomweb.dicom_json import Attribute, JsonDataset
from sightline.dicomweb.matching import matches
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

_PIXELS = 0x7FE00010


def compare_headers(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Compare stored files with keys, and return attributes of those that match.

    Parameters
    ----------
    arguments : mapping
        ``files``: a list of ``{"file": as rendering.files wants it, "url": address of the instance}``; ``keys``: pairs
        of path and value; ``fields``: paths. A path is tags with dots between: sequences, then what is in their items.
    buffers : sequence of bytes
        Files that have no path.

    Returns
    -------
    Reply
        ``found``: for each file the attributes of the fields as DICOM JSON; None where a key does not match;
        ``unreadable``: how many files could not be read.
    """
    found: list[JsonDataset | None] = []
    unreadable = 0
    for item in arguments["files"]:
        try:
            found.append(_compare(item, arguments["keys"], arguments["fields"], buffers))
        except (MemoryError, RecursionError):
            raise
        except Exception:
            found.append(None)
            unreadable += 1
    return Reply({"found": found, "unreadable": unreadable}, ())


def _compare(
    item: Mapping[str, Any], keys: Sequence[Sequence[str]], fields: Sequence[str], buffers: Sequence[Buffer]
) -> JsonDataset | None:
    paths = [path for path, _ in keys] + list(fields)
    dataset = _read(item["file"], buffers, paths)
    known = dataset_attributes(dataset, lambda place: bulk_data_url(item["url"], place))
    if not all(_any_matches(known, path.split("."), value) for path, value in keys):
        return None
    selected: JsonDataset = {}
    for path in fields:
        _merge(selected, _selected(known, path.split(".")))
    return selected


def _read(file_argument: Mapping[str, Any], buffers: Sequence[Buffer], paths: Sequence[str]) -> Dataset:
    """Read the first tag of each path, with the creators of private blocks, and nothing else."""
    tags = {int(path[:8], 16) for path in paths}
    creators = {tag & 0xFFFF0000 | (tag & 0xFF00) >> 8 for tag in tags if tag >> 16 & 1 and tag & 0xFF00}
    with open_file(file_argument, buffers) as file:
        return dcmread(
            file,
            force=True,
            specific_tags=sorted(tags | creators),
            stop_before_pixels=max(tags) < _PIXELS,
            defer_size=INLINE_BYTES if "path" in file_argument else None,
        )


def _any_matches(dataset: JsonDataset, path: Sequence[str], wanted: str) -> bool:
    """Whether the attribute matches in any item of the sequences above it (PS3.4 C.2.2.2.6)."""
    return any(matches(found["vr"], list(_texts(found)), wanted) for found in _attributes(dataset, path))


def _attributes(dataset: JsonDataset, path: Sequence[str]) -> Iterator[Attribute]:
    found = dataset.get(path[0])
    if found is None:
        return
    if len(path) == 1:
        yield found
    elif found["vr"] == "SQ":
        for item in found.get("Value", ()):
            yield from _attributes(item, path[1:])


def _texts(found: Attribute) -> Iterator[str]:
    """Yield the values as DICOM writes them; of an unknown private value its bytes, where they are text."""
    if "InlineBinary" in found:
        content = base64.b64decode(found["InlineBinary"])
        yield content.decode("utf-8", "replace").rstrip(" \0")
    for value in found.get("Value", ()):
        if isinstance(value, dict):
            groups = (str(value.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic"))
            yield "=".join(groups).rstrip("=")
        elif value is not None:
            yield str(value)


def _selected(dataset: JsonDataset, path: Sequence[str]) -> JsonDataset:
    """Return the data set with nothing but what the path leads to, and the creator of its private block."""
    tag = path[0]
    if tag not in dataset:
        return {}
    found = dataset[tag]
    if len(path) > 1:
        items = [_selected(item, path[1:]) for item in found.get("Value", ())] if found["vr"] == "SQ" else []
        found = {"vr": found["vr"], "Value": items} if items else {"vr": found["vr"]}
    creator = f"{tag[:4]}00{tag[4:6]}"
    above = {creator: dataset[creator]} if int(tag[:4], 16) & 1 and creator in dataset else {}
    return {**above, tag: found}


def _merge(into: JsonDataset, more: JsonDataset) -> None:
    """Add attributes; items of one sequence that was asked for in several paths are joined one by one."""
    for tag, found in more.items():
        present = into.get(tag)
        if present is not None and found["vr"] == "SQ" and "Value" in present and "Value" in found:
            for item, other in zip(present["Value"], found["Value"], strict=True):
                _merge(item, other)
        else:
            into[tag] = found
