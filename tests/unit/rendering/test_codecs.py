"""Stored frames decode to the values that went in, in every syntax, and bombs are refused before they go off."""

from __future__ import annotations

import hashlib
import os
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.encaps import encapsulate

from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering import codecs
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import FrameEntry
from tests.support.dicom_files import image_file, part_10

codecs.register()
CORPUS = Path(os.environ.get("SIGHTLINE_CORPUS", "/nowhere"))
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="SIGHTLINE_CORPUS names no folder of test images")
Pixels = np.ndarray[Any, Any]


def decode(content: bytes, frame: int = 1) -> tuple[Pixels, FrameEntry, str]:
    file = BytesIO(content)
    entries = read_frames(file, "uuid")
    pixels, photometric = codecs.decode_frame(file, entries[frame - 1].instance, frame)
    return pixels, entries[frame - 1], photometric


def ramp(dtype: Any, shape: tuple[int, ...] = (33, 47), low: int = 0, high: int = 4095) -> Pixels:
    return np.linspace(low, high, int(np.prod(shape))).astype(dtype).reshape(shape)


def compressed(pixels: Pixels, syntax: str, frames: list[bytes], **attributes: Any) -> bytes:
    """Return a file whose Pixel Data are these code streams."""
    dataset = dcmread(BytesIO(image_file(pixels, **attributes)))
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    return part_10(dataset, syntax)


SYNTAXES = (uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.HTJ2KLossless, uid.JPEGLosslessSV1)


def encode(syntax: str, pixels: Pixels) -> bytes:
    """Encode losslessly."""
    if syntax == uid.JPEGLSLossless:
        return bytes(imagecodecs.jpegls_encode(pixels))
    if syntax == uid.JPEG2000Lossless:
        return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k"))
    if syntax == uid.HTJ2KLossless:
        return bytes(imagecodecs.htj2k_encode(pixels))
    return bytes(imagecodecs.ljpeg_encode(pixels, bitspersample=16))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_native_pixels(dtype: Any) -> None:
    info = np.iinfo(dtype)
    pixels = ramp(dtype, low=info.min, high=info.max)
    decoded, entry, photometric = decode(image_file(pixels))
    np.testing.assert_array_equal(decoded, pixels)
    assert decoded.dtype == dtype
    assert (entry.instance.rows, entry.instance.columns, photometric) == (33, 47, "MONOCHROME2")


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: uid.UID(syntax).name)
@pytest.mark.parametrize("dtype", [np.uint16, np.uint8])
def test_lossless_syntaxes_give_back_what_went_in(syntax: str, dtype: Any) -> None:
    if syntax == uid.JPEGLosslessSV1 and dtype == np.uint8:
        pytest.skip("this encoder writes 16 bits only")
    pixels = ramp(dtype, high=255 if dtype == np.uint8 else 65535)
    decoded, _, _ = decode(compressed(pixels, syntax, [encode(syntax, pixels)]))
    np.testing.assert_array_equal(decoded, pixels)
    assert decoded.dtype == dtype


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda syntax: uid.UID(syntax).name)
def test_signed_values_survive_code_streams_without_a_sign(syntax: str) -> None:
    pixels = ramp(np.int16, low=-2000, high=3000)
    decoded, _, _ = decode(compressed(pixels, syntax, [encode(syntax, pixels.view(np.uint16))]))
    np.testing.assert_array_equal(decoded, pixels)


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.HTJ2KLossless], ids=lambda syntax: uid.UID(syntax).name)
def test_one_frame_of_many_is_decoded_alone(syntax: str) -> None:
    frames = ramp(np.uint16, (4, 9, 11), high=60000)
    content = compressed(frames, syntax, [encode(syntax, frame) for frame in frames])
    for number in (1, 3, 4):
        np.testing.assert_array_equal(decode(content, number)[0], frames[number - 1])
        np.testing.assert_array_equal(decode(image_file(frames), number)[0], frames[number - 1])


def test_colour_keeps_its_samples() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    rgb = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}
    assert np.array_equal(decode(image_file(pixels, **rgb))[0], pixels)
    planar = image_file(
        np.ascontiguousarray(pixels.transpose(2, 0, 1)), **rgb, Rows=20, Columns=30, NumberOfFrames=None
    )
    dataset = dcmread(BytesIO(planar))
    dataset.PlanarConfiguration = 1
    np.testing.assert_array_equal(decode(part_10(dataset))[0], pixels)
    lossless = compressed(pixels, uid.JPEG2000Lossless, [encode(uid.JPEG2000Lossless, pixels)], **rgb)
    decoded, _, photometric = decode(lossless)
    np.testing.assert_array_equal(decoded, pixels)
    assert photometric == "RGB"


def test_unused_bits_are_cleared() -> None:
    pixels = np.array([[0x7FFF, 0x0123]], np.uint16)
    decoded, _, _ = decode(image_file(pixels, BitsStored=12, HighBit=11))
    assert decoded.tolist() == [[0x0FFF, 0x0123]]


