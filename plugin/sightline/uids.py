"""UIDs as real archives hold them: what the standard allows, and what devices and anonymisers write beside it."""

from __future__ import annotations

import re

LONGEST_UID = 128
"""Characters. PS3.5 section 9.1 allows 64; longer ones are met, and what is stored is there to be seen."""
UID_CHARACTERS = rf"[0-9.]{{1,{LONGEST_UID}}}"
"""A regular expression of what may be in an address in place of a UID: no name of a file, and nothing to be escaped."""
UID_PATTERN = re.compile(r"[0-9]+(\.[0-9]+)*")
"""A UID (PS3.5 section 9.1), but with leading zeros; at most `LONGEST_UID` characters."""


def is_uid(text: str) -> bool:
    """Whether a text is a UID.

    >>> is_uid("1.2.840"), is_uid("1..2"), is_uid("1" * 129)
    (True, False, False)
    """
    return len(text) <= LONGEST_UID and UID_PATTERN.fullmatch(text) is not None
