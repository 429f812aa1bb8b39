"""What a picture should look like, from the standard's own words and other libraries."""

from __future__ import annotations

import io
from fractions import Fraction
from math import floor

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.browser.chest import Grey


def windowed(values: npt.NDArray[np.float64], center: float, width: float) -> Grey:
    """Apply a LINEAR window to modality values, by the pseudo-code of PS3.3 C.11.2.1.2.1 and in exact fractions.

    Examples
    --------
    >>> windowed(np.array([-160.0, 39.5, 240.0]), 40, 400).tolist()
    [0, 128, 255]
    """
    found, where = np.unique(values, return_inverse=True)
    grey = np.array([_grey(Fraction(float(value)), Fraction(center), Fraction(width)) for value in found], np.uint8)
    return np.asarray(grey[where.reshape(values.shape)])


def _grey(value: Fraction, center: Fraction, width: Fraction) -> int:
    if value <= center - Fraction(1, 2) - (width - 1) / 2:
        return 0
    if value > center - Fraction(1, 2) + (width - 1) / 2:
        return 255
    grey = ((value - (center - Fraction(1, 2))) / (width - 1) + Fraction(1, 2)) * 255
    return floor(grey + Fraction(1, 2))


def opened(content: bytes) -> Grey:
    """Decode a picture by Pillow; its pixels have to be grey."""
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "L"
        return np.asarray(image, np.uint8)


def as_png(picture: Grey) -> bytes:
    """Return the picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_loss(exact: Grey, quality: int) -> float:
    """Return the root mean square error, in grey levels, of a picture that another encoder made at that quality."""
    encoded = imagecodecs.jpeg8_encode(exact, level=quality)
    return rms(imagecodecs.jpeg8_decode(encoded), exact)


def rms(picture: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return the root mean square of the differences."""
    difference = np.asarray(picture, np.float64) - np.asarray(other, np.float64)
    return float(np.sqrt(np.mean(difference**2)))


def largest(picture: npt.ArrayLike, other: npt.ArrayLike) -> int:
    """Return the largest difference."""
    return int(np.abs(np.asarray(picture, np.int64) - np.asarray(other, np.int64)).max())
