"""Whole numbers to 8-bit levels, at the price of a few operations per pixel.

A window is a ramp: levels that rise or fall with the stored value, and stay the same below and above. Its straight part
is computed in float32, six operations on pieces that stay in the cache, which is several times as fast as float64 or as
a table. That it gives the very levels of the float64 formula is proved for each window from the values at which a level
begins: both are monotonic, so where they agree on both sides of each step they agree everywhere. A window for which they
do not, and whatever is no ramp, goes through a table.
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
"""Values that are looked at together."""
_STEPS = np.arange(1, 256, dtype=np.float64)
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
    ends = np.iinfo(dtype)
    sign = 1.0 if factor > 0 else -1.0
    # Along `sign * value` levels rise. Level k begins at begins[k - 1], the first value that has it or a higher one.
    least, most = sorted((sign * ends.min, sign * ends.max))
    estimates = np.minimum(np.maximum(np.ceil((_STEPS - offset) / abs(factor)), least), most + 1)
    begins = _begins(levels, sign, estimates, least, most)
    if begins is None:
        return None
    low, high = max(least, min(float(begins[0]) - 1, most)), min(most, max(float(begins[-1]), least))
    line = _line(np.float32(abs(factor)), begins, low, high)
    first, last = sorted((int(sign * low), int(sign * high)))
    if line is None:
        return Ramp(first, last)
    return Ramp(first, last, sign * float(line[0]), float(line[1]))


def _begins(levels: Levels, sign: float, estimates: Floats, least: float, most: float) -> Floats | None:
    """Return where levels 1 to 255 begin, from estimates that are wrong by one at most; None where they are not.

    What begins at or below the least value is said to begin there, what begins above the most one just above it.
    """
    begins = estimates
    for _ in range(2):
        found = levels(sign * np.concatenate([begins - 1, begins]))
        late = (found[: _STEPS.size] >= _STEPS) & (begins > least)
        early = (found[_STEPS.size :] < _STEPS) & (begins <= most)
        if not (late | early).any():
            return begins
        begins = begins - late + early
    return None


def _line(factor: np.float32, begins: Floats, low: float, high: float) -> tuple[np.float32, np.float32] | None:
    """Return factor and offset that give the right levels on both sides of every step, if there are any."""
    inside = begins[(begins > low) & (begins <= high)]
    places = np.concatenate([[low], inside - 1, inside, [high]])
    wanted = begins.searchsorted(places, "right")
    slack = wanted - float(factor) * places
    # At the lowest place all from above -1 is truncated to 0.
    offset = np.float32(((slack - 0.999 * (wanted == 0)).max() + slack.min() + 1.0) / 2)
    found = places.astype(np.float32) * factor + offset
    is_exact = found[0] > -1 and found[-1] < 256 and bool((found.astype(np.int32) == wanted).all())
    return (factor, offset) if is_exact else None


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
    Takes some 600 kB beside the result. Does not hold the interpreter lock for longer than one operation on 65536
    values.

    Examples
    --------
    >>> apply_ramp(np.array([-5, 3, 90, 700], np.int16), Ramp(0, 510, 0.5)).tolist()
    [0, 1, 45, 255]
    """
    if ramp.factor is None:
        raise ValueError("This ramp is no line.")
    flat, out = np.ascontiguousarray(stored).reshape(-1), _target(stored, out)
    result, size, ends = out.reshape(-1), min(flat.size, PIECE), np.iinfo(flat.dtype)
    # Limits are arrays: with a scalar numpy is several times slower. A limit that the dtype has anyway is left out.
    low = np.full(size, ramp.low, flat.dtype) if ramp.low > ends.min else None
    high = np.full(size, ramp.high, flat.dtype) if ramp.high < ends.max else None
    limited, line = np.empty(size, flat.dtype), np.empty(size, np.float32)
    factor, offset = np.float32(ramp.factor), np.float32(ramp.offset)
    for start in range(0, flat.size, PIECE):
        part = flat[start : start + PIECE]
        count = part.size
        if low is not None:
            part = np.maximum(part, low[:count], out=limited[:count])
        if high is not None:
            part = np.minimum(part, high[:count], out=limited[:count])
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
    ends = np.iinfo(dtype)
    count = int(ends.max) - int(ends.min) + 1
    start = min(max(first - int(ends.min), 0), count)
    skipped = min(max(int(ends.min) - first, 0), len(table) - 1)
    part = table[skipped : skipped + count - start]
    whole = np.full(count, table[-1])
    whole[:start] = table[0]
    whole[start : start + len(part)] = part
    return np.concatenate([whole[-ends.min :], whole[: -ends.min]]) if ends.min else whole


def _target(stored: NDArray[Any], out: Bytes | None) -> Bytes:
    return np.empty(stored.shape, np.uint8) if out is None else out
