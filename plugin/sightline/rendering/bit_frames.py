"""Frames that pydicom does not decode: of one bit per pixel, and deflated one by one. Runs in workers only."""

from __future__ import annotations

import zlib
from typing import BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.encaps import get_frame

from sightline.errors import UnprocessableError
from sightline.rendering.series_table import InstanceEntry

RLE = str(uid.RLELossless)
"""The syntax of `encapsulated_bits`."""
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
"""Deflated Image Frame Compression (PS3.5 section A.4.13), which pydicom does not know yet."""
_RLE_HEADER = 64


def native_bits(
    source: BinaryIO | bytes, instance: InstanceEntry, frame: int, swapped: bool = False
) -> NDArray[np.uint8]:
    """Unpack a native frame of one bit per pixel, the first in the lowest bit (PS3.5 section 8.1.1).

    Frames follow each other without a gap, so one may begin inside a byte, which pydicom does not expect.

    Parameters
    ----------
    source : binary file or bytes
        The value of Pixel Data, or the file standing at it.
    instance : InstanceEntry
    frame : int
        From 1.
    swapped : bool
        Whether the bytes are those of big endian words.

    Returns
    -------
    array of uint8, (rows, columns) or (rows, columns, samples)
        0 and 1.

    Raises
    ------
    UnprocessableError
        The pixels end too early.
    """
    count = _samples(instance)
    first, skipped = divmod((frame - 1) * count, 8)
    # Whole words, so that they can be turned round.
    skipped += first % 2 * 8
    first -= first % 2
    needed = (skipped + count + 15) // 16 * 2
    if isinstance(source, bytes):
        packed = source[first : first + needed]
    else:
        source.seek(first, 1)
        packed = source.read(needed)
    if swapped:
        packed = np.frombuffer(packed[: len(packed) // 2 * 2], ">u2").astype("<u2").tobytes()
    return _unpacked(packed, skipped, instance)


def encapsulated_bits(file: BinaryIO, instance: InstanceEntry, frame: int) -> NDArray[np.uint8]:
    """Unpack an encapsulated RLE frame of one bit per pixel: a single segment of packed bits (PS3.5 annex G).

    Parameters, result and errors are those of `native_bits`; every frame begins with a byte of its own.
    """
    stream = _stream(file, instance, frame)
    header = np.frombuffer(stream[:_RLE_HEADER].ljust(_RLE_HEADER, b"\0"), "<u4")
    if header[0] != 1 or not _RLE_HEADER <= header[1] < len(stream):
        raise _undecodable()
    try:
        packed = bytes(imagecodecs.packbits_decode(stream[int(header[1]) :], out=(_samples(instance) + 7) // 8))
    except (imagecodecs.PackbitsError, ValueError) as error:
        raise _undecodable() from error
    return _unpacked(packed, 0, instance)


def inflated_frame(file: BinaryIO, instance: InstanceEntry, frame: int) -> NDArray[np.generic]:
    """Return the stored values of a frame that was deflated by itself.

    Parameters and errors are those of `native_bits`. The result has the file's signedness.
    """
    samples = _samples(instance)
    size = (samples * instance.bits_allocated + 7) // 8
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(_stream(file, instance, frame), size)
    except zlib.error as error:
        raise _undecodable() from error
    if len(content) < size:
        raise _undecodable()
    if instance.bits_allocated == 1:
        return _unpacked(content, 0, instance)
    kind = "iu"[instance.pixel_representation == 0] if instance.pixel_keyword == "PixelData" else "f"
    values = np.frombuffer(content, f"<{kind}{instance.bits_allocated // 8}")
    if instance.samples_per_pixel == 1:
        return values.reshape(instance.rows, instance.columns)
    if instance.planar_configuration:
        return np.moveaxis(values.reshape(instance.samples_per_pixel, instance.rows, instance.columns), 0, -1)
    return values.reshape(instance.rows, instance.columns, instance.samples_per_pixel)


def _samples(instance: InstanceEntry) -> int:
    return instance.rows * instance.columns * instance.samples_per_pixel


def _stream(file: BinaryIO, instance: InstanceEntry, frame: int) -> bytes:
    """Return the fragments of a frame, joined."""
    file.seek(instance.pixel_offset or 0)
    try:
        return get_frame(file, frame - 1, number_of_frames=instance.number_of_frames)
    except (ValueError, IndexError, EOFError, OSError) as error:
        raise _undecodable() from error


def _unpacked(packed: bytes, skipped: int, instance: InstanceEntry) -> NDArray[np.uint8]:
    count = _samples(instance)
    if len(packed) * 8 < skipped + count:
        raise _undecodable()
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")[skipped : skipped + count]
    shape = (instance.rows, instance.columns)
    return bits.reshape(shape if instance.samples_per_pixel == 1 else (*shape, -1))


def _undecodable() -> UnprocessableError:
    return UnprocessableError("The pixels of this image cannot be decoded.", "undecodable")


RLE = str(uid.RLELossless)
"""The syntax of `encapsulated_bits`."""
