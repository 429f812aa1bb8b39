"""Whole numbers to 8-bit levels, at the price of a few operations per pixel.

A window is a ramp: levels that rise or fall with the stored value, and stay the same below and above. Its straight part
is computed in float32, five operations on pieces that stay in the cache, which is several times as fast as float64 or
as a table. That it gives the very levels of the float64 formula is proved for each window from the values at which a
level begins: both are monotonic, so where they agree on both sides of each step they agree everywhere. A window for
which they do not, and whatever is no ramp, goes through a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Levels = Callable[[Floats], Bytes]

PIECE = 1 << 16
"""Values that are looked up together."""
LINE_PIECE = 1 << 17
"""Values that are computed together: more of them leave the cache, fewer cost more in calls."""
_STEPS = np.arange(1, 256, dtype=np.float64)
_RIGHT = np.array([[False], [True]]).repeat(_STEPS.size, axis=1)
"""Just before it begins a level is not reached, and where it begins it is."""
_FARTHEST = 1e15
"""Whole numbers are exact in float64 up to here, and no ramp of 16 bits begins farther away."""


@dataclass(frozen=True)
class Ramp:
    """Levels of whole numbers that are constant up to `low` and from `high` on.

    Parameters
    ----------
    low, high : int
        Both of the dtype that the ramp was made for.
    factor, offset : float, optional
        Between them the level is the whole part of ``factor * value + offset``, computed in float32. None where no
        such numbers were found; there is nothing but a table then.
    """

    low: int
    high: int
    factor: float | None = None
    offset: float = 0.0


def fitted_ramp(levels: Levels, factor: float, offset: float, dtype: np.dtype[Any]) -> Ramp | None:
    """Return the ramp that gives exactly these levels for every value of a dtype.

    Parameters
    ----------
    levels : callable
        Returns levels, array of uint8, for whole numbers in float64; never falling, or never rising.
    factor, offset : float
        Levels are, but for rounding errors, the whole part of ``factor * value + offset``, limited to 0 and 255.
    dtype : dtype
        Integers of at most 16 bits.

    Returns
    -------
    Ramp or None
        None where the levels do not begin where the line says.

    Notes
    -----
    Evaluates `levels` for 510 values, or twice that many, and takes no memory to speak of.

    Examples
    --------
    >>> halves = lambda x: (np.clip(x, 0, 511) // 2).astype(np.uint8)
    >>> ramp = fitted_ramp(halves, 0.5, 0.0, np.dtype(np.int16))
    >>> ramp.low, ramp.high, ramp.factor
    (1, 510, 0.5)
    """
    if not factor or not abs(offset / factor) < _FARTHEST:
        return None
    # Along `sign * value` levels rise.
    sign = 1.0 if factor > 0 else -1.0
    least, most = sorted(sign * end for end in _ends(dtype))
    begins = _begins(levels, sign, (_STEPS - offset) / abs(factor), (least, most))
    if begins is None:
        return None
    # What begins outside of the dtype begins nowhere.
    below, above = (int(count) for count in begins.searchsorted((least, most), "right"))
    low = least if below else min(float(begins[0]) - 1, most)
    high = most if above < _STEPS.size else max(float(begins[-1]), least)
    line = _line(np.float32(abs(factor)), begins[below:above], (low, high), (below, above))
    first, last = sorted((int(sign * low), int(sign * high)))
    return Ramp(first, last) if line is None else Ramp(first, last, sign * line[0], line[1])


def _ends(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the least and the most value of an integer type."""
    count = 1 << 8 * dtype.itemsize
    return (-count // 2, count // 2 - 1) if dtype.kind == "i" else (0, count - 1)


def _begins(levels: Levels, sign: float, estimates: Floats, ends: tuple[float, float]) -> Floats | None:
    """Return the first places of levels 1 to 255, or of higher ones, from estimates; None where these are wrong.

    What begins outside of the ends is somewhere outside of them.
    """
    begins = np.minimum(np.maximum(np.ceil(estimates), ends[0] - 1), ends[1] + 2)
    for _ in range(2):
        found = levels(sign * _both_sides(begins)).reshape(2, -1) >= _STEPS
        if np.array_equal(found, _RIGHT):
            return begins
        # Rounding errors move a step that is exactly at a whole number by one at most.
        late, early = found[0] & (begins > ends[0]), ~found[1] & (begins <= ends[1])
        if not (late | early).any():
            return begins
        begins = begins - late + early
    return None


def _both_sides(begins: Floats) -> Floats:
    return np.concatenate([begins - 1, begins])


def _line(
    factor: np.float32, begins: Floats, ends: tuple[float, float], levels: tuple[int, int]
) -> tuple[float, float] | None:
    """Return factor and offset that give every level where it begins, if there are any.

    Levels above the first of `levels` begin at `begins`, the last one of them being the second of `levels`.
    """
    if not begins.size:
        return None
    steps = _STEPS[levels[0] : levels[1]]
    slack, steep = steps - float(factor) * begins, float(factor)
    # What is above -1 is truncated to 0.
    least = max(float(slack.max()), (levels[0] or -0.999) - steep * ends[0])
    most = min(float(slack.min()) + steep, levels[1] + 1 - steep * ends[1])
    offset = np.float32((least + most) / 2)
    first, last = (np.float32(end) * factor + offset for end in ends)
    found = (_both_sides(begins).astype(np.float32) * factor + offset).reshape(2, -1) >= steps
    if not ((first >= levels[0] or first > -1 == levels[0] - 1) and last < levels[1] + 1):
        return None
    return None if found[0].any() or not found[1].all() else (float(factor), float(offset))


def apply_ramp(stored: NDArray[Any], ramp: Ramp, out: Bytes | None = None) -> Bytes:
    """Return the levels of stored values along a ramp that has a line.

    Parameters
    ----------
    stored : array of integers of at most 16 bits, any shape
        Of the dtype that the ramp was fitted for; contiguous, or it is copied.
    ramp : Ramp
    out : array of uint8, optional
        Contiguous, of the same shape.

    Returns
    -------
    array of uint8
        Same shape.

    Raises
    ------
    ValueError
        The ramp has no line.

    Notes
    -----
    Takes some 1.3 MB beside the result. Does not hold the interpreter lock for longer than one operation on 131072
    values.

    Examples
    --------
    >>> apply_ramp(np.array([-5, 3, 90, 700], np.int16), Ramp(0, 510, 0.5)).tolist()
    [0, 1, 45, 255]
    """
    if ramp.factor is None:
        raise ValueError("This ramp is no line.")
    flat, out = np.ascontiguousarray(stored).reshape(-1), _target(stored, out)
    result, size, ends = out.reshape(-1), min(flat.size, LINE_PIECE), _ends(flat.dtype)
    is_limited = ramp.low > ends[0] or ramp.high < ends[1]
    limited, line = np.empty(size if is_limited else 0, flat.dtype), np.empty(size, np.float32)
    factor, offset = np.float32(ramp.factor), np.float32(ramp.offset)
    for start in range(0, flat.size, LINE_PIECE):
        part = flat[start : start + LINE_PIECE]
        count = part.size
        if is_limited:
            part = part.clip(ramp.low, ramp.high, out=limited[:count])
        piece = line[:count]
        np.copyto(piece, part)
        np.multiply(piece, factor, out=piece)
        np.add(piece, offset, out=piece)
        np.copyto(result[start : start + count], piece, casting="unsafe")
    return out


def apply_table(stored: NDArray[Any], first: int, table: Bytes, out: Bytes | None = None) -> Bytes:
    """Look stored values up in a table.

    Parameters
    ----------
    stored : array of integers of at most 16 bits, any shape
        Contiguous, or it is copied.
    first : int
        The value of the table's first entry; values below get that, values above its end the last one.
    table : array of uint8, (entries,)
        At most 65536.
    out : array of uint8, optional
        Contiguous, of the same shape.

    Returns
    -------
    array of uint8
        Same shape.

    Notes
    -----
    Takes some 700 kB beside the result. Does not hold the interpreter lock for longer than one operation on 65536
    values.

    Examples
    --------
    >>> apply_table(np.array([[-9, 4, 5, 6, 99]], np.int16), 4, np.array([10, 20, 30], np.uint8)).tolist()
    [[10, 10, 20, 30, 30]]
    """
    flat, out = np.ascontiguousarray(stored).reshape(-1), _target(stored, out)
    result = out.reshape(-1)
    whole = _by_unsigned(first, table, flat.dtype)
    unsigned = flat.view(f"u{flat.dtype.itemsize}")
    places = np.empty(min(flat.size, PIECE), np.intp)
    for start in range(0, flat.size, PIECE):
        part = unsigned[start : start + PIECE]
        np.copyto(places[: part.size], part)
        # Nothing can be out of bounds; to raise that, numpy would look up into a copy first.
        whole.take(places[: part.size], out=result[start : start + part.size], mode="wrap")
    return out


def _by_unsigned(first: int, table: Bytes, dtype: np.dtype[Any]) -> Bytes:
    """Return a table with an entry for every value of a dtype, negative ones where their unsigned twins are."""
    least, most = _ends(dtype)
    count = most - least + 1
    start = min(max(first - least, 0), count)
    skipped = min(max(least - first, 0), len(table) - 1)
    part = table[skipped : skipped + count - start]
    whole = np.full(count, table[-1])
    whole[:start] = table[0]
    whole[start : start + len(part)] = part
    return np.roll(whole, least) if least else whole


def _target(stored: NDArray[Any], out: Bytes | None) -> Bytes:
    return np.empty(stored.shape, np.uint8) if out is None else out
