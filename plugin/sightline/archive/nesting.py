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
from dataclasses import dataclass

from sightline.archive.encoded import (
    LITTLE_ENDIAN_IMPLICIT,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    EncodedDataset,
    Encoding,
    Source,
    open_dataset,
)
from sightline.errors import UnprocessableError

MAXIMUM_LEVELS = 32
"""Levels of sequences that every supported Orthanc reads safely; nothing in real use comes near."""

_ITEM_TAG = re.compile(rb"\xfe\xff\x00\xe0|\xff\xfe\xe0\x00")
_PIXEL_DATA = (0x7FE0, 0x0010)
_DELIMITERS = 0xFFFE
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_UNLIMITED = 1 << 62


class _LostError(Exception):
    """The structure cannot be followed from here."""


class _RefutedError(_LostError):
    """What was taken for a sequence cannot be one: no parser would get past this point either."""


@dataclass(slots=True)
class _Frame:
    """An open item or sequence. `opaque_end` is set where the value may as well be plain bytes ending there."""

    is_sequence: bool
    end: int
    encoding: Encoding
    opaque_end: int | None = None


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
    walk = _Walk(dataset, limit)
    try:
        walk.run()
    except _LostError:
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


class _Walk:
    """One pass over a data set. `position` only grows; the stack never holds more than two frames per level."""

    def __init__(self, dataset: EncodedDataset, limit: int) -> None:
        self.position = dataset.position
        self.level = 0
        self._source = dataset.source
        self._limit = limit
        self._frames = [_Frame(False, _UNLIMITED, dataset.encoding)]

    def run(self) -> None:
        """Walk to the end of the bytes. Raises `_LostError` where the structure cannot be followed."""
        while header := self._source.at(self.position, 12):
            frame = self._frames[-1]
            if self.position >= frame.end:
                self._close(frame)
            elif len(header) < 8:
                return
            else:
                try:
                    self._step(frame, header)
                except _RefutedError:
                    self._skip_opaque()

    def _step(self, frame: _Frame, header: bytes) -> None:
        """Read one tag and what belongs to it."""
        group, element = frame.encoding.tag.unpack_from(header)
        if group == _DELIMITERS:
            self._delimiter(frame, element, frame.encoding.long.unpack_from(header, 4)[0])
        elif frame.is_sequence:
            raise _RefutedError
        else:
            self._element(frame, group, element, header)

    def _delimiter(self, frame: _Frame, element: int, length: int) -> None:
        """Open an item, or close what the delimiter closes, forgiving a missing or confused one as DCMTK can."""
        self.position += 8
        if element == _ITEM and frame.is_sequence:
            end = _UNLIMITED if length == UNDEFINED_LENGTH else self.position + length
            self._frames.append(_Frame(False, end, frame.encoding))
        elif element in (_ITEM_END, _SEQUENCE_END) and len(self._frames) > 1:
            if element == _SEQUENCE_END and not frame.is_sequence:
                self._frames.pop()
            self._close(self._frames[-1])
        else:
            raise _RefutedError

    def _element(self, frame: _Frame, group: int, element: int, header: bytes) -> None:
        """Step over a value, or into it where it is, or may be, a sequence."""
        vr, length, size = _value_header(frame.encoding, header)
        self.position += size
        pixels = (group, element) == _PIXEL_DATA and vr in (b"", b"OB", b"OW")
        if length == UNDEFINED_LENGTH:
            if pixels:
                self._skip_fragments(frame.encoding)
            else:
                self._open(_UNLIMITED, LITTLE_ENDIAN_IMPLICIT if vr == b"UN" else frame.encoding)
            return
        end = self.position + length
        if end > frame.end:
            raise _RefutedError
        if vr == b"SQ":
            self._open(end, frame.encoding)
        elif vr in (b"", b"UN") and not pixels and length >= 8:
            # Whoever knows the attribute from a dictionary may read a sequence here. Unknown ones are implicit inside.
            inner = frame.encoding if vr == b"" else LITTLE_ENDIAN_IMPLICIT
            if self._source.at(self.position, 4) == inner.item:
                self._open(end, inner, end)
            else:
                self.position = end
        else:
            self.position = end

    def _open(self, end: int, encoding: Encoding, opaque_end: int | None = None) -> None:
        """Go one level down."""
        self.level += 1
        if self.level > self._limit:
            raise UnprocessableError(
                f"The sequences of this DICOM file nest more than {self._limit} levels deep.", "too-deep"
            )
        self._frames.append(_Frame(True, end, encoding, opaque_end))

    def _close(self, frame: _Frame) -> None:
        """Leave an item or a sequence whose end has come."""
        if frame.opaque_end is not None and self.position != frame.opaque_end:
            raise _LostError
        self._frames.pop()
        self.level -= frame.is_sequence

    def _skip_opaque(self) -> None:
        """Take the innermost value that may be plain bytes for such, and go on behind it."""
        while self._frames[-1].opaque_end is None:
            if len(self._frames) == 1:
                raise _LostError
            self.level -= self._frames.pop().is_sequence
        end = self._frames[-1].opaque_end or 0
        if end < self.position:
            raise _LostError
        self.level -= self._frames.pop().is_sequence
        self.position = end

    def _skip_fragments(self, encoding: Encoding) -> None:
        """Step over encapsulated pixel data, fragment by fragment (PS3.5 A.4)."""
        while len(header := self._source.at(self.position, 8)) == 8:
            group, element = encoding.tag.unpack_from(header)
            length = encoding.long.unpack_from(header, 4)[0]
            self.position += 8
            if (group, element) == (_DELIMITERS, _SEQUENCE_END):
                return
            if (group, element) != (_DELIMITERS, _ITEM) or length == UNDEFINED_LENGTH:
                self.position -= 8
                raise _RefutedError
            self.position += length


def _value_header(encoding: Encoding, header: bytes) -> tuple[bytes, int, int]:
    """Return value representation (empty when implicit), value length, and size of tag, VR and length together."""
    if not encoding.explicit:
        return b"", encoding.long.unpack_from(header, 4)[0], 8
    vr = header[4:6]
    if vr in SHORT_VRS:
        return vr, encoding.short.unpack_from(header, 6)[0], 8
    if vr in LONG_VRS or (vr.isalpha() and vr.isupper()):  # a future VR has the long form (PS3.5 section 6.2)
        if len(header) < 12:
            return vr, 0, len(header)
        return vr, encoding.long.unpack_from(header, 8)[0], 12
    if any(chr(byte).isalpha() for byte in vr):
        raise _LostError
    return vr, encoding.short.unpack_from(header, 6)[0], 8
