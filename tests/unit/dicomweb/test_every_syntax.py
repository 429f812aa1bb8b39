"""Every file of the corpus and of pydicom in every transfer syntax is had as native pixels, whole and frame by frame.

What pydicom decodes is compared with that; its decoders of JPEG-LS (CharLS) and JPEG 2000 (OpenJPEG in Pillow) are
not ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from sightline.uids import is_uid
from tests.support.corpus import corpus_files, real_file
from tests.unit.dicomweb.conftest import Serve

pytestmark = pytest.mark.filterwarnings("ignore")
EXPLICIT = "1.2.840.10008.1.2.1"
TOPICS = ("ts", "seg", "px", "us", "sc/photo-jpeg", "mg", "cr-dx", "nm", "op", "xa", "pm", "enhanced/ct-2frame")
OWN = (
    "JPEG-lossy.dcm", "JPEG2000.dcm", "JPGExtended.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
    "MR_small_expb.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit_2frame.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_small_odd_jpeg.dcm",
    "GDCMJ2K_TextGBR.dcm", "examples_jpeg2k.dcm", "image_dfl.dcm", "liver_1frame.dcm", "rtdose_rle.dcm",
    "rtdose_expb_1frame.dcm", "examples_ybr_color.dcm", "SC_ybr_full_422_uncompressed.dcm",
)  # fmt: skip
SIBLINGS = {
    "liver_deflate.dcm": "liver_j2k.dcm",
    "liver_rle.dcm": "liver_j2k.dcm",
    "liver_nonbyte_aligned_deflate.dcm": "liver_nonbyte_aligned.dcm",
    "liver_nonbyte_aligned_rle.dcm": "liver_nonbyte_aligned.dcm",
}
"""Files that pydicom cannot decode, and the same image in a syntax that it can."""
LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
"""Decoders of these may differ by one."""


def files() -> Iterator[Path]:
    for path in corpus_files(*TOPICS):
        with catch_warnings():
            simplefilter("ignore")  # pydicom's remarks on files that are as they are
            dataset = dcmread(path, stop_before_pixels=True, force=True)
            uid, study = str(dataset.get("SOPInstanceUID", "")), dataset.get("StudyInstanceUID")
        if is_uid(uid) and study and "Rows" in dataset:
            yield path
    for name in OWN:
        found = get_testdata_file(name, download=False)
        if isinstance(found, str):
            yield Path(found)


def pixels_of(dataset: Dataset) -> Any:
    """Return what pydicom decodes, as samples of the file's colour space or RGB, with all frames."""
    pixels = dataset.pixel_array
    return pixels.reshape(int(dataset.get("NumberOfFrames") or 1), *pixels.shape[-2 - (pixels.shape[-1] == 3) :])


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in files()])
def test_native(serve: Serve, path: Path) -> None:
    stored = dcmread(path, force=True)
    syntax = stored.file_meta.TransferSyntaxUID
    expected = pixels_of(dcmread(real_file(SIBLINGS[path.name])) if path.name in SIBLINGS else stored)
    server = serve(path.read_bytes())
    base = f"/studies/{stored.StudyInstanceUID}/series/{stored.SeriesInstanceUID}/instances/{stored.SOPInstanceUID}"
    answer = server.get(base, f"application/dicom; transfer-syntax={EXPLICIT}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert found.file_meta.TransferSyntaxUID == EXPLICIT
    assert found.SOPInstanceUID == stored.SOPInstanceUID
    assert np.abs(pixels_of(found).astype(float) - expected).max() <= (syntax in LOSSY)
    number = len(expected)
    frame = server.get(f"{base}/frames/{number}", f"application/octet-stream; transfer-syntax={EXPLICIT}")
    assert frame.status_code == 200, frame.get_data(as_text=True)
    if stored.SamplesPerPixel == 1:
        assert np.abs(_read(frame.data, found).astype(float) - expected[-1]).max() <= (syntax in LOSSY)


def _read(content: bytes, dataset: Dataset) -> Any:
    """Read a native grey frame by the file's description."""
    shape = (dataset.Rows, dataset.Columns)
    if dataset.BitsAllocated == 1:
        return np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")[: shape[0] * shape[1]].reshape(shape)
    if "PixelData" not in dataset:
        return np.frombuffer(content, f"<f{dataset.BitsAllocated // 8}").reshape(shape)
    unused = dataset.BitsAllocated - dataset.BitsStored
    cells = np.frombuffer(content, f"<{'iu'[dataset.PixelRepresentation == 0]}{dataset.BitsAllocated // 8}")
    return (cells << unused >> unused).reshape(shape)


@pytest.mark.skipif(not corpus_files("ts"), reason="there is no corpus")
def test_all_syntaxes_that_are_promised_have_a_file() -> None:
    """So that the list on the conformance page is not only a list."""
    from sightline.dicomweb.conformance import syntax_rows

    paths = [*files(), *(p for p in corpus_files() if p.suffix == ".dcm")]
    seen = {
        dcmread(path, stop_before_pixels=True, force=True).file_meta.get("TransferSyntaxUID")
        for path in paths
        if path.parent.name not in ("deep-nesting", "byteorder")
    }
    missing = {row["uid"] for row in syntax_rows()} - seen
    assert missing == {"1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"}, "decoded by the code of .201"
