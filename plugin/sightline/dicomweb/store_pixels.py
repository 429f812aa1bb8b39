"""The worker's part of storing pixels that came as bulk data (PS3.18 sections 8.7.3.3 and 10.5.2).

Native pixels must have the length that their description gives. Compressed ones are encapsulated as they are, in the
transfer syntax of their code stream; what the metadata leaves out of their description is read from there.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from sightline.dicomweb.bulk_types import ALIASES, CONSUMER_TYPES, OCTETS, RLE
from sightline.dicomweb.code_streams import CodeStream, read_code_stream
from sightline.dicomweb.dicom_json import JsonDataset
from sightline.dicomweb.store_reasons import (
    CANNOT_UNDERSTAND,
    CONTRADICTION,
    MISSING_ATTRIBUTE,
    SYNTAX_NOT_SUPPORTED,
    WRONG_MEDIA_TYPE,
    NotStoredError,
)
from sightline.dicomweb.syntaxes import IMPLICIT_VR_LITTLE_ENDIAN, MEDIA_TYPES
from sightline.errors import UnprocessableError
from sightline.rendering.channel import Buffer
from sightline.rendering.videos import VIDEO_SYNTAXES
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN

PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS = "7FE00010", "7FE00008", "7FE00009"
_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = "00280002", "00280004", "00280006", "00280008"
_ROWS, _COLUMNS, _ALLOCATED, _STORED = "00280010", "00280011", "00280100", "00280101"
_HIGH_BIT, _REPRESENTATION, _LOSSY = "00280102", "00280103", "00282110"
_VIDEO_NEEDS = (_SAMPLES, _PHOTOMETRIC, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _REPRESENTATION)
_LARGEST_PICTURE = 1 << 28


@dataclass(frozen=True)
class BulkPart:
    """One part of a request: its media type, the transfer syntax that it names (empty: none), and its content."""

    media_type: str
    syntax: str
    content: Buffer


def with_pixels(dataset: JsonDataset, parts: Sequence[BulkPart]) -> tuple[JsonDataset, str]:
    """Return a data set with its pixels, and the transfer syntax that it then has to be written in.

    Parameters
    ----------
    dataset : mapping
        Attributes of the DICOM JSON model; its Pixel Data is named by a BulkDataURI or stands in it.
    parts : sequence of BulkPart
        What was sent for that URI: one part, or one for each frame in order where it is compressed.

    Raises
    ------
    NotStoredError
        With the reason to answer.
    """
    if "InlineBinary" in dataset[PIXEL_DATA]:
        return _native(dataset, PIXEL_DATA, _inline(dataset[PIXEL_DATA]["InlineBinary"])), EXPLICIT_VR_LITTLE_ENDIAN
    media_type, syntax = _kind(parts)
    if media_type in CONSUMER_TYPES:
        return _converted(dataset, parts), EXPLICIT_VR_LITTLE_ENDIAN
    if media_type == OCTETS:
        if len(parts) != 1:
            raise NotStoredError(CONTRADICTION)
        return _native(dataset, PIXEL_DATA, parts[0].content), EXPLICIT_VR_LITTLE_ENDIAN
    if media_type in VIDEO_SYNTAXES:
        return _video(dataset, parts, media_type, syntax)
    if media_type == RLE:
        return _run_length(dataset, parts, syntax)
    return _compressed(dataset, parts, media_type, syntax)


def checked_float_pixels(dataset: JsonDataset, tag: str, part: Buffer) -> JsonDataset:
    """Return a data set with float or double pixels, native always (PS3.3 C.7.6.24 and C.7.6.25)."""
    return _native(dataset, tag, part)


def _inline(text: Any) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, AttributeError):
        raise NotStoredError(CANNOT_UNDERSTAND) from None


def _kind(parts: Sequence[BulkPart]) -> tuple[str, str]:
    """Return media type and transfer syntax that all parts agree on; encapsulated octets are what their syntax is."""
    kinds = {(ALIASES.get(part.media_type, part.media_type) or OCTETS, part.syntax) for part in parts}
    if len(kinds) != 1:
        raise NotStoredError(CONTRADICTION)
    ((media_type, syntax),) = kinds
    if media_type == OCTETS and syntax in MEDIA_TYPES:
        return MEDIA_TYPES[syntax], syntax
    if media_type == OCTETS and syntax not in ("", EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN):
        raise NotStoredError(SYNTAX_NOT_SUPPORTED)
    if media_type not in {OCTETS, *CONSUMER_TYPES, *VIDEO_SYNTAXES, *MEDIA_TYPES.values()}:
        raise NotStoredError(WRONG_MEDIA_TYPE)
    return media_type, syntax


def _said(dataset: JsonDataset, tag: str) -> Any:
    """Return the only value of an attribute, None where it has none."""
    values = dataset.get(tag, {}).get("Value") or [None]
    return values[0]


def _number(dataset: JsonDataset, tag: str, default: int | None = None) -> int:
    value = _said(dataset, tag)
    if value in (None, "") and default is not None:
        return default
    if value in (None, ""):
        raise NotStoredError(MISSING_ATTRIBUTE)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise NotStoredError(CANNOT_UNDERSTAND) from None
    if number < 0:
        raise NotStoredError(CANNOT_UNDERSTAND)
    return number


def native_length(dataset: JsonDataset, tag: str = PIXEL_DATA) -> int:
    """Return how many bytes native pixels take by their description (PS3.5 section 8.1.1), without padding."""
    bits = {FLOAT_PIXELS: 32, DOUBLE_PIXELS: 64}.get(tag) or _number(dataset, _ALLOCATED)
    samples = _number(dataset, _SAMPLES, None if tag == PIXEL_DATA else 1)
    pixels = _number(dataset, _ROWS) * _number(dataset, _COLUMNS) * _number(dataset, _FRAMES, 1)
    photometric = str(_said(dataset, _PHOTOMETRIC) or "")
    if not photometric and tag == PIXEL_DATA:
        raise NotStoredError(MISSING_ATTRIBUTE)
    if bits != 1 and bits % 8:
        raise NotStoredError(CONTRADICTION)
    halves = 2 * samples
    if samples == 3 and photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        halves = 4
    elif samples == 3 and photometric == "YBR_PARTIAL_420":
        halves = 3
    return (pixels * halves * bits // 2 + 7) // 8


def _native(dataset: JsonDataset, tag: str, content: Buffer) -> JsonDataset:
    expected = native_length(dataset, tag)
    if expected == 0 or len(content) not in (expected, expected + expected % 2):
        raise NotStoredError(CONTRADICTION)
    if tag != PIXEL_DATA:
        vr = "OF" if tag == FLOAT_PIXELS else "OD"
    else:
        vr = "OW" if _number(dataset, _ALLOCATED) > 8 else "OB" if dataset[tag].get("vr") == "OB" else "OW"
    return {**dataset, tag: {"vr": vr, "Encoded": content if len(content) % 2 == 0 else bytes(content) + b"\0"}}


def _compressed(
    dataset: JsonDataset, parts: Sequence[BulkPart], media_type: str, syntax: str
) -> tuple[JsonDataset, str]:
    """Encapsulate JPEG, JPEG-LS, JPEG 2000 or HTJ2K, one part for each frame."""
    try:
        streams = [read_code_stream(part.content) for part in parts]
    except UnprocessableError as error:
        raise NotStoredError(CANNOT_UNDERSTAND) from error
    common = set.intersection(*(set(stream.syntaxes) for stream in streams))
    chosen = next((candidate for candidate in streams[0].syntaxes if candidate in common), "")
    if MEDIA_TYPES.get(chosen) != media_type or len({_shape(stream) for stream in streams}) != 1:
        raise NotStoredError(CONTRADICTION)
    if syntax:
        if syntax not in MEDIA_TYPES:
            raise NotStoredError(SYNTAX_NOT_SUPPORTED)
        if syntax not in common:
            raise NotStoredError(CONTRADICTION)
    if _number(dataset, _FRAMES, 1) != len(parts):
        raise NotStoredError(CONTRADICTION)
    described = _described(dataset, streams[0])
    if any(stream.lossy for stream in streams) and _said(described, _LOSSY) in (None, ""):
        described[_LOSSY] = {"vr": "CS", "Value": ["01"]}
    return _encapsulated(described, parts), syntax or chosen


def _shape(stream: CodeStream) -> tuple[int, int, int, int]:
    return stream.rows, stream.columns, stream.samples, stream.bits


def _described(dataset: JsonDataset, stream: CodeStream) -> JsonDataset:
    """Return a data set whose Image Pixel Description Macro is complete, and agrees with the code stream."""
    allocated = 8 if stream.bits <= 8 else 16 if stream.bits <= 16 else 32
    derived: dict[str, tuple[str, Any]] = {
        _SAMPLES: ("US", stream.samples),
        _PHOTOMETRIC: ("CS", stream.photometric_interpretation),
        _ROWS: ("US", stream.rows),
        _COLUMNS: ("US", stream.columns),
        _ALLOCATED: ("US", allocated),
        _STORED: ("US", stream.bits),
        _HIGH_BIT: ("US", _number(dataset, _STORED, stream.bits) - 1),
        _REPRESENTATION: ("US", int(stream.signed)),
    }
    if stream.samples > 1:
        derived[_PLANAR] = ("US", 0)
    for tag in (_ROWS, _COLUMNS, _SAMPLES):
        if _number(dataset, tag, derived[tag][1]) != derived[tag][1]:
            raise NotStoredError(CONTRADICTION)
    if not stream.bits <= _number(dataset, _ALLOCATED, allocated) <= 32:
        raise NotStoredError(CONTRADICTION)
    missing = {tag: {"vr": vr, "Value": [v]} for tag, (vr, v) in derived.items() if _said(dataset, tag) in (None, "")}
    return {**dataset, **missing}


def _run_length(dataset: JsonDataset, parts: Sequence[BulkPart], syntax: str) -> tuple[JsonDataset, str]:
    """Encapsulate RLE, which says nothing of itself but how many segments a frame has (PS3.5 annex G)."""
    if syntax not in ("", uid.RLELossless) or _number(dataset, _FRAMES, 1) != len(parts):
        raise NotStoredError(CONTRADICTION)
    native_length(dataset)
    segments = _number(dataset, _SAMPLES) * ((_number(dataset, _ALLOCATED) + 7) // 8)
    for part in parts:
        if len(part.content) < 64 or int.from_bytes(part.content[:4], "little") != segments:
            raise NotStoredError(CONTRADICTION)
    return _encapsulated(dataset, parts), str(uid.RLELossless)


def _video(dataset: JsonDataset, parts: Sequence[BulkPart], media_type: str, syntax: str) -> tuple[JsonDataset, str]:
    if syntax not in VIDEO_SYNTAXES[media_type]:
        raise NotStoredError(SYNTAX_NOT_SUPPORTED if syntax else MISSING_ATTRIBUTE)
    if len(parts) != 1:
        raise NotStoredError(CONTRADICTION)
    for tag in _VIDEO_NEEDS:
        if _said(dataset, tag) in (None, ""):
            raise NotStoredError(MISSING_ATTRIBUTE)
    return _encapsulated(dataset, parts), syntax


def _encapsulated(dataset: JsonDataset, parts: Sequence[BulkPart]) -> JsonDataset:
    frames = [bytes(part.content) for part in parts]
    has_table = sum(map(len, frames)) + 9 * len(frames) < 1 << 32  # its offsets have 32 bits
    return {**dataset, PIXEL_DATA: {"vr": "OB", "Encapsulated": encapsulate(frames, has_bot=has_table)}}


def _converted(dataset: JsonDataset, parts: Sequence[BulkPart]) -> JsonDataset:
    """Turn PNG or GIF pictures, one for each frame, into native pixels."""
    frames = [_picture(part.content) for part in parts]
    if len({(frame.shape, frame.dtype) for frame in frames}) != 1:
        raise NotStoredError(CONTRADICTION)
    frame = frames[0]
    samples, bits = (3 if frame.ndim == 3 else 1), frame.dtype.itemsize * 8
    colour = "RGB" if samples == 3 else "MONOCHROME2"
    described = _described(dataset, CodeStream(frame.shape[0], frame.shape[1], samples, bits, False, colour, (), False))
    if (_number(described, _ALLOCATED), _number(described, _PLANAR, 0)) != (bits, 0):
        raise NotStoredError(CONTRADICTION)
    return _native(described, PIXEL_DATA, b"".join(frame.tobytes() for frame in frames))


def _picture(content: Buffer) -> np.ndarray[Any, Any]:
    """Return the pixels of a PNG or GIF: (rows, columns) or (rows, columns, 3), uint8 or uint16."""
    try:
        with Image.open(BytesIO(content), formats=("PNG", "GIF")) as picture:
            if picture.width * picture.height > _LARGEST_PICTURE or getattr(picture, "n_frames", 1) != 1:
                raise NotStoredError(CONTRADICTION)
            if "transparency" in picture.info or picture.mode not in ("1", "L", "P", "RGB", "I;16"):
                raise NotStoredError(WRONG_MEDIA_TYPE)  # transparency has no place in DICOM, and is not to be lost
            mode = {"1": "L", "P": "RGB"}.get(picture.mode, picture.mode)
            pixels = np.asarray(picture.convert(mode) if mode != picture.mode else picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotStoredError(CANNOT_UNDERSTAND) from None
    return pixels.astype("<u2" if mode == "I;16" else np.uint8, copy=False)
