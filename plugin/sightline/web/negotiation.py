"""Which of the media types on offer a client wants (RFC 9110 section 12.5.1, PS3.18 section 8.7).

Understands quality values, wildcards, `multipart/related` with the type of its parts, and transfer syntaxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.errors import BadRequestError, NotAcceptableError

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
"""What a client means that names no transfer syntax for DICOM or for bulk data (PS3.18 section 8.7.3.1)."""

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)+')
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*+"?|[^\s;,"]*)')
_NAME = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")
_WITH_DEFAULT_SYNTAX = ("application/dicom", "application/octet-stream", "application/zip")


@dataclass(frozen=True)
class MediaType:
    """A media type on offer, or a range that a client accepts.

    Parameters
    ----------
    name : str
        ``type/subtype`` in lower case; ranges may have ``*``.
    part : str
        Media type of the parts where this is ``multipart/related``; empty otherwise, or when a range does not say.
    transfer_syntax : str
        UID of the transfer syntax; ``*`` in a range accepts any; empty where it does not apply or is not said.
    """

    name: str
    part: str = ""
    transfer_syntax: str = ""

    @property
    def content(self) -> str:
        """Media type of what is carried: that of the parts, or this one itself."""
        return self.part or self.name

    def __str__(self) -> str:
        """Return it as it stands in a header."""
        part = f'; type="{self.part}"' if self.part else ""
        syntax = f"; transfer-syntax={self.transfer_syntax}" if self.transfer_syntax else ""
        return f"{self.name}{part}{syntax}"


def negotiate(accept_header: str, query_accept: str | None, offers: Sequence[MediaType]) -> MediaType:
    """Return the offer that the client likes best; among equals the first.

    Parameters
    ----------
    accept_header : str
        The header `Accept`; empty when there was none, which accepts everything.
    query_accept : str or None
        The query parameter `accept` (PS3.18 section 8.3.3.1), which stands in place of the header.
    offers : sequence of MediaType
        What can be produced, best first, at least one.

    Raises
    ------
    NotAcceptableError
        Nothing on offer is acceptable; the message names what is.
    BadRequestError
        The query parameter is no list of media types.

    Examples
    --------
    >>> png, jpeg = MediaType("image/png"), MediaType("image/jpeg")
    >>> str(negotiate("image/jpeg;q=0.5, image/*;q=0.9", None, [jpeg, png]))
    'image/png'
    """
    wanted = query_accept if query_accept and query_accept.strip() else accept_header
    ranges = list(parse_accept(wanted))
    if not ranges:
        if wanted is query_accept:
            raise BadRequestError("'accept' names no media type.", "bad-accept")
        ranges = [(MediaType("*/*"), 1.0)]
    graded = [(_grade(offer, ranges), offer) for offer in offers]
    best, offer = max(graded, key=lambda pair: pair[0])
    if best[0] <= 0:
        raise NotAcceptableError(f"Available here: {', '.join(str(offer) for offer in offers)}.")
    return offer


def parse_accept(text: str) -> Iterator[tuple[MediaType, float]]:
    """Yield the ranges of an Accept header with their quality; what cannot be understood is left out.

    The type of parts may stand without quotes although it has a slash, as many clients send it, and a ``+`` that a
    query string turned into a space is taken for what it was.
    """
    for element in _ELEMENT.findall(text):
        name, values = parse_media_type(element)
        if not _NAME.fullmatch(name):
            continue
        try:
            quality = min(max(float(values.get("q", "1")), 0.0), 1.0)
        except ValueError:
            continue
        yield MediaType(name, values.get("type", "").lower(), values.get("transfer-syntax", "")), quality


def parse_media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return the name of a media type and its parameters, names in lower case. Unquoted values may have slashes.

    >>> parse_media_type("multipart/related; type=application/dicom; boundary=----=_1/2")
    ('multipart/related', {'type': 'application/dicom', 'boundary': '----=_1/2'})
    """
    name = text.partition(";")[0].strip().lower().replace(" ", "+")
    return name, {key.lower(): _unquote(value) for key, value in _PARAMETER.findall(text)}


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:].removesuffix('"')) if value.startswith('"') else value


def _grade(offer: MediaType, ranges: Sequence[tuple[MediaType, float]]) -> tuple[float, int]:
    """Return quality and closeness of the most specific range that accepts the offer; (0, 0) if none does."""
    closest, quality = 0, 0.0
    for wanted, value in ranges:
        closeness = _closeness(offer, wanted)
        if closeness > closest or (closeness == closest and closeness and value > quality):
            closest, quality = closeness, value
    return (quality, closest & _SYNTAX_BITS) if quality else (0.0, 0)


_SYNTAX_BITS = 3


def _closeness(offer: MediaType, wanted: MediaType) -> int:
    """Return 0 where the range does not accept the offer, more the more exactly it names it.

    The lowest two bits tell how the transfer syntax was met, and decide between offers of equal quality.
    """
    name = _name_closeness(offer.name, wanted.name)
    part = _name_closeness(offer.part, wanted.part or "*/*") if offer.part else (0 if wanted.part else 1)
    syntax = _syntax_closeness(offer, wanted)
    return name << 4 | part << 2 | syntax if name and part and syntax else 0


def _name_closeness(offered: str, wanted: str) -> int:
    if wanted == offered:
        return 3
    if wanted == "*/*":
        return 1
    return 2 if wanted.endswith("/*") and offered.startswith(wanted[:-1]) else 0


def _syntax_closeness(offer: MediaType, wanted: MediaType) -> int:
    """Say nothing and mean Explicit VR Little Endian, say ``*`` and mean any, or name one and mean that."""
    if wanted.transfer_syntax:
        return 3 if wanted.transfer_syntax in (offer.transfer_syntax, "*") else 0
    if offer.transfer_syntax in ("", EXPLICIT_VR_LITTLE_ENDIAN):
        return 3
    accepted = wanted.part or ("*/*" if wanted.name.startswith("multipart") else wanted.name)
    if offer.content in _WITH_DEFAULT_SYNTAX:
        # "Anything at all" may still be served as it is stored; "DICOM" without a syntax is the default syntax only.
        return 1 if "*" in accepted else 0
    # Who accepts anything need not know this encoding; who names it, does.
    return 1 if accepted == "*/*" else 3
