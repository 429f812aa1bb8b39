"""Stored values of frames, of every depth and of real files: what is sent is what pydicom reads."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread

from sightline.errors import UnprocessableError
from sightline.rendering import codecs
from sightline.rendering.headers import read_frames
from sightline.rendering.stored_values import render_stored
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file
from tests.unit.rendering.test_exact_frames import decode

RANDOM = np.random.default_rng(23)
_LARGEST = 300_000
"""Pixels of a real frame that the slow decoder of these tests is asked for."""


def stored(content: bytes, picture_format: str = "exact", frame: int = 1) -> bytes:
    arguments = {"file": {"buffer": 0}, "entry": None, "frame": frame, "view": {"format": picture_format}}
    return bytes(render_stored(arguments, (content,), ()).buffers[0])


def values(bits: int, signed: bool, cell: int) -> NDArray[Any]:
    """Random values of that many bits in cells of `cell` bytes, both ends included."""
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    made = RANDOM.integers(low, high, (7, 5), endpoint=True)
    made[0, :2] = low, high
    return made.astype(f"{'i' if signed else 'u'}{cell}")


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", range(8, 17))
def test_every_depth_is_exact(bits: int, signed: bool) -> None:
    expected = values(bits, signed, 1 if bits == 8 else 2)
    content = image_file(expected, BitsStored=bits, HighBit=bits - 1)
    np.testing.assert_array_equal(decode(stored(content))[0], expected)
    with Image.open(BytesIO(stored(content, "png16"))) as image:
        assert image.mode == "I;16"
        np.testing.assert_array_equal(np.asarray(image).astype(int) + np.iinfo(expected.dtype).min, expected)


@pytest.mark.parametrize("signed", [False, True])
def test_sixteen_bits_in_wider_cells_are_exact(signed: bool) -> None:
    expected = values(16, signed, 4)
    samples, _ = decode(stored(image_file(expected, BitsStored=16, HighBit=15)))
    assert samples.dtype.itemsize == 2
    np.testing.assert_array_equal(samples, expected)


def test_a_frame_of_several(frames: int = 3) -> None:
    expected = RANDOM.integers(0, 4096, (frames, 6, 4)).astype(np.uint16)
    content = image_file(expected, NumberOfFrames=frames)
    for frame in range(frames):
        np.testing.assert_array_equal(decode(stored(content, frame=frame + 1))[0], expected[frame])


def test_more_bits_than_sixteen_are_refused_and_an_alternative_is_named() -> None:
    with pytest.raises(UnprocessableError, match=r"17 bits.*application/octet-stream"):
        stored(image_file(np.zeros((2, 2), np.uint32), BitsStored=17, HighBit=16))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path", corpus_files("ct", "mr", "nm", "pet", "px", "ts", "us", "cr-dx")[::31], ids=lambda p: p.name
)
def test_real_frames_are_exact_or_refused(path: Path) -> None:
    content = path.read_bytes()
    codecs.register()
    try:
        entry = read_frames(BytesIO(content), "")[0]
        pixels, _ = codecs.decode_frame(BytesIO(content), entry.instance, 1)
    except (UnprocessableError, IndexError) as error:
        pytest.skip(f"no pixels that can be decoded: {error}")
    if not entry.instance.is_grey:
        with pytest.raises(UnprocessableError, match="Colours"):
            stored(content)
        return
    with Image.open(BytesIO(stored(content, "png16"))) as image:
        found = np.asarray(image).astype(int) + np.iinfo(pixels.dtype).min
    np.testing.assert_array_equal(found, pixels)
    own = dcmread(BytesIO(content)).pixel_array
    np.testing.assert_array_equal(found, own[0] if own.ndim == 3 else own)
    if pixels.size <= _LARGEST:
        np.testing.assert_array_equal(decode(stored(content))[0], pixels)
