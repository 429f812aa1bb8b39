"""Searches for what no index knows: the archive names candidates, and names or files' headers decide.

Candidates are all that match the indexed keys. Only the page that is asked for is then fetched with all its attributes.
Headers are read by workers, at most `MAXIMUM_HEADERS` of them; whoever gets less for that reason is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.access.grant import Grant
from sightline.archive.protocol import InstanceRecord, Level, Page, Query, Row
from sightline.dicomweb.dicom_json import JsonDataset
from sightline.dicomweb.person_names import fuzzy_match
from sightline.dicomweb.search_parameters import Search
from sightline.dicomweb.urls import record_url
from sightline.errors import ConflictError, NotFoundError
from sightline.rendering.channel import Buffer
from sightline.rendering.files import file_argument, in_batches
from sightline.web.services import Services

MAXIMUM_HEADERS = 2_000
"""So many files one search reads at most."""

_TASK = "sightline.dicomweb.search_headers:compare_headers"
_FILES_PER_TASK = 32
_UIDS_PER_QUERY = 500
_UID = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID", Level.INSTANCE: "SOPInstanceUID"}

_BOUND = f"More than {MAXIMUM_HEADERS} files would have to be read for this search. Results may be missing: narrow it."
_SAMPLED = "Attributes that no index has were compared in one instance of each series. Results may be missing."
_SKIPPED = "Some files could not be read for this search. Results may be missing."


@dataclass(frozen=True)
class Found:
    """What a search found: rows, what headers add to each (empty for nothing), and sentences for the client."""

    rows: tuple[Row, ...]
    more: bool
    attributes: tuple[JsonDataset, ...] = ()
    warnings: tuple[str, ...] = ()


def find(grant: Grant, services: Services, search: Search) -> Found:
    """Search the archive, and beyond its index where keys or wanted attributes need that.

    Raises
    ------
    ForbiddenError
        The caller may search, but headers are to be read and the caller may not see them (VIEW).
    """
    reader = _HeaderReader(grant, services, search)
    if search.names or search.header_keys:
        page = _narrowed(grant, services, search, reader)
    else:
        page = services.archive.search(grant, search.query)
    attributes = tuple(map(reader.attributes, page.rows)) if search.header_fields else ()
    return Found(page.rows, page.more, attributes, tuple(reader.warnings))


def _narrowed(grant: Grant, services: Services, search: Search, reader: _HeaderReader) -> Page:
    """Return the page of those candidates that names and headers let pass."""
    query = search.query
    wide = replace(query, attributes=tuple(search.names), limit=0, offset=0)
    candidates = [row for row in services.archive.search(grant, wide).rows if _named(row, search)]
    end = query.offset + query.limit if query.limit else None
    uids: dict[str, None] = {}
    passing = reader.passing(_located(row, query) for row in candidates) if search.header_keys else iter(candidates)
    for row in passing:
        uids[row[_UID[query.level]]] = None
        if end is not None and len(uids) > end:
            break
    chosen = list(uids)[query.offset : end]
    rows = {
        row[_UID[query.level]]: row
        for part in in_batches(chosen, _UIDS_PER_QUERY)
        for row in services.archive.search(grant, _only(query, part)).rows
        if _named(row, search)
    }
    return Page(tuple(rows[uid] for uid in chosen if uid in rows), end is not None and len(uids) > end)


def _only(query: Query, uids: Sequence[str]) -> Query:
    """Return the query for these results and no others."""
    matches = {**query.matches, _UID[query.level]: "\\".join(uids)}
    return replace(query, matches=matches, limit=0, offset=0)


def _named(row: Row, search: Search) -> bool:
    return all(fuzzy_match(row.get(keyword, ""), wanted) for keyword, wanted in search.names.items())


def _located(row: Row, query: Query) -> Row:
    """Return a row that says where it is, although the path of the search may have said so."""
    above = {"StudyInstanceUID": query.study_instance_uid, "SeriesInstanceUID": query.series_instance_uid}
    return {**row, **{keyword: uid for keyword, uid in above.items() if uid is not None}}


class _HeaderReader:
    """Compares the headers of candidates, and remembers what the results want of them."""

    def __init__(self, grant: Grant, services: Services, search: Search) -> None:
        self._grant, self._services, self._search = grant, services, search
        self._found: dict[str, JsonDataset] = {}
        self._left = MAXIMUM_HEADERS
        self.warnings: dict[str, None] = {}

    def passing(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the candidates of which a file matches all keys, in their order."""
        uid = _UID[self._search.query.level]
        if self._search.query.level is not Level.INSTANCE:
            self.warnings[_SAMPLED] = None
        for group in _grouped(((row, record) for row in rows for record in self._records(row)), _FILES_PER_TASK):
            for (row, _), attributes in zip(group, self._compare([record for _, record in group]), strict=True):
                if attributes is not None and row[uid] not in self._found:
                    self._found[row[uid]] = attributes
                    yield row

    def attributes(self, row: Row) -> JsonDataset:
        """Return what a result has from its header; nothing where that cannot be read."""
        query = self._search.query
        known = self._found.get(row[_UID[query.level]])
        if known is None:
            records = list(self._records(_located(row, query), first=True))
            known = next(iter(self._compare(records, with_keys=False)), None) if records else None
        return known or {}

    def _records(self, row: Row, first: bool = False) -> Iterator[InstanceRecord]:
        """Yield an instance of each series of a candidate, or the candidate itself."""
        archive, grant, study = self._services.archive, self._grant, row["StudyInstanceUID"]
        places = [row]
        if self._search.query.level is Level.STUDY:
            places = list(archive.search(grant, Query(Level.SERIES, study_instance_uid=study)).rows)
        for place in places[:1] if first else places:
            if self._left <= 0:
                self.warnings[_BOUND] = None
                return
            self._left -= 1
            try:
                if self._search.query.level is Level.INSTANCE:
                    yield archive.instance(grant, study, place["SeriesInstanceUID"], place["SOPInstanceUID"])
                else:
                    yield archive.any_instance(grant, study, place["SeriesInstanceUID"])
            except (NotFoundError, ConflictError):
                self.warnings[_SKIPPED] = None

    def _compare(self, records: Sequence[InstanceRecord], with_keys: bool = True) -> list[JsonDataset | None]:
        """Have a worker compare the headers of these files."""
        buffers: list[Buffer] = []
        files: list[dict[str, Any]] = []
        places: list[int] = []
        for place, record in enumerate(records):
            try:
                source = self._services.archive.source(self._grant, record)
            except NotFoundError:  # deleted or replaced a moment ago
                self.warnings[_SKIPPED] = None
                continue
            files.append({"file": file_argument(source, buffers), "url": record_url(self._services, record)})
            places.append(place)
        keys = list(self._search.header_keys) if with_keys else []
        arguments = {"files": files, "keys": keys, "fields": list(self._search.header_fields)}
        values = self._services.engine.run(_TASK, arguments, buffers).values
        if values["unreadable"]:
            self.warnings[_SKIPPED] = None
        found: list[JsonDataset | None] = [None] * len(records)
        for place, attributes in zip(places, values["found"], strict=True):
            found[place] = attributes
        return found


def _grouped(pairs: Iterator[tuple[Row, InstanceRecord]], size: int) -> Iterator[list[tuple[Row, InstanceRecord]]]:
    """Gather pairs into lists of at most `size`, as they come."""
    group: list[tuple[Row, InstanceRecord]] = []
    for pair in pairs:
        group.append(pair)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
