"""Every way in which pixels can be stored, decoded, shown and compared with values worked out one by one."""

from __future__ import annotations

import json
import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from sightline.errors import UnprocessableError
from sightline.rendering import codecs
from sightline.rendering.appearance import picture_of_frame
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import instance_from_json, instance_to_json
from sightline.rendering.view import Window
from tests.support.dicom_files import image_file, part_10

codecs.register()
Pixels = np.ndarray[Any, Any]
ROWS, COLUMNS = 5, 6
RANDOM = np.random.default_rng(11)


def shown(content: bytes, frame: int = 1, window: Window | None = None) -> Pixels:
    file = BytesIO(content)
    entry = read_frames(file, "uuid")[frame - 1]
    pixels, photometric = codecs.decode_frame(file, entry.instance, frame)
    return picture_of_frame(pixels, photometric, entry, file, window, False)[0]


def naive_window(values: Any, center: float, width: float, inverse: bool = False) -> list[list[int]]:
    """PS3.3 C.11.2.1.2.1, value by value."""

    def grey(x: float) -> int:
        if x <= center - 0.5 - (width - 1) / 2:
            y = 0.0
        elif x > center - 0.5 + (width - 1) / 2:
            y = 255.0
        else:
            y = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
        return int((255 - y if inverse else y) + 0.5)

    return [[grey(float(x)) for x in row] for row in values]


def naive_rgb(ybr: Pixels) -> list[list[list[float]]]:
    """PS3.3 C.7.6.3.1.2, solved for red, green and blue."""

    def colour(y: float, cb: float, cr: float) -> list[float]:
        rgb = (y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128))
        return [min(max(value, 0.0), 255.0) for value in rgb]

    return [[colour(*(float(x) for x in pixel)) for pixel in row] for row in ybr]


@pytest.mark.parametrize("planar", [0, 1])
def test_ybr_full_by_pixel_and_by_plane(planar: int) -> None:
    ybr = RANDOM.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    stored = np.moveaxis(ybr, -1, 0) if planar else ybr
    content = image_file(
        ybr, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL", PlanarConfiguration=planar,
        PixelData=stored.tobytes(),
    )  # fmt: skip
    assert np.abs(shown(content) - np.array(naive_rgb(ybr))).max() <= 1


