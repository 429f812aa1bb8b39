"""What de-identification would do to a file, attribute by attribute. Runs in workers only.

It is done, and what came out compared with what went in: so the preview cannot promise anything else than what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import dictionary_description, dictionary_has_tag
from pydicom.tag import BaseTag

from sightline.errors import UnprocessableError
from sightline.objects.burned_in import risk_of
from sightline.objects.deidentification import Choices, deidentified
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

LONGEST_TEXT = 64


def preview_file(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Say what `deidentify_file` would do.

    Arguments: ``file``, ``key`` and ``choices`` of `deidentify_file`; what is chosen of pixels does not matter here.

    The reply's values: ``risk``; ``refusal``, the sentence that says why it cannot be de-identified at all, or None;
    and ``changes``, for each attribute ``[tag, name, action, before, after]``. Actions are ``removed``, ``emptied``,
    ``replaced``, ``added`` and ``kept``.
    """
    options = Choices.from_json(arguments["choices"]).options
    with open_file(arguments["file"], buffers) as file:
        dataset = dcmread(file, stop_before_pixels=True)
    values: dict[str, Any] = {"risk": risk_of(dataset), "refusal": None, "changes": []}
    try:
        after = deidentified(deepcopy(dataset), bytes.fromhex(arguments["key"]), Choices(options, is_looked_at=True))
    except UnprocessableError as error:
        values["refusal"] = error.message
    else:
        values["changes"] = list(_changes(dataset, after))
    return Reply(values)


def _changes(before: Dataset, after: Dataset) -> Iterator[list[str]]:
    for tag in sorted({*before.keys(), *after.keys()}):
        old, new = (dataset.get(tag) for dataset in (before, after))
        yield [_tag(tag), _name(tag, old or new), _action(old, new), _text(old), _text(new)]


def _action(old: DataElement | None, new: DataElement | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old.value == new.value:
        return "kept"
    return "replaced" if new.value else "emptied"


def _tag(tag: BaseTag) -> str:
    return f"({tag.group:04X},{tag.element:04X})"


def _name(tag: BaseTag, element: DataElement | None) -> str:
    if dictionary_has_tag(tag):
        return dictionary_description(tag)
    return "Private attribute" if tag.is_private else "" if element is None else str(element.name)


def _text(element: DataElement | None) -> str:
    if element is None or element.is_empty:
        return ""
    if element.VR == "SQ":
        return f"{len(element.value)} x …"
    if isinstance(element.value, bytes):
        return f"{len(element.value)} bytes"
    text = str(element.value)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
