"""Stored pixels to arrays, one frame at a time (PS3.5 annex A). Runs in workers only.

pydicom reads native and RLE frames itself, and 8-bit JPEG through Pillow. For the other syntaxes this module is a
decoding plugin of pydicom's that calls imagecodecs. Sizes are checked before anything is allocated for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.pixels.decoders.base import get_decoder

from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.bit_frames import DEFLATED_FRAMES, RLE, encapsulated_bits, inflated_frame, native_bits
from sightline.rendering.series_table import InstanceEntry

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

MAXIMUM_FRAME_BYTES = 512 << 20
"""Decoded frames larger than this are refused: the largest detectors make some 100 MB."""

PLUGIN = "sightline"
_LITTLE_ENDIAN = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian)
_CELLS = (*_LITTLE_ENDIAN, uid.ExplicitVRBigEndian, uid.RLELossless)
_JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
_JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000)
_HTJ2K = (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
_JPEG = (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)

DECODER_DEPENDENCIES = dict.fromkeys((*_JPEG_LS, *_JPEG_2000, *_HTJ2K, *_JPEG), ("numpy", "imagecodecs>=2026.1"))
"""Transfer syntaxes of the plugin, and what each needs (read by pydicom)."""


def is_available(transfer_syntax_uid: str) -> bool:
    """Whether the plugin decodes that syntax (asked by pydicom)."""
    return transfer_syntax_uid in DECODER_DEPENDENCIES


def register() -> None:
    """Make the plugin known to pydicom. May be called again."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if PLUGIN not in decoder.available_plugins:
            decoder.add_plugin(PLUGIN, (__name__, "_decode_frame"))


def _decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """Decode one code stream, and tell pydicom what became of its layout (called by pydicom)."""
    syntax = runner.transfer_syntax
    if syntax in _JPEG_LS:
        array = imagecodecs.jpegls_decode(src)
    elif syntax in _HTJ2K:
        array = imagecodecs.htj2k_decode(src)
    elif syntax in _JPEG_2000:
        array = imagecodecs.jpeg2k_decode(src)
    else:
        array = imagecodecs.jpeg8_decode(src)
    expected = (runner.rows, runner.columns, runner.samples_per_pixel)
    if array.shape != (expected if expected[2] > 1 else expected[:2]):
        raise ValueError("The code stream is of another size than the file says.")
    runner.set_option("bits_allocated", array.dtype.itemsize * 8)
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
        # The inverse component transform is part of decoding JPEG 2000 (PS3.3 C.7.6.3.1.2).
        runner.set_option("photometric_interpretation", "RGB")
    return bytes(array.tobytes())


def decode_frame(
    file: BinaryIO, instance: InstanceEntry, frame: int, every_bit: bool = False
) -> tuple[NDArray[np.generic], str]:
    """Decode one frame of a DICOM file.

    Parameters
    ----------
    file : binary file
        The whole DICOM file, seekable. Only the frame's bytes are read where the syntax allows it.
    instance : InstanceEntry
        What its header says.
    frame : int
        From 1.
    every_bit : bool
        Keep what native and RLE pixels have in their unused bits (such as overlay planes of old files), and values
        where they stand: the cells of PS3.5 section 8.1.1 rather than the values in them.

    Returns
    -------
    pixels : array, (rows, columns) or (rows, columns, 3)
        Stored values, before any LUT: of the file's signedness, unused bits cleared; uint8 for 1-bit pixels.
    photometric_interpretation : str
        What the samples are now: decoding turns some colour spaces into RGB.

    Raises
    ------
    NotFoundError
        There is no such frame.
    UnprocessableError
        The frame is too large, damaged, or of a transfer syntax that is not known.
    """
    _check(instance, frame)
    pixels = _special_frame(file, instance, frame)
    if pixels is not None:
        return pixels, instance.photometric_interpretation
    plain = _plain_cells(file, instance, frame)
    if plain is not None:
        pixels = plain
        if not every_bit and not instance.shift and _has_more(_ends(pixels), instance):
            _clear(pixels, instance)
        photometric_interpretation = instance.photometric_interpretation
    else:
        pixels, photometric_interpretation = _decode(file, instance, frame, every_bit or instance.shift > 0)
    if instance.shift and not every_bit:
        pixels = _shifted(pixels, instance)
    return pixels, photometric_interpretation


