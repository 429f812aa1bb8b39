"""The study list's search: name or id as typed, dates, modalities, newest first, page by page.

Names and ids are taken from a POST body only: what stands in a URL ends up in logs and in the browser's history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from sightline.archive.protocol import Level, Query, Row
from sightline.errors import BadRequestError
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

PAGE_SIZE = 50
LARGEST_PAGE = 200
DEEPEST = 10_000
"""Rows before this offset are all looked at again for each page, so there is an end to paging."""

ATTRIBUTES = ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
WITHOUT_PICTURES = frozenset(
    {"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "REG", "FID", "DOC", "ECG", "PLAN", "RWV"}
)
"""Modalities whose instances are not shown as a stack of their own."""

DATE = re.compile(r"[0-9]{8}")
MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")


@dataclass(frozen=True)
class StudySearch:
    """What is looked for; empty strings match everything. Dates are YYYYMMDD."""

    text: str = ""
    date_from: str = ""
    date_to: str = ""
    modalities: tuple[str, ...] = ()
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
        known = {"text", "from", "to", "modality", "limit", "offset"}
        if unknown := set(values) - known:
            raise BadRequestError(
                f"'{min(unknown)[:40]}' cannot be searched for; there are {', '.join(sorted(known))}."
            )
        return cls(
            text=str(values.get("text", "")).strip()[:64],
            date_from=_date(values.get("from", "")),
            date_to=_date(values.get("to", "")),
            modalities=_modalities(str(values.get("modality", ""))),
            limit=_count(values.get("limit", PAGE_SIZE), 1, LARGEST_PAGE),
            offset=_count(values.get("offset", 0), 0, DEEPEST),
        )

    def alternatives(self) -> Iterator[dict[str, str]]:
        """Yield the DICOM matches that together make up this search: a study is found when any of them finds it."""
        common = {}
        if self.date_from or self.date_to:
            common["StudyDate"] = (
                self.date_from if self.date_from == self.date_to else f"{self.date_from}-{self.date_to}"
            )
        for identity in _identities(self.text):
            for modality in self.modalities or ("",):
                yield common | identity | ({"ModalitiesInStudy": modality} if modality else {})


def find_studies(request: Request, services: Services, search: StudySearch) -> dict[str, Any]:
    """Return one page of the study list as JSON values.

    Each alternative is asked for everything up to the end of the page; merged by date, that is exact at any offset.
    """
    wanted = search.offset + search.limit
    found: dict[str, Row] = {}
    more = False
    for matches in search.alternatives():
        query = Query(Level.STUDY, matches, attributes=ATTRIBUTES, limit=wanted, newest_first=True)
        answer = services.archive.search(request.grant, query)
        found |= {row["StudyInstanceUID"]: row for row in answer.rows}
        more |= answer.more
    rows = sorted(found.values(), key=lambda row: row["StudyInstanceUID"])
    rows.sort(key=lambda row: (row.get("StudyDate", ""), row.get("StudyTime", "")), reverse=True)
    shown = rows[search.offset : wanted]
    return {"studies": [study_row(row) for row in shown], "offset": search.offset, "more": more or len(rows) > wanted}


def study_row(row: Row) -> dict[str, Any]:
    """Return what the list shows of one study. Text is as stored; the page shows names as people write them."""
    modalities = [part for part in row.get("ModalitiesInStudy", "").split("\\") if part]
    return {
        "uid": row["StudyInstanceUID"],
        "name": row.get("PatientName", ""),
        "id": row.get("PatientID", ""),
        "birthDate": row.get("PatientBirthDate", ""),
        "sex": row.get("PatientSex", ""),
        "date": row.get("StudyDate", ""),
        "time": row.get("StudyTime", ""),
        "description": row.get("StudyDescription", ""),
        "accession": row.get("AccessionNumber", ""),
        "modalities": modalities,
        "pictures": not modalities or not WITHOUT_PICTURES.issuperset(modalities),
        "series": _number(row.get("NumberOfStudyRelatedSeries", "")),
        "instances": _number(row.get("NumberOfStudyRelatedInstances", "")),
    }


def studies(request: Request, services: Services) -> Response:
    """Answer a search by date and modality."""
    if "text" in request.args:
        raise BadRequestError("Send names and ids in the body of a POST: what stands in a URL ends up in logs.")
    return answer_json(find_studies(request, services, StudySearch.parse(request.args)))


def search_studies(request: Request, services: Services) -> Response:
    """Answer a search by anything, given as a JSON object."""
    values = read_json(request)
    if not isinstance(values, dict):
        raise BadRequestError("The body is a JSON object.")
    return answer_json(find_studies(request, services, StudySearch.parse(values)))


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
    if text and not DATE.fullmatch(text):
        raise BadRequestError("A date is written YYYYMMDD.")
    return text


def _modalities(text: str) -> tuple[str, ...]:
    parts = tuple(part for part in text.split(",") if part)
    if len(parts) > 8 or not all(MODALITY.fullmatch(part) for part in parts):
        raise BadRequestError("Modalities are up to eight DICOM codes such as CT,MR.")
    return parts


def _count(value: object, low: int, high: int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and low <= int(text) <= high):
        raise BadRequestError(f"'limit' and 'offset' are whole numbers from {low} to {high}.")
    return int(text)


def _number(text: str) -> int | None:
    """Return a count, or None where the archive did not say."""
    return int(text) if text.isascii() and text.isdecimal() else None