def test_ybr_full_422_repeats_its_chroma() -> None:
    luminance = RANDOM.integers(0, 256, (ROWS, COLUMNS)).astype(np.uint8)
    chroma = RANDOM.integers(0, 256, (ROWS, COLUMNS // 2, 2)).astype(np.uint8)
    stored = np.concatenate([luminance.reshape(ROWS, -1, 2), chroma], axis=2)  # Y1 Y2 Cb Cr
    ybr = np.concatenate([luminance[..., None], np.repeat(chroma, 2, axis=1)], axis=2)
    content = image_file(ybr, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PixelData=stored.tobytes())
    assert np.abs(shown(content) - np.array(naive_rgb(ybr))).max() <= 1


def test_rgb_by_plane_in_several_frames() -> None:
    rgb = RANDOM.integers(0, 256, (2, ROWS, COLUMNS, 3)).astype(np.uint8)
    content = image_file(rgb, SamplesPerPixel=3, PlanarConfiguration=1, PixelData=np.moveaxis(rgb, -1, 1).tobytes())
    for frame in (1, 2):
        np.testing.assert_array_equal(shown(content, frame), rgb[frame - 1])


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_grey_of_every_integer_type(kind: str, photometric: str) -> None:
    ends = np.iinfo(kind)
    stored = RANDOM.integers(ends.min, ends.max, (ROWS, COLUMNS), endpoint=True).astype(kind)
    stored[0, :2] = ends.min, ends.max
    width = float(ends.max) - float(ends.min)
    window = Window(float(ends.min) + width / 3 + 0.5, width / 2)
    content = image_file(stored, PhotometricInterpretation=photometric)
    expected = naive_window(stored, window.center, window.width, inverse=photometric == "MONOCHROME1")
    np.testing.assert_array_equal(shown(content, window=window), expected)


@pytest.mark.parametrize("signed", [False, True])
def test_unused_high_bits_are_not_part_of_the_value(signed: bool) -> None:
    stored = np.array([[0x0000, 0xF7FF, 0x0800, 0xAFFF]], np.uint16)  # 12 bits stored, other things above
    values = [[0, 2047, -2048, -1]] if signed else [[0, 2047, 2048, 4095]]
    content = image_file(
        stored.view(np.int16) if signed else stored, BitsStored=12, HighBit=11, WindowCenter=100, WindowWidth=5000
    )
    np.testing.assert_array_equal(shown(content), naive_window(values, 100, 5000))


@pytest.mark.parametrize(
    ("keyword", "kind", "bits"), [("FloatPixelData", "<f4", 32), ("DoubleFloatPixelData", "<f8", 64)]
)
def test_real_numbers(keyword: str, kind: str, bits: int) -> None:
    values = (RANDOM.random((ROWS, COLUMNS)) * 7 - 3).astype(kind)
    dataset = dcmread(BytesIO(image_file(np.zeros((ROWS, COLUMNS), np.uint8), WindowCenter=1, WindowWidth=4)))
    for unwanted in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, unwanted)
    dataset.BitsAllocated = bits
    setattr(dataset, keyword, values.tobytes())
    np.testing.assert_array_equal(shown(part_10(dataset)), naive_window(values, 1, 4))


def one_bit_file(bits: Pixels) -> bytes:
    """Pixels of one bit, the first in the lowest bit; frames follow each other without a gap (PS3.5 section 8.1.1)."""
    flat = bits.ravel()
    packed = bytearray((len(flat) + 7) // 8)
    for index, bit in enumerate(flat):
        packed[index // 8] |= int(bit) << (index % 8)
    return image_file(
        bits, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=bytes(packed) + b"\0" * (len(packed) % 2)
    )


def test_one_bit_frames_that_begin_inside_a_byte() -> None:
    bits = RANDOM.integers(0, 2, (3, ROWS, 7)).astype(np.uint8)
    for frame in (1, 2, 3):
        np.testing.assert_array_equal(shown(one_bit_file(bits), frame), bits[frame - 1] * 255)


def test_an_empty_and_a_full_one_bit_frame_are_black_and_white() -> None:
    bits = np.stack([np.zeros((ROWS, COLUMNS)), np.ones((ROWS, COLUMNS))]).astype(np.uint8)
    assert set(shown(one_bit_file(bits), 1).ravel()) == {0}
    assert set(shown(one_bit_file(bits), 2).ravel()) == {255}


def palette_file(indices: Pixels, first: int, bits: int, tables: dict[str, bytes], count: int, prefix: str) -> bytes:
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, data in tables.items():
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = (count, first, bits)
        attributes[f"{prefix}{colour}PaletteColorLookupTableData"] = data
    return image_file(indices, **attributes)


@pytest.mark.parametrize(("index_kind", "bits"), [("u1", 8), ("u1", 16), ("u2", 8), ("u2", 16)])
def test_palettes(index_kind: str, bits: int) -> None:
    first, count = 20, 50
    indices = RANDOM.integers(0, 100, (ROWS, COLUMNS)).astype(index_kind)
    indices[0, :3] = 0, first, 99
    entries = RANDOM.integers(0, 1 << bits, (3, count))
    tables = {
        colour: entries[k].astype("<u1" if bits == 8 else "<u2").tobytes()
        for k, colour in enumerate(("Red", "Green", "Blue"))
    }
    expected = [
        [
            [
                int(entries[k][min(max(int(index) - first, 0), count - 1)] * 255 / ((1 << bits) - 1) + 0.5)
                for k in range(3)
            ]
            for index in row
        ]
        for row in indices
    ]
    np.testing.assert_array_equal(shown(palette_file(indices, first, bits, tables, count, "")), expected)


def test_a_segmented_palette_is_expanded() -> None:
    # PS3.3 C.7.9.2: 4 discrete values, then a linear segment of 4 to 65535.
    segments = struct.pack("<8H", 0, 4, 0, 1000, 2000, 25535, 1, 4) + struct.pack("<H", 65535)
    ramp = [0, 1000, 2000, 25535, 35535, 45535, 55535, 65535]
    tables = dict.fromkeys(("Red", "Green", "Blue"), segments)
    indices = np.arange(8, dtype=np.uint8).reshape(2, 4)
    content = palette_file(indices, 0, 16, tables, 8, "Segmented")
    expected = np.array([int(value * 255 / 65535 + 0.5) for value in ramp]).reshape(2, 4)
    np.testing.assert_array_equal(shown(content), np.repeat(expected[..., None], 3, axis=2))


def test_a_segmented_palette_of_bytes_with_copies() -> None:
    """The copy begins 5 bytes from the start: a line from whatever comes before it, here from 0."""
    segments = struct.pack("<16B", 0, 3, 9, 8, 7, 1, 2, 107, 0, 1, 0, 2, 1, 5, 0, 0) + b"\0\0"
    tables = dict.fromkeys(("Red", "Green", "Blue"), segments)
    indices = np.arange(8, dtype=np.uint8).reshape(2, 4)
    content = palette_file(indices, 0, 8, tables, 8, "Segmented")
    expected = np.array([9, 8, 7, 57, 107, 0, 54, 107]).reshape(2, 4)
    np.testing.assert_array_equal(shown(content), np.repeat(expected[..., None], 3, axis=2))


def test_a_segmented_palette_that_copies_itself_is_refused() -> None:
    segments = struct.pack("<9H", 0, 1, 7, 2, 65535, 6, 0, 0, 0)
    tables = dict.fromkeys(("Red", "Green", "Blue"), segments)
    content = palette_file(np.zeros((2, 4), np.uint8), 0, 16, tables, 8, "Segmented")
    with pytest.raises(UnprocessableError, match="palette"):
        shown(content)


@pytest.mark.parametrize(("ratio", "expected"), [(["2", "1"], (2.0, 1.0)), (["0", "1"], None), (None, None)])
def test_the_shape_of_pixels_whose_size_is_not_known(ratio: Any, expected: Any) -> None:
    content = image_file(np.zeros((4, 6), np.uint8), **({"PixelAspectRatio": ratio} if ratio else {}))
    instance = read_frames(BytesIO(content), "uuid")[0].instance
    assert instance.pixel_aspect_ratio == expected
    assert instance_from_json(json.loads(json.dumps(instance_to_json(instance)))) == instance