def decode_into(file: BinaryIO, instance: InstanceEntry, frame: int, out: NDArray[Any]) -> tuple[float, float] | None:
    """Decode one grey frame as `decode_frame` does, into an array of its shape.

    Native pixels that lie in the file as they shall lie in `out` are read straight there. Returns the least and most
    value where these had to be looked for, else None.

    Raises
    ------
    NotFoundError
        There is no such frame.
    UnprocessableError
        The frame is damaged, of another size than its header says, or of a transfer syntax that is not known.
    """
    _check(instance, frame)
    if _lies_like(instance, out) and _read_cells(file, instance, frame, out):
        ends = _ends(out)
        if _has_more(ends, instance):
            _clear(out, instance)
            return None
        return ends
    pixels, _ = decode_frame(file, instance, frame)
    if pixels.shape != out.shape:
        raise UnprocessableError("The pixels of this image are of another size than it says.")
    out[...] = pixels
    return None


def _lies_like(instance: InstanceEntry, out: NDArray[Any]) -> bool:
    """Whether cells of a native frame are of the type and order of the array, and are values as they stand."""
    shape = instance.rows, instance.columns
    same = _is_plain(instance) and out.dtype == _cell_type(instance) and out.shape == shape
    return same and not instance.shift and out.flags.c_contiguous


def _ends(cells: NDArray[Any]) -> tuple[float, float]:
    return float(cells.min()), float(cells.max())


def _has_more(ends: tuple[float, float], instance: InstanceEntry) -> bool:
    """Whether anything is in unused bits: then the least or the most value is out of the range of the stored ones."""
    end = 1 << instance.bits_stored - instance.pixel_representation
    return bool(ends[1] >= end or ends[0] < (-end if instance.pixel_representation else 0))


def _special_frame(file: BinaryIO, instance: InstanceEntry, frame: int) -> NDArray[np.generic] | None:
    """Decode what pydicom cannot; None for everything else."""
    syntax = instance.transfer_syntax_uid
    if syntax == DEFLATED_FRAMES:
        return inflated_frame(file, instance, frame)
    if instance.bits_allocated == 1 and syntax in (*_LITTLE_ENDIAN, uid.ExplicitVRBigEndian):
        swapped = syntax == uid.ExplicitVRBigEndian and instance.pixel_words
        return native_bits(_pixel_data(file, instance), instance, frame, swapped)
    if instance.bits_allocated == 1 and syntax == RLE:
        return encapsulated_bits(file, instance, frame)
    return None


def _plain_cells(file: BinaryIO, instance: InstanceEntry, frame: int) -> NDArray[Any] | None:
    """Return the cells of a native grey frame as they lie in the file; None for everything else, whole or damaged."""
    if not _is_plain(instance):
        return None
    cells = np.empty((instance.rows, instance.columns), _cell_type(instance))
    if not _read_cells(file, instance, frame, cells):
        return None
    return cells.astype(cells.dtype.newbyteorder("="), copy=False)


def _is_plain(instance: InstanceEntry) -> bool:
    """Whether frames are native, grey, and of whole little endian cells in a file that is not deflated."""
    return (
        instance.transfer_syntax_uid in _LITTLE_ENDIAN
        and instance.pixel_keyword == "PixelData"
        and instance.samples_per_pixel == 1
        and instance.photometric_interpretation in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
        and instance.bits_allocated in (8, 16)
        and 1 <= instance.bits_stored <= instance.bits_allocated
        and instance.pixel_representation in (0, 1)
        and instance.pixel_offset is not None
    )


def _cell_type(instance: InstanceEntry) -> np.dtype[Any]:
    return np.dtype(f"<{'iu'[instance.pixel_representation == 0]}{instance.bits_allocated // 8}")


def _read_cells(file: BinaryIO, instance: InstanceEntry, frame: int, out: NDArray[Any]) -> bool:
    """Read a plain frame into a contiguous array; return whether all of it was there."""
    file.seek((instance.pixel_offset or 0) + (frame - 1) * out.nbytes)
    count: int = file.readinto(memoryview(out).cast("B"))  # type: ignore[attr-defined]
    return count == out.nbytes


