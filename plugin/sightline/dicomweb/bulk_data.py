"""The worker's part of bulk data: one value of a stored file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from sightline.dicomweb.attributes import BINARY_WORDS, swapped
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
    try:
        for tag, number in zip(path[::2], path[1::2], strict=True):
            dataset = dataset[Tag(int(tag, 16))].value[int(number) - 1]
        element = dataset.get_item(Tag(int(last, 16)))
    except (KeyError, IndexError, TypeError):
        element = None
    if element is None or not isinstance(element.value, bytes):
        raise NotFoundError("There is no such bulk data.")
    if isinstance(element, RawDataElement) and not element.is_little_endian:
        return Reply({}, (swapped(element.value, BINARY_WORDS.get(element.VR or "UN", 1)),))
    return Reply({}, (element.value,))
