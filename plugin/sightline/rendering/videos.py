"""Videos in DICOM files: one stream, in as many fragments as its size needs (PS3.5 A.4, 8.2.5 to 8.2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any, BinaryIO

from pydicom import uid

from sightline.errors import UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.files import open_file

VIDEO_SYNTAXES = {
    "video/mpeg": tuple(map(str, (uid.MPEG2MPML, uid.MPEG2MPMLF, uid.MPEG2MPHL, uid.MPEG2MPHLF))),
    "video/mp4": tuple(
        map(
            str,
            (
                uid.MPEG4HP41, uid.MPEG4HP41F, uid.MPEG4HP41BD, uid.MPEG4HP41BDF, uid.MPEG4HP422D, uid.MPEG4HP422DF,
                uid.MPEG4HP423D, uid.MPEG4HP423DF, uid.HEVCMP51, uid.HEVCM10P51,
            ),
        )
    ),
}  # fmt: skip
"""Transfer syntaxes of videos; which one it is has to be said."""

EVERY_VIDEO_SYNTAX = frozenset(syntax for syntaxes in VIDEO_SYNTAXES.values() for syntax in syntaxes)

_MOST_FRAGMENTS = 100_000
_ITEM = Struct("<HHL")
_ITEM_TAG = (0xFFFE, 0xE000)
_LONGEST_HEAD = 12


def read_video(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Read some bytes of a video. Runs in a worker.

    Arguments: ``file``; ``offset`` of the value of Pixel Data in it; ``start`` and ``stop``, the first byte of the
    stream that is wanted and the one behind the last. The reply has ``size`` of the whole stream in bytes, its
    ``media_type``, and the bytes.

    Raises
    ------
    UnprocessableError
        The file is damaged.
    """
    with open_file(arguments["file"], buffers) as file:
        fragments = list(_fragments(file, arguments["offset"]))
        size = sum(length for _, length in fragments)
        head = b"".join(_part(file, fragments, 0, _LONGEST_HEAD))
        content = b"".join(_part(file, fragments, arguments["start"], arguments["stop"]))
    return Reply({"size": size, "media_type": media_type_of(head)}, (content,))


def media_type_of(head: bytes) -> str:
    """Return what a stream is by its first bytes: MP4, the only one that browsers play, or something else.

    >>> media_type_of(b"\\0\\0\\0\\x18ftypisom"), media_type_of(b"G@\\0"), media_type_of(b"\\0\\0\\x01\\xba")
    ('video/mp4', 'video/mp2t', 'video/mpeg')
    """
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head[:1] == b"G":
        return "video/mp2t"
    return "video/mpeg" if head[:4] in (b"\0\0\x01\xba", b"\0\0\x01\xb3") else "application/octet-stream"


def _fragments(file: BinaryIO, offset: int) -> Iterator[tuple[int, int]]:
    """Yield where fragments are in the file, and how long; not the Basic Offset Table before them."""
    position = offset
    for number in range(_MOST_FRAGMENTS):
        file.seek(position)
        header = file.read(_ITEM.size)
        if len(header) < _ITEM.size:
            break
        group, element, length = _ITEM.unpack(header)
        if (group, element) != _ITEM_TAG:
            return
        if number:
            yield position + _ITEM.size, length
        position += _ITEM.size + length
    raise UnprocessableError("This video is damaged.", "bad-video")


def _part(file: BinaryIO, fragments: Sequence[tuple[int, int]], start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes of a stream from `start` up to `stop`."""
    before = 0
    for position, length in fragments:
        first, last = max(start - before, 0), min(stop - before, length)
        if first < last:
            file.seek(position + first)
            yield file.read(last - first)
        before += length
