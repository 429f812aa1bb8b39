"""Multipart bodies (RFC 2046 section 5.1, PS3.18 section 8.6.1.2): read without recursion or copies, and written.

The parts of a body that was read are views of it. What is cut off, or delimited otherwise than announced, is refused as
a whole, so that nothing of it is stored.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sightline.errors import BadRequestError

MAXIMUM_PARTS = 20_000
MAXIMUM_HEADERS = 16_384
"""Bytes of the header lines of one part."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]*(\r\n|\Z)")
_HEADER_LINE = re.compile(rb"([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


@dataclass(frozen=True)
class Part:
    """One part of a body: headers by lower-case name, and content."""

    headers: Mapping[str, str]
    content: memoryview | bytes


def parse_multipart(body: bytes, boundary: str) -> list[Part]:
    """Split a multipart body. Linear time; contents are views, not copies.

    Parameters
    ----------
    body : bytes
        The whole body. What precedes the first and follows the last delimiter is ignored.
    boundary : str
        The parameter `boundary` of its Content-Type.

    Raises
    ------
    BadRequestError
        The boundary is not allowed or does not occur, the closing delimiter is missing (the body was cut off), a part
        has no end of headers, or there are too many parts or headers.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequestError("The multipart body has no valid boundary.", "bad-multipart")
    delimiter = b"--" + boundary.encode()
    view, parts = memoryview(body), []
    _, start, closed = _delimiter(body, delimiter, 0)
    while not closed:
        end, after, closed = _delimiter(body, b"\r\n" + delimiter, start - 2)
        parts.append(_part(body, view, start, max(end, start)))
        start = after
        if len(parts) > MAXIMUM_PARTS:
            raise BadRequestError(f"There are more than {MAXIMUM_PARTS} parts.", "bad-multipart")
    if not parts:
        raise BadRequestError("The multipart body has no parts.", "bad-multipart")
    return parts


def _delimiter(body: bytes, delimiter: bytes, start: int) -> tuple[int, int, bool]:
    """Find the next delimiter line: where it begins, where what follows begins, and whether it is the closing one."""
    position = body.find(delimiter, start)
    while position >= 0:
        after = _AFTER_BOUNDARY.match(body, position + len(delimiter))
        at_line_start = delimiter.startswith(b"\r\n") or position == 0 or body[position - 2 : position] == b"\r\n"
        if after and at_line_start and (after[1] or after[2]):
            return position, after.end(), after[1] is not None
        # The boundary of something else that only begins like ours.
        position = body.find(delimiter, position + 1)
    raise BadRequestError("The multipart body ends before its closing boundary, or has another one.", "bad-multipart")


def _part(body: bytes, view: memoryview, start: int, end: int) -> Part:
    """Separate the headers of one part from its content; a part may have no headers at all."""
    if body.startswith(b"\r\n", start):
        return Part({}, view[min(start + 2, end) : end])
    blank = body.find(b"\r\n\r\n", start, min(end, start + MAXIMUM_HEADERS) + 4)
    if blank < 0:
        raise BadRequestError("A part of the multipart body has no end of headers.", "bad-multipart")
    headers: dict[str, str] = {}
    for line in body[start:blank].split(b"\r\n"):
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise BadRequestError("A part of the multipart body has a header that cannot be read.", "bad-multipart")
        headers.setdefault(match[1].decode().lower(), match[2].decode("utf-8", "replace"))
    return Part(headers, view[min(blank + 4, end) : end])


class MultipartWriter:
    """Writes parts between delimiters of its own that occur in none of them (128 random bits)."""

    def __init__(self) -> None:
        self.boundary = secrets.token_hex(16)

    def content_type(self, part_type: str) -> str:
        """Return the Content-Type of the body for parts of that media type."""
        return f'multipart/related; type="{part_type}"; boundary={self.boundary}'

    def encode(self, parts: Iterable[Part]) -> Iterator[bytes | memoryview]:
        """Yield the body piece by piece: contents as they are, delimiters and headers between."""
        for part in parts:
            yield self._head(part.headers)
            yield part.content
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()

    def length(self, parts: Iterable[tuple[Mapping[str, str], int]]) -> int:
        """Return how many bytes `encode` gives for parts with these headers and content lengths."""
        framed = sum(len(self._head(headers)) + size + 2 for headers, size in parts)
        return framed + len(self.boundary) + 6

    def _head(self, headers: Mapping[str, str]) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"--{self.boundary}\r\n{lines}\r\n".encode()
