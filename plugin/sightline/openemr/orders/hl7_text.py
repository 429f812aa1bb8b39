"""HL7 v2 messages as text: from bytes of whatever character set and line end, and values out of their segments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import hl7

from sightline.errors import UnprocessableError

MOST_BYTES = 1 << 20
"""Of one message or file; an order has a few thousand."""

MOST_PARTS = 20_000
"""Separators in one message: each makes an object."""

_CHARACTER_SETS = {
    "": "utf-8", "ASCII": "utf-8", "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    **{f"8859/{number}": f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "ISO IR87": "iso2022_jp", "ISO IR6": "utf-8", "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "BIG-5": "big5",
}  # fmt: skip
"""HL7 table 0211. Who says ASCII and sends more sends UTF-8, or else is refused."""
_STARTS = re.compile(r"(?:\A|(?<=\r))(?=MSH)")
_ESCAPE = re.compile(r"\\(F|S|R|T|E|\.br|X(?:[0-9A-Fa-f]{2}){1,64}|[^\\\r]{0,64})\\")
_POSITION = re.compile(r"([A-Z][A-Z0-9]{2})-([0-9]{1,3})(?:\.([0-9]{1,2}))?")
_MOMENT = re.compile(r"([0-9]{4,14})(?:\.[0-9]{1,4})?(?:([+-])([0-9]{2})([0-9]{2}))?")


@dataclass(frozen=True)
class Position:
    """Where a value is: ``PID-5``, or ``PID-5.1`` for one component."""

    segment: str
    field: int
    component: int = 0

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read ``OBR-4.1``. Raises `ValueError`."""
        found = _POSITION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a place such as OBR-4.1")
        return cls(found[1], int(found[2]), int(found[3] or 0))


def split(content: bytes) -> tuple[bytes, ...]:
    """Return the messages in a file, one after the other; their line ends become CR.

    Raises
    ------
    UnprocessableError
        ``not-hl7``: it does not begin with a message.
    """
    text = content.replace(b"\r\n", b"\r").replace(b"\n", b"\r").strip(b"\r\x0b\x1c \x00\xef\xbb\xbf")
    if not text.startswith(b"MSH"):
        raise UnprocessableError("This is no HL7 message: it does not begin with MSH.", "not-hl7")
    return tuple(part.strip("\r").encode("latin-1") + b"\r" for part in _STARTS.split(text.decode("latin-1")) if part)


def parse(content: bytes) -> hl7.Message:
    """Parse one message.

    Raises
    ------
    UnprocessableError
        ``not-hl7``; ``character-set``: its text is not in the character set that MSH-18 names.
    """
    if sum(map(content.count, (b"|", b"^", b"~", b"&", b"\r"))) > MOST_PARTS:
        raise UnprocessableError(f"It has more than {MOST_PARTS} parts, which no order has.", "too-large")
    head = content.split(b"\r", 1)[0].decode("latin-1")
    if len(head) < 9 or head[3].isalnum():
        raise UnprocessableError("This is no HL7 message: its MSH segment is not whole.", "not-hl7")
    fields = head.split(head[3])
    named = fields[17].partition("~")[0].strip().upper() if len(fields) > 17 else ""
    codec = _CHARACTER_SETS.get(named)
    if codec is None:
        raise UnprocessableError(f"Its character set (MSH-18) is {named[:20]!r}, which is not known here.",
                                 "character-set")  # fmt: skip
    try:
        text = content.decode(codec)
        return hl7.parse(text)
    except UnicodeDecodeError:
        raise UnprocessableError(
            f"Its text is not in the character set that MSH-18 names ({named or 'none, which means UTF-8'}).",
            "character-set",
        ) from None
    except Exception as error:  # the library has many, and none of its own for all
        raise UnprocessableError("This is no HL7 message: it cannot be parsed.", "not-hl7") from error


def value(segment: hl7.Segment, field: int, component: int = 0) -> str:
    """Return a field's first repetition, or a component of it, as people read it; empty where there is none."""
    if field >= len(segment):
        return ""
    separators = segment.separators  # segment, field, repetition, component, subcomponent
    text = str(segment[field])
    if str(segment[0]) == "MSH" and field <= 2:
        return text
    text = text.split(separators[2], 1)[0]
    if component:
        parts = text.split(separators[3])
        text = parts[component - 1].split(separators[4], 1)[0] if component <= len(parts) else ""
    if text == '""':  # HL7 2.5.3: it is deleted
        return ""
    return text.strip() if component == 0 else _unescaped(text, separators).strip()


def components(segment: hl7.Segment, field: int) -> tuple[str, ...]:
    """Return all components of a field's first repetition."""
    count = value(segment, field).count(segment.separators[3]) + 1
    return tuple(value(segment, field, number) for number in range(1, count + 1))


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """Return a time stamp in UTC; None for none.

    Parameters
    ----------
    zone : tzinfo or None
        Of those that tell none, as OpenEMR's; None for this machine's.

    Raises
    ------
    UnprocessableError
        ``time``: it is none.

    >>> moment("202601021015", UTC)
    datetime.datetime(2026, 1, 2, 10, 15, tzinfo=datetime.timezone.utc)
    """
    if not text.strip("0"):
        return None
    found = _MOMENT.fullmatch(text)
    try:
        if not found or len(found[1]) < 8:
            raise ValueError
        digits = found[1].ljust(14, "0")
        if found[2]:
            offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
            zone = timezone(offset if found[2] == "+" else -offset)
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise UnprocessableError("A time in it is not written as HL7 writes one (YYYYMMDDHHMMSS).", "time") from None


def _unescaped(text: str, separators: str) -> str:
    """Replace escape sequences (HL7 2.10). Bounded: those that repeat something as often as they say are left out."""
    marks = {"F": separators[1], "R": separators[2], "S": separators[3], "T": separators[4], "E": "\\", ".br": "\n"}

    def instead(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("X"):
            try:
                return bytes.fromhex(name[1:]).decode("latin-1")
            except ValueError:
                return ""
        return marks.get(name, "")

    return _ESCAPE.sub(instead, text)
