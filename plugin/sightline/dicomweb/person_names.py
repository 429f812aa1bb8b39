"""Names of people that nearly match: any script, words in any order, one slip of the pen in each (fuzzymatching)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters with a stroke or a ligature, which Unicode does not take apart."""
_SEPARATORS = re.compile(r"[\s^=\\,.;]+")
_SHORTEST_WITH_EDIT = 3
"""A word of one or two characters, with one of them changed, would be any other word."""


def fuzzy_match(name: str, wanted: str) -> bool:
    """Whether each word asked for is a different word of the name, up to case, accents and one edit.

    An edit is one character more, fewer or other, or two neighbours exchanged. A word with wildcards is met literally
    but for case and accents, or nearly when the stars at its ends are left off: viewers put them around what somebody
    typed. All component groups of the name are looked at, so that either script finds it.

    >>> fuzzy_match("Müller^Jörg", "jorg muler")
    True
    >>> fuzzy_match("Yamada^Tarou=山田^太郎", "山田")
    True
    >>> fuzzy_match("Müller^Jörg", "jorg jorg")
    False
    """
    asked = sorted(_words(wanted), key=len, reverse=True)
    return bool(asked) and _assign(asked, _words(name))


def fold(text: str) -> str:
    """Return text without case, width and accents; marks that make another letter (Kana, Indic, Thai) stay."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in apart if not _is_accent(character))
    return unicodedata.normalize("NFC", kept).translate(_LETTERS)


def _is_accent(character: str) -> bool:
    """Tell points of Hebrew and Arabic and marks above or below from signs that belong to their letter."""
    mark_class = unicodedata.combining(character)
    return 10 <= mark_class <= 36 or mark_class >= 200


@lru_cache(maxsize=65_536)
def _words(name: str) -> tuple[str, ...]:
    return tuple(filter(None, _SEPARATORS.split(fold(name))))


def _assign(asked: list[str], words: tuple[str, ...]) -> bool:
    """Give each word that was asked for a word of its own; names are short enough to try all ways."""
    if not asked:
        return True
    return any(
        _assign(asked[1:], words[:place] + words[place + 1 :])
        for place, word in enumerate(words)
        if _is_near(word, asked[0])
    )


def _is_near(word: str, wanted: str) -> bool:
    if "*" in wanted or "?" in wanted:
        if wildcard(wanted).fullmatch(word):
            return True
        wanted = wanted.strip("*")
        if "*" in wanted or "?" in wanted:
            return False
    if word == wanted:
        return True
    if min(len(word), len(wanted)) < _SHORTEST_WITH_EDIT or abs(len(word) - len(wanted)) > 1:
        return False
    start = _common(word, wanted)
    a, b = word[start:], wanted[start:]
    same_end = a[1:] == b[1:] or a[1:] == b or a == b[1:]
    return same_end or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _common(a: str, b: str) -> int:
    """Return how many characters two words have in common at their beginning."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


@lru_cache(maxsize=1024)
def wildcard(pattern: str) -> re.Pattern[str]:
    """Return the expression of a DICOM wildcard: ``*`` any text, ``?`` one character (PS3.4 C.2.2.2.4)."""
    pieces = (".*" if part.startswith("*") else "." if part == "?" else re.escape(part) for part in _split(pattern))
    return re.compile("".join(pieces), re.DOTALL)


def _split(pattern: str) -> list[str]:
    # A run of stars is one star: otherwise matching could take time without end.
    return re.findall(r"\*+|\?|[^*?]+", pattern)
