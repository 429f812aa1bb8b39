"""ICC profiles: a profile of three matrices and gamma 1 has an answer that can be worked out by hand."""

from __future__ import annotations

from io import BytesIO
from struct import pack
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from sightline.errors import UnprocessableError
from sightline.rendering.colour_profiles import profiled, srgb_profile
from sightline.rendering.encoding import MEDIA_TYPES, encode
from sightline.rendering.view import ColourProfile, PictureFormat
from tests.support.dicom_files import image_file

PICTURE = np.arange(0, 252, 3, dtype=np.uint8).reshape(4, 7, 3)


def s15(value: float) -> bytes:
    return pack(">i", round(value * 65536))


def linear_profile() -> bytes:
    """A display profile with the primaries of sRGB (adapted to D50) and linear light (ICC.1 sections 7 and 10)."""
    columns = {
        b"rXYZ": (0.4360747, 0.2225045, 0.0139322),
        b"gXYZ": (0.3850649, 0.7168786, 0.0971045),
        b"bXYZ": (0.1430804, 0.0606169, 0.7141733),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    tags = {name: b"XYZ \0\0\0\0" + b"".join(map(s15, xyz)) for name, xyz in columns.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + bytes(8))
    tags[b"desc"] = b"desc" + bytes(4) + pack(">I", 7) + b"linear\0" + bytes(78)
    tags[b"cprt"] = b"text\0\0\0\0none\0"
    table, body, offset = pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[0:4] = pack(">I", offset + len(body))
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    head[68:80] = s15(0.9642) + s15(1.0) + s15(0.8249)
    return bytes(head) + table + body


def file(**attributes: Any) -> BytesIO:
    return BytesIO(image_file(PICTURE, SamplesPerPixel=3, **attributes))


def test_linear_light_becomes_srgb() -> None:
    shown, profile = profiled(PICTURE, file(ICCProfile=linear_profile()), ColourProfile.SRGB)
    light = PICTURE / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(shown - expected).max() <= 1.5
    assert profile == srgb_profile()


def test_the_files_profile_is_passed_on() -> None:
    shown, profile = profiled(PICTURE, file(ICCProfile=linear_profile()), ColourProfile.YES)
    np.testing.assert_array_equal(shown, PICTURE)
    assert profile == linear_profile() + bytes(len(linear_profile()) % 2)
    for picture_format in set(MEDIA_TYPES) - {PictureFormat.GIF}:
        with Image.open(BytesIO(encode(shown, picture_format, 90, profile))) as image:
            assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("wanted", [ColourProfile.YES, ColourProfile.SRGB])
def test_colours_without_a_profile_are_srgb(wanted: ColourProfile) -> None:
    shown, profile = profiled(PICTURE, file(), wanted)
    np.testing.assert_array_equal(shown, PICTURE)
    assert profile is not None
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))


def test_nothing_happens_to_grey_or_unasked() -> None:
    for picture, wanted in ((PICTURE, ColourProfile.NO), (PICTURE, None), (PICTURE[..., 0], ColourProfile.SRGB)):
        shown, profile = profiled(picture, file(ICCProfile=linear_profile()), wanted)
        assert shown is picture and profile is None


@pytest.mark.parametrize("damaged", [b"no profile at all", linear_profile().replace(b"RGB XYZ", b"CMYKXYZ")])
def test_damaged_profiles_are_refused(damaged: bytes) -> None:
    with pytest.raises(UnprocessableError, match="colour profile"):
        profiled(PICTURE, file(ICCProfile=damaged), ColourProfile.SRGB)
