"""Segmented palettes: a colour's look-up table out of pieces that repeat, rise or fall (PS3.3 C.7.9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

DISCRETE, LINEAR, INDIRECT = 0, 1, 2


def expand_segments(data: bytes, count: int, bits: int) -> NDArray[Any]:
    """Return the look-up table that segments stand for.

    Parameters
    ----------
    data : bytes
        Segmented Palette Color Lookup Table Data; words are little endian.
    count : int
        Entries that the table has.
    bits : int
        8 or 16: bits of an entry, and of every other number in the segments.

    Returns
    -------
    array of uint8 or uint16, (count,)
        Values on a line are rounded as ``floor(y + 0.5)``.

    Raises
    ------
    ValueError
        The segments are damaged: of no known type, too few, too many, or copied in a way that the standard rules out.

    References
    ----------
    PS3.3 C.7.9.2.1 (discrete), C.7.9.2.2 (linear), C.7.9.2.3 (indirect).

    Notes
    -----
    Takes some temporaries of the table's size. Holds the interpreter lock while it walks through the segments.

    Examples
    --------
    Two entries, a line of four from the last one on, and the line again:

    >>> expand_segments(bytes([0, 2, 10, 0, 1, 4, 8, 2, 1, 4, 0, 0, 0]), 10, 8).tolist()
    [10, 0, 2, 4, 6, 8, 8, 8, 8, 8]
    """
    if bits not in (8, 16):
        raise ValueError("Entries of a segmented palette have 8 or 16 bits.")
    size = bits // 8
    numbers = np.frombuffer(data[: len(data) // size * size], f"<u{size}").astype(np.int64)
    table = np.empty(count, numbers.dtype)
    filled = 0
    for kind, length, values in _copied(numbers, size, count):
        if filled + length > count:
            raise ValueError("The segments have more entries than the palette.")
        if kind == LINEAR:
            if not filled:
                raise ValueError("The first segment of a palette cannot be a line.")
            start = table[filled - 1]
            # 2 * length avoids fractions: the half that rounds up is `length`.
            steps = np.arange(1, length + 1)
            values = start + (2 * (values[0] - start) * steps + length) // (2 * length) if length else values[:0]
        table[filled : filled + length] = values
        filled += length
        if filled == count:
            return table.astype(f"u{size}")
    raise ValueError("The segments have fewer entries than the palette.")


def _copied(numbers: NDArray[np.int64], size: int, most: int) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield type, length and values of segments, those that an indirect one copies in its place."""
    words = 4 // size
    for kind, length, values in _segments(numbers, most, words):
        if kind != INDIRECT:
            yield kind, length, values
            continue
        # A 32-bit number of bytes, the lower half first.
        offset = sum(int(value) << (8 * size * place) for place, value in enumerate(values))
        if offset % size or offset // size >= len(numbers):
            raise ValueError("A segment copies what is outside of the palette.")
        for copied in _segments(numbers[offset // size :], length, words):
            if copied[0] == INDIRECT:
                raise ValueError("A segment copies one that copies itself.")
            yield copied


def _segments(numbers: NDArray[np.int64], most: int, words: int) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield type, length and values of that many segments, or fewer; offsets take so many words."""
    place = 0
    for _ in range(most):
        if place + 2 > len(numbers):
            return
        kind, length = int(numbers[place]), int(numbers[place + 1])
        wanted = {DISCRETE: length, LINEAR: 1, INDIRECT: words}.get(kind)
        if wanted is None:
            raise ValueError("A segment of the palette is of no known type.")
        values = numbers[place + 2 : place + 2 + wanted]
        if len(values) < wanted:
            raise ValueError("A segment of the palette ends too early.")
        yield kind, length, values
        place += 2 + wanted
