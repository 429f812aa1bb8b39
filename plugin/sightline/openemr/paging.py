"""How lists of links and launches are asked for: from where, how many, and whether only what is open."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.errors import BadRequestError
from sightline.web.request import Request

_PAGE = 100
_LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Paging:
    """A part of a list.

    Parameters
    ----------
    limit, offset : int
        How many, from where.
    is_open : bool
        Only what gives somebody access now.
    """

    limit: int = _PAGE
    offset: int = 0
    is_open: bool = False

    @classmethod
    def parse(cls, request: Request) -> Paging:
        """Read it from a query. Raises `BadRequestError`."""
        state = request.args.get("state", "")
        if state not in ("", "open"):
            raise BadRequestError("'state' is open, or left out.")
        limit = min(_number(request, "limit", _PAGE), _LARGEST_PAGE)
        return cls(limit, _number(request, "offset", 0), state == "open")


def _number(request: Request, name: str, default: int) -> int:
    """Return a query value as a whole number."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise BadRequestError(f"'{name}' is a whole number.")
    return int(text)
