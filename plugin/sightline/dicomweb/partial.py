"""What of a study or series can be sent where the client cannot have all of it as it wants (PS3.18 table 10.4.3-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sightline.dicomweb.syntaxes import ENCODABLE, IMPLICIT_VR_LITTLE_ENDIAN, is_decodable, offers
from sightline.errors import NotAcceptableError
from sightline.web.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, MediaType, negotiate

_NATIVE = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)

CanEncode = Callable[[int, str], bool]
"""Whether the instance of that index can be put into that encapsulated syntax."""


class AcceptablePart(NamedTuple):
    """The instances, by index, that can be sent as that media type."""

    indices: Sequence[int]
    media_type: MediaType


def acceptable_part(
    accept_header: str, query_accept: str | None, content: str, stored: Sequence[str], can_encode: CanEncode
) -> AcceptablePart:
    """Return which instances the client accepts in one transfer syntax, after it turned out that not all can be had.

    Parameters
    ----------
    accept_header, query_accept
        As for `negotiate`.
    content : str
        Media type of the parts.
    stored : sequence of str
        Transfer syntax of each instance.

    Raises
    ------
    NotAcceptableError
        None of them can be sent so.
    """
    candidates = list(dict.fromkeys([*_NATIVE, *sorted(set(stored)), *ENCODABLE]))
    while candidates:
        types = offers(content, candidates[0], tuple(candidates[1:]), single=False)
        chosen = negotiate(accept_header, query_accept, types)
        syntax = chosen.transfer_syntax
        indices = [i for i, own in enumerate(stored) if own == syntax or _can_be_made(i, own, syntax, can_encode)]
        if indices:
            return AcceptablePart(indices, chosen)
        candidates.remove(syntax)
    raise NotAcceptableError("Nothing of this can be sent in an acceptable transfer syntax.")


def _can_be_made(index: int, stored: str, syntax: str, can_encode: CanEncode) -> bool:
    if not is_decodable(stored):
        return False
    return syntax in _NATIVE or (syntax in ENCODABLE and can_encode(index, syntax))
