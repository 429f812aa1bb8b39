"""Formats of pictures: what is exact comes back as it was, and what is lossy says so."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from sightline.rendering.animation import animate
from sightline.rendering.colour_profiles import srgb_profile
from sightline.rendering.encoding import MEDIA_TYPES, encode, largest_difference, loses
from sightline.rendering.view import PictureFormat

RANDOM = np.random.default_rng(11)
GREY = RANDOM.integers(0, 256, (17, 23)).astype(np.uint8)
COLOUR = RANDOM.integers(0, 256, (17, 23, 3)).astype(np.uint8)
SHOWN = tuple(MEDIA_TYPES)


def decoded(content: bytes, mode: str) -> NDArray[Any]:
    return np.asarray(Image.open(BytesIO(content)).convert(mode))


@pytest.mark.parametrize("picture_format", SHOWN)
@pytest.mark.parametrize(("picture", "mode"), [(GREY, "L"), (COLOUR, "RGB")])
def test_a_format_says_whether_it_loses_anything(picture_format: PictureFormat, picture: Any, mode: str) -> None:
    content = encode(picture, picture_format, 85)
    with Image.open(BytesIO(content)) as image:
        assert Image.MIME[image.format or ""] == MEDIA_TYPES[picture_format]
    same = np.array_equal(decoded(content, mode), picture)
    assert same is not loses(picture, picture_format)


@pytest.mark.parametrize("picture_format", [PictureFormat.JPEG, PictureFormat.WEBP])
def test_quality_costs_bytes(picture_format: PictureFormat) -> None:
    assert len(encode(GREY, picture_format, 30)) < len(encode(GREY, picture_format, 95))


@pytest.mark.parametrize("picture_format", [each for each in SHOWN if each is not PictureFormat.GIF])
def test_a_colour_profile_goes_with_the_picture(picture_format: PictureFormat) -> None:
    with Image.open(BytesIO(encode(COLOUR, picture_format, 85, srgb_profile()))) as image:
        profile = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    assert profile.profile.xcolor_space.strip() == "RGB"


@pytest.mark.parametrize(("picture", "mode"), [(GREY, "L"), (COLOUR, "RGB")])
def test_the_largest_difference_is_that_of_the_decoded_samples(picture: Any, mode: str) -> None:
    exact, lossy = encode(picture, PictureFormat.PNG, 85), encode(picture, PictureFormat.JPEG, 40)
    expected = max(abs(int(a) - int(b)) for a, b in zip(decoded(lossy, mode).flat, picture.flat, strict=True))
    assert expected > 10
    assert largest_difference(lossy, exact) == expected
    assert largest_difference(exact, exact) == 0


@pytest.mark.parametrize("media_type", ["image/gif", "image/webp"])
@pytest.mark.parametrize("picture_format", SHOWN)
def test_pictures_of_every_format_make_an_animation(media_type: str, picture_format: PictureFormat) -> None:
    turns = [encode(np.roll(GREY, step, axis=1), picture_format, 85) for step in range(5)]
    reply = animate({"media_type": media_type, "frame_time": 50, "quality": 85}, turns, ())
    with Image.open(BytesIO(bytes(reply.buffers[0]))) as film:
        assert (film.n_frames, film.size) == (5, (23, 17))  # type: ignore[attr-defined]
