"""Whole instances in compressed syntaxes: pixel for pixel the stored ones, read by pydicom's own decoders."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread

from tests.support.corpus import real_file
from tests.support.dicom_files import image_file
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_frames import BASE, address, contents

pytestmark = pytest.mark.filterwarnings("ignore")
RLE, JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"
ALL = [RLE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000, HTJ2K]
EXPLICIT = "1.2.840.10008.1.2.1"


def accept(syntax: str) -> str:
    return f"application/dicom; transfer-syntax={syntax}"


@pytest.mark.parametrize("wanted", ALL)
@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("MR_small.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("CT_small.dcm", "CT_small.dcm"),
        ("emri_small_RLE.dcm", "emri_small.dcm"),
        ("examples_palette.dcm", "examples_palette.dcm"),
    ],
)
def test_grey_is_exact(serve: Serve, name: str, original: str, wanted: str) -> None:
    base, stored = address(real_file(name))
    answer = serve(real_file(name).read_bytes()).get(base, accept(wanted))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == accept(wanted)
    found = dcmread(BytesIO(answer.data))
    assert found.file_meta.TransferSyntaxUID == wanted
    assert found.SOPInstanceUID == stored.SOPInstanceUID
    assert found.PhotometricInterpretation == stored.PhotometricInterpretation
    expected = dcmread(real_file(original)).pixel_array
    assert found.pixel_array.dtype == expected.dtype
    assert np.array_equal(found.pixel_array, expected)


@pytest.mark.parametrize("wanted", [RLE, JPEG_LS, JPEG_2000])
@pytest.mark.parametrize("name", ["examples_rgb_color.dcm", "SC_rgb_small_odd.dcm"])
def test_colour_is_exact(serve: Serve, name: str, wanted: str) -> None:
    base, stored = address(real_file(name))
    answer = serve(real_file(name).read_bytes()).get(base, accept(wanted))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert (found.file_meta.TransferSyntaxUID, found.PhotometricInterpretation) == (wanted, "RGB")
    assert np.array_equal(found.pixel_array, stored.pixel_array)


@pytest.mark.parametrize("wanted", ALL)
def test_twelve_bits(serve: Serve, wanted: str) -> None:
    pixels = np.random.default_rng(4).integers(0, 4096, (2, 31, 17)).astype(np.uint16)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3", NumberOfFrames=2, BitsStored=12, HighBit=11))
    found = dcmread(BytesIO(server.get(BASE, accept(wanted)).data))
    assert (found.file_meta.TransferSyntaxUID, found.BitsStored) == (wanted, 12)
    assert np.array_equal(found.pixel_array, pixels)


@pytest.mark.parametrize("wanted", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000, HTJ2K])
def test_what_would_be_lost_is_refused(serve: Serve, wanted: str) -> None:
    pixels = np.full((4, 4), 0xF001, np.uint16)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3", BitsStored=12, HighBit=11))
    assert server.get(BASE, accept(wanted)).status_code == 422
    signed = serve(image_file(pixels.astype(np.int16), SOPInstanceUID="1.2.3", BitsStored=12, HighBit=11))
    refused = signed.get(BASE, accept(wanted))
    assert refused.status_code == 406
    assert EXPLICIT in (refused.json or {})["message"]
    fallback = signed.get(BASE, f"{accept(wanted)}, {accept(EXPLICIT)};q=0.1")
    assert fallback.headers["Content-Type"] == accept(EXPLICIT)


@pytest.mark.parametrize("name", ["reportsi.dcm", "parametric_map_float.dcm", "liver.dcm"])
def test_what_cannot_be_compressed(serve: Serve, name: str) -> None:
    base, _ = address(real_file(name))
    server = serve(real_file(name).read_bytes())
    assert server.get(base, accept(JPEG_2000)).status_code == 406
    assert server.get(base, accept(EXPLICIT)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "syntax", "decode"),
    [
        ("image/jpeg", JPEG_LOSSLESS, imagecodecs.ljpeg_decode),
        ("image/jls", JPEG_LS, imagecodecs.jpegls_decode),
        ("image/jp2", JPEG_2000, imagecodecs.jpeg2k_decode),
        ("image/jphc", HTJ2K, imagecodecs.htj2k_decode),
    ],
)
@pytest.mark.parametrize("name", ["emri_small.dcm", "emri_small_RLE.dcm", "emri_small_big_endian.dcm"])
def test_frames_are_exact(serve: Serve, name: str, kind: str, syntax: str, decode: Callable[[bytes], Any]) -> None:
    base, _ = address(real_file(name))
    server = serve(real_file(name).read_bytes())
    expected = dcmread(real_file("emri_small.dcm")).pixel_array
    for wanted in (kind, f"application/octet-stream; transfer-syntax={syntax}"):
        answer = server.get(f"{base}/frames/7", wanted)
        assert answer.headers["Content-Type"] == f"{wanted.split(';')[0]}; transfer-syntax={syntax}"
        assert np.array_equal(decode(answer.data), expected[6])
    found = contents(server.get(f"{base}/frames/2,1", f'multipart/related; type="{kind}"'))
    assert [np.array_equal(decode(one), expected[n]) for one, n in zip(found, (1, 0), strict=True)] == [True, True]
    assert server.get(f"{base}/frames/1", f"multipart/related; type={kind}; transfer-syntax={RLE}").status_code == 406
