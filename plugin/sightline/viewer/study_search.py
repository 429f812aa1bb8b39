"""What the study list is searched for: read from a query or a JSON object, and put as DICOM matches.

Names and ids are taken from a POST body only: what stands in a URL ends up in logs and in the browser's history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from typing import Any

from sightline.archive.protocol import NEWEST_FIRST, Order
from sightline.errors import BadRequestError

PAGE_SIZE = 50
LARGEST_PAGE = 200
DEEPEST = 999_999

_DATE = re.compile(r"[0-9]{8}")
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MOST_MODALITIES, _MOST_BODY_PARTS, _MOST_LABELS = 16, 24, 8
_SORTED_BY = {
    "date": "StudyDate",
    "name": "PatientName",
    "modality": "ModalitiesInStudy",
    "description": "StudyDescription",
}
_KNOWN = frozenset({"text", "from", "to", "modality", "body", "label", "state", "sort", "since", "limit", "offset"})


class StudyState(StrEnum):
    """What the list can be narrowed to beside what is in DICOM."""

    NEW = "new"
    OPENED = "opened"
    REPORTED = "reported"


@dataclass(frozen=True)
class StudySearch:
    """What is looked for; empty values match everything.

    Parameters
    ----------
    text : str
        As typed: a name, an id or an accession number.
    date_from, date_to : str
        YYYYMMDD.
    modalities, body_parts : tuple of str
        DICOM codes, of which a study has at least one.
    labels : tuple of str
        All of which a study has.
    state : StudyState, optional
        For the caller.
    sort : str
        ``date``, ``name``, ``modality`` or ``description``, after a minus sign for falling order.
    since : str
        Only what has come since that token of `Arrivals`.
    limit, offset : int
        Page.
    """

    text: str = ""
    date_from: str = ""
    date_to: str = ""
    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    state: StudyState | None = None
    sort: str = "-date"
    since: str = ""
    limit: int = PAGE_SIZE
    offset: int = 0

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> StudySearch:
        """Read a search from a query or a JSON object.

        Raises
        ------
        BadRequestError
            Names the value that is wrong.
        """
        if unknown := set(values) - _KNOWN:
            raise BadRequestError(
                f"'{min(unknown)[:40]}' cannot be searched for; there are {', '.join(sorted(_KNOWN))}."
            )
        return cls(
            text=str(values.get("text", "")).strip()[:64],
            date_from=_date(values.get("from", "")),
            date_to=_date(values.get("to", "")),
            modalities=_parts(values.get("modality", ""), _CODE, _MOST_MODALITIES, "Modalities are DICOM codes"),
            body_parts=_parts(values.get("body", ""), _CODE, _MOST_BODY_PARTS, "Body parts are DICOM codes"),
            labels=_parts(values.get("label", ""), _LABEL, _MOST_LABELS, "Labels are letters, digits, '-' and '_'"),
            state=_state(values.get("state", "")),
            sort=_sort(values.get("sort", "") or "-date"),
            since=str(values.get("since", ""))[:64],
            limit=_count(values.get("limit", PAGE_SIZE), 1, LARGEST_PAGE),
            offset=_count(values.get("offset", 0), 0, DEEPEST),
        )

    def alternatives(self) -> Iterator[dict[str, str]]:
        """Yield the DICOM matches that make up this search but for body parts, which series have, not studies.

        A study is found when any of them finds it.
        """
        common: dict[str, str] = {}
        if self.date_from or self.date_to:
            common["StudyDate"] = (
                self.date_from if self.date_from == self.date_to else f"{self.date_from}-{self.date_to}"
            )
        if self.modalities:
            common["ModalitiesInStudy"] = "\\".join(self.modalities)
        for identity in _identities(self.text):
            yield common | identity

    def order(self) -> tuple[Order, ...]:
        """Return the keys of `sort`; what is equal in the first one has the newest first."""
        first = Order(_SORTED_BY[self.sort.lstrip("-")], self.sort.startswith("-"))
        if first.keyword != "StudyDate":
            return (first, *NEWEST_FIRST)
        return tuple(Order(order.keyword, first.is_descending) for order in NEWEST_FIRST)


def _identities(text: str) -> Iterator[dict[str, str]]:
    """Yield matches for typed text: two words are a name in either order; digits may also be an id or an accession."""
    cleaned = re.sub(r"[*?\\^=]", " ", text)
    words = cleaned.split()
    if not words:
        yield {}
        return
    for order in permutations(words[:2]):
        yield {"PatientName": f"*{'*'.join([*order, *words[2:]])}*"}
    if len(words) == 1:
        yield {"PatientID": f"*{words[0]}*"}
        yield {"AccessionNumber": f"*{words[0]}*"}


def _date(value: object) -> str:
    text = str(value).replace("-", "")
    if text and not _DATE.fullmatch(text):
        raise BadRequestError("A date is written YYYYMMDD.")
    return text


def _parts(value: object, form: re.Pattern[str], most: int, what: str) -> tuple[str, ...]:
    parts = tuple(part for part in str(value).split(",") if part)
    if len(parts) > most or not all(form.fullmatch(part) for part in parts):
        raise BadRequestError(f"{what}, with commas between them, at most {most}.")
    return parts


def _state(value: object) -> StudyState | None:
    try:
        return StudyState(str(value)) if value else None
    except ValueError:
        raise BadRequestError(f"'state' is one of {', '.join(StudyState)}.") from None


def _sort(value: object) -> str:
    text = str(value)
    if text.removeprefix("-") not in _SORTED_BY:
        raise BadRequestError(f"'sort' is one of {', '.join(_SORTED_BY)}, or one of them after a minus sign.")
    return text


def _count(value: object, low: int, high: int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and low <= int(text) <= high):
        raise BadRequestError(f"'limit' and 'offset' are whole numbers from {low} to {high}.")
    return int(text)
