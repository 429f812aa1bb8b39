"""Metadata of some instances and attributes only, an extension: `limit`, `offset`, `includefield` as in searches.

Without them metadata is complete, as PS3.18 section 10.4.1.1.2 wants.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword

from sightline.archive.protocol import InstanceRecord
from sightline.dicomweb.dicom_json import encode
from sightline.errors import BadRequestError
from sightline.web.request import Request

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ALWAYS = frozenset({"00080005", "00080016", "00080018", "0020000D", "0020000E"})
"""What tells an instance from another, and the character set."""


@dataclass(frozen=True)
class Selection:
    """Which instances, in the order of their UIDs, and which attributes of them.

    Parameters
    ----------
    tags : frozenset of str
        Tags as eight hexadecimal digits; empty for all attributes.
    limit, offset : int or None
        None where they were not given.
    """

    tags: frozenset[str]
    limit: int | None
    offset: int | None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.tags and self.limit is None and self.offset is None

    def of_records(self, records: Sequence[InstanceRecord]) -> Sequence[InstanceRecord]:
        """Return the instances of this page."""
        if self.limit is None and self.offset is None:
            return records
        start = self.offset or 0
        ordered = sorted(records, key=lambda record: record.sop_instance_uid)
        return ordered[start : None if self.limit is None else start + self.limit]

    def of_attributes(self, content: bytes) -> bytes:
        """Return the JSON of one instance with these attributes only."""
        if not self.tags:
            return content
        return encode({tag: value for tag, value in json.loads(content).items() if tag in self.tags})


EVERYTHING = Selection(frozenset(), None, None)


def parse_selection(request: Request) -> Selection:
    """Read `includefield` (keywords or tags, comma lists or repeated, ``all``), `limit` and `offset`.

    Raises
    ------
    BadRequestError
        A value is not what it should be; the message names the parameter.
    """
    fields = [name.strip() for text in request.args.getlist("includefield") for name in text.split(",")]
    wanted = [name for name in fields if name]
    everything = not wanted or "all" in wanted
    tags = frozenset() if everything else _ALWAYS | {_tag(name) for name in wanted}
    return Selection(tags, _number(request, "limit"), _number(request, "offset"))


def _tag(name: str) -> str:
    if _TAG.fullmatch(name):
        return name.upper()
    tag = tag_for_keyword(name)
    if tag is None:
        raise BadRequestError("'includefield': name attributes by keyword or by eight hexadecimal digits.")
    return f"{tag:08X}"


def _number(request: Request, name: str) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadRequestError(f"'{name}' is a whole number, 0 or more.")
    return int(text)
