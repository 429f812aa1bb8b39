"""Searches in Orthanc's index: complete however few results it returns at once, and counting no more than needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sightline.archive.computed import COMPUTED, ComputedAttributes
from sightline.archive.protocol import ARRIVING, LABELS, LAST_UPDATE, Level, Order, Page, Query, Row
from sightline.archive.ranges import comparable
from sightline.archive.rest import CoreRest
from sightline.archive.wildcards import is_met, narrowed, widened

_TOLD_OF_STUDIES = frozenset(COMPUTED) | {
    *("AccessionNumber", "InstitutionName", "ReferringPhysicianName", "RequestedProcedureDescription"),
    *("RequestingPhysician", "StudyDate", "StudyDescription", "StudyID", "StudyInstanceUID", "StudyTime"),
    *("PatientBirthDate", "PatientID", "PatientName", "PatientSex"),
}
"""What needs no request: counted separately, or among the attributes that every core keeps of studies and patients."""

_CONTENT = {LABELS: LABELS, ARRIVING: "IsStable"}
"""What is wanted like a keyword, and how the core names it among the contents of its answer."""

_MOST_UIDS = 200
"""So many are named in one query at most."""
_OWN_TAGS = {
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.INSTANCE: "SOPInstanceUID",
}
_PARENT_TAGS = {
    Level.STUDY: (),
    Level.SERIES: ("StudyInstanceUID",),
    Level.INSTANCE: ("StudyInstanceUID", "SeriesInstanceUID"),
}


@dataclass(frozen=True)
class FindLimits:
    """Orthanc's ``LimitFindResults`` and ``LimitFindInstances``; 0 for no limit."""

    results: int = 0
    instances: int = 0


