"""Whole instances in compressed syntaxes: pixel for pixel the stored ones, read by pydicom's own decoders."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames

from sightline.rendering.codecs import decode_frame
from sightline.rendering.headers import read_frames
from tests.support.corpus import real_file
from tests.support.dicom_files import image_file, part_10
from tests.unit.dicomweb.conftest import Serve
from tests.unit.dicomweb.test_frames import BASE, address, contents

pytestmark = pytest.mark.filterwarnings("ignore")
RLE, JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, HTJ2K = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
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


@pytest.mark.parametrize("wanted", ALL)
@pytest.mark.parametrize("name", ["examples_rgb_color.dcm", "SC_rgb_small_odd.dcm", "examples_jpeg2k.dcm"])
def test_colour_is_exact(serve: Serve, name: str, wanted: str) -> None:
    base, stored = address(real_file(name))
    answer = serve(real_file(name).read_bytes()).get(base, accept(wanted))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    space = "YBR_RCT" if wanted == HTJ2K else stored.PhotometricInterpretation if "jpeg2k" in name else "RGB"
    assert found.file_meta.TransferSyntaxUID == wanted
    assert found.PhotometricInterpretation in (space, "RGB")
    assert np.array_equal(found.pixel_array, stored.pixel_array)


def _compress(dataset: Dataset, cells: NDArray[Any], syntax: str) -> bytes:
    """Return a file with a code stream in place of the pixels, as deep as the cells whatever the header says."""
    if syntax == JPEG_LOSSLESS:
        stream = imagecodecs.ljpeg_encode(cells, bitspersample=16)
    else:
        stream = imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True, level=0)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return part_10(dataset, syntax)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("wanted", [EXPLICIT, JPEG_LS, HTJ2K])
def test_a_code_stream_deeper_than_the_header_says(serve: Serve, wanted: str, signed: bool) -> None:
    """Readers leave out what is above Bits Stored: the brightest pixels would become dark ones."""
    pixels = np.array([[0, 7, 4095], [4096, 4170, 5000]], np.uint16)
    pixels = pixels.astype(np.int16) - 2500 if signed else pixels
    dataset = dcmread(BytesIO(image_file(pixels, SOPInstanceUID="1.2.3", BitsStored=12, HighBit=11)))
    answer = serve(_compress(dataset, pixels, JPEG_2000)).get(BASE, accept(wanted))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert (found.BitsStored, found.HighBit) == (13, 12)
    assert np.array_equal(found.pixel_array, pixels)


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_2000])
@pytest.mark.parametrize(
    "header",
    [{"BitsStored": 12, "HighBit": 15}, {"BitsStored": 12, "HighBit": 11, "OverlayBitPosition": 12}],
    ids=["values on top", "an overlay above"],
)
def test_what_is_meant_to_be_in_unused_bits_stays_there(serve: Serve, header: dict[str, int], syntax: str) -> None:
    cells = np.array([[0, 7, 4095], [4096, 4170, 8191]], np.uint16)
    bits = {name: header[name] for name in ("BitsStored", "HighBit")}
    dataset = dcmread(BytesIO(image_file(cells, SOPInstanceUID="1.2.3", **bits)))
    if overlay := header.get("OverlayBitPosition"):
        dataset.add_new(0x60000100, "US", 16)
        dataset.add_new(0x60000102, "US", overlay)
    answer = serve(_compress(dataset, cells, syntax)).get(BASE, accept(EXPLICIT))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert (found.BitsStored, found.HighBit) == (header["BitsStored"], header["HighBit"])
    assert found.PixelData == cells.tobytes()


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_2000])
def test_signs_that_are_not_repeated_make_no_value_wider(serve: Serve, syntax: str) -> None:
    """Code streams of signed values may be unsigned: 12 bits of each, and nothing above."""
    values = np.array([[0, 7, 2047], [-1, -2048, -300]], np.int16)
    dataset = dcmread(BytesIO(image_file(values, SOPInstanceUID="1.2.3", BitsStored=12, HighBit=11)))
    content = _compress(dataset, values.view(np.uint16) & np.uint16(4095), syntax)
    answer = serve(content).get(BASE, accept(EXPLICIT))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert (found.BitsStored, found.HighBit) == (12, 11)
    assert np.array_equal(found.pixel_array, values)


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
    frames = f"application/octet-stream; transfer-syntax={wanted}"
    assert server.get(f"{BASE}/frames/1", frames).status_code == 422
    odd = np.full((4, 4), 0x7801, np.int16)
    signed = serve(image_file(odd, SOPInstanceUID="1.2.3", BitsStored=12, HighBit=11))
    assert signed.get(BASE, accept(wanted)).status_code == 422
    wide = serve(image_file(np.zeros((4, 4), np.uint32), SOPInstanceUID="1.2.3"))
    refused = wide.get(BASE, accept(wanted))
    assert refused.status_code == 406
    assert EXPLICIT in (refused.json or {})["message"]
    fallback = wide.get(BASE, f"{accept(wanted)}, {accept(EXPLICIT)};q=0.1")
    assert fallback.headers["Content-Type"] == accept(EXPLICIT)


@pytest.mark.parametrize("wanted", ALL)
@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize(("dtype", "bits"), [(np.int16, 12), (np.int16, 16), (np.int8, 6), (np.int8, 8)])
def test_signed_values_of_fewer_bits_than_their_cells(
    serve: Serve, wanted: str, extended: bool, dtype: Any, bits: int
) -> None:
    """Above the value, cells repeat its sign or have nothing: the value is the same."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    values = np.random.default_rng(6).integers(low, high + 1, (2, 31, 18)).astype(dtype)
    values[0, 0, :2] = low, high
    unsigned = np.dtype(f"u{values.itemsize}")
    cells = values if extended else (values.view(unsigned) & unsigned.type((1 << bits) - 1)).view(dtype)
    content = image_file(cells, SOPInstanceUID="1.2.3", BitsStored=bits, HighBit=bits - 1)
    answer = serve(content).get(BASE, accept(wanted))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = dcmread(BytesIO(answer.data))
    assert (found.file_meta.TransferSyntaxUID, found.BitsStored, found.PixelRepresentation) == (wanted, bits, 1)
    file = BytesIO(answer.data)
    for entry in read_frames(BytesIO(answer.data), ""):
        decoded, _ = decode_frame(file, entry.instance, entry.frame)
        np.testing.assert_array_equal(decoded, values[entry.frame - 1])


