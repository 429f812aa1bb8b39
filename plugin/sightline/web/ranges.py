"""Byte ranges of an answer (RFC 9110 section 14), for clients that read large values piece by piece."""

from __future__ import annotations

import re

from sightline.errors import RangeNotSatisfiableError
from sightline.web.request import Request, Response

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


def part_of(request: Request, answer: Response) -> Response:
    """Return the bytes that the client asked for, with 206; else the answer as it is.

    What is no single range of bytes is answered as a whole, as is a range of another representation (``If-Range``).

    Parameters
    ----------
    request : Request
        Its headers ``Range`` and ``If-Range`` count.
    answer : Response
        Complete, with its ETag. It is changed in place.

    Raises
    ------
    RangeNotSatisfiableError
        The range begins behind the end; the header ``Content-Range`` says where that is.
    """
    if answer.status_code != 200:
        return answer
    answer.headers["Accept-Ranges"] = "bytes"
    if not request.headers.get("Range"):
        return answer
    body = answer.get_data()
    wanted = wanted_range(request, answer.headers.get("ETag"), len(body))
    if wanted is None:
        return answer
    answer.set_data(body[slice(*wanted)])
    say_part(answer, wanted, len(body))
    return answer


def wanted_range(request: Request, etag: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte that the client asked for and the one behind the last; None where it wants all.

    Parameters
    ----------
    request : Request
    etag : str, optional
        Of the whole, as the header has it.
    size : int
        Bytes of the whole.

    Raises
    ------
    RangeNotSatisfiableError
        As `part_of`.
    """
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or wanted is None or not any(wanted.groups()) or not _is_same(request, etag):
        return None
    start, stop = _bounds(wanted[1], wanted[2], size)
    if start > stop:  # the first byte behind the last one: no range at all
        return None
    if start >= size or start == stop:
        raise RangeNotSatisfiableError(f"There are {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


def say_part(answer: Response, part: tuple[int, int], size: int) -> None:
    """Say of an answer that its body is a part of so many bytes."""
    answer.headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{size}"
    answer.status_code = 206


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return where the range starts and stops; with `first` left out, `last` counts from the end."""
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return 1, 0
    start = int(first)
    return start, max(start, min(int(last) + 1, size) if last else size)


def _is_same(request: Request, etag: str | None) -> bool:
    """Whether the client's part is of this representation; dates never say so, since we send none."""
    condition = request.headers.get("If-Range")
    return condition is None or condition.strip() == etag
