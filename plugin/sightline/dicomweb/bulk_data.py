"""The worker's part of bulk data: one value of a stored file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from sightline.dicomweb.attributes import BINARY_WORDS, encoded_vr, swapped
from sightline.dicomweb.metadata import read_dataset
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply


def bulk_value(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return a binary value in little endian.

    Parameters
    ----------
    arguments : mapping
        ``file``, and ``place`` as metadata gives it: tags and item numbers from 1, joined by dots.

    Raises
    ------
    NotFoundError
        There is no such value.
    """
    dataset = read_dataset(arguments["file"], buffers)
    if dataset is None:
        raise UnprocessableError("The stored file cannot be read.", "unreadable")
    *path, last = arguments["place"].split(".")
    for tag, number in zip(path[::2], path[1::2], strict=True):
        dataset = _item(dataset, int(tag, 16), int(number))
    element: Any = dataset.get_item(Tag(int(last, 16)))
    vr = "" if element is None else encoded_vr(dataset, element)
    if vr not in BINARY_WORDS or not isinstance(element.value, bytes):
        raise NotFoundError("There is no such bulk data.")
    if isinstance(element, RawDataElement) and not element.is_little_endian:
        return Reply({}, (swapped(element.value, BINARY_WORDS[vr]),))
    return Reply({}, (element.value,))


def _item(dataset: Dataset, tag: int, number: int) -> Dataset:
    """Return one item of a sequence, counted from 1."""
    items = dataset[Tag(tag)].value if Tag(tag) in dataset else None
    if not isinstance(items, DicomSequence) or number > len(items):
        raise NotFoundError("There is no such bulk data.")
    item: Dataset = items[number - 1]
    return item
