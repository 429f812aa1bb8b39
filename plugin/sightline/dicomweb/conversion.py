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
from sightline.dicomweb.syntaxes import ENCODABLE
from sightline.errors import NotFoundError, UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.codecs import decode_frame, register
from sightline.rendering.files import open_file
from sightline.rendering.series_table import instance_from_json


def convert_file(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return a stored file in another transfer syntax, pixels and UIDs unchanged.

    Parameters
    ----------
    arguments : mapping
        ``file``, and ``syntax``: UID of Explicit or Implicit VR Little Endian, or one of `syntaxes.ENCODABLE`.

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
        _make_native(dataset)
        if arguments["syntax"] in ENCODABLE:
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


def _make_native(dataset: Dataset) -> None:
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        if "PixelData" in dataset:
            dataset.decompress(generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        if "PixelData" in dataset:
            pixels = pixel_array(dataset, raw=True)
            dataset.PixelData = _little_endian(pixels)
        _swap_words(dataset)


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
    with open_file(arguments["file"], buffers) as file:
        frames = [decode_frame(file, instance, number)[0] for number in arguments["frames"]]
    if instance.bits_allocated == 1:
        return Reply(
            {}, tuple(np.packbits(frame.astype(np.uint8).ravel(), bitorder="little").tobytes() for frame in frames)
        )
    return Reply({}, tuple(_little_endian(frame) for frame in frames))


def encoded_frames(arguments: Mapping[str, Any], buffers: Sequence[Buffer], _: Sequence[int]) -> Reply:
    """Return frames in an encapsulated syntax, one buffer each. Arguments of `stored_frames`, and ``syntax``."""
    register()
    instance = instance_from_json(arguments["instance"])
    with open_file(arguments["file"], buffers) as file:
        frames = [decode_frame(file, instance, number)[0] for number in arguments["frames"]]
    return Reply({}, tuple(encode_frame(frame, instance.bits_stored, arguments["syntax"]) for frame in frames))


def _little_endian(pixels: NDArray[Any]) -> bytes:
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
