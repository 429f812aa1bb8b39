"""Frames that need no decoding: bytes of the stored file, as they are, between the headers of a multipart body."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.archive.protocol import FileSource
from sightline.dicomweb.multipart import MultipartWriter, Part
from sightline.dicomweb.syntaxes import BIG_ENDIAN, DEFLATED, NATIVE
from sightline.errors import NotFoundError, SightlineError, UnprocessableError
from sightline.rendering.series_table import InstanceEntry
from sightline.web.negotiation import MediaType
from sightline.web.request import Response


def frame_length(entry: InstanceEntry) -> int | None:
    """Return how many bytes each frame takes in the file; None where it has to be decoded or swapped."""
    syntax = entry.transfer_syntax_uid
    if syntax not in NATIVE or syntax in (DEFLATED, BIG_ENDIAN) or entry.pixel_offset is None:
        return None
    if entry.bits_allocated % 8:
        return None
    samples = 2 if entry.photometric_interpretation == "YBR_FULL_422" else entry.samples_per_pixel
    return entry.rows * entry.columns * samples * entry.bits_allocated // 8


@dataclass(frozen=True)
class NativeFrames:
    """Where frames lie in a stored file: byte offsets, and the length that all have."""

    source: FileSource
    offsets: tuple[int, ...]
    length: int

    def read(self) -> list[bytes]:
        """Return the frames.

        Raises
        ------
        NotFoundError
            The file has gone: the instance was removed or replaced.
        UnprocessableError
            It ends before the last of them does.
        """
        if self.source.path is None:
            content = self.source.content or b""
            frames = [content[offset : offset + self.length] for offset in self.offsets]
        else:
            frames = self._from_file(self.source.path)
        if any(len(frame) != self.length for frame in frames):
            raise UnprocessableError("The stored pixels end too early.", "undecodable")
        return frames

    def _from_file(self, path: str) -> list[bytes]:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise NotFoundError("The instance has just been removed or replaced.") from None
        try:
            return [os.pread(descriptor, self.length, offset) for offset in self.offsets]
        finally:
            os.close(descriptor)


class Framing:
    """How contents become a body: one part for each, or the only one as it is.

    Parameters
    ----------
    urls : sequence of str
        `Content-Location` of each.
    media_type : MediaType
        What was negotiated.
    """

    def __init__(self, urls: Sequence[str], media_type: MediaType) -> None:
        content_type = f"{media_type.content}; transfer-syntax={media_type.transfer_syntax}"
        self._writer = MultipartWriter() if media_type.part else None
        self._heads = [{"Content-Type": content_type, "Content-Location": url} for url in urls]
        self._content_type = self._writer.content_type(media_type.part) if self._writer else content_type

    def body(self, contents: Sequence[bytes]) -> bytes:
        """Return the body; of the same contents it is always the same."""
        if self._writer is None:
            return contents[0]
        parts = (Part(head, content) for head, content in zip(self._heads, contents, strict=True))
        return b"".join(self._writer.encode(parts))

    def answer(self, contents: Sequence[bytes]) -> Response:
        """Return the answer."""
        answer = Response(self.body(contents), content_type=self._content_type)
        if self._writer is None:
            answer.headers["Content-Location"] = self._heads[0]["Content-Location"]
        return answer


def again(frames: NativeFrames, framing: Framing, unchanged: Callable[[], bool]) -> Callable[[], bytes | None]:
    """Return what makes the same body again from the file, or finds that it would be another by now."""

    def make() -> bytes | None:
        if not unchanged():
            return None
        try:
            return framing.body(frames.read())
        except SightlineError:
            return None

    return make
