"""Media types in which bulk data can be stored, beside those of `syntaxes.MEDIA_TYPES` (PS3.18 table 8.7.3-5)."""

from __future__ import annotations

OCTETS = "application/octet-stream"
RLE = "image/dicom-rle"

CONSUMER_TYPES = ("image/png", "image/gif")
"""Media types without a transfer syntax, which become native pixels (PS3.18 table 10.5.2-1)."""

ALIASES = {
    "image/x-jls": "image/jls",
    "image/x-dicom-rle": RLE,
    "image/jpg": "image/jpeg",
    "video/mpeg2": "video/mpeg",
}
"""Names that earlier editions of the standard, or other programs, use."""
