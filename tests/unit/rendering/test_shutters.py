"""Display shutters of plain images: what they cover, with what, and which are refused."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from sightline.errors import UnprocessableError
from sightline.kernels.colour_maps import colour_map
from sightline.rendering import codecs
from sightline.rendering.appearance import picture_of_frame
from sightline.rendering.headers import read_frames
from sightline.rendering.look import PLAIN, Look
from sightline.rendering.shutters import Shutter, behind_shutter
from tests.support.dicom_files import image_file, part_10

codecs.register()
Pixels = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(8)
ROWS, COLUMNS = 9, 12
PIXELS = RANDOM.integers(1, 255, (ROWS, COLUMNS)).astype(np.uint8)
WINDOW = {"WindowCenter": 127.5, "WindowWidth": 255, "VOILUTFunction": "LINEAR_EXACT"}
EDGES = {
    "ShutterShape": "RECTANGULAR",
    "ShutterLeftVerticalEdge": 3,
    "ShutterRightVerticalEdge": 10,
    "ShutterUpperHorizontalEdge": 2,
    "ShutterLowerHorizontalEdge": 7,
}


def shown(content: bytes, frame: int = 1, invert: bool = False, look: Look = PLAIN) -> Pixels:
    file = BytesIO(content)
    entry = read_frames(file, "uuid")[frame - 1]
    pixels, photometric = codecs.decode_frame(file, entry.instance, frame)
    return picture_of_frame(pixels, photometric, entry, file, None, invert, look)[0]


def image(pixels: Pixels = PIXELS, **attributes: Any) -> bytes:
    return image_file(pixels, **(WINDOW | attributes))


def with_overlay(content: bytes, mask: Pixels, group: int, kind: str = "G") -> bytes:
    dataset = dcmread(BytesIO(content))
    packed = np.packbits(mask.astype(np.uint8).ravel(), bitorder="little").tobytes()
    for element, vr, value in (
        (0x10, "US", mask.shape[0]), (0x11, "US", mask.shape[1]), (0x40, "CS", kind), (0x50, "SS", [1, 1]),
        (0x100, "US", 1), (0x102, "US", 0), (0x3000, "OB", packed + b"\0" * (len(packed) % 2)),
    ):  # fmt: skip
        dataset.add_new(group << 16 | element, vr, value)
    return part_10(dataset)


def test_a_rectangle_leaves_its_edges_and_what_is_between() -> None:
    assert shown(image())[4, 4] == PIXELS[4, 4]
    expected = np.zeros_like(PIXELS)
    expected[1:7, 2:10] = PIXELS[1:7, 2:10]
    np.testing.assert_array_equal(shown(image(**EDGES)), expected)


def test_what_covers_is_a_p_value_that_is_not_inverted() -> None:
    inside = np.zeros(PIXELS.shape, bool)
    inside[1:7, 2:10] = True
    found = shown(image(**EDGES, ShutterPresentationValue=32896), invert=True)
    np.testing.assert_array_equal(found, np.where(inside, 255 - PIXELS, 128))
    found = shown(image(**EDGES, ShutterPresentationValue=32896, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(found, np.where(inside, 255 - PIXELS, 128))


def test_several_shapes_leave_what_is_inside_of_all() -> None:
    content = image(
        ShutterShape=["CIRCULAR", "POLYGONAL"],
        CenterOfCircularShutter=[5, 6],
        RadiusOfCircularShutter=3,
        VerticesOfThePolygonalShutter=[1, 1, 1, 7, 10, 7, 10, 1],
        ShutterPresentationValue=65535,
    )
    expected = PIXELS.copy()
    for row in range(1, ROWS + 1):
        for column in range(1, COLUMNS + 1):
            if (row - 5) ** 2 + (column - 6) ** 2 > 9 or column >= 7:
                expected[row - 1, column - 1] = 255
    np.testing.assert_array_equal(shown(content), expected)


@pytest.mark.parametrize("kind", ["G", "R"])
def test_a_bitmap_covers_its_bits_and_is_no_graphic(kind: str) -> None:
    """Nor is it an outline, whatever its type: it would show what is covered."""
    mask = np.zeros(PIXELS.shape, bool)
    mask[2:7, 3:9] = True
    graphic = RANDOM.random(PIXELS.shape) < 0.2
    content = image(ShutterShape="BITMAP", ShutterOverlayGroup=0x6002, ShutterPresentationValue=12336)
    content = with_overlay(with_overlay(content, mask, 0x6002, kind), graphic, 0x6000)
    np.testing.assert_array_equal(shown(content), np.where(graphic, 255, np.where(mask, 48, PIXELS)))


def test_a_view_may_look_behind_a_shutter_and_under_overlays() -> None:
    graphic, mask = RANDOM.random((ROWS, COLUMNS)) < 0.3, RANDOM.random((ROWS, COLUMNS)) < 0.3
    bitmap = {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6002}
    content = with_overlay(with_overlay(image(**bitmap), mask, 0x6002), graphic, 0x6000)
    np.testing.assert_array_equal(shown(content, look=Look(overlays=False)), np.where(mask, 0, PIXELS))
    np.testing.assert_array_equal(shown(content, look=Look(shutter=False)), np.where(graphic, 255, PIXELS))
    np.testing.assert_array_equal(shown(content, look=Look(overlays=False, shutter=False)), PIXELS)


def test_a_colour_map_leaves_shutter_and_overlays_as_they_are() -> None:
    graphic = np.zeros((ROWS, COLUMNS), bool)
    graphic[3, 3] = True
    found = shown(with_overlay(image(**EDGES), graphic, 0x6000), look=Look(colour_map="spring"))
    assert found[0, 0].tolist() == [0, 0, 0]
    assert found[3, 3].tolist() == [255, 255, 255]
    assert found[4, 4].tolist() == colour_map("spring")[PIXELS[4, 4]].tolist()


def test_frames_have_shutters_of_their_own() -> None:
    dataset = dcmread(BytesIO(image(np.stack([PIXELS] * 3))))

    def group(*shutters: dict[str, Any]) -> Dataset:
        found, items = Dataset(), [Dataset() for _ in shutters]
        for item, values in zip(items, shutters, strict=True):
            for keyword, value in values.items():
                setattr(item, keyword, value)
        if items:
            found.FrameDisplayShutterSequence = items
        return found

    dataset.PerFrameFunctionalGroupsSequence = [group(), group(EDGES), group(EDGES | {"ShutterLeftVerticalEdge": 5})]
    content = part_10(dataset)
    for frame, left in ((1, None), (2, 2), (3, 4)):
        expected = PIXELS if left is None else np.zeros_like(PIXELS)
        if left is not None:
            expected[1:7, left:10] = PIXELS[1:7, left:10]
        np.testing.assert_array_equal(shown(content, frame), expected)


def test_colours_are_covered_by_a_colour() -> None:
    rgb = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    grey = shown(image(rgb, SamplesPerPixel=3, **EDGES, ShutterPresentationValue=65535))
    assert grey[0, 0].tolist() == [255, 255, 255]
    np.testing.assert_array_equal(grey[1:7, 2:10], rgb[1:7, 2:10])
    red = shown(image(rgb, SamplesPerPixel=3, **EDGES, ShutterPresentationColorCIELabValue=[34885, 53485, 50171]))
    assert red[0, 0, 0] > 200 > 60 > red[0, 0, 1]
    plain = Shutter(rectangle=(1, 1, 1, 1), grey=7, colour=(9, 8, 7))
    assert behind_shutter(np.full((1, 2), 3, np.uint8), plain, None).tolist() == [[3, 7]]


@pytest.mark.parametrize(
    "attributes",
    [
        {"ShutterShape": "ROUND"},
        {"ShutterShape": "CIRCULAR"},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2, 3]},
        {"ShutterShape": "BITMAP"},
    ],
)
def test_damaged_shutters_are_refused_rather_than_opened(attributes: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError, match="shutter"):
        shown(image(**attributes))


def test_a_bitmap_without_its_overlay_is_refused() -> None:
    with pytest.raises(UnprocessableError, match="covers"):
        shown(image(ShutterShape="BITMAP", ShutterOverlayGroup=0x6002))
