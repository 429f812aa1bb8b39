"""QIDO-RS: search for studies, series and instances (PS3.18 section 10.6)."""

from __future__ import annotations

from dataclasses import replace

from sightline.archive.protocol import Level, Row
from sightline.dicomweb.answers import JSON_OFFERS, XML_OFFER, datasets_answer
from sightline.dicomweb.dicom_json import JsonDataset, attribute, dataset_from_row, encode
from sightline.dicomweb.search_candidates import find
from sightline.dicomweb.search_parameters import parse_search
from sightline.dicomweb.urls import instance_url, series_url, study_url
from sightline.web.negotiation import negotiate
from sightline.web.request import REPEATED_KEYS_LOST, Request, Response
from sightline.web.services import Services


def search_studies(request: Request, services: Services) -> Response:
    """Answer ``GET /studies``."""
    return _search(request, services, Level.STUDY)


def search_series(request: Request, services: Services, study: str | None = None) -> Response:
    """Answer ``GET /series`` and ``GET /studies/{study}/series``."""
    return _search(request, services, Level.SERIES, study)


def search_instances(
    request: Request, services: Services, study: str | None = None, series: str | None = None
) -> Response:
    """Answer ``GET /instances``, ``GET /studies/{study}/instances`` and those of a series."""
    return _search(request, services, Level.INSTANCE, study, series)


def _search(
    request: Request, services: Services, level: Level, study: str | None = None, series: str | None = None
) -> Response:
    media_type = negotiate(request.headers.get("Accept", ""), request.args.get("accept"), (*JSON_OFFERS, XML_OFFER))
    lost = bool(request.environ.get(REPEATED_KEYS_LOST))
    search = parse_search(request.args, level, study, series, repeated_keys_are_lost=lost)
    if services.dicomweb.is_case_sensitive:
        search = replace(search, query=replace(search.query, is_case_sensitive=True))
    found = find(request.grant, services, search)
    known = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    above = {keyword: uid for keyword, uid in known.items() if uid is not None}
    rows = [{**row, **above} for row in found.rows]
    if media_type == XML_OFFER or found.attributes:
        results = [
            _result(services, level, row, search.attributes, more)
            for row, more in zip(rows, found.attributes or ({},) * len(rows), strict=True)
        ]
        answer = datasets_answer(results, media_type)
    else:
        texts = [_result_text(services, level, row, search.attributes) for row in rows]
        answer = Response(b"[" + b",".join(texts) + b"]", content_type=media_type.name)
    for warning in (*search.warnings, *found.warnings):
        answer.headers.add("Warning", f'299 Sightline "{warning}"')
    if found.more:
        answer.headers.add("Warning", '299 Sightline "There are additional results that can be requested"')
    return answer


def _result(services: Services, level: Level, row: Row, attributes: tuple[str, ...], more: JsonDataset) -> JsonDataset:
    """Make one result, with its address and what is the same for all."""
    result = {**more, **dataset_from_row(row, attributes)}
    result["00080005"] = attribute("CS", ["ISO_IR 192"])
    result["00080056"] = attribute("CS", ["ONLINE"])
    result["00081190"] = attribute("UR", [_url(services, level, row)])
    return dict(sorted(result.items()))


def _result_text(services: Services, level: Level, row: Row, attributes: tuple[str, ...]) -> bytes:
    """Return one result as JSON; the same result was often sent before."""
    key = ("result", _url(services, level, row), attributes, *row.items())
    text = services.cache.get(key)
    if text is None:
        text = encode(_result(services, level, row, attributes, {}))
        services.cache.put(key, text)
    return text


def _url(services: Services, level: Level, row: Row) -> str:
    study, series = row.get("StudyInstanceUID", ""), row.get("SeriesInstanceUID", "")
    if level is Level.STUDY:
        return study_url(services, study)
    if level is Level.SERIES:
        return series_url(services, study, series)
    return instance_url(services, study, series, row.get("SOPInstanceUID", ""))
