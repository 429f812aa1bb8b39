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
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or wanted is None or not any(wanted.groups()) or not _is_same(request, answer):
        return answer
    body = answer.get_data()
    start, stop = _bounds(wanted[1], wanted[2], len(body))
    if start > stop:  # the first byte behind the last one: no range at all
        return answer
    if start >= len(body) or start == stop:
        raise RangeNotSatisfiableError(
            f"There are {len(body)} bytes.", headers={"Content-Range": f"bytes */{len(body)}"}
        )
    answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    answer.set_data(body[start:stop])
    answer.status_code = 206
    return answer


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return where the range starts and stops; with `first` left out, `last` counts from the end."""
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return 1, 0
    start = int(first)
    return start, max(start, min(int(last) + 1, size) if last else size)


def _is_same(request: Request, answer: Response) -> bool:
    """Whether the client's part is of this representation; dates never say so, since we send none."""
    condition = request.headers.get("If-Range")
    return condition is None or condition.strip() == answer.headers.get("ETag")
