"""The wildcard ``?``, which stands for one character of any script (PS3.4 C.2.2.2.4) but for one byte in Orthanc."""

from __future__ import annotations

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


def narrowed(matches: Mapping[str, str]) -> dict[str, str]:
    """Return the keys that `widened` changes: what it finds still has to be compared with them."""
    return {key: wanted for key, wanted in matches.items() if _means_characters(key, wanted)}


def is_met(row: Row, wanted: Mapping[str, str], is_case_sensitive: bool) -> bool:
    """Whether a row that widened keys found is meant: for each key, one of its values is."""
    return all(
        any(is_like(value.rstrip(" "), pattern, is_case_sensitive) for value in row.get(keyword, "").split("\\"))
        for keyword, pattern in wanted.items()
    )


def is_like(text: str, pattern: str, is_case_sensitive: bool) -> bool:
    """Whether a text is as a pattern with ``*`` and ``?`` says. Takes no more than length times length steps.

    >>> is_like("Müller^Jörg", "m?ller*", False), is_like("Mueller", "M?ller", False)
    (True, False)
    """
    if not is_case_sensitive:
        text, pattern = text.casefold(), pattern.casefold()
    here = there = begun = 0
    star = -1
    while here < len(text):
        wanted = pattern[there : there + 1]
        if wanted == "*":
            star, begun = there, here
            there += 1
        elif wanted in ("?", text[here]) and wanted:
            here, there = here + 1, there + 1
        elif star >= 0:  # let the last star stand for one character more
            begun += 1
            here, there = begun, star + 1
        else:
            return False
    return not pattern[there:].strip("*")


def _means_characters(keyword: str, wanted: str) -> bool:
    if "?" not in wanted:
        return False
    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_has_tag(tag) and dictionary_VR(tag) in _ANY_SCRIPT
