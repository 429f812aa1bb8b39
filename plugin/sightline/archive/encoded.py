"""Encoded DICOM before anybody parses it: where the data set begins, how it is encoded, and its bytes in order.

Reads the File Meta Information (PS3.10 section 7.1) without recursion, and inflates deflated data sets (PS3.5 A.5)
piece by piece, so that memory stays bounded whatever is sent.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Protocol

from pydicom.datadict import dictionary_has_tag

from sightline.errors import UnprocessableError

UNDEFINED_LENGTH = 0xFFFFFFFF
INFLATED_LIMIT = 1 << 30
"""A deflated data set that inflates beyond this many bytes is refused as a bomb."""

LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS"}
    | {b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)

_BLOCK = 1 << 16
_DEFLATED = re.compile(rb"1\.2\.840\.10008\.1\.2\.(?:1\.99|4\.95|4\.205)")


@dataclass(frozen=True)
class Encoding:
    """How tags and lengths are written (PS3.5 sections 7.1 and 7.3)."""

    explicit: bool
    tag: Struct
    short: Struct
    long: Struct
    item: bytes
    """An item tag (FFFE,E000) in this byte order."""


def _encoding(explicit: bool, order: str, item: bytes) -> Encoding:
    return Encoding(explicit, Struct(order + "HH"), Struct(order + "H"), Struct(order + "L"), item)


LITTLE_ENDIAN_IMPLICIT = _encoding(False, "<", b"\xfe\xff\x00\xe0")
LITTLE_ENDIAN_EXPLICIT = _encoding(True, "<", b"\xfe\xff\x00\xe0")
BIG_ENDIAN_EXPLICIT = _encoding(True, ">", b"\xff\xfe\xe0\x00")

_DECLARED = {
    b"1.2.840.10008.1.2": LITTLE_ENDIAN_IMPLICIT,
    b"1.2.840.10008.1.2.2": BIG_ENDIAN_EXPLICIT,
    b"1.2.840.113619.5.2": LITTLE_ENDIAN_IMPLICIT,  # private, with big endian pixel data
}


class Source(Protocol):
    """Bytes in order. Positions given to one source may only grow."""

    def at(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from `position`; fewer at the end."""
        ...

    def rest(self, position: int) -> Iterator[bytes | memoryview]:
        """Yield everything from `position` on, in blocks."""
        ...