@pytest.mark.parametrize(("wanted", "tool"), [(JPEG_LOSSLESS, "dcmdjpeg"), (JPEG_LS, "dcmdjpls"), (RLE, "dcmdrle")])
@pytest.mark.parametrize("kind", ["12 of 16 bits", "signed 12 of 16 bits", "RGB"])
def test_dcmtk_reads_it(serve: Serve, tmp_path: Path, wanted: str, tool: str, kind: str) -> None:
    if which(tool) is None:
        pytest.skip("DCMTK is not installed")
    random = np.random.default_rng(7)
    bits = {"BitsStored": 12, "HighBit": 11}
    pixels, attributes = {
        "12 of 16 bits": (random.integers(0, 4096, (20, 30)).astype(np.uint16), bits),
        "signed 12 of 16 bits": (random.integers(-2048, 2048, (20, 30)).astype(np.int16), bits),
        "RGB": (random.integers(0, 256, (20, 30, 3)).astype(np.uint8), {"SamplesPerPixel": 3}),
    }[kind]
    answer = serve(image_file(pixels, SOPInstanceUID="1.2.3", **attributes)).get(BASE, accept(wanted))
    (tmp_path / "packed.dcm").write_bytes(answer.data)
    subprocess.run([tool, "packed.dcm", "plain.dcm"], cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_array_equal(dcmread(tmp_path / "plain.dcm").pixel_array, pixels)


@pytest.mark.parametrize("wanted", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000, HTJ2K])
def test_frames_of_colour_are_exact(serve: Serve, wanted: str) -> None:
    pixels = np.random.default_rng(8).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3", SamplesPerPixel=3))
    answer = server.get(f"{BASE}/frames/1", f"application/octet-stream; transfer-syntax={wanted}")
    decoders = {
        JPEG_LOSSLESS: imagecodecs.jpeg8_decode, JPEG_LS: imagecodecs.jpegls_decode,
        JPEG_2000: imagecodecs.jpeg2k_decode, HTJ2K: imagecodecs.htj2k_decode,
    }  # fmt: skip
    np.testing.assert_array_equal(decoders[wanted](answer.data), pixels)


