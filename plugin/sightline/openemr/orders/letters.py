"""Letters in character sets that do not have them: a name is never sent with letters left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from pydicom import Dataset

CODECS: Mapping[str, str] = {
    "Ascii": "ascii", "Latin1": "iso8859-1", "Latin2": "iso8859-2", "Latin3": "iso8859-3", "Latin4": "iso8859-4",
    "Latin5": "iso8859-9", "Cyrillic": "iso8859-5", "Windows1251": "cp1251", "Arabic": "iso8859-6",
    "Greek": "iso8859-7", "Hebrew": "iso8859-8", "Thai": "tis-620", "Japanese": "shift_jis", "Chinese": "gb18030",
    "JapaneseKanji": "iso2022_jp", "Korean": "euc_kr", "SimplifiedChinese": "gb2312", "Utf8": "utf-8",
}  # fmt: skip
"""Orthanc's names (option `DefaultEncoding`) -> Python's. Orthanc answers worklist queries in this one, and leaves out
the letters that it lacks."""

_PLAIN = str.maketrans({"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ø": "O", "ø": "o", "ß": "ss", "Æ": "AE", "æ": "ae",
                        "Œ": "OE", "œ": "oe", "Þ": "Th", "þ": "th", "ı": "i", "Ħ": "H", "ħ": "h"})  # fmt: skip
"""Letters that Unicode does not take apart."""


def plain(text: str) -> str:
    """Return a text without accents.

    >>> plain("Łukasz Müller")
    'Lukasz Muller'
    """
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(one for one in apart if not unicodedata.combining(one))


def fitted(text: str, codec: str) -> str:
    """Return a text whose letters an encoding has: others without accents, or as question mark.

    >>> fitted("Łukasz Müller", "iso8859-1"), fitted("山田", "iso8859-1")
    ('Lukasz Müller', '??')
    """
    return "".join(
        letter if _has(codec, letter) else bare if _has(codec, bare := plain(letter)) else "?" for letter in text
    )


def fit(item: Dataset, codec: str) -> None:
    """Make all text of an item such that an encoding has its letters."""
    for element in item.iterall():
        if element.VR in ("LO", "LT", "PN", "SH", "ST"):
            element.value = fitted(str(element.value or ""), codec)


def _has(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
