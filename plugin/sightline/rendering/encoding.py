"""Pictures to JPEG, PNG, WebP and GIF, and back to measure what was lost. Runs in workers only."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline.rendering.channel import Buffer
from sightline.rendering.view import PictureFormat

MEDIA_TYPES = {
    PictureFormat.JPEG: "image/jpeg",
    PictureFormat.PNG: "image/png",
    PictureFormat.WEBP: "image/webp",
    PictureFormat.WEBP_LOSSLESS: "image/webp",
    PictureFormat.GIF: "image/gif",
}
"""Of the formats that `encode` makes."""


def encode(
    picture: NDArray[np.uint8], picture_format: PictureFormat, quality: int, profile: bytes | None = None
) -> bytes:
    """Encode grey (rows, columns) or RGB (rows, columns, 3).

    JPEG keeps the full resolution of colour (4:4:4); grey stays grey. PNG is exact, at the fastest compression, which
    costs some per cent of size and saves most of the time. The ICC profile, if any, becomes part of the picture; GIF
    has no place for one.
    """
    picture = np.ascontiguousarray(picture)
    if picture_format is PictureFormat.JPEG and profile is None:
        # The same library and the same bytes as through Pillow, without a detour through its buffers.
        return bytes(imagecodecs.jpeg8_encode(picture, level=quality, subsampling="444"))
    image = Image.fromarray(picture)
    target = BytesIO()
    image.save(target, **_options(picture_format, quality), icc_profile=profile)
    return target.getvalue()


def _options(picture_format: PictureFormat, quality: int) -> dict[str, Any]:
    """Return how Pillow is told the format: always the quickest way, since somebody waits for the picture."""
    return {
        PictureFormat.JPEG: {"format": "JPEG", "quality": quality, "subsampling": 0},
        PictureFormat.PNG: {"format": "PNG", "compress_level": 1},
        PictureFormat.WEBP: {"format": "WEBP", "quality": quality, "method": 0},
        PictureFormat.WEBP_LOSSLESS: {"format": "WEBP", "lossless": True, "quality": 0, "method": 0},
        PictureFormat.GIF: {"format": "GIF", "optimize": False},
    }[picture_format]


def loses(picture: NDArray[np.uint8], picture_format: PictureFormat) -> bool:
    """Whether that format changes some values of that picture.

    >>> loses(np.zeros((2, 2), np.uint8), PictureFormat.GIF), loses(np.zeros((2, 2, 3), np.uint8), PictureFormat.GIF)
    (False, True)
    """
    if picture_format is PictureFormat.GIF:
        return picture.ndim == 3  # 256 colours, and grey has no more
    return picture_format in (PictureFormat.JPEG, PictureFormat.WEBP)


def largest_difference(first: Buffer, second: Buffer) -> int:
    """Return by how much, of 255, two encoded pictures of one size differ where they differ most."""
    with Image.open(BytesIO(first)) as one, Image.open(BytesIO(second)) as other:
        mode = "L" if one.mode == other.mode == "L" else "RGB"
        pixels = [np.asarray(image.convert(mode), np.int16) for image in (one, other)]
    return int(np.abs(pixels[0] - pixels[1]).max())
