"""Colour samples to 8-bit RGB (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Palette:
    """The three colour look-up tables of PALETTE COLOR (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6).

    Parameters
    ----------
    first : int
        Stored value of the first entry; values below get the first entry, values above the last one the last.
    entries : array, (entries, 3)
        Red, green, blue, uint8 or uint16; the full range of the type is the full range of intensity.
    """

    first: int
    entries: NDArray[Any]


def ybr_full_to_rgb(ybr: Bytes) -> Bytes:
    """Convert YBR_FULL, or YBR_FULL_422 with its chroma repeated, to RGB.

    Parameters
    ----------
    ybr : array of uint8, (..., 3)
        Luminance, blue and red chroma; chroma 128 is none.

    Returns
    -------
    array of uint8, (..., 3)
        Rounded as ``floor(x + 0.5)`` and limited to 0 and 255.

    References
    ----------
    PS3.3 C.7.6.3.1.2, solved for R, G and B.

    Examples
    --------
    >>> ybr_full_to_rgb(np.array([[128, 128, 128], [76, 85, 255]], np.uint8)).tolist()
    [[128, 128, 128], [254, 0, 0]]
    """
    chroma = np.arange(256, dtype=np.float64) - 128.0
    # Luminance is a whole number: adding it after rounding changes nothing, so chroma can be rounded in tables.
    red = np.floor(1.402 * chroma + 0.5).astype(np.int16)
    blue = np.floor(1.772 * chroma + 0.5).astype(np.int16)
    green = np.floor(-0.344136 * chroma[:, None] - 0.714136 * chroma[None, :] + 0.5).astype(np.int16)
    y, cb, cr = (ybr[..., channel] for channel in range(3))
    rgb = np.stack([red[cr], green[cb, cr], blue[cb]], axis=-1) + y[..., None].astype(np.int16)
    return np.asarray(np.clip(rgb, 0, 255).astype(np.uint8))


def palette_to_rgb(stored: NDArray[Any], palette: Palette) -> Bytes:
    """Look stored values up in a palette.

    Parameters
    ----------
    stored : array of integers, any shape
    palette : Palette

    Returns
    -------
    array of uint8, stored.shape + (3,)
        16-bit entries are scaled to 8 bits and rounded.

    Examples
    --------
    >>> entries = np.array([[0, 0, 0], [65535, 32768, 257]], np.uint16)
    >>> palette_to_rgb(np.array([4, 5, 6]), Palette(5, entries)).tolist()
    [[0, 0, 0], [0, 0, 0], [255, 128, 1]]
    """
    bits = palette.entries.dtype.itemsize * 8
    index = np.clip(stored.astype(np.int64) - palette.first, 0, len(palette.entries) - 1)
    return np.asarray(to_8_bit(palette.entries, bits)[index])


def to_8_bit(samples: NDArray[Any], bits_stored: int) -> Bytes:
    """Scale unsigned samples of that many bits to 8, as ``floor(x * 255 / (2**bits - 1) + 0.5)``.

    Examples
    --------
    >>> to_8_bit(np.array([0, 2048, 4095], np.uint16), 12).tolist()
    [0, 128, 255]
    """
    if bits_stored == 8:
        return np.asarray(samples.astype(np.uint8))
    return np.asarray(np.floor(samples * (255.0 / ((1 << bits_stored) - 1)) + 0.5).clip(0, 255).astype(np.uint8))
