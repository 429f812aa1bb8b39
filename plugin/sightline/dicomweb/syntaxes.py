"""Transfer syntaxes: what each is called in HTTP, and which can be turned into native pixels."""

from __future__ import annotations

from pydicom import uid

from sightline.rendering.series_table import InstanceEntry
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

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
_COLOUR = frozenset(map(str, (uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless)))
_GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")


def can_be_encoded(entry: InstanceEntry, syntax: str) -> bool:
    """Whether an image's pixels can be put into that encapsulated syntax, nothing lost."""
    if entry.pixel_keyword != "PixelData" or entry.bits_allocated not in (8, 16) or syntax not in ENCODABLE:
        return False
    if entry.pixel_representation and entry.bits_stored != entry.bits_allocated and syntax != uid.RLELossless:
        return False
    if entry.samples_per_pixel == 1:
        return entry.photometric_interpretation in _GREY and entry.bits_stored > 1
    return entry.photometric_interpretation == "RGB" and entry.bits_stored == 8 and syntax in _COLOUR


def is_decodable(syntax: str) -> bool:
    """Whether pixels in that syntax can be made native."""
    return syntax in NATIVE or syntax in MEDIA_TYPES


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
