"""The worker's part of retrieval: whole files and frames in another transfer syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRBigEndian

from sightline.dicomweb.attributes import BINARY_WORDS, swapped
from sightline.dicomweb.encapsulated import encapsulate_pixels, encode_frame
from sightline.dicomweb.metadata import read_dataset
from sightline.dicomweb.syntaxes import BIG_ENDIAN, ENCODABLE, JPEG_BASELINE, NATIVE
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.bit_frames import DEFLATED_FRAMES, RLE
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.codecs import decode_frame, register
from sightline.rendering.files import open_file
from sightline.rendering.headers import read_frames
from sightline.rendering.series_table import InstanceEntry, instance_from_json

_LITTLE_ENDIAN = NATIVE - {BIG_ENDIAN}


def convert_file(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return a stored file in another transfer syntax, pixels and UIDs unchanged, but by JPEG Baseline.

    Parameters
    ----------
    arguments : mapping
        ``file``, and ``syntax``: UID of Explicit or Implicit VR Little Endian, one of `syntaxes.ENCODABLE`, or of JPEG
        Baseline.

    Raises
    ------
    UnprocessableError
        It cannot be read, decoded or written.
    """
    register()
    dataset = read_dataset(arguments["file"], buffers, None)
    if dataset is None:
        raise UnprocessableError("The stored file cannot be read.", "unreadable")
    written = BytesIO()
    try:
        _make_native(dataset, arguments, buffers)
        if arguments["syntax"] in (*ENCODABLE, JPEG_BASELINE):
            encapsulate_pixels(dataset, arguments["syntax"])
        dataset.file_meta.TransferSyntaxUID = UID(arguments["syntax"])
        dcmwrite(
            written,
            dataset,
            implicit_vr=arguments["syntax"] == "1.2.840.10008.1.2",
            little_endian=True,
            enforce_file_format=True,
        )
    except (MemoryError, RecursionError, UnprocessableError):
        raise
    except Exception as error:
        raise UnprocessableError("The pixels of this instance cannot be decoded.", "undecodable") from error
    return Reply({}, (written.getbuffer(),))


def _make_native(dataset: Dataset, arguments: Mapping[str, Any], buffers: Sequence[Buffer]) -> None:
    syntax = dataset.file_meta.TransferSyntaxUID
    if "PixelData" in dataset:
        if syntax == DEFLATED_FRAMES or (int(dataset.BitsAllocated) == 1 and syntax not in _LITTLE_ENDIAN):
            _decode_ourselves(dataset, arguments, buffers)
        elif syntax.is_encapsulated:
            dataset.decompress(generate_instance_uid=False, correct_unused_bits=False)
            if syntax != RLE and _holds_values_only(dataset):
                _widen(dataset)
        elif syntax == ExplicitVRBigEndian:
            dataset.PixelData = _little_endian(pixel_array(dataset, raw=True))
    if syntax == ExplicitVRBigEndian:
        _swap_words(dataset)


def _holds_values_only(dataset: Dataset) -> bool:
    """Whether nothing is meant to be in the unused bits: values stand at the bottom, and no overlay above them."""
    overlays = (dataset.get((group, 0x0102)) for group in range(0x6000, 0x6020, 2))
    return bool(dataset.HighBit == dataset.BitsStored - 1) and not any(place and place.value for place in overlays)


def _widen(dataset: Dataset) -> None:
    """Let Bits Stored hold what was decoded, where a code stream is deeper than the header says (PS3.5 section 8.2.4).

    Readers take no notice of what is above Bits Stored: the brightest pixels would come out as dark ones.
    """
    cells = np.frombuffer(dataset.PixelData, f"<{'iu'[dataset.PixelRepresentation == 0]}{dataset.BitsAllocated // 8}")
    least, greatest = (int(cells.min()), int(cells.max())) if cells.size else (0, 0)
    if least >= 0 and greatest >> dataset.BitsStored == 0:
        return  # signed values, too: their sign need not be repeated above Bits Stored
    needed = max(greatest.bit_length(), (~least if least < 0 else least).bit_length()) + dataset.PixelRepresentation
    if needed > dataset.BitsStored:
        dataset.BitsStored, dataset.HighBit = needed, needed - 1


def _decode_ourselves(dataset: Dataset, arguments: Mapping[str, Any], buffers: Sequence[Buffer]) -> None:
    """Put native pixels in place of what pydicom does not decode, or not as the bits that they are."""
    with open_file(arguments["file"], buffers) as file:
        entries = read_frames(file, "")
        frames = np.stack([decode_frame(file, entry.instance, entry.frame)[0] for entry in entries])
    is_packed = int(dataset.BitsAllocated) == 1
    content = _packed(frames) if is_packed else _little_endian(frames)
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OW" if int(dataset.BitsAllocated) > 8 else "OB"
    dataset["PixelData"].is_undefined_length = False
    if dataset.get("SamplesPerPixel", 1) > 1:
        dataset.PlanarConfiguration = 0


def _packed(bits: NDArray[Any]) -> bytes:
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little").tobytes()


def _swap_words(dataset: Dataset) -> None:
    """Turn binary values round, which pydicom writes as it has read them."""
    for element in dataset.iterall():
        if element.keyword != "PixelData" and isinstance(element.value, bytes):
            element.value = swapped(element.value, BINARY_WORDS.get(element.VR, 1))


def stored_frames(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return encapsulated frames as they are stored, one buffer each.

    Parameters
    ----------
    arguments : mapping
        ``file``, ``instance`` (an `InstanceEntry` as JSON) and ``frames``, numbers from 1.
    """
    instance = instance_from_json(arguments["instance"])
    with open_file(arguments["file"], buffers) as file:
        found = []
        for number in arguments["frames"]:
            file.seek(instance.pixel_offset or 0)
            try:
                found.append(get_frame(file, number - 1, number_of_frames=instance.number_of_frames))
            except (ValueError, IndexError, EOFError, OSError) as error:
                raise NotFoundError(f"There is no frame {number} in the stored pixels.") from error
    return Reply({}, tuple(found))


def native_frames(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return frames as native pixels, little endian, one buffer each. Arguments are those of `stored_frames`."""
    register()
    instance = instance_from_json(arguments["instance"])
    frames = [frame for frame, _ in _decoded(arguments, buffers, instance)]
    if instance.bits_allocated == 1:
        return Reply({}, tuple(_packed(frame) for frame in frames))
    return Reply({}, tuple(_little_endian(frame) for frame in frames))


def encoded_frames(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return frames in an encapsulated syntax, one buffer each. Arguments of `stored_frames`, and ``syntax``."""
    register()
    instance = instance_from_json(arguments["instance"])
    return Reply(
        {},
        tuple(
            encode_frame(frame, instance.bits_stored, arguments["syntax"], photometric == "YBR_FULL")
            for frame, photometric in _decoded(arguments, buffers, instance)
        ),
    )


def _decoded(
    arguments: Mapping[str, Any], buffers: Sequence[Buffer], instance: InstanceEntry
) -> list[tuple[NDArray[Any], str]]:
    """Return frames and their colour space, with every bit where cells were stored and not just values."""
    every_bit = instance.transfer_syntax_uid in (*NATIVE, RLE)
    with open_file(arguments["file"], buffers) as file:
        return [decode_frame(file, instance, number, every_bit) for number in arguments["frames"]]


def _little_endian(pixels: NDArray[Any]) -> bytes:
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
