"""The worker's part of transcoding: native pixels into a lossless encapsulated transfer syntax (PS3.5 annex A.4).

Each frame is decoded again and compared before it leaves: what is not exact is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate

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
    streams = [encode_frame(frame, int(dataset.BitsStored), syntax) for frame in frames]
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration = 0


def _frames(dataset: Dataset) -> NDArray[Any]:
    """Return stored values of (frames, rows, columns) or (frames, rows, columns, 3), nothing in unused bits."""
    sign = "i" if dataset.PixelRepresentation else "u"
    samples, count = dataset.SamplesPerPixel, int(dataset.get("NumberOfFrames") or 1)
    shape = (count, dataset.Rows, dataset.Columns)
    pixels = np.frombuffer(dataset.PixelData, f"<{sign}{dataset.BitsAllocated // 8}")
    pixels = pixels[: int(np.prod(shape)) * samples]
    if sign == "u" and pixels.size and int(pixels.max()) >> dataset.BitsStored:
        raise UnprocessableError("The pixels have something in their unused bits that would be lost.", "not-encodable")
    if samples == 1:
        return pixels.reshape(shape)
    if dataset.PlanarConfiguration:
        return np.ascontiguousarray(np.moveaxis(pixels.reshape(count, samples, *shape[1:]), 1, -1))
    return pixels.reshape(*shape, samples)


def encode_frame(frame: Frame, bits: int, syntax: str) -> bytes:
    """Return the code stream of one frame.

    Parameters
    ----------
    frame : array, (rows, columns) or (rows, columns, 3)
        Stored values.
    bits : int
        Bits stored.
    syntax : str
        UID of one of `syntaxes.ENCODABLE` other than RLE.

    Raises
    ------
    UnprocessableError
        It would not come out as it went in.
    """
    if frame.dtype.kind == "i" and syntax not in _SIGNED:
        frame = frame.view(f"<u{frame.dtype.itemsize}")
    encoder, decoder = _CODECS[syntax]
    stream = encoder(frame, bits)
    found = decoder(stream)
    if found.dtype != frame.dtype or not np.array_equal(found, frame):
        raise UnprocessableError("These pixels cannot be compressed without loss.", "not-encodable")
    return stream