class OrthancSearch:
    """Asks the core's ``/tools/find``.

    Parameters
    ----------
    rest : CoreRest
        The core's REST API.
    limits : FindLimits, optional
        How many results it returns at once; where that is not known, it is asked until it returns no more.
    """

    def __init__(self, rest: CoreRest, limits: FindLimits | None) -> None:
        self._rest, self._limits = rest, limits
        self._computed = ComputedAttributes()

    def page(self, query: Query) -> Page:
        """Return the page of results that a query asks for; whether the caller may search was asked before."""
        shapes = narrowed(query.matches)
        request = _conditions(query)
        request |= {"Expand": True, "ResponseContent": ["MainDicomTags", "RequestedTags", "Metadata"]}
        if query.limit and not shapes:
            request["Limit"] = query.limit + 1
        if query.offset and not shapes:
            request["Since"] = query.offset
        if query.order:
            request["OrderBy"] = [_order_by(order) for order in (*query.order, Order("StudyInstanceUID"))]
        wanted = [*_PARENT_TAGS[query.level], *(tag for tag in query.attributes if tag not in _CONTENT), *shapes]
        request["ResponseContent"] += [_CONTENT[tag] for tag in query.attributes if tag in _CONTENT]
        if query.is_bare:
            request["ResponseContent"] = ["RequestedTags", *request["ResponseContent"][3:]]
            rows = [
                _row(answer) for answer in self.find(request | {"RequestedTags": [_OWN_TAGS[query.level], *wanted]})
            ]
        elif query.level is Level.STUDY and not set(COMPUTED).isdisjoint(wanted):
            rows = self._find_studies(request, [tag for tag in wanted if tag not in _TOLD_OF_STUDIES])
        else:
            rows = [_row(answer) for answer in self.find(request | {"RequestedTags": wanted})]
        if shapes:
            rows = [row for row in rows if is_met(row, shapes, query.is_case_sensitive)][query.offset :]
        if query.limit and len(rows) > query.limit:
            return Page(tuple(rows[: query.limit]), True)
        return Page(tuple(rows), False)

    def count(self, query: Query) -> int:
        """Return how many match; whether the caller may search was asked before."""
        if narrowed(query.matches):
            return len(self.page(replace(query, attributes=(), limit=0, offset=0)).rows)
        answer = self._rest.post("/tools/count-resources", json.dumps(_conditions(query)).encode())
        return int(json.loads(answer)["Count"])

    def _find_studies(self, request: Mapping[str, Any], wanted: list[str]) -> list[Row]:
        """Find studies with what the core counts for each, which is asked for only where it is not known."""
        answers = self.find({**request, "RequestedTags": wanted})
        counted = {answer["ID"]: self._computed.get(answer["ID"], _last_update(answer)) for answer in answers}
        unknown = [answer for answer in answers if counted[answer["ID"]] is None]
        if unknown:
            more: dict[str, Any] = {**request, "RequestedTags": list(COMPUTED)}
            if len(unknown) <= _MOST_UIDS:
                uids = "\\".join(answer["MainDicomTags"]["StudyInstanceUID"] for answer in unknown)
                more = {"Query": {"StudyInstanceUID": uids}, "RequestedTags": list(COMPUTED)}
                more |= {key: request[key] for key in ("Level", "Expand", "ResponseContent")}
            for answer in self.find(more):
                values = {tag: str(answer["RequestedTags"].get(tag, "")) for tag in COMPUTED}
                counted[answer["ID"]] = values
                self._computed.put(answer["ID"], _last_update(answer), values)
        return [{**_row(answer), **(counted[answer["ID"]] or {})} for answer in answers]

    def find(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all that matches, or as many as the request wants, however few the core returns at once."""
        answers: list[dict[str, Any]] = []
        wanted, start, at_once = request.get("Limit", 0), request.get("Since", 0), self._at_once(request["Level"])
        while True:
            more = {"Since": start + len(answers)} if answers or start else {}
            if wanted:
                more["Limit"] = wanted - len(answers)
            page = json.loads(self._rest.post("/tools/find", json.dumps({**request, **more}).encode()))
            answers += page
            is_all = not page or at_once == 0 or (at_once is not None and len(page) < at_once)
            if is_all or (wanted and len(answers) >= wanted):
                return answers

    def _at_once(self, level: str) -> int | None:
        """Return how many results the core returns at once; 0 for no bound, None where that is not known."""
        if self._limits is None:
            return None
        return self._limits.instances if level == Level.INSTANCE.value else self._limits.results


def _conditions(query: Query) -> dict[str, Any]:
    """Return what a resource has to fulfil, as the core asks for it; wildcards may let more through."""
    matches = {keyword: widened(keyword, comparable(keyword, value)) for keyword, value in query.matches.items()}
    if query.study_instance_uid is not None:
        matches["StudyInstanceUID"] = query.study_instance_uid
    if query.series_instance_uid is not None:
        matches["SeriesInstanceUID"] = query.series_instance_uid
    request: dict[str, Any] = {"Level": query.level.value, "Query": matches}
    if query.is_case_sensitive:
        request["CaseSensitive"] = True
    if query.labels:
        request |= {"Labels": list(query.labels), "LabelsConstraint": "All"}
    return request


def _order_by(order: Order) -> dict[str, str]:
    return {"Type": "DicomTag", "Key": order.keyword, "Direction": "DESC" if order.is_descending else "ASC"}


def _row(answer: Mapping[str, Any]) -> Row:
    """Make one flat row of what the core says of a resource."""
    row: dict[str, str] = {}
    for group in ("PatientMainDicomTags", "MainDicomTags", "RequestedTags"):
        row.update({name: value for name, value in answer.get(group, {}).items() if isinstance(value, str)})
    metadata = answer.get("Metadata", {})
    if "SopClassUid" in metadata:
        row["SOPClassUID"] = metadata["SopClassUid"]
    if LABELS in answer:
        row[LABELS] = "\\".join(answer[LABELS])
    if "IsStable" in answer:
        row[ARRIVING] = "false" if answer["IsStable"] else "true"
        row[LAST_UPDATE] = _last_update(answer)
    return row


def _last_update(answer: Mapping[str, Any]) -> str:
    """Return when something below a study was last stored or deleted."""
    return str(answer.get("Metadata", {}).get("LastUpdate", ""))
