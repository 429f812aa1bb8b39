"""Overlay planes: which of them are drawn, where, and that they never disturb the values they are stored beside."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.data import get_testdata_file

from sightline.errors import UnprocessableError
from sightline.kernels.overlays import outline, placed, unpack_plane
from sightline.rendering import codecs
from sightline.rendering.appearance import picture_of_frame
from sightline.rendering.headers import read_frames
from tests.support.dicom_files import image_file, part_10

codecs.register()
Pixels = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(5)
ROWS, COLUMNS = 7, 9
PIXELS = RANDOM.integers(0, 200, (ROWS, COLUMNS)).astype(np.uint8)
WINDOW = {"WindowCenter": 127.5, "WindowWidth": 255, "VOILUTFunction": "LINEAR_EXACT"}


def shown(content: bytes, frame: int = 1) -> Pixels:
    file = BytesIO(content)
    entry = read_frames(file, "uuid")[frame - 1]
    pixels, photometric = codecs.decode_frame(file, entry.instance, frame)
    return picture_of_frame(pixels, photometric, entry, file, None, False)[0]


def overlay(planes: Pixels, group: int = 0x6000, **other: Any) -> dict[int, tuple[str, Any]]:
    """Return the elements of an overlay of (rows, columns) or (frames, rows, columns)."""
    packed = np.packbits(planes.astype(np.uint8).ravel(), bitorder="little").tobytes()
    elements = {
        0x10: ("US", planes.shape[-2]),
        0x11: ("US", planes.shape[-1]),
        0x40: ("CS", other.get("kind", "G")),
        0x50: ("SS", list(other.get("origin", (1, 1)))),
        0x100: ("US", 1),
        0x102: ("US", 0),
        0x3000: (other.get("vr", "OB"), other.get("data", packed + b"\0" * (len(packed) % 2))),
    }
    if planes.ndim == 3:
        elements[0x15] = ("IS", planes.shape[0])
        elements[0x51] = ("US", other.get("first", 1))
    if "subtype" in other:
        elements[0x45] = ("LO", other["subtype"])
    return {group << 16 | element: value for element, value in elements.items()}


def with_elements(
    content: bytes, *groups: dict[int, tuple[str, Any]], syntax: str = uid.ExplicitVRLittleEndian
) -> bytes:
    dataset = dcmread(BytesIO(content))
    for group in groups:
        for tag, (vr, value) in group.items():
            dataset.add_new(tag, vr, value)
    return part_10(dataset, syntax)


def test_graphics_are_white_where_their_bits_are() -> None:
    mask = RANDOM.random((ROWS, COLUMNS)) < 0.3
    expected = shown(image_file(PIXELS, **WINDOW))
    assert np.array_equal(expected, PIXELS)
    found = shown(with_elements(image_file(PIXELS, **WINDOW), overlay(mask)))
    np.testing.assert_array_equal(found, np.where(mask, 255, PIXELS))


@pytest.mark.parametrize("origin", [(3, 4), (-1, -2), (6, 8), (20, 1), (0, 0)])
def test_a_plane_begins_at_its_origin_and_ends_with_the_image(origin: tuple[int, int]) -> None:
    plane = RANDOM.random((5, 6)) < 0.5
    expected = PIXELS.copy()
    for row in range(5):
        for column in range(6):
            r, c = origin[0] - 1 + row, origin[1] - 1 + column
            if plane[row, column] and 0 <= r < ROWS and 0 <= c < COLUMNS:
                expected[r, c] = 255
    found = shown(with_elements(image_file(PIXELS, **WINDOW), overlay(plane, origin=origin)))
    np.testing.assert_array_equal(found, expected)


def test_every_frame_has_its_own_plane_from_the_first_frame_on() -> None:
    frames = np.stack([PIXELS] * 4)
    planes = RANDOM.random((2, ROWS, COLUMNS)) < 0.3
    content = with_elements(image_file(frames, **WINDOW), overlay(planes, first=2))
    for frame, plane in ((1, None), (2, planes[0]), (3, planes[1]), (4, None)):
        expected = PIXELS if plane is None else np.where(plane, 255, PIXELS)
        np.testing.assert_array_equal(shown(content, frame), expected)
    of_all = with_elements(image_file(frames, **WINDOW), overlay(planes[0]))
    for frame in (1, 4):
        np.testing.assert_array_equal(shown(of_all, frame), np.where(planes[0], 255, PIXELS))


def test_a_region_is_an_outline_and_the_active_area_is_nothing() -> None:
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[1:6, 2:8] = True
    found = shown(with_elements(image_file(PIXELS, **WINDOW), overlay(mask, kind="R")))
    inner = np.zeros_like(mask)
    inner[2:5, 3:7] = True
    np.testing.assert_array_equal(found, np.where(mask & ~inner, 255, PIXELS))
    active = overlay(np.ones((ROWS, COLUMNS), bool), subtype="ACTIVE 2D/3D IMAGE AREA")
    np.testing.assert_array_equal(shown(with_elements(image_file(PIXELS, **WINDOW), active)), PIXELS)


def test_several_planes_and_colour() -> None:
    masks = RANDOM.random((2, ROWS, COLUMNS)) < 0.2
    colour = np.repeat(PIXELS[..., None], 3, -1)
    content = image_file(colour, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    found = shown(with_elements(content, overlay(masks[0]), overlay(masks[1], 0x6002)))
    np.testing.assert_array_equal(found, np.where((masks[0] | masks[1])[..., None], 255, colour))


@pytest.mark.parametrize("signed", [False, True])
def test_an_overlay_in_unused_bits_is_drawn_and_is_not_part_of_the_values(signed: bool) -> None:
    low, high = (-2048, 2047) if signed else (0, 4095)
    values = RANDOM.integers(low, high + 1, (ROWS, COLUMNS))
    mask = RANDOM.random((ROWS, COLUMNS)) < 0.3
    cells = ((values & 0xFFF) | (mask.astype(int) << 13)).astype(np.uint16)
    settings = {
        "BitsStored": 12, "HighBit": 11, "WindowCenter": (low + high) / 2, "WindowWidth": high - low,
        "VOILUTFunction": "LINEAR_EXACT",
    }  # fmt: skip
    embedded = {
        0x60000010: ("US", ROWS), 0x60000011: ("US", COLUMNS), 0x60000040: ("CS", "G"),
        0x60000050: ("SS", [1, 1]), 0x60000100: ("US", 16), 0x60000102: ("US", 13),
    }  # fmt: skip
    content = image_file(cells.view(np.int16) if signed else cells, **settings)
    grey = np.floor((values - low) / (high - low) * 255 + 0.5)
    np.testing.assert_array_equal(shown(content), grey)
    for syntax in (uid.ExplicitVRLittleEndian, uid.RLELossless):
        dataset = dcmread(BytesIO(with_elements(content, embedded)))
        if syntax == uid.RLELossless:
            dataset.compress(syntax, generate_instance_uid=False)
        np.testing.assert_array_equal(shown(part_10(dataset, syntax)), np.where(mask, 255, grey))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless])
def test_values_at_the_top_of_their_cells(signed: bool, syntax: str) -> None:
    """PS3.5 section 8.1.1: High Bit 15 and Bits Stored 12 leave four bits below the value."""
    low, high = (-2048, 2047) if signed else (0, 4095)
    values = RANDOM.integers(low, high + 1, (ROWS, COLUMNS))
    cells = ((values << 4) | RANDOM.integers(0, 16, values.shape)).astype(np.int16 if signed else np.uint16)
    dataset = dcmread(BytesIO(image_file(cells, BitsStored=12, HighBit=15)))
    if syntax == uid.RLELossless:
        dataset.compress(syntax, generate_instance_uid=False)
    file = BytesIO(part_10(dataset, syntax))
    entry = read_frames(file, "")[0]
    np.testing.assert_array_equal(codecs.decode_frame(file, entry.instance, 1)[0], values)
    np.testing.assert_array_equal(codecs.decode_frame(file, entry.instance, 1, every_bit=True)[0], cells)


def test_big_endian_words() -> None:
    mask = RANDOM.random((ROWS, COLUMNS)) < 0.3
    packed = np.packbits(mask.ravel(), bitorder="little").tobytes()
    swapped = np.frombuffer(packed, "<u2").astype(">u2").tobytes()
    dataset = dcmread(BytesIO(image_file(PIXELS, **WINDOW)))
    dataset["PixelData"].VR = "OB"
    for tag, (vr, value) in overlay(mask, vr="OW", data=swapped).items():
        dataset.add_new(tag, vr, value)
    np.testing.assert_array_equal(shown(part_10(dataset, uid.ExplicitVRBigEndian)), np.where(mask, 255, PIXELS))


def test_damaged_overlays_are_refused_and_empty_ones_are_not_there() -> None:
    mask = np.ones((ROWS, COLUMNS), bool)
    with pytest.raises(UnprocessableError, match="overlay"):
        shown(with_elements(image_file(PIXELS, **WINDOW), overlay(mask, data=b"\xff\xff")))
    nothing = {tag: value for tag, value in overlay(mask).items() if tag & 0xFFFF != 0x3000}
    np.testing.assert_array_equal(shown(with_elements(image_file(PIXELS, **WINDOW), nothing)), PIXELS)


def test_a_real_file() -> None:
    path = get_testdata_file("examples_overlay.dcm", download=False)
    assert isinstance(path, str)
    dataset: Dataset = dcmread(path)
    mask = dataset.overlay_array(0x6000) > 0
    with open(path, "rb") as file:  # noqa: PTH123
        content = file.read()
    del dataset[0x60003000]
    np.testing.assert_array_equal(shown(content), np.where(mask, 255, shown(part_10(dataset))))
    assert mask.any()


def test_bits_are_counted_as_the_loop_does() -> None:
    data = RANDOM.integers(0, 256, 40).astype(np.uint8).tobytes()
    for index in range(4):
        plane = unpack_plane(data, 5, 13, index)
        for row in range(5):
            for column in range(13):
                bit = index * 65 + row * 13 + column
                assert plane[row, column] == bool(data[bit // 8] >> bit % 8 & 1)
    with pytest.raises(ValueError, match="early"):
        unpack_plane(data, 5, 13, 4)


def test_an_outline_is_what_touches_the_outside() -> None:
    mask = RANDOM.random((12, 12)) < 0.8
    found = outline(mask)
    for row in range(12):
        for column in range(12):
            neighbours = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            inside = all(0 <= r < 12 and 0 <= c < 12 and mask[r, c] for r, c in neighbours)
            assert found[row, column] == (mask[row, column] and not inside)
    assert placed(mask, (1, 1), mask.shape).tolist() == mask.tolist()
