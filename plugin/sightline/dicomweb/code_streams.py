"""What the head of a compressed image says of it: size, bits, colour, and in which transfer syntaxes it may stand.

Only headers are read, nothing is decoded: JPEG (ITU-T T.81), JPEG-LS (T.87), JPEG 2000 (T.800) and High-Throughput
JPEG 2000 (T.814). Runs in workers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import uid

from sightline.errors import UnprocessableError

_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_BOX = b"\x00\x00\x00\x0cjP  "
_SOF_LOSSLESS, _SOF_LS, _SOS, _APP14, _EOI = 0xC3, 0xF7, 0xDA, 0xEE, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_SIZ, _CAP, _COD, _SOT = 0xFF51, 0xFF50, 0xFF52, 0xFF90


@dataclass(frozen=True)
class CodeStream:
    """One compressed frame, as its header describes it.

    Parameters
    ----------
    rows, columns, samples, bits : int
        Of the frame; bits of each sample.
    signed : bool
        Whether samples have a sign; JPEG and JPEG-LS do not say, and False stands for that.
    photometric_interpretation : str
        What follows from the header where the metadata does not say.
    syntaxes : tuple of str
        UIDs of transfer syntaxes in which it may stand, the fitting one first.
    lossy : bool
        Whether it was compressed with loss.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool
    photometric_interpretation: str
    syntaxes: tuple[str, ...]
    lossy: bool


def read_code_stream(content: bytes | bytearray | memoryview) -> CodeStream:
    """Describe a compressed frame.

    Raises
    ------
    UnprocessableError
        ``bad-code-stream``: it is none of these formats, damaged, or of a kind that DICOM has no transfer syntax for.
    """
    view = memoryview(content)
    start = view[:8].tobytes()
    try:
        if start.startswith(_J2K_START):
            return _jpeg_2000(view)
        if start.startswith(_JPEG_START):
            return _jpeg(view)
    except (IndexError, ValueError):
        raise _bad("A compressed frame is damaged.") from None
    if start == _JP2_BOX:
        raise _bad("JPEG 2000 stands in DICOM without the boxes of a JP2 file (PS3.5 section A.4.4).")
    raise _bad("A compressed frame is of no format that is known here.")


def _bad(message: str) -> UnprocessableError:
    return UnprocessableError(message, "bad-code-stream")


def _segments(view: memoryview) -> Iterator[tuple[int, bytes]]:
    """Yield marker codes and contents of the segments of a JPEG stream, up to the first scan's header."""
    position = 2
    while True:
        if view[position] != 0xFF:
            raise ValueError("no marker")
        code = view[position + 1]
        if code == 0xFF:  # fill bytes
            position += 1
            continue
        position += 2
        if code in _WITHOUT_LENGTH:
            continue
        if code == _EOI:
            raise ValueError("no scan")
        length = int.from_bytes(view[position : position + 2], "big")
        content = view[position + 2 : position + length].tobytes()
        if length < 2 or len(content) != length - 2:
            raise ValueError("cut off")
        yield code, content
        position += length
        if code == _SOS:
            return


def _jpeg(view: memoryview) -> CodeStream:
    """Describe JPEG and JPEG-LS."""
    frame: tuple[int, bytes] | None = None
    adobe: int | None = None
    scan = b""
    for code, content in _segments(view):
        if code == _APP14 and content[:5] == b"Adobe":
            adobe = content[11]
        elif code in (_SOF_LS, *range(0xC0, 0xD0)) and code not in (0xC4, 0xC8, 0xCC):
            frame = code, content
        elif code == _SOS:
            scan = content
    if frame is None or not scan:
        raise ValueError("no frame")
    code, head = frame
    bits, rows, columns, samples = head[0], head[1] << 8 | head[2], head[3] << 8 | head[4], head[5]
    syntaxes, lossy = _jpeg_syntaxes(code, bits, scan)
    colour = _jpeg_colour(code, [head[6 + 3 * index] for index in range(samples)], head[7], adobe)
    return CodeStream(rows, columns, samples, bits, False, colour, syntaxes, lossy)


def _jpeg_syntaxes(code: int, bits: int, scan: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the transfer syntaxes for a kind of frame, and whether it is lossy."""
    parameter = scan[1 + 2 * scan[0]]  # predictor of lossless JPEG, nearness of JPEG-LS
    if code == _SOF_LS:
        near = (str(uid.JPEGLSNearLossless),)
        return (near, True) if parameter else ((str(uid.JPEGLSLossless), *near), False)
    if code == _SOF_LOSSLESS:
        any_predictor = (str(uid.JPEGLossless),)
        return ((str(uid.JPEGLosslessSV1), *any_predictor) if parameter == 1 else any_predictor), False
    if code == 0xC0 and bits == 8:
        return (str(uid.JPEGBaseline8Bit), str(uid.JPEGExtended12Bit)), True
    if code == 0xC1 and bits in (8, 12):
        return (str(uid.JPEGExtended12Bit),), True
    raise _bad("This kind of JPEG has no transfer syntax in DICOM; baseline, extended and lossless have.")


def _jpeg_colour(code: int, components: list[int], sampling: int, adobe: int | None) -> str:
    """Return how three components are to be understood, as decoders agree on."""
    if len(components) != 3:
        return "MONOCHROME2"
    if code in (_SOF_LS, _SOF_LOSSLESS) or adobe == 0 or bytes(components) == b"RGB":
        return "RGB"
    return "YBR_FULL" if sampling == 0x11 else "YBR_FULL_422"


def _jpeg_2000(view: memoryview) -> CodeStream:
    size = coding = b""
    high_throughput = False
    position = 2
    while True:
        marker = int.from_bytes(view[position : position + 2], "big")
        if marker == _SOT or marker < 0xFF00:
            break
        length = int.from_bytes(view[position + 2 : position + 4], "big")
        if length < 2:
            raise ValueError("no length")
        content = view[position + 4 : position + 2 + length].tobytes()
        size = content if marker == _SIZ else size
        coding = content if marker == _COD else coding
        high_throughput = high_throughput or marker == _CAP
        position += 2 + length
    x_size, y_size, x_offset, y_offset = (int.from_bytes(size[i : i + 4], "big") for i in (2, 6, 10, 14))
    samples = size[34] << 8 | size[35]
    depth = size[36]
    progression, transform, mixed = coding[1], coding[9], coding[4]
    syntaxes = _jpeg_2000_syntaxes(high_throughput, transform == 1, progression)
    colour = ("YBR_RCT" if transform else "YBR_ICT") if mixed else "RGB"
    return CodeStream(
        rows=y_size - y_offset,
        columns=x_size - x_offset,
        samples=samples,
        bits=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        photometric_interpretation=colour if samples == 3 else "MONOCHROME2",
        syntaxes=syntaxes,
        lossy=transform != 1,
    )


_RPCL = 2


def _jpeg_2000_syntaxes(high_throughput: bool, reversible: bool, progression: int) -> tuple[str, ...]:
    if not high_throughput:
        return (str(uid.JPEG2000Lossless), str(uid.JPEG2000)) if reversible else (str(uid.JPEG2000),)
    ordered = (str(uid.HTJ2KLosslessRPCL),) if reversible and progression == _RPCL else ()
    return (*((str(uid.HTJ2KLossless),) if reversible else ()), *ordered, str(uid.HTJ2K))
