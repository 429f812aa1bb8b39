"""Pictures to JPEG and PNG. Runs in workers only."""

from __future__ import annotations

from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline.rendering.view import PictureFormat

MEDIA_TYPES = {PictureFormat.JPEG: "image/jpeg", PictureFormat.PNG: "image/png"}


def encode(
    picture: NDArray[np.uint8], picture_format: PictureFormat, quality: int, profile: bytes | None = None
) -> bytes:
    """Encode grey (rows, columns) or RGB (rows, columns, 3).

    JPEG keeps the full resolution of colour (4:4:4); grey stays grey. PNG is exact, at the fastest compression, which
    costs some per cent of size and saves most of the time. The ICC profile, if any, becomes part of the picture.
    """
    picture = np.ascontiguousarray(picture)
    if picture_format is PictureFormat.JPEG and profile is None:
        # The same library and the same bytes as through Pillow, without a detour through its buffers.
        return bytes(imagecodecs.jpeg8_encode(picture, level=quality, subsampling="444"))
    image = Image.fromarray(picture)
    target = BytesIO()
    if picture_format is PictureFormat.JPEG:
        image.save(target, "JPEG", quality=quality, subsampling=0, icc_profile=profile)
    else:
        image.save(target, "PNG", compress_level=1, icc_profile=profile)
    return target.getvalue()
