"""The wildcard ``?``, which stands for one character of any script (PS3.4 C.2.2.2.4) but for one byte in Orthanc."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword

from sightline.archive.protocol import Row

_ANY_SCRIPT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that the Specific Character Set applies to."""


def widened(keyword: str, wanted: str) -> str:
    """Return a key that Orthanc finds at least as much by: any text where one character was meant.

    >>> widened("PatientName", "M?ller*"), widened("Modality", "C?")
    ('M*ller*', 'C?')
    """
    return wanted.replace("?", "*") if _means_characters(keyword, wanted) else wanted


def patterns(matches: Mapping[str, str], is_case_sensitive: bool) -> dict[str, re.Pattern[str]]:
    """Return what the values of widened keys really have to look like."""
    flags = re.DOTALL | (re.NOFLAG if is_case_sensitive else re.IGNORECASE)
    return {
        key: re.compile(_pattern(wanted), flags) for key, wanted in matches.items() if _means_characters(key, wanted)
    }


def is_met(row: Row, wanted: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether a row that a widened key found is meant."""
    return all(pattern.fullmatch(row.get(keyword, "").rstrip(" ")) for keyword, pattern in wanted.items())


def _means_characters(keyword: str, wanted: str) -> bool:
    if "?" not in wanted:
        return False
    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_has_tag(tag) and dictionary_VR(tag) in _ANY_SCRIPT


def _pattern(wanted: str) -> str:
    # A run of stars is one star: otherwise matching could take time without end.
    pieces = re.findall(r"\*+|\?|[^*?]+", wanted)
    return "".join(".*" if piece[0] == "*" else "." if piece == "?" else re.escape(piece) for piece in pieces)
