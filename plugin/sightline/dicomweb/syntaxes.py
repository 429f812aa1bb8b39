"""Transfer syntaxes: what each is called in HTTP, and which can be turned into native pixels."""

from __future__ import annotations

from pydicom import uid

from sightline.rendering.bit_frames import DEFLATED_FRAMES
from sightline.rendering.series_table import InstanceEntry
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType, parse_accept

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = str(uid.JPEGBaseline8Bit)

NATIVE = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED, BIG_ENDIAN})
"""Syntaxes whose pixels are not encapsulated."""

MEDIA_TYPES = {
    str(syntax): name
    for name, syntaxes in {
        "image/jpeg": (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1),
        "image/dicom-rle": (uid.RLELossless,),
        "image/jls": (uid.JPEGLSLossless, uid.JPEGLSNearLossless),
        "image/jp2": (uid.JPEG2000Lossless, uid.JPEG2000),
        "image/jphc": (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K),
    }.items()
    for syntax in syntaxes
}
"""Media type of one frame in each encapsulated syntax (PS3.18 table 8.7.3-5). All of these can be decoded."""


ENCODABLE = tuple(
    map(str, (uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.HTJ2KLossless))
)
"""Encapsulated syntaxes that whole instances can be turned into, without loss."""
FRAME_SYNTAXES = ENCODABLE[1:]
"""Those that single frames can be turned into: all but RLE."""
_GREY = ("MONOCHROME1", "MONOCHROME2")
_DECODED_TO_RGB = ("RGB", "YBR_RCT", "YBR_ICT")
"""Colour spaces of what decoding makes RGB of (PS3.3 C.7.6.3.1.2), where the samples are not RGB anyway."""


def can_be_encoded(entry: InstanceEntry, syntax: str) -> bool:
    """Whether an image's pixels can be put into that encapsulated syntax, nothing lost but by `JPEG_BASELINE`."""
    if syntax == JPEG_BASELINE:
        return _can_be_lossy(entry)
    if entry.pixel_keyword != "PixelData" or entry.bits_allocated not in (8, 16) or syntax not in ENCODABLE:
        return False
    if entry.shift and syntax != uid.RLELossless:
        return False
    if entry.samples_per_pixel == 1:
        return entry.photometric_interpretation in (*_GREY, "PALETTE COLOR") and entry.bits_stored > 1
    return entry.photometric_interpretation in _DECODED_TO_RGB and entry.bits_stored == 8 and not entry.shift


def _can_be_lossy(entry: InstanceEntry) -> bool:
    """Whether an image is of 8 bits, which no window has to be guessed for, and not of indices, which have no mean."""
    if entry.pixel_keyword != "PixelData" or entry.pixel_representation or entry.shift:
        return False
    interpretations = _GREY if entry.samples_per_pixel == 1 else (*_DECODED_TO_RGB, "YBR_FULL")
    has_8_bits = (entry.bits_allocated, entry.bits_stored) == (8, 8)
    # Compressed YBR becomes RGB where a whole file is decoded, and stays what it is where a frame is.
    is_plain = entry.photometric_interpretation != "YBR_FULL" or entry.transfer_syntax_uid in NATIVE
    return has_8_bits and is_plain and entry.photometric_interpretation in interpretations


def lossy_targets(accept_header: str, query_accept: str | None) -> tuple[str, ...]:
    """Return the lossy syntax if the client names it; nobody gets it who says ``image/jpeg`` or ``*`` only."""
    wanted = query_accept if query_accept and query_accept.strip() else accept_header
    return (JPEG_BASELINE,) if any(r.transfer_syntax == JPEG_BASELINE for r, _ in parse_accept(wanted)) else ()


def is_decodable(syntax: str) -> bool:
    """Whether pixels in that syntax can be made native."""
    return syntax in NATIVE or syntax in MEDIA_TYPES or syntax == DEFLATED_FRAMES


def offers(content: str, stored: str, targets: tuple[str, ...], single: bool) -> list[MediaType]:
    """Return what can be answered for one media type: as stored, then in the syntaxes that it can be turned into.

    Parameters
    ----------
    content : str
        ``application/dicom`` or ``application/octet-stream``.
    stored : str
        Transfer syntax of what is stored.
    targets : tuple of str
        Transfer syntaxes that can be made of it.
    single : bool
        Whether it can also be sent as it is, without a multipart body around it.
    """
    syntaxes = list(dict.fromkeys([stored, *targets]))
    found = [MediaType("multipart/related", content, syntax) for syntax in syntaxes]
    return found + [MediaType(content, "", syntax) for syntax in syntaxes if single]
