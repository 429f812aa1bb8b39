"""Numbers as canonical addresses write them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache


@lru_cache(1000)
def plain(value: float) -> str:
    """Write a number without exponent, as short as it can be told from its neighbours.

    >>> plain(400.0), plain(-0.00025), plain(0.1), plain(-0.0)
    ('400', '-0.00025', '0.1', '0')
    """
    return format(Decimal(repr(float(value))).normalize() + 0, "f")