def _clear(cells: NDArray[Any], instance: InstanceEntry) -> None:
    """Leave nothing in the unused bits of cells; in those of signed ones their sign."""
    if cells.dtype.kind == "u":
        cells &= (1 << instance.bits_stored) - 1
        return
    unused = instance.bits_allocated - instance.bits_stored
    cells <<= unused
    cells >>= unused


def _shifted(pixels: NDArray[Any], instance: InstanceEntry) -> NDArray[Any]:
    """Return the values of cells whose High Bit is not next above Bits Stored."""
    if instance.transfer_syntax_uid not in _CELLS:
        raise UnprocessableError("Compressed pixels whose High Bit is not above Bits Stored cannot be shown.")
    # Up to the top of the cell, what is above High Bit falls off; down again, the sign is extended.
    up = instance.bits_allocated - instance.shift - instance.bits_stored
    return pixels << up >> up + instance.shift


def _decode(file: BinaryIO, instance: InstanceEntry, frame: int, every_bit: bool) -> tuple[NDArray[np.generic], str]:
    """Decode a frame through pydicom."""
    syntax = uid.UID(instance.transfer_syntax_uid)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise UnprocessableError(f"Pixels in transfer syntax {syntax.name} cannot be shown.") from None
    try:
        pixels, properties = decoder.as_array(
            _pixel_data(file, instance),
            index=frame - 1,
            raw=True,
            decoding_plugin=PLUGIN if is_available(syntax) and _is_ours(instance) else "",
            **_options(instance, every_bit and syntax in _CELLS),
        )
    except MemoryError:
        raise
    except Exception as error:
        raise UnprocessableError("The pixels of this image cannot be decoded.", "undecodable") from error
    native = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return native, str(properties["photometric_interpretation"])


def _check(instance: InstanceEntry, frame: int) -> None:
    """Refuse what would not fit, before anything is allocated."""
    if not 1 <= frame <= instance.number_of_frames:
        raise NotFoundError(f"The image has {instance.number_of_frames} frames.")
    size = instance.rows * instance.columns * instance.samples_per_pixel * max(1, instance.bits_allocated // 8)
    if not 0 < size <= MAXIMUM_FRAME_BYTES:
        raise UnprocessableError(
            f"An image of {instance.columns} x {instance.rows} pixels is too large to be shown.", "too-large"
        )


def _is_ours(instance: InstanceEntry) -> bool:
    """Whether to prefer our plugin: always, but for 8-bit JPEG with the syntax of 12 bit, which Pillow reads."""
    return instance.transfer_syntax_uid != uid.JPEGExtended12Bit or instance.bits_stored > 8


def _pixel_data(file: BinaryIO, instance: InstanceEntry) -> BinaryIO | bytes:
    """Return the file, standing at the value of Pixel Data, or the value where the file is deflated as a whole."""
    if instance.pixel_offset is None:
        file.seek(0)
        return bytes(dcmread(file, force=True)[instance.pixel_keyword].value)
    file.seek(instance.pixel_offset)
    return file


def _options(instance: InstanceEntry, every_bit: bool) -> dict[str, Any]:
    """Return pydicom's decoding options (PS3.3 C.7.6.3)."""
    options: dict[str, Any] = {"correct_unused_bits": False} if every_bit else {}
    options |= {
        "rows": instance.rows,
        "columns": instance.columns,
        "number_of_frames": instance.number_of_frames,
        "samples_per_pixel": instance.samples_per_pixel,
        "photometric_interpretation": instance.photometric_interpretation,
        "bits_allocated": instance.bits_allocated,
        "pixel_keyword": instance.pixel_keyword,
    }
    if instance.pixel_keyword == "PixelData":
        options |= {
            "bits_stored": instance.bits_stored,
            "pixel_representation": instance.pixel_representation,
            "pixel_vr": "OW" if instance.pixel_words else "OB",
        }
    if instance.samples_per_pixel > 1:
        options["planar_configuration"] = instance.planar_configuration
    return options
