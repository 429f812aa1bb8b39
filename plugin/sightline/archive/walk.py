"""One pass over the elements of a data set, without recursion, by the rules by which DCMTK parses.

Whoever wants to know something of a file before anything recursive may read it derives from `Walk`: how deeply it
nests, or whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.archive.encoded import (
    LITTLE_ENDIAN_IMPLICIT,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    EncodedDataset,
    Encoding,
)
from sightline.errors import UnprocessableError

_PIXEL_DATA = (0x7FE0, 0x0010)
_DELIMITERS = 0xFFFE
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_UNLIMITED = 1 << 62


class LostError(Exception):
    """The structure cannot be followed from here."""


class _RefutedError(LostError):
    """What was taken for a sequence cannot be one: no parser would get past this point either."""


@dataclass(slots=True)
class _Frame:
    """An open item or sequence. `opaque_end` is set where the value may as well be plain bytes ending there."""

    is_sequence: bool
    end: int
    encoding: Encoding
    opaque_end: int | None = None


class Walk:
    """One pass over a data set. `position` only grows; the stack never holds more than two frames per level.

    Parameters
    ----------
    dataset : EncodedDataset
        Where it begins and how it is encoded.
    limit : int
        Deepest level of sequences that is entered.
    """

    def __init__(self, dataset: EncodedDataset, limit: int) -> None:
        self.position = dataset.position
        self.level = 0
        self.is_over = False
        """Set to end the walk early."""
        self.source = dataset.source
        self._limit = limit
        self._frames = [_Frame(False, _UNLIMITED, dataset.encoding)]

    def run(self) -> None:
        """Walk to the end of the bytes.

        Raises
        ------
        LostError
            The structure cannot be followed.
        UnprocessableError
            ``too-deep``: there are more levels than the limit.
        """
        while not self.is_over and (header := self.source.at(self.position, 12)):
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

    def at_top(self, tag: int, length: int) -> None:
        """Take note of an element of the data set itself, whose value of `length` bytes begins at `position`."""

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
        if len(self._frames) == 1:
            self.at_top(group << 16 | element, length)
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
            if self.source.at(self.position, 4) == inner.item:
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
            raise LostError
        self._frames.pop()
        self.level -= frame.is_sequence

    def _skip_opaque(self) -> None:
        """Take the innermost value that may be plain bytes for such, and go on behind it."""
        while self._frames[-1].opaque_end is None:
            if len(self._frames) == 1:
                raise LostError
            self.level -= self._frames.pop().is_sequence
        end = self._frames[-1].opaque_end or 0
        if end < self.position:
            raise LostError
        self.level -= self._frames.pop().is_sequence
        self.position = end

    def _skip_fragments(self, encoding: Encoding) -> None:
        """Step over encapsulated pixel data, fragment by fragment (PS3.5 A.4)."""
        while len(header := self.source.at(self.position, 8)) == 8:
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
        raise LostError
    return vr, encoding.short.unpack_from(header, 6)[0], 8
