"""Pictures of real files against pydicom's own processing."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import (
    apply_color_lut,
    apply_modality_lut,
    apply_voi_lut,
    convert_color_space,
)

from sightline.errors import UnprocessableError
from sightline.rendering import codecs
from sightline.rendering.appearance import picture_of_frame
from sightline.rendering.headers import read_frames
from sightline.rendering.lookup_tables import modality_lut, palette, voi_lut
from sightline.rendering.view import Window
from tests.support.dicom_files import image_file

codecs.register()
CORPUS = Path(os.environ.get("SIGHTLINE_CORPUS", "/nowhere"))
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="SIGHTLINE_CORPUS names no folder of test images")
Pixels = np.ndarray[Any, Any]


def picture(path: Path, window: Window | None = None, invert: bool = False) -> tuple[Pixels, Window | None, Dataset]:
    """First frame of a file as we show it, the window applied, and the file as pydicom reads it."""
    file = BytesIO(path.read_bytes())
    entry = read_frames(file, "uuid")[0]
    pixels, photometric = codecs.decode_frame(file, entry.instance, 1)
    shown, applied = picture_of_frame(pixels, photometric, entry, file, window, invert)
    return shown, applied, dcmread(path, force=True)


def of_pydicom(name: str) -> Path:
    path = get_testdata_file(name, download=False)
    assert path is not None
    return Path(path)


def first_in(folder: str, pattern: str = "*.dcm") -> Path:
    return sorted((CORPUS / folder).glob(pattern))[0]


@needs_corpus
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_modality_lut_and_monochrome1() -> None:
    shown, applied, dataset = picture(first_in("cr-dx/pano-modality-lut"), Window(2000, 4000))
    assert applied == Window(2000, 4000)
    assert dataset.PhotometricInterpretation == "MONOCHROME1"
    values = apply_modality_lut(dataset.pixel_array, dataset).astype(float)
    y = np.clip(((values - 1999.5) / 3999 + 0.5) * 255, 0, 255)
    np.testing.assert_array_equal(shown, np.floor(255 - y + 0.5))


@needs_corpus
def test_a_voi_lut_sequence() -> None:
    checked = 0
    for path in sorted((CORPUS / "px/luts-overlays").glob("*.dcm")):
        dataset = dcmread(path)
        if not dataset.get("VOILUTSequence"):
            continue
        shown, applied, _ = picture(path)
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
        frame = dataset.pixel_array if dataset.pixel_array.ndim == 2 else dataset.pixel_array[0]
        expected = apply_voi_lut(apply_modality_lut(frame, dataset), dataset) * 255.0 / (2**bits - 1)
        np.testing.assert_array_equal(shown, np.floor(expected + 0.5))
        assert applied is None
        checked += 1
    assert checked


def test_a_palette() -> None:
    shown, applied, dataset = picture(of_pydicom("examples_palette.dcm"))
    colours = apply_color_lut(dataset.pixel_array, dataset)[..., :3]
    expected = np.floor(colours * (255.0 / (255 if colours.dtype == np.uint8 else 65535)) + 0.5)
    np.testing.assert_array_equal(shown, expected)
    assert applied is None


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_small_odd.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_rgb_rle.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_rle_32bit.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm",
        "SC_jpeg_no_color_transform.dcm",
        "SC_rgb_dcmtk_+eb+cy+s2.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "GDCMJ2K_TextGBR.dcm",
        "examples_rgb_color.dcm",
        "examples_ybr_color.dcm",
        "examples_jpeg2k.dcm",
    ],
)
def test_colour(name: str) -> None:
    shown, _, dataset = picture(of_pydicom(name))
    pixels = dataset.pixel_array if dataset.pixel_array.ndim == 3 else dataset.pixel_array[0]
    colours = pixels.astype(float) * (255 / (2**dataset.BitsStored - 1))
    assert np.abs(shown - colours).max() <= 1
    assert shown.shape[2] == 3


def test_uncompressed_ybr_422() -> None:
    shown, _, dataset = picture(of_pydicom("SC_ybr_full_422_uncompressed.dcm"))
    raw = np.frombuffer(dataset.PixelData, np.uint8).reshape(-1, 4)
    # Y1 Y2 Cb Cr for two pixels side by side.
    ybr = np.stack([raw[:, [0, 2, 3]], raw[:, [1, 2, 3]]], 1).reshape(dataset.Rows, dataset.Columns, 3)
    assert np.abs(shown.astype(int) - convert_color_space(ybr.copy(), "YBR_FULL", "RGB")).max() <= 1


@needs_corpus
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("folder", ["us/doppler-8f", "sc/photo-jpeg", "us/ybr422-native", "us/palette-10f"])
def test_real_colour_pictures_look_as_pydicom_shows_them(folder: str) -> None:
    shown, _, dataset = picture(first_in(folder, "*"))
    expected = dataset.pixel_array
    expected = expected if expected.shape[:2] == shown.shape[:2] else expected[0]
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        expected = np.floor(apply_color_lut(expected, dataset)[..., :3] / 257.0 + 0.5)
    assert np.abs(shown.astype(int) - expected.astype(int)).max() <= 1


def test_8_bit_entries_in_bytes_or_words_are_the_same_table() -> None:
    def table(data: Any, vr: str, bits: int = 8) -> Dataset:
        item, dataset = Dataset(), Dataset()
        item.add_new("LUTDescriptor", "US", [4, 0, bits])
        item.add_new("LUTData", vr, data)
        dataset.VOILUTSequence = [item]
        return dataset

    for dataset in (table(b"\x01\x02\x03\xff", "OW"), table(b"\1\0\2\0\3\0\xff\0", "OW"), table([1, 2, 3, 255], "US")):
        found = voi_lut(dataset)
        assert found is not None
        assert (found.entries.tolist(), found.bits) == ([1, 2, 3, 255], 8)
    wide = voi_lut(table([1, 2, 3, 4095], "US", 8))
    assert wide is not None
    assert wide.bits == 12, "entries need more bits than the descriptor claims"
    assert modality_lut(Dataset()) is None
    for damaged in (table([1, 2], "US"), table([1, 2, 3, 4], "US", 2000)):
        with pytest.raises(UnprocessableError):
            voi_lut(damaged)


def test_a_missing_palette_is_refused() -> None:
    with pytest.raises(UnprocessableError, match="palette"):
        palette(Dataset())


def test_colour_spaces_that_are_not_known_are_named() -> None:
    content = image_file(np.zeros((2, 2, 3), np.uint8), SamplesPerPixel=3, PhotometricInterpretation="YBR_PARTIAL_420")
    file = BytesIO(content)
    entry = read_frames(file, "uuid")[0]
    with pytest.raises(UnprocessableError, match="YBR_PARTIAL_420"):
        picture_of_frame(np.zeros((2, 2, 3), np.uint8), "YBR_PARTIAL_420", entry, file, None, False)
