"""Files whose sequences nest as deeply as asked; written by hand, since no toolkit writes them."""

from __future__ import annotations

from struct import pack

from pydicom.uid import ExplicitVRLittleEndian, generate_uid

_COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
_UNDEFINED = 0xFFFFFFFF
_OPEN = pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, _UNDEFINED) + pack("<HHL", 0xFFFE, 0xE000, _UNDEFINED)
_CLOSE = pack("<HHL", 0xFFFE, 0xE00D, 0) + pack("<HHL", 0xFFFE, 0xE0DD, 0)


def nested_file(levels: int) -> bytes:
    """Return a storable Part 10 file (Explicit VR Little Endian) with `levels` nested Content Sequences."""
    sop = generate_uid()
    meta = _text(0x0002, 0x0002, "UI", _COMPREHENSIVE_SR) + _text(0x0002, 0x0003, "UI", sop)
    meta += _text(0x0002, 0x0010, "UI", ExplicitVRLittleEndian)
    dataset = _text(0x0008, 0x0016, "UI", _COMPREHENSIVE_SR) + _text(0x0008, 0x0018, "UI", sop)
    dataset += _text(0x0008, 0x0060, "CS", "SR") + _text(0x0010, 0x0020, "LO", "NESTED")
    dataset += _text(0x0020, 0x000D, "UI", generate_uid()) + _text(0x0020, 0x000E, "UI", generate_uid())
    dataset += _OPEN * levels + _CLOSE * levels
    length = pack("<HH2sHL", 0x0002, 0x0000, b"UL", 4, len(meta))
    return bytes(128) + b"DICM" + length + meta + dataset


def _text(group: int, number: int, vr: str, value: str) -> bytes:
    encoded = value.encode()
    encoded += (b"\0" if vr == "UI" else b" ") * (len(encoded) % 2)
    return pack("<HH2sH", group, number, vr.encode(), len(encoded)) + encoded
