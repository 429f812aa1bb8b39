"""Exact stored values of a frame in a compact form that a browser undoes without WebAssembly.

`viewer-assets/src/exact/exactFrame.ts` reads what `encode_exact` writes, and `docs/decisions/0004-exact-frames.md` says
why it is this form.

All numbers are little endian:

====== ===== ==========================================================================================
offset type  meaning
====== ===== ==========================================================================================
0      4s    ``SLX1``
4      u8    bytes of a sample, 1 or 2
5      u8    1: samples are signed; 2: the least value is meant to be white; 4: slope and intercept are
             those of the file (without it values have a Modality LUT, and only stored ones are known);
             8: there is padding
6      u16   0
8      u32   rows
12     u32   columns
16     f64   rescale slope
24     f64   rescale intercept
32     i32   least stored value that is padding
36     i32   greatest
40     ...   zlib stream (RFC 1950) of the high bytes of all residuals, then of their low bytes; samples of
             one byte have low bytes only
====== ===== ==========================================================================================

A residual is a sample less what its neighbours left (a), above (b) and left above (c) foretell, which are 0 outside of
the frame: a + b - c, but not below the lesser nor above the greater of a and b (the predictor of JPEG-LS, ISO/IEC
14495-1 A.4.1). It is taken modulo 256 or 65536 and folded: 0, -1, 1, -2, 2, … become 0, 1, 2, 3, 4, …
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

MEDIA_TYPE = "application/vnd.sightline.exact-frame"
LARGEST_FRAME = 1 << 26
"""Pixels: twice the largest detectors, and 128 MiB in the browser."""
_HEADER = struct.Struct("<4sBBHIIddii")
_MAGIC = b"SLX1"
_ROWS_AT_ONCE = 64
_LEVEL, _MEMORY = 1, 9

Samples = NDArray[np.uint8] | NDArray[np.int8] | NDArray[np.uint16] | NDArray[np.int16]


class _Flag(IntFlag):
    SIGNED = 1
    INVERSE = 2
    RESCALED = 4
    PADDED = 8


@dataclass(frozen=True)
class Meaning:
    """What samples mean.

    Parameters
    ----------
    rescale : (float, float), optional
        Slope and intercept (PS3.3 C.11.1.1.2). None: the file has a Modality LUT instead.
    padding : (int, int), optional
        Inclusive range of stored values that are no image (PS3.3 C.7.5.1.1.2).
    inverse : bool
        The least value is meant to be white.
    """

    rescale: tuple[float, float] | None = (1.0, 0.0)
    padding: tuple[int, int] | None = None
    inverse: bool = False


def encode_exact(samples: Samples, meaning: Meaning) -> bytes:
    """Encode stored values.

    Parameters
    ----------
    samples : array of uint8, int8, uint16 or int16, (rows, columns)
    meaning : Meaning

    Returns
    -------
    bytes
        As this module's head says.

    Raises
    ------
    ValueError
        The samples are of another kind, none, or more than `LARGEST_FRAME`.

    Notes
    -----
    Takes as much memory as the samples beside the result. Holds the interpreter lock between blocks of rows only.

    Examples
    --------
    >>> content = encode_exact(np.array([[5, 6], [5, 7]], np.int16), Meaning(padding=(-3, -3)))
    >>> content[:4], zlib.decompress(content[40:])
    (b'SLX1', b'\\x00\\x00\\x00\\x00\\n\\x02\\x00\\x02')
    """
    if samples.ndim != 2 or samples.dtype.kind not in "iu" or samples.dtype.itemsize > 2:
        raise ValueError("Only grey samples of one or two bytes have this form.")
    if not 1 <= samples.size <= LARGEST_FRAME:
        raise ValueError(f"A frame has from 1 to {LARGEST_FRAME} pixels here.")
    residuals = folded_residuals(samples)
    # Looking back further than one byte finds nothing in noise: runs and Huffman codes alone are smaller and quicker.
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY, zlib.Z_RLE)
    parts = [_header(samples, meaning)]
    if residuals.dtype.itemsize == 2:
        parts.append(stream.compress((residuals >> 8).astype(np.uint8)))
    parts += [stream.compress(residuals.astype(np.uint8, copy=False)), stream.flush()]
    return b"".join(parts)


def _header(samples: Samples, meaning: Meaning) -> bytes:
    flags = _Flag.SIGNED if samples.dtype.kind == "i" else _Flag(0)
    flags |= _Flag.INVERSE if meaning.inverse else _Flag(0)
    flags |= _Flag.RESCALED if meaning.rescale is not None else _Flag(0)
    flags |= _Flag.PADDED if meaning.padding is not None else _Flag(0)
    numbers = (*(meaning.rescale or (0.0, 0.0)), *(meaning.padding or (0, 0)))
    return _HEADER.pack(_MAGIC, samples.dtype.itemsize, flags, 0, *samples.shape, *numbers)


def folded_residuals(samples: Samples) -> NDArray[Any]:
    """Return what differs from the prediction, folded: uint8 or uint16, (rows, columns).

    >>> folded_residuals(np.array([[5, 6], [5, 7]], np.uint8)).tolist()
    [[10, 2], [0, 2]]
    """
    rows, columns = samples.shape
    signed = np.dtype(f"i{samples.dtype.itemsize}")
    result = np.empty(samples.shape, np.dtype(f"u{samples.dtype.itemsize}"))
    for start in range(0, rows, _ROWS_AT_ONCE):
        block = samples[start : start + _ROWS_AT_ONCE]
        around = np.zeros((len(block) + 1, columns + 1), np.int32)
        around[1:, 1:] = block
        if start:
            around[0, 1:] = samples[start - 1]
        left, above, corner = around[1:, :-1], around[:-1, 1:], around[:-1, :-1]
        guess = np.clip(left + above - corner, np.minimum(left, above), np.maximum(left, above))
        differences = (around[1:, 1:] - guess).astype(signed)
        folded = (differences << 1) ^ (differences >> (8 * signed.itemsize - 1))
        result[start : start + _ROWS_AT_ONCE] = folded.view(result.dtype)
    return result
