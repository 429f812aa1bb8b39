"""The study list's search, page by page: no page costs more than the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import LABELS, Level, Query, Row
from sightline.errors import BadRequestError
from sightline.viewer.study_rows import ATTRIBUTES, REPORT_MODALITIES, first_new_day, list_rows, reported
from sightline.viewer.study_search import StudySearch, StudyState
from sightline.web.json_answer import answer_json
from sightline.web.json_body import read_json
from sightline.web.request import Request, Response
from sightline.web.services import Services

MOST_OPENED = 500
"""So many studies that somebody opened last can be searched for."""


def studies(request: Request, services: Services) -> Response:
    """Answer a search by what may stand in a URL."""
    if "text" in request.args:
        raise BadRequestError("Send names and ids in the body of a POST: what stands in a URL ends up in logs.")
    return answer_json(find_studies(request, services, StudySearch.parse(request.args)))


def search_studies(request: Request, services: Services) -> Response:
    """Answer a search by anything, given as a JSON object."""
    values = read_json(request)
    if not isinstance(values, dict):
        raise BadRequestError("The body is a JSON object.")
    return answer_json(find_studies(request, services, StudySearch.parse(values)))


def find_studies(request: Request, services: Services, search: StudySearch) -> dict[str, Any]:
    """Return one page of the study list as JSON values.

    Returns
    -------
    dict
        ``studies``; ``offset`` of the first of them; ``total``, how many match; ``token``, to ask later what has come
        since.
    """
    arrivals = services.archive.arrivals(request.grant, search.since)
    named = list(_named_studies(request, services, search, arrivals.study_instance_uids))
    rows, total = _page(services, request.grant, search, named, arrivals.token) if all(named) else ((), 0)
    return {
        "studies": list_rows(services, request.grant, rows),
        "offset": search.offset,
        "total": total,
        "token": arrivals.token,
    }


def _named_studies(
    request: Request, services: Services, search: StudySearch, arrived: Sequence[str]
) -> Iterator[set[str]]:
    """Yield the sets of studies that the search is restricted to."""
    if search.since:
        yield set(arrived)
    if search.state is StudyState.OPENED:
        yield set(services.openings.latest(request.grant.subject, MOST_OPENED))


def _page(
    services: Services, grant: Grant, search: StudySearch, named: Sequence[set[str]], token: str
) -> tuple[Sequence[Row], int]:
    """Return the rows of the page that is asked for, and how many there are on all pages."""
    only = {"StudyInstanceUID": "\\".join(sorted(set.intersection(*named)))} if named else {}
    if only == {"StudyInstanceUID": ""}:
        return (), 0
    order = search.order()
    query = Query(Level.STUDY, only, attributes=(*ATTRIBUTES, LABELS), order=order, labels=search.labels)
    queries = [replace(query, matches=matches | only) for matches in search.alternatives()]
    is_index_enough = order[0].keyword not in ATTRIBUTES and search.state in (None, StudyState.OPENED)
    if len(queries) == 1 and is_index_enough and not search.body_parts:
        page = services.archive.search(grant, replace(queries[0], limit=search.limit, offset=search.offset))
        if page.rows and not page.more:
            return page.rows, search.offset + len(page.rows)
        return page.rows, services.archive.count(grant, queries[0])
    uids = _ordered(services, grant, search, queries, "" if named else token)
    chosen = uids[search.offset : search.offset + search.limit]
    found = _rows_of(services, grant, query, chosen)
    return [found[uid] for uid in chosen if uid in found], len(uids)


def _rows_of(services: Services, grant: Grant, query: Query, uids: Sequence[str]) -> dict[str, Row]:
    if not uids:
        return {}
    query = replace(query, matches={"StudyInstanceUID": "\\".join(uids)}, order=())
    return {row["StudyInstanceUID"]: row for row in services.archive.search(grant, query).rows}


def _ordered(services: Services, grant: Grant, search: StudySearch, queries: Sequence[Query], token: str) -> list[str]:
    """Return all studies that any of the queries finds, in order.

    The archive cannot sort or join these by itself. It is asked for no more than the keys, and once for all pages for
    as long as nothing is stored or deleted; what else may change (labels, who opened what) is never kept.
    """
    key = ("study-list", token, replace(search, limit=1, offset=0))
    is_kept = bool(token) and not search.labels and search.state is None
    kept = services.cache.get(key) if is_kept else None
    if kept is not None:
        return kept.decode().split()
    found: dict[str, Row] = {}
    for query in _stated(services, search, queries):
        keys = tuple({order.keyword: None for order in query.order} | {"ModalitiesInStudy": None})
        keyed = services.archive.search(grant, replace(query, attributes=keys, order=(), is_bare=True))
        found |= {row["StudyInstanceUID"]: row for row in keyed.rows}
    rows = sorted(_passing(services, grant, search, found), key=itemgetter("StudyInstanceUID"))
    for order in reversed(queries[0].order):
        rows.sort(key=partial(_value, order.keyword), reverse=order.is_descending)
    uids = [row["StudyInstanceUID"] for row in rows]
    if is_kept:
        services.cache.put(key, "\n".join(uids).encode())
    return uids


def _value(keyword: str, row: Row) -> str:
    return row.get(keyword, "")


def _stated(services: Services, search: StudySearch, queries: Sequence[Query]) -> Iterator[Query]:
    """Yield the queries, narrowed to what can be in the state that is asked for."""
    for query in queries:
        matches = dict(query.matches)
        if search.state is StudyState.REPORTED:
            matches["ModalitiesInStudy"] = "\\".join(REPORT_MODALITIES)
        if search.state is StudyState.NEW:
            first = max(first_new_day(services.clock()), search.date_from)
            matches["StudyDate"] = f"{first}-{search.date_to}"
        yield replace(query, matches=matches)


def _passing(services: Services, grant: Grant, search: StudySearch, found: dict[str, Row]) -> list[Row]:
    """Return the rows that show the body parts and are in the state that is asked for."""
    if search.body_parts:
        showing = _showing(services, grant, search)
        found = {uid: row for uid, row in found.items() if uid in showing}
    if search.state is StudyState.NEW:
        opened = services.openings.of(grant.subject, found)
        return [row for uid, row in found.items() if uid not in opened]
    if search.state is StudyState.REPORTED:
        wanted = set(search.modalities)
        rows = [row for row in found.values() if not wanted or wanted & set(row["ModalitiesInStudy"].split("\\"))]
        reports = reported(services, grant, rows)
        return [row for row in rows if row["StudyInstanceUID"] in reports]
    return list(found.values())


def _showing(services: Services, grant: Grant, search: StudySearch) -> set[str]:
    """Return the studies of which a series shows one of the body parts that are asked for."""
    matches = {"BodyPartExamined": "\\".join(search.body_parts)}
    if search.date_from or search.date_to:
        matches["StudyDate"] = f"{search.date_from}-{search.date_to}"
    rows = services.archive.search(grant, Query(Level.SERIES, matches, is_bare=True)).rows
    return {row["StudyInstanceUID"] for row in rows}
