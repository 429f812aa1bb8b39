"""Heads of compressed images: those of real files agree with their data sets, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import generate_frames

from sightline.dicomweb.code_streams import CodeStream, read_code_stream
from sightline.dicomweb.syntaxes import MEDIA_TYPES
from sightline.errors import UnprocessableError
from tests.support.corpus import corpus_files

ODD_FILES = {
    "SC_rgb_jpeg.dcm",  # its fragments hold no image
    "JPEG2000-embedded-sequence-delimiter.dcm",  # a sequence delimiter stands in its header
    "GDCMJ2K_TextGBR.dcm",  # a JP2 file
    "sample-op.dcm",  # it says that it is lossless, and is not
}
FRAME = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
STREAMS = {
    "1.2.840.10008.1.2.4.50": imagecodecs.jpeg8_encode(FRAME.astype(np.uint8)),
    "1.2.840.10008.1.2.4.70": imagecodecs.jpeg8_encode(FRAME, lossless=True, predictor=1, bitspersample=16),
    "1.2.840.10008.1.2.4.57": imagecodecs.jpeg8_encode(FRAME, lossless=True, predictor=4, bitspersample=16),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode(FRAME),
    "1.2.840.10008.1.2.4.81": imagecodecs.jpegls_encode(FRAME, level=3),
    "1.2.840.10008.1.2.4.90": imagecodecs.jpeg2k_encode(FRAME, level=0, reversible=True, codecformat="j2k"),
    "1.2.840.10008.1.2.4.91": imagecodecs.jpeg2k_encode(FRAME, level=40, reversible=False, codecformat="j2k"),
    "1.2.840.10008.1.2.4.201": imagecodecs.htj2k_encode(FRAME, reversible=True),
}


@pytest.mark.filterwarnings("ignore")
def test_real_files_are_what_they_say() -> None:
    compared = set()
    test_files = (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm")
    topics = corpus_files("ts", "seg", "mg", "us", "xa", "cr-dx", "sc", "op", "enhanced")
    for path in [*test_files, *topics]:
        try:
            dataset = dcmread(path, force=True)
            syntax = str(dataset.file_meta.TransferSyntaxUID)
        except Exception:  # noqa: S112 - no file that has a transfer syntax
            continue
        encapsulated = MEDIA_TYPES.get(syntax, "image/dicom-rle") != "image/dicom-rle" and "PixelData" in dataset
        if not encapsulated or path.name in ODD_FILES:
            continue
        count = int(dataset.get("NumberOfFrames") or 1)
        found = read_code_stream(next(generate_frames(dataset.PixelData, number_of_frames=count)))
        assert (found.rows, found.columns) == (dataset.Rows, dataset.Columns), path
        assert found.samples == dataset.SamplesPerPixel, path
        assert found.bits <= dataset.BitsAllocated, path
        assert syntax in found.syntaxes, path
        compared.add(syntax)
    assert len(compared) >= 6


@pytest.mark.parametrize("syntax", STREAMS)
def test_each_kind(syntax: str) -> None:
    found = read_code_stream(STREAMS[syntax])
    bits = 8 if syntax.endswith(".50") else 16
    assert (found.rows, found.columns, found.samples, found.bits) == (48, 64, 1, bits)
    assert found.syntaxes[0] == syntax
    assert found.lossy == (syntax[-2:] in ("50", "81", "91"))
    assert found.photometric_interpretation == "MONOCHROME2"


@given(
    syntax=st.sampled_from(sorted(STREAMS)),
    flips=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 400),
)
def test_damaged_heads_are_read_or_refused(syntax: str, flips: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(STREAMS[syntax])
    for position, value in flips:
        content[position % len(content)] = value
    for damaged in (bytes(content), bytes(content[:cut])):
        try:
            assert isinstance(read_code_stream(damaged), CodeStream)
        except UnprocessableError as error:
            assert error.code == "bad-code-stream"


def test_kinds_without_a_transfer_syntax_are_refused() -> None:
    progressive = bytes(STREAMS["1.2.840.10008.1.2.4.50"]).replace(b"\xff\xc0", b"\xff\xc2", 1)
    boxed = imagecodecs.jpeg2k_encode(FRAME, level=0, reversible=True, codecformat="jp2")
    for content in (progressive, boxed, b"", b"\x89PNG\r\n\x1a\n" + bytes(20)):
        with pytest.raises(UnprocessableError):
            read_code_stream(content)
