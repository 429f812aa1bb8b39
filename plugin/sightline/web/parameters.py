"""Values of query parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sightline.errors import BadRequestError


def whole_number(query: Mapping[str, str], name: str, low: int, high: int, default: int | None = None) -> int:
    """Return the whole number that a query names, or the default.

    Raises
    ------
    BadRequestError
        It is something else, or not in the range; or it is missing, and there is no default.
    """
    text = query.get(name, "" if default is None else str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise BadRequestError(f"'{name}' is a whole number from {low} to {high}.")
    return int(text)
