"""Media types in which bulk data can be stored, beside those of `syntaxes.MEDIA_TYPES` (PS3.18 table 8.7.3-5)."""

from __future__ import annotations

from pydicom import uid

OCTETS = "application/octet-stream"
RLE = "image/dicom-rle"

CONSUMER_TYPES = ("image/png", "image/gif")
"""Media types without a transfer syntax, which become native pixels (PS3.18 table 10.5.2-1)."""

VIDEO_SYNTAXES = {
    "video/mpeg": tuple(map(str, (uid.MPEG2MPML, uid.MPEG2MPMLF, uid.MPEG2MPHL, uid.MPEG2MPHLF))),
    "video/mp4": tuple(
        map(
            str,
            (
                uid.MPEG4HP41, uid.MPEG4HP41F, uid.MPEG4HP41BD, uid.MPEG4HP41BDF, uid.MPEG4HP422D, uid.MPEG4HP422DF,
                uid.MPEG4HP423D, uid.MPEG4HP423DF, uid.HEVCMP51, uid.HEVCM10P51,
            ),
        )
    ),
}  # fmt: skip
"""Transfer syntaxes of videos; which one it is has to be said."""

ALIASES = {
    "image/x-jls": "image/jls",
    "image/x-dicom-rle": RLE,
    "image/jpg": "image/jpeg",
    "video/mpeg2": "video/mpeg",
}
"""Names that earlier editions of the standard, or other programs, use."""