class PlainSource:
    """Bytes as they are, without a copy."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._view = memoryview(content)

    def at(self, position: int, count: int) -> bytes:
        return self._view[position : position + count].tobytes()

    def rest(self, position: int) -> Iterator[bytes | memoryview]:
        yield self._view[position:]


class InflatedSource:
    """A deflated data set, inflated as far as it is asked for and forgotten behind."""

    def __init__(self, deflated: memoryview) -> None:
        self._input = deflated
        self._taken = 0
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._start = 0
        self._window = bytearray()

    def at(self, position: int, count: int) -> bytes:
        while self._start + len(self._window) < position + count and self._extend(position):
            pass
        begin = position - self._start
        return bytes(self._window[begin : begin + count])

    def rest(self, position: int) -> Iterator[bytes | memoryview]:
        while block := self.at(position, _BLOCK):
            yield block
            position += len(block)

    def _extend(self, position: int) -> bool:
        """Inflate one more block and forget what lies before `position`; False at the end."""
        pending = self._inflate.unconsumed_tail or bytes(self._input[self._taken : self._taken + _BLOCK])
        if not self._inflate.unconsumed_tail:
            self._taken += len(pending)
        if self._inflate.eof or not pending:
            return False
        try:
            block = self._inflate.decompress(pending, _BLOCK)
        except zlib.error:
            raise UnprocessableError("The deflated data set cannot be inflated.", "not-dicom") from None
        forgotten = min(max(position - self._start, 0), len(self._window))
        del self._window[:forgotten]
        self._start += forgotten
        self._window += block
        if self._start + len(self._window) > INFLATED_LIMIT:
            raise UnprocessableError("The deflated data set inflates to more than 1 GiB.", "too-large")
        return True


@dataclass(frozen=True)
class EncodedDataset:
    """Where a data set begins and how it is encoded. Not `certain`: another parser may think otherwise."""

    source: Source
    position: int
    encoding: Encoding
    certain: bool


@dataclass(frozen=True)
class _Meta:
    """File Meta Information as walked: transfer syntaxes named, where it ends, whether it says one thing only."""

    syntaxes: tuple[bytes, ...]
    end: int
    regular: bool
    group_length_right: bool


def open_dataset(content: bytes | memoryview) -> EncodedDataset:
    """Find the data set of a DICOM file, or of a bare data set without preamble and meta header.

    Raises
    ------
    UnprocessableError
        ``not-dicom``: too short for a single element, or deflated so that no one can tell where.
    """
    view = memoryview(content)
    if len(view) < 8:
        raise UnprocessableError("This is no DICOM file.", "not-dicom")
    start = 132 if view[128:132].tobytes() == b"DICM" else 0
    meta = _read_meta(view, start)
    syntax = meta.syntaxes[0] if meta.syntaxes else b""
    is_deflated = _DEFLATED.fullmatch(syntax) is not None
    if is_deflated and meta.regular and meta.group_length_right:
        return EncodedDataset(InflatedSource(view[meta.end :]), 0, LITTLE_ENDIAN_EXPLICIT, True)
    if is_deflated or (not meta.regular and _DEFLATED.search(view)):
        raise UnprocessableError("The meta header contradicts itself.", "not-dicom")
    # A parser that does not know the transfer syntax, or finds none, judges by the first element.
    guessed = _guess(view[meta.end : meta.end + 6].tobytes())
    encoding = _DECLARED.get(syntax, LITTLE_ENDIAN_EXPLICIT) if syntax else guessed
    agreeing = {encoding, None} if syntax in _DECLARED else {encoding}
    certain = meta.regular and encoding is not None and guessed in agreeing
    if certain and (meta.group_length_right or encoding is LITTLE_ENDIAN_EXPLICIT):
        return EncodedDataset(PlainSource(view), meta.end, encoding or LITTLE_ENDIAN_EXPLICIT, True)
    return EncodedDataset(PlainSource(view), start, LITTLE_ENDIAN_EXPLICIT, False)


def declared_transfer_syntax(head: bytes) -> str:
    """Return the transfer syntax that a DICOM file declares; where it declares none, the default one (PS3.5 10.1).

    Parameters
    ----------
    head : bytes
        The beginning of the file, with at least the meta header up to that attribute.
    """
    view = memoryview(head)
    meta = _read_meta(view, 132 if view[128:132].tobytes() == b"DICM" else 0)
    return meta.syntaxes[0].decode("ascii", "replace") if meta.syntaxes else "1.2.840.10008.1.2"


def _read_meta(view: memoryview, start: int) -> _Meta:
    """Walk the elements of group 0002, Explicit VR Little Endian."""
    position, group_end, regular = start, 0, True
    syntaxes: list[bytes] = []
    while regular and view[position : position + 2].tobytes() == b"\x02\x00":
        element, vr = view[position + 2 : position + 4].tobytes(), view[position + 4 : position + 6].tobytes()
        if vr in SHORT_VRS:
            length, value = int.from_bytes(view[position + 6 : position + 8], "little"), position + 8
        else:
            length, value = int.from_bytes(view[position + 8 : position + 12], "little"), position + 12
        regular = (vr in SHORT_VRS or (vr in LONG_VRS and vr != b"SQ")) and value + length <= len(view)
        position = value + length if regular else position
        if element == b"\x10\x00":
            syntaxes.append(view[value : value + length].tobytes().strip(b"\0 "))
        elif element == b"\x00\x00":
            group_end = position + int.from_bytes(view[value : value + 4], "little")
    return _Meta(tuple(syntaxes), position, regular and len(syntaxes) < 2, group_end in (0, position))


def _guess(head: bytes) -> Encoding | None:
    """Judge the encoding by the first six bytes of a data set; None when two readings are possible."""
    if len(head) < 6:
        return LITTLE_ENDIAN_EXPLICIT if not head else None
    explicit = head[4:6] in LONG_VRS or head[4:6] in SHORT_VRS
    little, big = LITTLE_ENDIAN_IMPLICIT.tag.unpack_from(head), BIG_ENDIAN_EXPLICIT.tag.unpack_from(head)
    if little[0] <= 0xFF and _is_known(*little):
        return LITTLE_ENDIAN_EXPLICIT if explicit else LITTLE_ENDIAN_IMPLICIT
    if explicit and big[0] <= 0xFF < little[0] and _is_known(*big):
        return BIG_ENDIAN_EXPLICIT
    return None


def _is_known(group: int, element: int) -> bool:
    """Whether a tag is a group length or in the dictionary of PS3.6."""
    return element == 0 or dictionary_has_tag((group << 16) | element)
