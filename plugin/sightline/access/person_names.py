"""Names of persons, as different systems write the same one (PS3.5 6.2.1, PN)."""

from __future__ import annotations

import re
import unicodedata

_WITHOUT_PARTS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that Unicode does not take apart into a letter and a mark."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
"""How they are written where a system knows ASCII only."""


def spellings(name: str) -> frozenset[str]:
    """Return a name without case, accents, blanks and punctuation, in the ways in which people write it in ASCII.

    >>> sorted(spellings("Müller-Lüdenscheidt"))
    ['muellerluedenscheidt', 'mullerludenscheidt']
    >>> spellings("O'Brien") == spellings("OBRIEN")
    True
    """
    lower = unicodedata.normalize("NFC", name).casefold()
    return frozenset(plain for plain in (_plain(lower), _plain(lower.translate(_UMLAUTS))) if plain)


def family_names(name: str) -> frozenset[str]:
    """Return all spellings of the family name in a PN, in each of its component groups.

    Where nobody has told family from given name, all beginnings of the name count.
    """
    found: set[str] = set()
    for group in name.split("="):
        family, separator, _ = group.partition("^")
        found |= spellings(family)
        if not separator:
            words = re.split(r"[\s,]+", family.strip())
            for count in range(1, len(words)):
                found |= spellings(" ".join(words[:count]))
    return frozenset(found)


def _plain(lower: str) -> str:
    apart = unicodedata.normalize("NFKD", lower.translate(_WITHOUT_PARTS))
    return "".join(letter for letter in apart if letter.isalnum())
