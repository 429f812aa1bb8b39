"""Stored values of a frame instead of its appearance: exact, for whoever computes with them. Runs in workers only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from sightline.errors import UnprocessableError
from sightline.rendering.channel import Buffer, Reply
from sightline.rendering.codecs import decode_frame
from sightline.rendering.exact_frames import LARGEST_FRAME, MEDIA_TYPE, Meaning, encode_exact
from sightline.rendering.files import open_file
from sightline.rendering.provenance import ValueSteps, modality_of
from sightline.rendering.series_table import FrameEntry
from sightline.rendering.tasks import frame_entry
from sightline.rendering.view import PictureFormat

_MOST_BITS = 16
_PNG_LEVEL = 1


def render_stored(arguments: dict[str, Any], buffers: Sequence[Buffer], _fds: Sequence[int]) -> Reply:
    """Encode the stored values of one frame.

    Arguments are those of `sightline.rendering.tasks:render_frame`, of whose view only ``format`` is looked at. The
    reply is the same, and has ``bias``: what was added to each stored value to make a sample of it.

    Raises
    ------
    UnprocessableError
        The frame is no grey one of whole numbers of at most 16 bits, or it is too large.
    """
    with open_file(arguments["file"], buffers) as file:
        entry = frame_entry(arguments, file)
        check_exact(entry)
        pixels, _ = decode_frame(file, entry.instance, entry.frame)
    samples = _narrow(pixels)
    wanted = PictureFormat(arguments["view"]["format"])
    bias = 0
    if wanted is PictureFormat.EXACT:
        content, media_type = encode_exact(samples, _meaning(entry)), MEDIA_TYPE
    else:
        bias = -int(np.iinfo(samples.dtype).min)
        shifted = (samples.astype(np.int32) + bias).astype(np.uint16)
        content, media_type = bytes(imagecodecs.png_encode(shifted, level=_PNG_LEVEL)), "image/png"
    modality, rescale = modality_of(entry)
    values = {
        "media_type": media_type,
        "rows": samples.shape[0],
        "columns": samples.shape[1],
        "lossy": entry.instance.lossy,
        "window": None,
        "pixel_spacing": entry.pixel_spacing,
        "steps": ValueSteps(modality, rescale).to_json(),
        "interpolation": [],
        "stored_lossy": entry.instance.lossy,
        "encoding_lossy": False,
        "bias": bias,
    }
    return Reply(values, (content,))


def check_exact(entry: FrameEntry) -> None:
    """Refuse a frame whose values these forms cannot hold. Raises `UnprocessableError`."""
    instance = entry.instance
    if not instance.is_grey:
        raise UnprocessableError("Colours have no stored grey values; a PNG of this frame is exact.", "not-grey")
    if instance.pixel_keyword != "PixelData" or instance.bits_stored > _MOST_BITS:
        kind = "real numbers" if instance.pixel_keyword != "PixelData" else f"of {instance.bits_stored} bits"
        raise UnprocessableError(
            f"The values of this frame are {kind}; at most {_MOST_BITS} bits are sent here. DICOMweb retrieves the "
            "frame as application/octet-stream.",
            "too-many-bits",
        )
    if instance.rows * instance.columns > LARGEST_FRAME:
        raise UnprocessableError(f"This frame has more than {LARGEST_FRAME} pixels.", "too-large")


def _narrow(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the same values in at most 16 bits; cells may be wider than what is stored in them."""
    if pixels.dtype.itemsize <= _MOST_BITS // 8:
        return pixels
    return pixels.astype(f"{pixels.dtype.kind}2")


def _meaning(entry: FrameEntry) -> Meaning:
    instance, rescale = entry.instance, entry.rescale
    known = None if instance.modality_lut else (rescale.slope, rescale.intercept)
    return Meaning(known, instance.padding, instance.is_inverse)
