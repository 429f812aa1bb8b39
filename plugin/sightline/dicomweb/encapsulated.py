"""The worker's part of transcoding: native pixels into an encapsulated transfer syntax (PS3.5 annex A.4).

Each frame is decoded again and compared before it leaves: what is not exact is refused. JPEG Baseline alone is lossy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate

from sightline.dicomweb.lossy import mark_lossy
from sightline.errors import UnprocessableError

Frame = NDArray[Any]

_CODECS: dict[str, tuple[Callable[[Frame, int], bytes], Callable[[bytes], Frame]]] = {
    str(uid.JPEGLosslessSV1): (
        lambda frame, bits: bytes(imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=bits)),
        imagecodecs.jpeg8_decode,
    ),
    str(uid.JPEGLSLossless): (
        lambda frame, bits: bytes(imagecodecs.jpegls_encode(frame, bitspersample=bits)),
        imagecodecs.jpegls_decode,
    ),
    str(uid.JPEG2000Lossless): (
        lambda frame, bits: bytes(
            imagecodecs.jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k", mct=False, bitspersample=bits)
        ),
        imagecodecs.jpeg2k_decode,
    ),
    str(uid.HTJ2KLossless): (
        lambda frame, bits: bytes(imagecodecs.htj2k_encode(frame, reversible=True, bitspersample=bits)),
        imagecodecs.htj2k_decode,
    ),
}
JPEG_BASELINE = str(uid.JPEGBaseline8Bit)
LOSSY_QUALITY = 90
_COLOUR_SPACES = {str(uid.HTJ2KLossless): "YBR_RCT", JPEG_BASELINE: "YBR_FULL"}
"""What the samples of colour code streams are where encoders transform them (PS3.5 sections 8.2.1 and 8.2.14)."""
_SIGNED = (uid.JPEG2000Lossless, uid.HTJ2KLossless)
"""Syntaxes whose code streams know of signs; in the others the bits of signed values stand as they are."""


def encapsulate_pixels(dataset: Dataset, syntax: str) -> None:
    """Encode the native little-endian pixels of a data set, in place.

    Parameters
    ----------
    dataset : Dataset
        With native pixels, if any.
    syntax : str
        UID of a transfer syntax for which `syntaxes.can_be_encoded` said yes.

    Raises
    ------
    UnprocessableError
        There are no pixels, or they would not come out as they went in.
    """
    if "PixelData" not in dataset:
        raise UnprocessableError("There are no pixels to compress.", "not-encodable")
    frames = _frames(dataset)
    if syntax == uid.RLELossless:
        dataset.compress(uid.RLELossless, generate_instance_uid=False)
        return
    is_ybr = dataset.PhotometricInterpretation == "YBR_FULL"
    streams = [encode_frame(frame, int(dataset.BitsStored), syntax, is_ybr) for frame in frames]
    if syntax == JPEG_BASELINE:
        mark_lossy(dataset, sum(frame.nbytes for frame in frames) / sum(map(len, streams)), "ISO_10918_1")
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = _COLOUR_SPACES.get(syntax, dataset.PhotometricInterpretation)


def _frames(dataset: Dataset) -> NDArray[Any]:
    """Return stored values of (frames, rows, columns) or (frames, rows, columns, 3)."""
    sign = "i" if dataset.PixelRepresentation else "u"
    samples, count = dataset.SamplesPerPixel, int(dataset.get("NumberOfFrames") or 1)
    shape = (count, dataset.Rows, dataset.Columns)
    pixels = np.frombuffer(dataset.PixelData, f"<{sign}{dataset.BitsAllocated // 8}")
    pixels = pixels[: int(np.prod(shape)) * samples]
    if samples == 1:
        return pixels.reshape(shape)
    if dataset.PlanarConfiguration:
        return np.ascontiguousarray(np.moveaxis(pixels.reshape(count, samples, *shape[1:]), 1, -1))
    return pixels.reshape(*shape, samples)


def encode_frame(frame: Frame, bits: int, syntax: str, is_ybr: bool = False) -> bytes:
    """Return the code stream of one frame.

    Parameters
    ----------
    frame : array, (rows, columns) or (rows, columns, 3)
        Stored values, or the cells that hold them.
    bits : int
        Bits stored.
    syntax : str
        UID of one of `syntaxes.ENCODABLE` other than RLE, or of JPEG Baseline.
    is_ybr : bool
        Whether the samples are YBR_FULL; makes a difference to JPEG Baseline only.

    Raises
    ------
    UnprocessableError
        It would not come out as it went in.
    """
    if syntax == JPEG_BASELINE:
        return _lossy(frame, is_ybr)
    frame = _values(frame, bits, syntax in _SIGNED)
    encoder, decoder = _CODECS[syntax]
    stream = encoder(frame, bits)
    found = decoder(stream)
    if found.dtype != frame.dtype or not np.array_equal(found, frame):
        raise UnprocessableError("These pixels cannot be compressed without loss.", "not-encodable")
    return stream


def _values(cells: Frame, bits: int, keeps_sign: bool) -> Frame:
    """Return the values as the encoder wants them: signed, or their stored bits only.

    What is above the stored bits is a repetition of the sign, or nothing; anything else would be lost.
    """
    width = 8 * cells.dtype.itemsize
    if cells.dtype.kind == "u":
        if bits < width and cells.size and int(cells.max()) >> bits:
            raise UnprocessableError(
                "The pixels have something in their unused bits that would be lost.", "not-encodable"
            )
        return cells
    values = cells << (width - bits) >> (width - bits)
    stored = cells.view(f"u{cells.dtype.itemsize}") & np.array((1 << bits) - 1, f"u{cells.dtype.itemsize}")
    if not np.array_equal(values, cells) and not np.array_equal(stored, cells.view(stored.dtype)):
        raise UnprocessableError("The pixels have something in their unused bits that would be lost.", "not-encodable")
    return values if keeps_sign else stored


def _lossy(frame: Frame, is_ybr: bool) -> bytes:
    """Return JPEG of 8-bit grey, or of colour as YBR_FULL in full resolution."""
    if frame.ndim == 2:
        return bytes(imagecodecs.jpeg8_encode(frame, level=LOSSY_QUALITY))
    space = "YCBCR" if is_ybr else "RGB"
    return bytes(
        imagecodecs.jpeg8_encode(frame, level=LOSSY_QUALITY, colorspace=space, outcolorspace="YCBCR", subsampling="444")
    )
