"""ICC profiles of colour pictures (PS3.3 C.11.15, PS3.18 section 8.3.5.1.5). Runs in workers only."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from struct import pack
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom import Dataset

from sightline.errors import UnprocessableError
from sightline.rendering.headers import read_header
from sightline.rendering.view import ColourProfile

Bytes = NDArray[np.uint8]
_MADE = (2000, 1, 1, 0, 0, 0)
"""An arbitrary moment: the same picture must be the same bytes."""


def profiled(picture: Bytes, file: BinaryIO, wanted: ColourProfile | None) -> tuple[Bytes, bytes | None]:
    """Return the picture in the colours that are wanted, and the ICC profile to go with it.

    Parameters
    ----------
    picture : array of uint8, (rows, columns) or (rows, columns, 3)
        Grey has no profile, and stays as it is.
    file : binary file
        The whole DICOM file, for its profile. Without one its colours are taken for sRGB.
    wanted : ColourProfile, optional
        None and NO: the file's colours without a profile. YES: with it. SRGB: converted, with a profile of sRGB.

    Raises
    ------
    UnprocessableError
        The file's profile is damaged, or not one of RGB.
    """
    if picture.ndim == 2 or wanted in (None, ColourProfile.NO):
        return picture, None
    file.seek(0)
    stored = _stored_profile(read_header(file))
    if stored is None:
        return picture, srgb_profile()
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(stored))
        if profile.profile.xcolor_space.strip() != "RGB":
            raise UnprocessableError("The colour profile of this image is not one of RGB.", "bad-profile")
        if wanted is ColourProfile.YES:
            return picture, stored
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(Image.fromarray(np.ascontiguousarray(picture)), profile, target)
    except (ImageCms.PyCMSError, OSError) as error:
        raise UnprocessableError("The colour profile of this image is damaged.", "bad-profile") from error
    return np.asarray(converted), srgb_profile()


def _stored_profile(dataset: Dataset) -> bytes | None:
    """Return the file's profile: at the top, or of the first optical path of a slide (PS3.3 C.8.12.5)."""
    paths = dataset.get("OpticalPathSequence") or [Dataset()]
    value: Any = dataset.get("ICCProfile") or paths[0].get("ICCProfile")
    return bytes(value) if value else None


@cache
def srgb_profile() -> bytes:
    """Return a profile of sRGB, always the same bytes."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Bytes 24 to 35 of a profile are when it was made (ICC.1 section 7.2.9).
    content[24:36] = pack(">6H", *_MADE)
    return bytes(content)
