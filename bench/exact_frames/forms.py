"""The forms that were compared: each makes bytes of a frame of uint16 samples, and names its decoder in decode.js."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Samples = NDArray[np.uint16]


@dataclass(frozen=True)
class Form:
    """One way: `decoder` is a function of decode.js, empty where browsers have none."""

    name: str
    decoder: str
    encode: Callable[[Samples], bytes]


def left(samples: Samples) -> Samples:
    """Return differences to the left neighbour, the first of a row to the one above."""
    result = samples.copy()
    result[:, 1:] -= samples[:, :-1]
    result[1:, 0] -= samples[:-1, 0]
    return result


def above(samples: Samples) -> Samples:
    """Return differences to the neighbour above."""
    result = samples.copy()
    result[1:] -= samples[:-1]
    return result


def median(samples: Samples) -> Samples:
    """Return differences to the median predictor of JPEG-LS."""
    result = left(samples)
    a, b, c = (part.astype(np.int32) for part in (samples[1:, :-1], samples[:-1, 1:], samples[:-1, :-1]))
    low, high = np.minimum(a, b), np.maximum(a, b)
    result[1:, 1:] = samples[1:, 1:] - np.clip(a + b - c, low, high).astype(np.uint16)
    return result


def folded(residuals: Samples) -> Samples:
    """Return 0, -1, 1, -2, … as 0, 1, 2, 3, …"""
    signed = residuals.view(np.int16)
    return ((signed << 1) ^ (signed >> 15)).view(np.uint16)


def planes(residuals: Samples) -> bytes:
    """Return all high bytes, then all low bytes."""
    cells = residuals.reshape(-1)
    return (cells >> 8).astype(np.uint8).tobytes() + cells.astype(np.uint8).tobytes()


def deflate(content: bytes, level: int = 1, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    """Compress with the standard library."""
    machine = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    return machine.compress(content) + machine.flush()


def quick(content: bytes, level: int = 1) -> bytes:
    """Compress with libdeflate, as zlib."""
    return bytes(imagecodecs.zlib_encode(content, level=level))


def libdeflate(content: bytes, level: int = 1) -> bytes:
    """Compress with libdeflate."""
    return bytes(imagecodecs.deflate_encode(content, level=level, raw=True))


def png16(level: int) -> Callable[[Samples], bytes]:
    """Return an encoder to PNG of 16 bits."""

    def encode(samples: Samples) -> bytes:
        target = BytesIO()
        Image.fromarray(samples).save(target, "PNG", compress_level=level)
        return target.getvalue()

    return encode


def png_planes(samples: Samples) -> bytes:
    """Return a PNG of 8 bits, the high bytes above the low bytes of the differences to the left."""
    target = BytesIO()
    cells = folded(left(samples))
    both = np.concatenate([(cells >> 8).astype(np.uint8), cells.astype(np.uint8)])
    Image.fromarray(both).save(target, "PNG", compress_level=1)
    return target.getvalue()


def webp(samples: Samples) -> bytes:
    """Return lossless WebP, high bytes red and low bytes green."""
    target = BytesIO()
    colours = np.stack(
        [(samples >> 8).astype(np.uint8), samples.astype(np.uint8), np.zeros(samples.shape, np.uint8)], -1
    )
    Image.fromarray(colours).save(target, "WEBP", lossless=True, quality=0, method=0, exact=True)
    return target.getvalue()


FORMS = (
    Form("raw", "raw", lambda s: s.tobytes()),
    Form("raw, deflate 1", "inflated", lambda s: deflate(s.tobytes())),
    Form("left, planes, deflate 1", "left", lambda s: deflate(planes(folded(left(s))))),
    Form("left, planes, libdeflate 1", "left", lambda s: libdeflate(planes(folded(left(s))))),
    Form("above, planes, libdeflate 1", "above", lambda s: libdeflate(planes(folded(above(s))))),
    Form("median, planes, deflate 1", "median", lambda s: deflate(planes(folded(median(s))))),
    Form("median, planes, deflate 6", "median", lambda s: deflate(planes(folded(median(s))), 6)),
    Form("median, planes, deflate 1 RLE", "median", lambda s: deflate(planes(folded(median(s))), 1, zlib.Z_RLE)),
    Form(
        "median, planes, Huffman only", "median", lambda s: deflate(planes(folded(median(s))), 1, zlib.Z_HUFFMAN_ONLY)
    ),
    Form("median, planes, libdeflate 1", "median", lambda s: libdeflate(planes(folded(median(s))))),
    Form("median, planes, libdeflate 6", "median", lambda s: libdeflate(planes(folded(median(s))), 6)),
    Form("median, planes, zstd 1", "", lambda s: bytes(imagecodecs.zstd_encode(planes(folded(median(s))), level=1))),
    Form(
        "median, planes, brotli 4", "", lambda s: bytes(imagecodecs.brotli_encode(planes(folded(median(s))), level=4))
    ),
    Form("PNG 16, level 1, inflated in script", "png16", png16(1)),
    Form("PNG 16, level 6, inflated in script", "png16", png16(6)),
    Form("PNG 8 of two planes, canvas", "canvasPlanes", png_planes),
    Form("WebP lossless, canvas", "canvasColours", webp),
    Form("JPEG-LS", "", lambda s: bytes(imagecodecs.jpegls_encode(s))),
    Form("HTJ2K", "", lambda s: bytes(imagecodecs.htj2k_encode(s, reversible=True))),
)
