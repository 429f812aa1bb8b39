"""JSON bodies, read so that none can harm: bounded in bytes and in depth before the parser sees them."""

from __future__ import annotations

import json
from typing import Any

from sightline.errors import BadRequestError, TooLargeError, UnsupportedMediaTypeError
from sightline.web.request import Request

MAXIMUM_BYTES = 65_536
MAXIMUM_DEPTH = 32


def read_json(request: Request, max_bytes: int = MAXIMUM_BYTES, max_depth: int = MAXIMUM_DEPTH) -> Any:
    """Return the parsed body.

    Parameters
    ----------
    request : Request
        Its media type has to be ``application/json`` (RFC 8259), which no HTML form can send.
    max_bytes : int
        Largest body.
    max_depth : int
        Deepest nesting of arrays and objects.

    Raises
    ------
    UnsupportedMediaTypeError
        The body says that it is something else.
    TooLargeError
        It is larger than `max_bytes`.
    BadRequestError
        It is not JSON, or nested too deeply.
    """
    if not request.is_json:
        raise UnsupportedMediaTypeError("Send JSON, with the header Content-Type: application/json.")
    if (request.content_length or 0) > max_bytes:
        raise TooLargeError(f"The body is larger than {max_bytes} bytes, which is the most that is accepted here.")
    content = request.get_data(cache=True)
    if len(content) > max_bytes:
        raise TooLargeError(f"The body is larger than {max_bytes} bytes, which is the most that is accepted here.")
    return parse_json(content, max_depth)


def parse_json(content: bytes, max_depth: int = MAXIMUM_DEPTH) -> Any:
    """Parse a JSON text in UTF-8. Numbers that JSON does not have (NaN, Infinity) and repeated names are refused.

    Raises
    ------
    BadRequestError
        It is not JSON, or nested more than `max_depth` levels.
    """
    if depth(content) > max_depth:
        raise BadRequestError(f"The JSON is nested more than {max_depth} levels.", "nested-too-deeply")
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
    except ValueError as error:
        raise BadRequestError("The body is not valid JSON.", "not-json") from error


def depth(content: bytes) -> int:
    """Return how deeply brackets and braces outside strings are nested, without recursion.

    The parser recurses once per level, and a stack that overflows ends the whole server. The brackets need not match:
    what matters is how deep a parser would get.
    """
    level = deepest = 0
    in_string = escaped = False
    for byte in content:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:  # backslash
                escaped = True
            elif byte == 0x22:  # quotation mark
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names something twice: two readers could take different ones (RFC 8259 section 4)."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is repeated")
    return value
