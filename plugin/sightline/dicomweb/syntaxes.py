"""Transfer syntaxes: what each is called in HTTP, and which can be turned into native pixels."""

from __future__ import annotations

from pydicom import uid

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
