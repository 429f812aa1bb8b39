"""How deeply sequences nest in a DICOM file, found out without recursion before anything recursive reads the file.

Orthanc's core, and the toolkit below it, descend into sequences on stacks as small as 100 KB: a file of a few kilobytes
with some sixty nested sequences ends the whole server. So each upload is walked here first, in linear time, with an
explicit stack, and refused beyond 32 levels.

The walk follows the rules by which DCMTK parses. Where it cannot be certain that DCMTK would read the same structure
(a contradictory meta header, a made-up value representation, a sequence that runs out of its parent), it stops walking
and bounds the depth instead: every further level needs one more item tag, so the levels seen so far plus the item tags
left in the file cannot be exceeded. A file is refused unless its depth is proven or bounded. Content that is truncated
or damaged but surely not deep passes: whether it is DICOM is for the archive to say.
"""

from __future__ import annotations

import re

from sightline.archive.encoded import Source, open_dataset
from sightline.archive.walk import LostError, Walk
from sightline.errors import UnprocessableError

MAXIMUM_LEVELS = 32
"""Levels of sequences that every supported Orthanc reads safely; nothing in real use comes near."""

_ITEM_TAG = re.compile(rb"\xfe\xff\x00\xe0|\xff\xfe\xe0\x00")


def check_nesting(content: bytes | memoryview, limit: int = MAXIMUM_LEVELS) -> None:
    """Refuse a DICOM file whose sequences nest more than `limit` levels deep. Linear time, bounded memory.

    A sequence in the data set is level 1, a sequence in one of its items level 2. Counted are sequences of any value
    representation and length encoding, unknown ones (UN) with sequences inside, and implicitly encoded values that
    begin with an item tag. Encapsulated pixel data and sequences without items are no level.

    Parameters
    ----------
    content : bytes or memoryview
        A DICOM file (PS3.10), or a data set without preamble and meta header, in any standard encoding.
    limit : int
        Deepest level that passes.

    Raises
    ------
    UnprocessableError
        ``too-deep``: nested more deeply, or so irregular that this cannot be ruled out. ``not-dicom``: too short for
        one element, or cannot be inflated. ``too-large``: inflates beyond 1 GiB.

    References
    ----------
    PS3.5 sections 6.2.2, 7.1, 7.5, A.4 and A.5; PS3.10 section 7.1.
    """
    dataset = open_dataset(content)
    if not dataset.certain:
        _bound(dataset.source, dataset.position, 0, limit)
        return
    walk = Walk(dataset, limit)
    try:
        walk.run()
    except LostError:
        _bound(dataset.source, walk.position, walk.level, limit)


def _bound(source: Source, position: int, level: int, limit: int) -> None:
    """Refuse unless even one more level per item tag from `position` on would be within the limit."""
    possible, tail = level + 1, b""
    for block in source.rest(position):
        possible += sum(1 for _ in _ITEM_TAG.finditer(tail + bytes(block[:3]))) if tail else 0
        possible += sum(1 for _ in _ITEM_TAG.finditer(block))
        if possible > limit:
            raise UnprocessableError(
                "The structure of this DICOM file is too irregular to rule out sequences nested more than "
                f"{limit} levels deep.",
                "too-deep",
            )
        tail = bytes(block[-3:])