SMOOTH = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint8)


@pytest.mark.parametrize("colour", [False, True])
def test_jpeg_baseline_by_name_is_another_image_that_says_what_was_lost(serve: Serve, colour: bool) -> None:
    pixels = np.stack([SMOOTH, SMOOTH[::-1], SMOOTH[:, ::-1]], -1) if colour else np.stack([SMOOTH, SMOOTH[::-1]])
    kind = {"SamplesPerPixel": 3} if colour else {}
    content = image_file(pixels, SOPInstanceUID="1.2.3", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], **kind)
    server = serve(content)
    answer = server.get(BASE, accept(JPEG_BASELINE))
    assert answer.headers["Content-Type"] == accept(JPEG_BASELINE)
    found = dcmread(BytesIO(answer.data))
    assert found.file_meta.TransferSyntaxUID == JPEG_BASELINE
    assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID
    assert found.SOPInstanceUID.startswith("2.25.")
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    assert list(found.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert (found.LossyImageCompression, found.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    streams = sum(len(stream) for stream in generate_frames(found.PixelData, number_of_frames=1 if colour else 2))
    assert float(found.LossyImageCompressionRatio) == pytest.approx(pixels.nbytes / streams, rel=0.02)
    assert "JPEG Baseline" in found.DerivationDescription
    assert found.DerivationCodeSequence[0].CodeValue == "113040"
    assert found.PhotometricInterpretation == ("YBR_FULL" if colour else "MONOCHROME2")
    assert np.abs(found.pixel_array.astype(int) - pixels).max() <= 8
    again = dcmread(BytesIO(server.get(BASE, accept(JPEG_BASELINE)).data))
    assert again.SOPInstanceUID == found.SOPInstanceUID
    changed = serve(image_file(pixels + 1, SOPInstanceUID="1.2.3", **kind))
    other = dcmread(BytesIO(changed.get(BASE, accept(JPEG_BASELINE)).data))
    assert other.SOPInstanceUID != found.SOPInstanceUID
    assert list(other.ImageType) == ["DERIVED", "SECONDARY"]


def test_a_lossy_frame_is_for_those_who_name_it(serve: Serve) -> None:
    server = serve(image_file(SMOOTH, SOPInstanceUID="1.2.3"))
    named = server.get(f"{BASE}/frames/1", f"image/jpeg; transfer-syntax={JPEG_BASELINE}")
    assert named.headers["Content-Type"] == f"image/jpeg; transfer-syntax={JPEG_BASELINE}"
    assert np.abs(imagecodecs.jpeg8_decode(named.data).astype(int) - SMOOTH).max() <= 8
    for wish in ("image/jpeg", "image/jpeg; transfer-syntax=*", "image/*"):
        answer = server.get(f"{BASE}/frames/1", wish)
        assert answer.headers["Content-Type"] == f"image/jpeg; transfer-syntax={JPEG_LOSSLESS}"
    assert JPEG_BASELINE not in (server.get(BASE, "application/json").json or {})["message"]


@pytest.mark.parametrize(
    ("pixels", "attributes"),
    [
        (np.zeros((4, 4), np.uint16), {}),
        (np.zeros((4, 4), np.uint16), {"BitsStored": 8, "HighBit": 7}),
        (np.zeros((4, 4), np.uint8), {"BitsStored": 7, "HighBit": 6}),
        (np.zeros((4, 4), np.int8), {}),
        (np.zeros((4, 4), np.uint8), {"PhotometricInterpretation": "PALETTE COLOR"}),
    ],
)
def test_what_jpeg_baseline_is_not_for(serve: Serve, pixels: Any, attributes: dict[str, Any]) -> None:
    server = serve(image_file(pixels, SOPInstanceUID="1.2.3", **attributes))
    assert server.get(BASE, accept(JPEG_BASELINE)).status_code == 406
    assert server.get(f"{BASE}/frames/1", f"image/jpeg; transfer-syntax={JPEG_BASELINE}").status_code == 406


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
