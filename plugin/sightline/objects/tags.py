"""All attributes of a stored file as a tree that people can read and search. Runs in workers only.

It is bounded: long values are shortened and say how long they are, binary ones are named by their size, and of the
functional groups of many frames (PS3.3 C.7.6.16) those of one frame are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_description, dictionary_has_tag, keyword_for_tag, private_dictionary_description
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import UID

from sightline.errors import UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file
from sightline.rendering.headers import pixel_element, read_header

MOST_ATTRIBUTES = 20_000
"""Of one answer, nested ones among them."""
MOST_VALUES = 64
MOST_ITEMS = 200
LONGEST_TEXT = 512
_DEEPEST = 32
_LARGEST_GUESS = 64
"""Bytes of unknown meaning are shown as text where they are so few and can be read."""
_BINARY = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
_PER_FRAME = BaseTag(0x52009230)
_NO_READABLE_VALUE = "cannot be read"


def read_tags(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """List the attributes of a file.

    Arguments: ``file``; ``frame`` from 1. The reply has ``attributes``, rows as `_Reader.rows` makes them; ``frames``,
    how many sets of functional groups there are; ``complete``, false where not all attributes fit into the answer.

    Raises
    ------
    UnprocessableError
        It is not a DICOM file that can be read.
    """
    with open_file(arguments["file"], buffers) as file:
        dataset = read_header(file)
        reader = _Reader(arguments["frame"])
        meta = getattr(dataset, "file_meta", None)
        if not meta and not dataset:
            raise UnprocessableError("This file cannot be read.", "unreadable")
        rows = [*(reader.rows(meta) if meta else ()), *reader.rows(dataset), *_pixels(file, dataset)]
    return Reply({"attributes": rows, "frames": reader.frames, "complete": reader.left >= 0})


class _Reader:
    """Makes rows of attributes, as many as there is room for."""

    def __init__(self, frame: int) -> None:
        self._frame = frame
        self.frames = 0
        self.left = MOST_ATTRIBUTES

    def rows(self, dataset: Dataset, depth: int = 0) -> list[dict[str, Any]]:
        """Return one row for each attribute: ``tag``, ``vr``, ``name``, ``keyword``, and what it holds.

        That is ``value``, a list of texts; ``size`` in bytes of what is no text; or ``items``, each a list of rows.
        ``count`` is how many values or items there are, where not all are given, ``length`` how many characters a
        shortened text has, ``creator`` whose private attribute it is, ``meaning`` what a UID is called, and ``problem``
        why there is no value.
        """
        rows = []
        for tag in sorted(dataset.keys()):
            self.left -= 1
            if self.left < 0:
                break
            rows.append(self._row(dataset, tag, depth))
        return rows

    def _row(self, dataset: Dataset, tag: BaseTag, depth: int) -> dict[str, Any]:
        row: dict[str, Any] = {"tag": f"{tag:08X}", "vr": str(dataset.get_item(tag).VR or "UN"), "name": _name(tag)}
        try:
            element = dataset[tag]
            row["vr"] = element.VR
            row |= self._content(element, depth)
        except (MemoryError, RecursionError):
            raise
        except Exception:  # anything can be in a file; the other attributes are told all the same
            row["problem"] = _NO_READABLE_VALUE
        if tag.is_private:
            row |= _private(dataset, tag)
        else:
            row |= {"keyword": keyword} if (keyword := keyword_for_tag(tag)) else {}
        return row

    def _content(self, element: DataElement, depth: int) -> dict[str, Any]:
        if element.VR == "SQ":
            return self._items(element, depth)
        if element.VR in _BINARY:
            return _binary(element.value)
        return _texts(element)

    def _items(self, element: DataElement, depth: int) -> dict[str, Any]:
        items, first = list(element.value), 0
        if element.tag == _PER_FRAME and depth == 0:
            self.frames, first = len(items), self._frame - 1
            taken = items[first : first + 1]
        else:
            taken = items[:MOST_ITEMS]
        if depth >= _DEEPEST:
            return {"count": len(items), "items": []}
        found: dict[str, Any] = {"items": [self.rows(item, depth + 1) for item in taken]}
        if len(taken) < len(items):
            found |= {"count": len(items), "first": first + 1}
        return found


def _name(tag: BaseTag) -> str:
    if tag.element == 0 and not dictionary_has_tag(tag):
        return "Group Length"
    return str(dictionary_description(tag)) if dictionary_has_tag(tag) else ""


def _private(dataset: Dataset, tag: BaseTag) -> dict[str, Any]:
    """Return who reserved the block of a private attribute (PS3.5 section 7.8.1), and what they call it."""
    if tag.is_private_creator:
        return {"name": "Private Creator"}
    creator = ""
    try:
        creator = str(dataset[BaseTag(tag.group << 16 | tag.element >> 8)].value or "").strip()
        return {"creator": creator, "name": str(private_dictionary_description(tag, creator))}
    except (MemoryError, RecursionError):
        raise
    except Exception:  # nobody reserved the block, the creator cannot be read, or nobody knows what it means
        return {"creator": creator} if creator else {}


def _texts(element: DataElement) -> dict[str, Any]:
    value = element.value
    if value is None or value == "":
        return {"value": []}
    values = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    texts = [_text(element.VR, each) for each in values[:MOST_VALUES]]
    found: dict[str, Any] = {"value": [text[:LONGEST_TEXT] for text in texts]}
    if len(values) > MOST_VALUES:
        found["count"] = len(values)
    if any(len(text) > LONGEST_TEXT for text in texts):
        found["length"] = max(map(len, texts))
    if element.VR == "UI" and len(values) == 1 and UID(texts[0]).name != texts[0]:
        found["meaning"] = UID(texts[0]).name
    return found


def _text(vr: str, value: Any) -> str:
    if vr == "AT":
        return f"{int(value):08X}"
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)


def _binary(value: Any) -> dict[str, Any]:
    content = bytes(value) if isinstance(value, bytes | bytearray) else b"" if value is None else str(value).encode()
    text = content.rstrip(b"\0 ")
    if 0 < len(text) <= _LARGEST_GUESS and text.isascii() and text.decode("ascii").isprintable():
        return {"value": [text.decode("ascii")], "size": len(content)}
    return {"size": len(content)}


def _pixels(file: BinaryIO, dataset: Dataset) -> list[dict[str, Any]]:
    """Return the row of the pixels, which are not read."""
    element = pixel_element(file, dataset)
    if element is None:
        return []
    keyword, is_words, start = element
    if start is None:
        return []
    tag = BaseTag({"FloatPixelData": 0x7FE00008, "DoubleFloatPixelData": 0x7FE00009}.get(keyword, 0x7FE00010))
    row = {"tag": f"{tag:08X}", "vr": "OW" if is_words else "OB", "name": _name(tag), "keyword": keyword}
    return [row | {"size": file.seek(0, 2) - start}]