@pytest.mark.parametrize("bits", [(8, 8), (16, 16), (16, 12)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("dirty", [False, True])
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian])
def test_decoding_into_an_array_is_decoding(bits: tuple[int, int], signed: bool, dirty: bool, syntax: str) -> None:
    allocated, stored = bits
    kind = f"{'i' if signed else 'u'}{allocated // 8}"
    low, high = (-1 << stored - 1, (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    cells = np.random.default_rng(3).integers(low, high, (2, 7, 9), endpoint=True).astype(kind)
    cells[:, 0, 0], cells[:, 0, 1] = low, high
    if dirty:
        cells[1, 3, 3] ^= cells.dtype.type(1 << allocated - 2)
    content = part_10(dcmread(BytesIO(image_file(cells, BitsStored=stored, HighBit=stored - 1))), syntax)
    out = np.full((7, 9), 99, kind)
    entry = read_frames(BytesIO(content), "uuid")[1]
    codecs.decode_into(BytesIO(content), entry.instance, 2, out)
    np.testing.assert_array_equal(out, decode(content, 2)[0])
    if not dirty:
        np.testing.assert_array_equal(out, cells[1])
    wider = np.empty((7, 9), np.float32)
    codecs.decode_into(BytesIO(content), entry.instance, 2, wider)
    np.testing.assert_array_equal(wider, out)


def test_decoding_into_an_array_refuses_what_does_not_fit() -> None:
    content = image_file(ramp(np.uint16))
    entry = read_frames(BytesIO(content), "uuid")[0]
    for shape in ((47, 33), (33, 46)):
        with pytest.raises(UnprocessableError, match="another size"):
            codecs.decode_into(BytesIO(content), entry.instance, 1, np.empty(shape, np.uint16))
    with pytest.raises(UnprocessableError, match="cannot be decoded"):
        codecs.decode_into(BytesIO(content[:-2]), entry.instance, 1, np.empty((33, 47), np.uint16))
    with pytest.raises(NotFoundError):
        codecs.decode_into(BytesIO(content), entry.instance, 2, np.empty((33, 47), np.uint16))


def test_float_pixels() -> None:
    values = np.array([[0.5, -1.25, 1e20]], np.float32)
    dataset = dcmread(BytesIO(image_file(np.zeros((1, 3), np.uint16))))
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = values.tobytes()
    np.testing.assert_array_equal(decode(part_10(dataset))[0], values)


def test_deflated_files() -> None:
    pixels = ramp(np.int16, low=-100)
    dataset = dcmread(BytesIO(image_file(pixels)))
    decoded, entry, _ = decode(part_10(dataset, uid.DeflatedExplicitVRLittleEndian))
    np.testing.assert_array_equal(decoded, pixels)
    assert entry.instance.pixel_offset is None


def test_big_endian_words_and_bytes() -> None:
    for pixels in (ramp(np.int16, low=-100), ramp(np.uint8, (3, 5), high=255)):
        dataset = dcmread(BytesIO(image_file(pixels)))
        data = dataset.PixelData
        dataset["PixelData"].VR = "OW"
        dataset.PixelData = np.frombuffer(data, "<u2").astype(">u2").tobytes()
        decoded, _, _ = decode(part_10(dataset, uid.ExplicitVRBigEndian))
        np.testing.assert_array_equal(decoded, pixels)
        assert decoded.dtype.isnative


def test_frames_that_are_not_there() -> None:
    file = BytesIO(image_file(ramp(np.uint8)))
    instance = read_frames(file, "uuid")[0].instance
    for frame in (0, 2):
        with pytest.raises(NotFoundError):
            codecs.decode_frame(file, instance, frame)


def test_damaged_pixels_are_refused() -> None:
    pixels = ramp(np.uint16)
    stream = bytearray(imagecodecs.jpegls_encode(pixels))
    stream[30:] = b"\0" * (len(stream) - 30)
    for content in (
        compressed(pixels, uid.JPEGLSLossless, [bytes(stream)]),
        compressed(pixels, uid.JPEGLSLossless, [b"nonsense"]),
        compressed(pixels, uid.JPEGLSLossless, [encode(uid.JPEGLSLossless, ramp(np.uint16, (5, 5)))]),
        image_file(pixels, PixelData=b"\0\0"),
    ):
        with pytest.raises(UnprocessableError):
            decode(content)


def test_unknown_syntaxes_are_named() -> None:
    content = compressed(ramp(np.uint8), uid.MPEG4HP41, [b"no video"])
    with pytest.raises(UnprocessableError, match="MPEG-4"):
        decode(content)


def test_sizes_are_bounded_before_anything_is_allocated() -> None:
    content = image_file(ramp(np.uint8), Rows=65535, Columns=65535)
    with pytest.raises(UnprocessableError, match="too large"):
        decode(content)


def segmentation(bits: Pixels, syntax: str, streams: list[bytes]) -> bytes:
    """Return frames of one bit per pixel as these encapsulated streams."""
    one_bit = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    return compressed(np.zeros(bits.shape, np.uint8), syntax, streams, **one_bit)


def deflated(content: bytes) -> bytes:
    """Return a file of JPEG Lossless SV1 as one of Deflated Image Frame Compression, which pydicom does not write."""
    return content.replace(b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.8.1\0")


@pytest.mark.parametrize("shape", [(3, 16, 8), (3, 7, 9)])
def test_frames_of_bits_that_are_compressed_one_by_one(shape: tuple[int, int, int]) -> None:
    bits = np.random.default_rng(8).random(shape) < 0.4
    packed = [np.packbits(frame.ravel(), bitorder="little").tobytes() for frame in bits]
    header = np.array([1, 64] + [0] * 14, "<u4").tobytes()
    streams = {
        str(uid.RLELossless): [header + bytes(imagecodecs.packbits_encode(content)) for content in packed],
        str(uid.JPEGLosslessSV1): [zlib.compress(content, wbits=-15) for content in packed],
    }
    for syntax, frames in streams.items():
        even = [frame + b"\0" * (len(frame) % 2) for frame in frames]
        for number in (1, 2, 3):
            decoded, _, _ = decode(deflated(segmentation(bits, syntax, even)), number)
            np.testing.assert_array_equal(decoded, bits[number - 1])
        for damaged in ([b"\0\0"] * 3, [frame[: len(frame) // 4 * 2] for frame in even]):
            with pytest.raises(UnprocessableError):
                decode(deflated(segmentation(bits, syntax, damaged)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_grey_frames_that_are_deflated_one_by_one(dtype: Any) -> None:
    frames = ramp(dtype, (2, 9, 11), high=100)
    streams = [zlib.compress(frame.tobytes(), wbits=-15) for frame in frames]
    even = [stream + b"\0" * (len(stream) % 2) for stream in streams]
    content = deflated(compressed(frames, uid.JPEGLosslessSV1, even))
    for number in (1, 2):
        decoded, _, _ = decode(content, number)
        np.testing.assert_array_equal(decoded, frames[number - 1])
        assert decoded.dtype == dtype


@needs_corpus
def test_the_bomb_of_the_corpus_is_refused() -> None:
    (bomb,) = (CORPUS / "broken/huge-dims").glob("*.dcm")
    with pytest.raises(UnprocessableError, match="46341 x 46341"):
        decode(bomb.read_bytes())


@needs_corpus
def test_one_image_in_nine_syntaxes_is_the_same_image() -> None:
    digests = set()
    syntaxes = set()
    for path in sorted((CORPUS / "ts/same-image-9").glob("*.dcm")):
        pixels, entry, _ = decode(path.read_bytes())
        digests.add(hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest())
        syntaxes.add(entry.instance.transfer_syntax_uid)
    assert len(syntaxes) >= 7
    assert len(digests) == 1


@needs_corpus
@pytest.mark.parametrize("folder", ["ts/fragments", "ts/emr-variants"])
def test_variants_of_one_image_are_the_same_image(folder: str) -> None:
    frames = {
        tuple(decode(path.read_bytes(), number)[0].tobytes() for number in (1,))
        for path in sorted((CORPUS / folder).glob("*.dcm"))
    }
    assert len(frames) == 1


@needs_corpus
def test_fragments_with_and_without_tables_agree() -> None:
    lossless, frames = [], []
    for path in sorted((CORPUS / "ts/ct0012-fragments").glob("*.dcm")):
        pixels, entry, _ = decode(path.read_bytes(), 2)
        frames.append(path.name)
        if not entry.instance.lossy and entry.instance.transfer_syntax_uid not in (
            uid.JPEGLSNearLossless,
            uid.JPEGExtended12Bit,
        ):
            lossless.append(pixels.astype(np.int64).tobytes())
    assert len(frames) == 9
    assert len(set(lossless)) == 1


@needs_corpus
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_image_of_the_corpus_decodes_or_is_refused_with_a_reason() -> None:
    """One file of each folder, first and last frame."""
    decoded, refused = 0, []
    for folder in sorted({path.parent for path in CORPUS.rglob("*") if path.is_file()} - {CORPUS}):
        path = sorted(folder.iterdir())[0]
        if not path.is_file() or path.stat().st_size > 10 << 20:
            continue
        try:
            entries = read_frames(BytesIO(path.read_bytes()), "uuid")
            for entry in {1: entries[0], 2: entries[-1]}.values() if entries else ():
                with path.open("rb") as file:
                    codecs.decode_frame(file, entry.instance, entry.frame)
                decoded += 1
        except (UnprocessableError, RecursionError) as error:
            refused.append((str(path.relative_to(CORPUS)), str(error)))
    assert decoded > 60
    allowed = ("broken/",)
    assert [name for name, _ in refused if not name.startswith(allowed)] == []


def test_pydicom_agrees_on_its_own_files() -> None:
    from pydicom.data import get_testdata_file

    for name in ("MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm", "liver_1frame.dcm", "image_dfl.dcm"):
        path = get_testdata_file(name)
        assert path is not None
        dataset: Dataset = dcmread(path)
        file = Path(path).read_bytes()
        decoded, _, _ = decode(file)
        expected = dataset.pixel_array
        np.testing.assert_array_equal(decoded, expected[0] if decoded.shape != expected.shape else expected)
