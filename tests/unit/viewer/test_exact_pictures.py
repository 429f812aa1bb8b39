"""Where a browser is told that it can make pictures of stored values itself, they are the pictures that are sent."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset

from sightline.errors import UnprocessableError
from sightline.kernels.grayscale import GreyTransform, VoiWindow, full_range_window, grey_of_stored, value_range
from sightline.rendering import codecs
from sightline.rendering.headers import read_frames
from sightline.rendering.look import PLAIN
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.stored_values import render_stored
from sightline.rendering.tasks import render_frame
from sightline.viewer.series_json import exact_bytes
from tests.support.corpus import corpus_files
from tests.support.dicom_files import image_file
from tests.unit.rendering.test_exact_frames import decode

GREY = np.arange(24, dtype=np.uint16).reshape(4, 6) * 100
_LARGEST = 300_000
"""Pixels of a real frame that the slow decoder of these tests is asked for."""


def arguments(picture_format: str) -> dict[str, Any]:
    view = {
        "window": None, "invert": False, "max_size": None, "viewport": None, "format": picture_format, "quality": 85,
        "colour_profile": "no", "annotations": [], "look": PLAIN.argument(),
    }  # fmt: skip
    return {"file": {"buffer": 0}, "entry": None, "frame": 1, "view": view}


def sent_picture(content: bytes) -> NDArray[Any]:
    reply = render_frame(arguments("png"), (content,), ())
    with Image.open(BytesIO(bytes(reply.buffers[0]))) as image:
        return np.asarray(image)


def own_picture(content: bytes, entry: FrameEntry) -> NDArray[Any]:
    """What the viewer makes of the exact frame: the file's first window, else all values."""
    samples, meaning = decode(bytes(render_stored(arguments("exact"), (content,), ()).buffers[0]))
    assert samples.dtype.itemsize == exact_bytes(entry.instance)
    assert meaning.rescale is not None
    transform = GreyTransform(VoiWindow(0, 1), *meaning.rescale, inverse=meaning.inverse, padding=meaning.padding)
    window = full_range_window(value_range(samples, transform))
    if entry.windows:
        own = entry.windows[0].window
        window = VoiWindow(own.center, own.width, own.function)
    return grey_of_stored(samples, GreyTransform(window, *meaning.rescale, None, meaning.inverse, meaning.padding))


def lut(bits: int = 8) -> Dataset:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, bits], list(range(256))
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    return item


@pytest.mark.parametrize(
    ("pixels", "attributes", "expected"),
    [
        (GREY, {}, 2),
        (GREY.astype(np.int16), {"PixelPaddingValue": 100, "PhotometricInterpretation": "MONOCHROME1"}, 2),
        (GREY.astype(np.uint8), {"WindowCenter": 40, "WindowWidth": 80}, 1),
        (GREY.astype(np.uint32), {"BitsStored": 16, "HighBit": 15}, 2),
        (GREY, {"RescaleSlope": "0.5", "RescaleIntercept": "-100", "RescaleType": "HU"}, 2),
        (GREY.astype(np.uint32), {"BitsStored": 17, "HighBit": 16}, 0),
        (GREY, {"ModalityLUTSequence": [lut()]}, 0),
        (GREY, {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2, "ShutterRightVerticalEdge": 4,
                "ShutterUpperHorizontalEdge": 1, "ShutterLowerHorizontalEdge": 4}, 0),
        (np.zeros((4, 6, 3), np.uint8), {"SamplesPerPixel": 3}, 0),
    ],
)  # fmt: skip
def test_pictures_of_stored_values(pixels: NDArray[Any], attributes: dict[str, Any], expected: int) -> None:
    content = image_file(pixels, **attributes)
    (entry,) = read_frames(BytesIO(content), "")
    assert exact_bytes(entry.instance) == expected
    if expected:
        np.testing.assert_array_equal(own_picture(content, entry), sent_picture(content))


def test_overlays_are_left_to_the_server() -> None:
    (entry,) = read_frames(BytesIO(image_file(GREY)), "")
    assert exact_bytes(entry.instance) == 2
    assert exact_bytes(replace(entry.instance, overlays=True)) == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path",
    corpus_files("ct", "mr", "nm", "pet", "px", "ts", "us", "cr-dx", "seg", "enhanced")[::31],
    ids=lambda p: p.name,
)
def test_real_pictures_of_stored_values(path: Path) -> None:
    content = path.read_bytes()
    codecs.register()
    try:
        entry = read_frames(BytesIO(content), "")[0]
        picture = sent_picture(content)
    except (UnprocessableError, IndexError) as error:
        pytest.skip(f"no pixels that can be shown: {error}")
    if not exact_bytes(entry.instance) or entry.instance.voi_lut or picture.size > _LARGEST:
        pytest.skip("this one is left to the server, or too large for the slow decoder of these tests")
    np.testing.assert_array_equal(own_picture(content, entry), picture)
